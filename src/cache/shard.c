/* cache/shard.c - a part of the cache: looked up without a lock, changed with one.
 *
 * Called by: cache.c, save.c, load.c.
 * A reader copies an entry out word by word and then looks whether the index still says that it is
 * there. A writer takes an entry out of the index before it writes over it, so whoever has read a
 * word of the new one sees that the old one has gone. Words are loaded with acquire and stored with
 * release order, which is what makes that true, and costs nothing on most processors.
 */
#include "cache/shard.h"

#include "cache/evict.h"

#define TRIES         3    /* an entry that moves while it is read is looked for again */
#define BUCKET_SHARE  7    /* entries of a usual size for eight words of a bucket */
#define USUAL_ENTRY   80   /* bytes: a question and an address or two */
#define GHOST_BYTES   16   /* a bucket */
#define SMALL_SHARE   10   /* a tenth is for newcomers: Yang and others, section 4 */
#define FLUSH_CHUNK   1024 /* words of the index that are looked at before others may lock */
#define RETRY_S       30   /* RFC 8767 section 5: failure recheck timer */
#define RING_TO_ENTRY 8    /* no entry takes more than this part of the small ring */

#define BUCKET_BYTES (BUCKET_WORDS * sizeof(uint64_t))

struct shard_shape shard_shape(size_t size)
{
    const size_t bucket = BUCKET_BYTES + GHOST_BYTES;
    const size_t buckets = size / (bucket + BUCKET_SHARE * USUAL_ENTRY);
    size_t words = (size - buckets * bucket) / sizeof(uint64_t);

    if (words > PLACE_MAX)
        words = PLACE_MAX;
    return (struct shard_shape){
        .buckets = (uint32_t)buckets,
        .small_words = (uint32_t)(words / SMALL_SHARE),
        .main_words = (uint32_t)(words - words / SMALL_SHARE),
    };
}

static size_t data_words(const struct shard_shape *shape)
{
    return (size_t)shape->small_words + shape->main_words;
}

size_t shard_bytes(const struct shard_shape *shape)
{
    const size_t bytes = shape->buckets * (BUCKET_BYTES + GHOST_BYTES) + data_words(shape) * 8;

    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

err_t shard_init(struct shard *s, const struct shard_shape *shape, void *memory,
                 const struct hash_key *secret)
{
    uint64_t *words = memory;
    const size_t index_words = (size_t)shape->buckets * BUCKET_WORDS;
    const size_t ghost_words = (size_t)shape->buckets * (GHOST_BYTES / sizeof(uint64_t));
    const uint32_t entry_words = shape->small_words / RING_TO_ENTRY;

    s->index = (struct index){ (index_word *)words, shape->buckets };
    s->ghosts = words + index_words;
    s->data = (_Atomic uint64_t *)(words + index_words + ghost_words);
    s->data_words = (uint32_t)data_words(shape);
    s->entry_words = entry_words < ENTRY_WORDS ? entry_words : ENTRY_WORDS;
    s->secret = secret;
    ring_init(&s->small, 0, shape->small_words);
    ring_init(&s->main, shape->small_words, shape->main_words);
    return pthread_mutex_init(&s->lock, NULL) == 0 ? OK : ERR_NOMEM;
}

void shard_done(struct shard *s)
{
    pthread_mutex_destroy(&s->lock);
}

bool shard_copy_out(const struct shard *s, uint32_t at, union entry_room *ret_room)
{
    const _Atomic uint64_t *from = s->data + at;
    size_t words;

    ret_room->words[0] = atomic_load_explicit(from, memory_order_acquire);
    words = entry_words(&ret_room->entry);
    /* to a reader without the lock this may be any word, of an entry that took its place */
    if (ret_room->entry.len <= ENTRY_HEADER || words > s->entry_words || words > s->data_words - at)
        return false;
    for (size_t i = 1; i < words; i++)
        ret_room->words[i] = atomic_load_explicit(from + i, memory_order_acquire);
    return true;
}

void shard_copy_in(struct shard *s, uint32_t at, const union entry_room *room)
{
    const size_t words = entry_words(&room->entry);

    for (size_t i = 0; i < words; i++)
        atomic_store_explicit(s->data + at + i, room->words[i], memory_order_release);
}

/* Copies out what `word`, read at `at`, stands for. False when it has gone meanwhile. */
static bool copy_indexed(const struct shard *s, const index_word *at, uint64_t word,
                         union entry_room *ret_room)
{
    if (!shard_copy_out(s, word_place(word), ret_room))
        return false;
    return word_without_visits(atomic_load_explicit(at, memory_order_relaxed)) ==
           word_without_visits(word);
}

/* Where the entry of `key` is indexed, copied out; NULL when it is not here. */
static index_word *find(const struct shard *s, uint64_t hash, const struct cache_key *key,
                        union entry_room *ret_room, uint64_t *ret_word)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        struct index_walk walk = index_walk(&s->index, hash);
        bool has_moved = false;
        index_word *at;

        while ((at = index_next(&walk, ret_word))) {
            if (!copy_indexed(s, at, *ret_word, ret_room))
                has_moved = true;
            else if (entry_answers(&ret_room->entry, key))
                return at;
        }
        if (!has_moved)
            return NULL;
    }
    return NULL;
}

