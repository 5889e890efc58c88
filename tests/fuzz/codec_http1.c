/* tests/fuzz/codec_http1.c - HTTP/1.1 from a client that is no friend.
 *
 * The first byte is the size of the pieces in which the rest arrives; its lowest bit says whether
 * requests are answered at once or when the next piece comes.
 */
#include "fuzz/desk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return desk_run(&http1, slice_of(data, size));
}
