/* codec/pin.c - public key pins as people write them. */
#include "codec/pin.h"

#include <gnutls/gnutls.h>
#include <string.h>

err_t pin_from_text(const char *text, uint8_t ret_pin[PIN_SIZE])
{
    const gnutls_datum_t base64 = { (unsigned char *)(uintptr_t)text, (unsigned)strlen(text) };
    gnutls_datum_t bytes = { 0 };
    err_t err = ERR_MALFORMED;

    if (gnutls_base64_decode2(&base64, &bytes) != 0)
        return ERR_MALFORMED;
    if (bytes.size == PIN_SIZE && strcspn(text, " \t\r\n") == strlen(text)) {
        memcpy(ret_pin, bytes.data, PIN_SIZE);
        err = OK;
    }
    gnutls_free(bytes.data);
    return err;
}
