/* tests/unit/cache/stress.c - readers, writers, eviction and flush at once, for the thread
 * sanitizer: whatever comes out is what was put in for just that question. */
#include "base/thread.h"
#include "cache/shard.h"
#include "unit/cache/made.h"

#include <stdio.h>

#define NAMES   3000u
#define ROUNDS  5000u
#define READERS 3
#define WRITERS 2
#define MEMORY  (192u << 10) /* a tenth of the names fits: rings go around all the time */

static _Alignas(CACHE_LINE) uint8_t memory[MEMORY];
static const struct hash_key secret = { 1, 2 };
static struct shard shard;
static _Atomic unsigned hits, misses, faults, writers_left;

static uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* Small numbers are popular. */
static unsigned pick(uint64_t *state)
{
    return next_random(state) % (1 + next_random(state) % NAMES);
}

static struct question question_of(unsigned n)
{
    struct question q = { .qtype = 65280, .qclass = CLASS_IN };
    struct writer w = writer_of(q.name, sizeof q.name);
    char text[80];

    snprintf(text, sizeof text, "n%u.stress.example", n);
    name_from_text(text, &w);
    q.name_len = (uint8_t)writer_len(&w);
    return q;
}

/* How long the record of `version` is: names get records of many lengths, and of one. */
static size_t length_of(unsigned n, unsigned version)
{
    return n % 2 ? 100 : 1 + (n * 7 + version * 13) % 600;
}

static void write_response(struct writer *w, const struct question *q, unsigned n, unsigned version)
{
    const size_t len = length_of(n, version);

    write_header(w, &(struct header){ .flags = DNS_QR, .qdcount = 1, .ancount = 1 });
    write_question(w, q);
    write_u16(w, 0xc00c);
    write_u16(w, q->qtype);
    write_u16(w, CLASS_IN);
    write_u32(w, 300);
    write_u16(w, (uint16_t)(len + 2));
    write_u16(w, (uint16_t)version);
    for (size_t i = 0; i < len; i++)
        write_u8(w, (uint8_t)(n * 31 + version * 17 + i));
}

static void put_one(unsigned n, unsigned version)
{
    static const struct lifetimes lifetimes = { .max = 86400, .stale = 86400 };
    const struct question q = question_of(n);
    const struct cache_key key = { .question = &q };
    struct admission admission;
    union entry_room room;
    uint8_t wire[1024];
    struct writer w = writer_of(wire, sizeof wire);
    struct message m;

    write_response(&w, &q, n, version);
    if (message_read_response(writer_slice(&w), &m) != OK) {
        faults++;
        return;
    }
    admission = admit(&m, &lifetimes);
    if (entry_make(&room, &key, &m, &admission) != OK)
        faults++;
    room.entry.stored_s = room.entry.retry_s = 0;
    shard_put(&shard, key_hash(&secret, &key), &key, &room, (struct shard_time){ 1, 86400 },
              PUT_ALWAYS);
}

static void *write_all(void *arg)
{
    uint64_t state = (uintptr_t)arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint32_t dice = next_random(&state);
        const struct question q = question_of(pick(&state));
        const struct slice name = question_name(&q);

        put_one(pick(&state), dice % 1000);
        if (dice % 2000 == 0)
            shard_flush(&shard, dice % 4000 ? &name : NULL);
    }
    writers_left--;
    return NULL;
}

/* The whole message is as write_response would make it. */
static bool is_whole(union entry_room *room, const struct question *q, unsigned n)
{
    uint8_t wire[1024];
    struct writer w = writer_of(wire, sizeof wire);
    struct message m;
    struct reader r;

    entry_to_message(room, &m);
    r = reader_of(slice_after(m.wire, m.question_end + 12));
    write_response(&w, q, n, read_u16(&r));
    return slice_equal(m.wire, writer_slice(&w));
}

static void read_one(unsigned n)
{
    const struct question q = question_of(n);
    const struct cache_key key = { .question = &q };
    union entry_room room;
    unsigned visits;

    if (!shard_get(&shard, key_hash(&secret, &key), &key, &room, &visits))
        misses++;
    else if (is_whole(&room, &q, n))
        hits++;
    else
        faults++;
}

static void *read_all(void *arg)
{
    uint64_t state = (uintptr_t)arg;

    while (writers_left)
        read_one(pick(&state));
    return NULL;
}

static void *walk_all(void *arg)
{
    union entry_room room;
    struct message m;

    (void)arg;
    while (writers_left)
        for (size_t i = 0; i < shard_index_words(&shard); i++)
            if (shard_read(&shard, i, &room)) {
                entry_to_message(&room, &m);
                if (message_read_response(m.wire, &m) != OK)
                    faults++;
            }
    return NULL;
}

TEST(stress, "readers see whole messages, and only theirs, whatever writers do meanwhile")
{
    const struct shard_shape shape = shard_shape(MEMORY - CACHE_LINE);
    pthread_t threads[READERS + WRITERS + 1];
    unsigned count = 0;

    CHECK(shard_bytes(&shape) <= MEMORY);
    CHECK_EQUAL(shard_init(&shard, &shape, memory, &secret), OK);
    writers_left = WRITERS;
    for (uintptr_t i = 1; i <= WRITERS; i++)
        CHECK_EQUAL(thread_start(&threads[count++], "writer", write_all, (void *)i), OK);
    for (uintptr_t i = 1; i <= READERS; i++)
        CHECK_EQUAL(thread_start(&threads[count++], "reader", read_all, (void *)(i + 77)), OK);
    CHECK_EQUAL(thread_start(&threads[count++], "walker", walk_all, NULL), OK);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    CHECK_EQUAL(faults, 0);
    CHECK(hits > 0 && misses > 0 && shard.evictions > 0);
    shard_done(&shard);
}
