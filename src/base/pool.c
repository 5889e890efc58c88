/* base/pool.c - objects of one size, reused without the system's allocator.
 *
 * A slot's generation is odd while its object is in use, so that a handle (generation and index)
 * of an object that was given back finds nothing.
 */
#include "base/pool.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define SLOTS_PER_BLOCK 64

struct pool_slot {
    struct pool_slot *next_free;
    uint32_t index, generation;
    _Alignas(max_align_t) char object[];
};

static struct pool_slot *slot_of(const void *object)
{
    return (struct pool_slot *)(void *)((char *)(uintptr_t)object -
                                        offsetof(struct pool_slot, object));
}

static struct pool_slot *slot_at(const struct pool *p, size_t index)
{
    char *block = p->blocks[index / SLOTS_PER_BLOCK];

    return (struct pool_slot *)(void *)(block + index % SLOTS_PER_BLOCK * p->slot_size);
}

void pool_init(struct pool *p, size_t object_size, size_t max)
{
    size_t slot_size = sizeof(struct pool_slot) + object_size;
    size_t align = _Alignof(max_align_t);

    *p = (struct pool){
        .object_size = object_size,
        .slot_size = (slot_size + align - 1) / align * align,
        .max = max,
    };
}

void pool_done(struct pool *p)
{
    for (size_t made = 0; made < p->made; made += SLOTS_PER_BLOCK)
        free(p->blocks[made / SLOTS_PER_BLOCK]);
    free(p->blocks);
    *p = (struct pool){ 0 };
}

static void make_block(struct pool *p)
{
    size_t count = p->made / SLOTS_PER_BLOCK;
    char **blocks = p->blocks;
    char *block = malloc(SLOTS_PER_BLOCK * p->slot_size);

    if ((count & (count - 1)) == 0)
        blocks = realloc(p->blocks, (count ? 2 * count : 1) * sizeof *blocks);
    if (blocks)
        p->blocks = blocks;
    if (!block || !blocks) {
        free(block);
        return;
    }
    p->blocks[count] = block;
    p->made += SLOTS_PER_BLOCK;
    for (size_t i = SLOTS_PER_BLOCK; i-- > 0;) {
        struct pool_slot *slot = slot_at(p, p->made - SLOTS_PER_BLOCK + i);

        slot->index = (uint32_t)(p->made - SLOTS_PER_BLOCK + i);
        slot->generation = 0;
        slot->next_free = p->free;
        p->free = slot;
        ASAN_POISON_MEMORY_REGION(slot->object, p->object_size);
    }
}

void *pool_take(struct pool *p)
{
    struct pool_slot *slot;

    if (p->used == p->max)
        return NULL;
    if (!p->free)
        make_block(p);
    slot = p->free;
    if (!slot)
        return NULL;
    p->free = slot->next_free;
    slot->generation++;
    p->used++;
    ASAN_UNPOISON_MEMORY_REGION(slot->object, p->object_size);
    return slot->object;
}

void pool_give(struct pool *p, void *object)
{
    struct pool_slot *slot = slot_of(object);

    slot->generation++;
    slot->next_free = p->free;
    p->free = slot;
    p->used--;
    ASAN_POISON_MEMORY_REGION(slot->object, p->object_size);
}

uint64_t pool_handle(const void *object)
{
    const struct pool_slot *slot = slot_of(object);

    return (uint64_t)slot->generation << 32 | slot->index;
}

void *pool_find(const struct pool *p, uint64_t handle)
{
    size_t index = (uint32_t)handle;
    struct pool_slot *slot = index < p->made ? slot_at(p, index) : NULL;

    return slot && slot->generation % 2 == 1 && slot->generation == handle >> 32 ? slot->object
                                                                                 : NULL;
}
