/* dns/suffix_set.c - many suffixes, of which the longest that fits a name is found at once.
 *
 * Called by: upstream/roster.c (for each question), upstream/route.c (at the load).
 * Owns: one block of memory. It has a table with open addressing, never more than half full, and
 * behind it the names. A name is hashed from its last label to its first, so that each of its ends
 * costs one label more; only the numbers of labels that some suffix has are looked for. The hash is
 * keyed: lists are made by strangers, too.
 */
#include "dns/suffix_set.h"

#include "base/hash.h"
#include "base/random.h"
#include "dns/name.h"

#include <stdlib.h>

#define LABELS_MAX (DNS_NAME_MAX / 2) /* without the root's */
#define SLOTS_MIN  8
#define COUNT_MAX                                                                                  \
    (1u << 23) /* places of names are 32 bits: a name and its value take 260 bytes                 \
                */

struct slot {
    uint32_t tag; /* of the hash, to spare most comparisons */
    uint32_t at;  /* of the entry behind the slots; 0: free */
};

struct suffix_set {
    struct hash_key key;
    uint8_t depths[LABELS_MAX + 1]; /* whether a suffix has so many labels */
    unsigned deepest;
    size_t mask; /* slots, less one */
    uint8_t *entries;
    struct slot slots[];
};

/* An entry: the value, the length of the name, the name. The first byte belongs to none. */
#define ENTRY_HEAD 5u

/* A name in small letters, and where its labels begin; the last one is the root's. */
struct labels {
    uint8_t name[DNS_NAME_MAX];
    uint8_t starts[LABELS_MAX + 1];
    size_t len;
    unsigned count; /* without the root's */
};

static bool read_labels(struct slice name, struct labels *ret_labels)
{
    struct labels *l = ret_labels;
    struct reader r = reader_of(name);

    l->count = 0;
    for (;;) {
        size_t start = reader_offset(&r);
        uint8_t len = read_u8(&r);

        read_bytes(&r, len);
        if (r.failed || len > DNS_LABEL_MAX || reader_offset(&r) > DNS_NAME_MAX)
            return false;
        l->starts[l->count] = (uint8_t)start;
        if (len == 0)
            break;
        l->count++;
    }
    l->len = reader_offset(&r);
    memcpy(l->name, name.data, l->len);
    name_lower(l->name, l->len);
    return true;
}

/* The end of the name that has `depth` labels. */
static struct slice end_of(const struct labels *l, unsigned depth)
{
    size_t start = l->starts[l->count - depth];

    return slice_of(l->name + start, l->len - start);
}

/* Adds the first label of the end that has `depth`; its length is among the words, so that no two
 * ends are the same words. */
static void hash_label(struct hash *h, const struct labels *l, unsigned depth)
{
    size_t start = l->starts[l->count - depth];
    struct slice rest = slice_of(l->name + start, l->name[start] + 1u);

    for (; rest.len > 0; rest = slice_after(rest, sizeof(uint64_t))) {
        uint64_t word = 0;

        memcpy(&word, rest.data, rest.len < sizeof word ? rest.len : sizeof word);
        hash_word(h, word, 1);
    }
}

/* SipHash-1-3: nobody sees its values. */
static uint64_t hash_so_far(struct hash h)
{
    return hash_end(&h, 3);
}

static uint32_t entry_value(const uint8_t *entry)
{
    uint32_t value;

    memcpy(&value, entry, sizeof value);
    return value;
}

/* The index of the slot with `name`, or of the free one where it belongs. */
static size_t probe(const struct suffix_set *s, uint64_t hash, struct slice name)
{
    for (size_t i = hash & s->mask;; i = (i + 1) & s->mask) {
        const struct slot *slot = &s->slots[i];
        const uint8_t *entry = s->entries + slot->at;

        if (slot->at == 0)
            return i;
        if (slot->tag == (uint32_t)(hash >> 32) &&
            slice_equal(slice_of(entry + ENTRY_HEAD, entry[ENTRY_HEAD - 1]), name))
            return i;
    }
}

