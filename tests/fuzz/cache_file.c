/* tests/fuzz/cache_file.c - whatever a cache file holds is refused, or can be served and saved.
 *
 * Checksums are put right before the file is read: a fuzzer would never get past them. */
#include "cache/load.h"

#include "base/clock.h"

#include <stdlib.h>

#define CACHE_SIZE ((size_t)1 << 20)
#define FILE_MAX   (1u << 20)

static void require(bool claim)
{
    if (!claim)
        abort();
}

static void seal(uint8_t *part, size_t len)
{
    const uint64_t sum = file_checksum(slice_of(part, len));

    for (unsigned i = 0; i < FILE_CHECKSUM; i++)
        part[len + i] = (uint8_t)(sum >> (56 - 8 * i));
}

static void seal_all(uint8_t *bytes, size_t len)
{
    size_t at = FILE_HEADER + FILE_CHECKSUM;

    if (len < at)
        return;
    seal(bytes, FILE_HEADER);
    while (len - at >= FILE_BLOCK_HEADER + FILE_CHECKSUM) {
        struct reader r = reader_of(slice_of(bytes + at, len - at));
        const size_t block = FILE_BLOCK_HEADER + (size_t)read_u32(&r);

        if (block > len - at - FILE_CHECKSUM)
            return;
        seal(bytes + at, block);
        at += block + FILE_CHECKSUM;
    }
}

static struct cache *fresh_cache(void)
{
    const struct cache_config config = { .size = CACHE_SIZE,
                                         .max_ttl = 86400 * NS_PER_S,
                                         .negative_max_ttl = 3600 * NS_PER_S,
                                         .failure_ttl = 5 * NS_PER_S,
                                         .stale = 86400 * NS_PER_S };
    struct cache *c = NULL;

    require(cache_new(&c, &config) == OK);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What went in is what message_read_response takes; a get composes it without a fault. */
static void ask_all(struct cache *c, struct slice bytes)
{
    static uint8_t room[DNS_MESSAGE_MAX];
    const struct compose_settings settings = { .limit = DNS_MESSAGE_MAX };

    for (size_t at = 0; at < bytes.len; at++) {
        struct reader r = reader_of(slice_after(bytes, at));
        struct message_query q = { .has_question = true, .edns.present = at % 2 };
        const struct cache_key key = { .question = &q.question };
        struct writer w = writer_of(room, sizeof room);
        struct cache_hit hit;
        struct message m;

        if (read_question(&r, &q.question) != OK ||
            cache_get(c, &key, 100, &q, &settings, &w, &hit) == CACHE_MISS)
            continue;
        require(message_read_response(writer_slice(&w), &m) == OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[FILE_MAX];
    struct cache_restored restored;
    struct cache *c;
    FILE *in;
    err_t err;

    if (size == 0 || size > sizeof bytes)
        return 0;
    memcpy(bytes, data, size);
    if (data[size - 1] % 2 == 0)
        seal_all(bytes, size);
    c = fresh_cache();
    in = fmemopen(bytes, size, "rb");
    require(in != NULL);
    err = cache_load_stream(c, in, &(struct cache_clocks){ 100, 5000 }, NULL, &restored);
    require((err == ERR_MALFORMED) == (restored.why != NULL));
    ask_all(c, slice_of(bytes, size < 4096 ? size : 4096));
    fclose(in);
    cache_free(&c);
    return 0;
}
