#ifndef CODEC_PIN_H
#define CODEC_PIN_H

#include "base/err.h"

#include <stdint.h>

#define PIN_SIZE 32 /* a SHA-256 */

/* Reads a pin as RFC 7858 section 4.2 writes it: base64 of the SHA-256 of a SubjectPublicKeyInfo.
 * ERR_MALFORMED for anything else. */
err_t pin_from_text(const char *text, uint8_t ret_pin[PIN_SIZE]);

#endif
