#ifndef CODEC_BASE64URL_H
#define CODEC_BASE64URL_H

#include "base/err.h"
#include "base/slice.h"

/* Decodes base64url without padding (RFC 4648 section 5, as RFC 8484 section 6 wants it).
 * ERR_TOOBIG when `room` is too small, ERR_MALFORMED for any other character, a length that no
 * bytes have, and bits behind the last byte. */
err_t base64url_decode(struct slice text, uint8_t *room, size_t size, size_t *ret_len);

#endif
