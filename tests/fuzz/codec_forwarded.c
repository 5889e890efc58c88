/* tests/fuzz/codec_forwarded.c - what reverse proxies say of the client. The first byte chooses the
 * field. */
#include "codec/forwarded.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    struct prefix loopback;
    const struct prefixes trusted = { &loopback, 1 };
    struct http_request request = { 0 };
    char text[ADDR_TEXT_MAX];
    union addr peer, client;

    memcpy(copy, data, size);
    if (size > 0 && copy[0] & 1)
        request.forwarded = slice_of(copy + 1, size - 1);
    else if (size > 0)
        request.x_forwarded_for = slice_of(copy + 1, size - 1);
    if (prefix_parse("127.0.0.0/8", &loopback) != OK || addr_parse("127.0.0.1", 1, &peer) != OK)
        abort();
    client = forwarded_client(&request, &trusted, &peer);
    addr_format(&client, text);
    free(copy);
    return 0;
}
