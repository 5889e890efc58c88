/* codec/x509_names.c - issuer and subject of a certificate, without parsing all of it.
 *
 * A parsed certificate costs GnuTLS about 27 KB; finding the few that matter among a system's 150
 * trusted ones takes only their names. Called by: trust.c. RFC 5280 section 4.1 has the grammar.
 */
#include "codec/x509_names.h"

#include "base/reader.h"

#define DER_INTEGER  0x02
#define DER_SEQUENCE 0x30
#define DER_VERSION  0xa0 /* [0] EXPLICIT, absent in version 1 */

/* The contents of the next element, which must have this tag; empty on failure. X.690 section
 * 8.1.3: a first length byte above 0x80 counts the length bytes that follow. */
static struct slice read_element(struct reader *r, uint8_t tag)
{
    struct slice content;
    size_t len;

    if (read_u8(r) != tag)
        r->failed = true;
    len = read_u8(r);
    if (len == 0x81)
        len = read_u8(r);
    else if (len == 0x82)
        len = read_u16(r);
    else if (len >= 0x80)
        r->failed = true;
    content = read_bytes(r, len);
    return r->failed ? slice_of(r->end, 0) : content;
}

err_t x509_names_read(struct slice der, struct x509_names *ret_names)
{
    struct reader r = reader_of(der);
    struct x509_names names;

    r = reader_of(read_element(&r, DER_SEQUENCE)); /* the certificate */
    r = reader_of(read_element(&r, DER_SEQUENCE)); /* what its signature covers */
    if (reader_left(&r) > 0 && r.next[0] == DER_VERSION)
        read_element(&r, DER_VERSION);
    read_element(&r, DER_INTEGER);  /* serial number */
    read_element(&r, DER_SEQUENCE); /* signature algorithm */
    names.issuer = read_element(&r, DER_SEQUENCE);
    read_element(&r, DER_SEQUENCE); /* validity */
    names.subject = read_element(&r, DER_SEQUENCE);
    if (r.failed)
        return ERR_MALFORMED;
    *ret_names = names;
    return OK;
}