/* Puts it behind the entry that ended at `end`. Returns where it ends itself. */
static size_t add(struct suffix_set *s, const struct labels *l, uint32_t value, size_t end)
{
    struct hash h = hash_start(&s->key);
    uint8_t *entry = s->entries + end;
    struct slot *slot;

    for (unsigned depth = 1; depth <= l->count; depth++)
        hash_label(&h, l, depth);
    slot = &s->slots[probe(s, hash_so_far(h), end_of(l, l->count))];
    if (slot->at)
        return end;
    *slot = (struct slot){ (uint32_t)(hash_so_far(h) >> 32), (uint32_t)end };
    memcpy(entry, &value, sizeof value);
    entry[ENTRY_HEAD - 1] = (uint8_t)l->len;
    memcpy(entry + ENTRY_HEAD, l->name, l->len);
    s->depths[l->count] = 1;
    if (l->count > s->deepest)
        s->deepest = l->count;
    return end + ENTRY_HEAD + l->len;
}

static struct suffix_set *make_room(const struct suffix *suffixes, size_t count)
{
    size_t slots = SLOTS_MIN, bytes = 1;
    struct suffix_set *s;

    while (slots < 2 * count)
        slots *= 2;
    for (size_t i = 0; i < count; i++)
        bytes += ENTRY_HEAD + suffixes[i].name.len;
    s = calloc(1, sizeof *s + slots * sizeof s->slots[0] + bytes);
    if (!s)
        return NULL;
    s->mask = slots - 1;
    s->entries = (uint8_t *)&s->slots[slots];
    return s;
}

err_t suffix_set_new(struct suffix_set **ret_set, const struct suffix *suffixes, size_t count)
{
    struct suffix_set *s = count <= COUNT_MAX ? make_room(suffixes, count) : NULL;
    struct random random = { 0 };
    struct labels l;
    size_t end = 1;

    if (!s)
        return ERR_NOMEM;
    s->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
    for (size_t i = 0; i < count; i++) {
        if (!read_labels(suffixes[i].name, &l)) {
            suffix_set_free(&s);
            return ERR_MALFORMED;
        }
        end = add(s, &l, suffixes[i].value, end);
    }
    *ret_set = s;
    return OK;
}

void suffix_set_free(struct suffix_set **set)
{
    free(*set);
    *set = NULL;
}

/* The slot of the longest suffix that fits, and how many labels that has; NULL for none. */
static const struct slot *find_longest(const struct suffix_set *s, struct slice name,
                                       unsigned *ret_depth)
{
    struct hash h = hash_start(&s->key);
    const struct slot *found = NULL;
    struct labels l;

    if (!read_labels(name, &l))
        return NULL;
    for (unsigned depth = 0; depth <= l.count && depth <= s->deepest; depth++) {
        const struct slot *slot;

        if (depth > 0)
            hash_label(&h, &l, depth);
        if (!s->depths[depth])
            continue;
        slot = &s->slots[probe(s, hash_so_far(h), end_of(&l, depth))];
        if (!slot->at)
            continue;
        found = slot;
        *ret_depth = depth;
    }
    return found;
}

bool suffix_set_find(const struct suffix_set *s, struct slice name, uint32_t *ret_value)
{
    unsigned depth;
    const struct slot *found = find_longest(s, name, &depth);

    if (!found)
        return false;
    *ret_value = entry_value(s->entries + found->at);
    return true;
}

unsigned suffix_set_depth(const struct suffix_set *s, struct slice name)
{
    unsigned depth;

    return find_longest(s, name, &depth) ? depth : 0;
}

void suffix_set_walk(const struct suffix_set *s, suffix_fn *each, void *arg)
{
    for (size_t i = 0; i <= s->mask; i++) {
        const uint8_t *entry = s->entries + s->slots[i].at;

        if (s->slots[i].at)
            each(arg, &(struct suffix){ slice_of(entry + ENTRY_HEAD, entry[ENTRY_HEAD - 1]),
                                        entry_value(entry) });
    }
}
