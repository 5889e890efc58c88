/* tests/fuzz/codec_proxy2.c - a load balancer's introduction, whole and in every beginning of it.
 */
#include "codec/proxy2.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    struct proxy2 header, part;

    memcpy(copy, data, size);
    if (proxy2_read(slice_of(copy, size), &header) == OK) {
        char text[ADDR_TEXT_MAX];

        if (header.len > size || header.len > PROXY2_MAX)
            abort();
        if (header.has_client)
            addr_format(&header.client, text);
        for (size_t len = 0; len < header.len; len++)
            if (proxy2_read(slice_of(copy, len), &part) != ERR_AGAIN)
                abort();
    }
    free(copy);
    return 0;
}
