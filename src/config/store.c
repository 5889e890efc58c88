/* config/store.c - memory that lives exactly as long as its owner. */
#include "config/store.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct store_block {
    struct store_block *older;
    alignas(max_align_t) unsigned char bytes[];
};

void *store_alloc(struct store *store, size_t count, size_t size)
{
    struct store_block *block;

    if (size && count > (SIZE_MAX - sizeof *block) / size)
        return NULL;
    block = calloc(1, sizeof *block + count * size);
    if (!block)
        return NULL;
    block->older = store->newest;
    store->newest = block;
    return block->bytes;
}

char *store_text(struct store *store, const char *text, size_t len)
{
    char *copy = store_alloc(store, len + 1, 1);

    if (copy)
        memcpy(copy, text, len);
    return copy;
}

void store_done(struct store *store)
{
    while (store->newest) {
        struct store_block *block = store->newest;

        store->newest = block->older;
        free(block);
    }
}
