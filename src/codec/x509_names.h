#ifndef CODEC_X509_NAMES_H
#define CODEC_X509_NAMES_H

#include "base/err.h"
#include "base/slice.h"

/* Who signed a certificate and whom it names: distinguished names in DER, to be compared byte by
 * byte. Borrowed from the certificate. */
struct x509_names {
    struct slice issuer, subject;
};

/* ERR_MALFORMED when `der` does not begin like a certificate. Nothing behind the names is read. */
err_t x509_names_read(struct slice der, struct x509_names *ret_names);

#endif