bool shard_get(const struct shard *s, uint64_t hash, const struct cache_key *key,
               union entry_room *ret_room, unsigned *ret_visits)
{
    uint64_t word;
    index_word *at = find(s, hash, key, ret_room, &word);

    if (!at)
        return false;
    *ret_visits = word_visits(word);
    /* a visit that is lost to another one, or to a writer, is no loss */
    if (*ret_visits < VISITS_MAX)
        atomic_compare_exchange_strong_explicit(at, &word, word + ((uint64_t)1 << PLACE_BITS),
                                                memory_order_relaxed, memory_order_relaxed);
    return true;
}

bool shard_peek(const struct shard *s, uint64_t hash, const struct cache_key *key,
                union entry_room *ret_room)
{
    uint64_t word;

    return find(s, hash, key, ret_room, &word);
}

bool shard_read(const struct shard *s, size_t at, union entry_room *ret_room)
{
    const uint64_t word = atomic_load_explicit(s->index.words + at, memory_order_acquire);

    return word && copy_indexed(s, s->index.words + at, word, ret_room);
}

void shard_remove(struct shard *s, index_word *at)
{
    atomic_store_explicit(at, 0, memory_order_relaxed);
    s->entries--;
}

/* RFC 8767 section 5: the answer stays, and is not refreshed for a while. */
static void note_failure(struct shard *s, uint64_t word, union entry_room *old, uint32_t now_s)
{
    const size_t changed = offsetof(struct entry, retry_s) / sizeof(uint64_t);

    old->entry.retry_s = now_s + RETRY_S;
    atomic_store_explicit(s->data + word_place(word) + changed, old->words[changed],
                          memory_order_release);
}

static void insert(struct shard *s, uint64_t hash, const union entry_room *room, struct ring *ring,
                   index_word *old, struct shard_time time)
{
    const size_t words = entry_words(&room->entry);
    const struct place place = evict_for(s, ring, words, time);
    uint64_t word = old ? atomic_load_explicit(old, memory_order_relaxed) : 0;
    const unsigned visits = word_visits(word);
    index_word *at =
        word ? old : index_room(&s->index, hash); /* `old` may just have been evicted */

    if (!word && atomic_load_explicit(at, memory_order_relaxed)) {
        shard_remove(s, at);
        s->evictions++;
    }
    shard_copy_in(s, place.at, room);
    atomic_store_explicit(at, index_word_of(hash, place, visits), memory_order_release);
    if (!word)
        s->entries++;
    s->insertions++;
}

static struct ring *ring_of(struct shard *s, uint64_t word)
{
    return word_place(word) < s->main.start ? &s->small : &s->main;
}

static void put(struct shard *s, uint64_t hash, const struct cache_key *key,
                const union entry_room *room, struct shard_time time, enum shard_put how)
{
    union entry_room other;
    uint64_t word;
    index_word *old = find(s, hash, key, &other, &word);
    const struct entry *before = &other.entry;

    if (!old) {
        insert(s, hash, room, evict_ring(s, hash), NULL, time);
        return;
    }
    if (how == PUT_IF_ABSENT)
        return;
    if ((room->entry.bits & ENTRY_FAILURE) && !(before->bits & ENTRY_FAILURE) &&
        entry_is_usable(before, time.now_s, time.stale_s))
        note_failure(s, word, &other, time.now_s);
    else
        insert(s, hash, room, ring_of(s, word), old, time);
}

void shard_put(struct shard *s, uint64_t hash, const struct cache_key *key,
               const union entry_room *room, struct shard_time time, enum shard_put how)
{
    if (entry_words(&room->entry) > s->entry_words)
        return;
    pthread_mutex_lock(&s->lock);
    put(s, hash, key, room, time, how);
    pthread_mutex_unlock(&s->lock);
}

static size_t flush_all(struct shard *s)
{
    const size_t count = s->entries;

    for (size_t i = 0; i < shard_index_words(s); i++)
        if (atomic_load_explicit(s->index.words + i, memory_order_relaxed))
            shard_remove(s, s->index.words + i);
    ring_clear(&s->small);
    ring_clear(&s->main);
    return count;
}

static size_t flush_chunk(struct shard *s, size_t start, size_t end, const struct slice *name)
{
    union entry_room room;
    size_t count = 0;

    for (size_t i = start; i < end; i++) {
        if (!shard_read(s, i, &room) || !name_is_below(entry_name(&room.entry), *name))
            continue;
        shard_remove(s, s->index.words + i);
        count++;
    }
    return count;
}

size_t shard_flush(struct shard *s, const struct slice *name)
{
    const size_t words = shard_index_words(s), chunk = name ? FLUSH_CHUNK : words;
    size_t count = 0;

    for (size_t start = 0; start < words; start += chunk) {
        const size_t end = words - start < chunk ? words : start + chunk;

        pthread_mutex_lock(&s->lock);
        count += name ? flush_chunk(s, start, end, name) : flush_all(s);
        pthread_mutex_unlock(&s->lock);
    }
    return count;
}
