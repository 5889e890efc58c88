/* tests/fuzz/io_netwatch.c - rtnetlink messages: whether they tell of a change has no limits to
 * stumble over, and more bytes behind a change do not undo it.
 */
#include "io/netwatch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1); /* the sanitizer watches both its ends */
    bool was_told = false;

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    for (size_t len = 0; len <= size; len += len < 64 ? 1 : size / 8 + 1) {
        uint8_t *piece = malloc(len ? len : 1);
        bool is_told;

        if (!piece)
            abort();
        memcpy(piece, copy, len);
        is_told = netwatch_tells_change(slice_of(piece, len));
        if (was_told && !is_told)
            abort();
        was_told = is_told;
        free(piece);
    }
    free(copy);
    return 0;
}
