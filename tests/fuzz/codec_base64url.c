/* tests/fuzz/codec_base64url.c - what is decoded, encoded again, must be what was read. */
#include "codec/base64url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const uint8_t *bytes, size_t len, char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t bits = len * 8;

    for (size_t at = 0; at < bits; at += 6) {
        unsigned value = 0;

        for (size_t bit = at; bit < at + 6; bit++)
            value = value << 1 | (bit < bits ? bytes[bit / 8] >> (7 - bit % 8) & 1u : 0);
        *text++ = alphabet[value];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    char *text = malloc(size + 4);
    size_t len;

    if (base64url_decode(slice_of(data, size), bytes, size, &len) == OK) {
        encode(bytes, len, text);
        if ((len * 8 + 5) / 6 != size || (size > 0 && memcmp(text, data, size) != 0))
            abort();
    }
    free(bytes);
    free(text);
    return 0;
}
