/* tests/fuzz/codec_forwarded.c - what reverse proxies say of the client. The first byte chooses the
 * field; with both, what stands behind the first line's end is the second. */
#include "codec/forwarded.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct http_request request_of(struct slice text)
{
    uint8_t which = text.len > 0 ? text.data[0] : 0;
    struct slice rest = slice_after(text, text.len > 0), behind = { 0 };
    const uint8_t *end = which & 2 && rest.len > 0 ? memchr(rest.data, '\n', rest.len) : NULL;

    if (end) {
        behind = slice_after(rest, (size_t)(end - rest.data) + 1);
        rest.len = (size_t)(end - rest.data);
    }
    if (which & 1)
        return (struct http_request){ .forwarded = rest, .x_forwarded_for = behind };
    return (struct http_request){ .forwarded = behind, .x_forwarded_for = rest };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    struct prefix loopback;
    const struct prefixes trusted = { &loopback, 1 };
    struct http_request request;
    char text[ADDR_TEXT_MAX];
    union addr peer, client;

    memcpy(copy, data, size);
    request = request_of(slice_of(copy, size));
    if (prefix_parse("127.0.0.0/8", &loopback) != OK || addr_parse("127.0.0.1", 1, &peer) != OK)
        abort();
    if (forwarded_client(&request, &trusted, &peer, &client) == OK)
        addr_format(&client, text);
    free(copy);
    return 0;
}
