/* tests/unit/cache/file.c - what outlives a restart, and what no file can do. */
#include "cache/load.h"
#include "cache/save.h"
#include "unit/cache/made.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static struct made m;
static struct given g;
static char directory[] = "/tmp/dotproxy-cache-XXXXXX";
static char path[64];

static const char *fresh_path(void)
{
    if (path[0])
        return path;
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/cache", directory);
    return path;
}

/* Saves a few responses at second 1000, wall clock 5000. */
static void save_some(void)
{
    struct cache *c = made_cache(MIB);
    size_t count = 0;

    put(c, made_address(&m, "short.example", 100, 1), &m, 990);
    put(c, made_address(&m, "long.example", 5000, 2), &m, 990);
    made_start(&m, "failure.example", TYPE_A, RCODE_SERVFAIL);
    put(c, made_end(&m), &m, 1000);
    made_address(&m, "view.example", 5000, 3);
    cache_put(c, &(struct cache_key){ .question = &m.question, .view = 9, .dnssec_ok = true },
              &m.message, 1000);
    CHECK_EQUAL(cache_save(c, fresh_path(), &(struct cache_clocks){ 1000, 5000 }, &count), OK);
    CHECK_EQUAL(count, 3);
    cache_free(&c);
}

static err_t load(struct cache *c, uint32_t now_s, uint64_t wall_s, struct cache_restored *ret)
{
    return cache_load(c, path, &(struct cache_clocks){ now_s, wall_s }, NULL, ret);
}

static void finish(struct cache **c)
{
    cache_free(c);
    unlink(path);
    rmdir(directory);
    memcpy(directory + strlen(directory) - 6, "XXXXXX", 6);
    path[0] = '\0';
}

TEST(file_time, "the time spent down counts, also on a machine that has just started")
{
    struct cache *c = made_cache(MIB);
    struct cache_restored restored;

    save_some();
    CHECK_EQUAL(load(c, 7, 5040, &restored), OK);
    CHECK_EQUAL(restored.count, 3);
    CHECK_EQUAL(get(c, "short.example", TYPE_A, 7, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 50);
    CHECK_EQUAL(get(c, "long.example", TYPE_A, 17, &g), CACHE_FRESH);
    CHECK_EQUAL(ttl_of(&g.message, 0), 4940);
    CHECK_EQUAL(get(c, "failure.example", TYPE_A, 7, &g), CACHE_MISS);
    CHECK_EQUAL(get(c, "view.example", TYPE_A, 7, &g), CACHE_MISS);
    CHECK_EQUAL(get(c, "short.example", TYPE_A, 57, &g), CACHE_STALE);
    finish(&c);
}

TEST(file_long_ago, "what has been down too long comes back stale, or not at all")
{
    struct cache *c = made_cache(MIB);
    struct cache_restored restored;

    save_some();
    CHECK_EQUAL(load(c, 7, 5000 + 86400, &restored), OK);
    CHECK_EQUAL(restored.count, 3);
    CHECK_EQUAL(get(c, "long.example", TYPE_A, 7, &g), CACHE_STALE);
    cache_flush(c, NULL);
    CHECK_EQUAL(load(c, 7, 5000 + 10 * 86400, &restored), OK);
    CHECK_EQUAL(restored.count, 0);
    CHECK_EQUAL(load(c, 7, UINT64_MAX, &restored), OK);
    CHECK_EQUAL(restored.count, 0);
    finish(&c);
}

TEST(file_future, "a file from the future is stale")
{
    struct cache *c = made_cache(MIB);
    struct cache_restored restored;

    save_some();
    CHECK_EQUAL(load(c, 7, 4999, &restored), OK);
    CHECK_EQUAL(restored.count, 3);
    CHECK_EQUAL(get(c, "long.example", TYPE_A, 7, &g), CACHE_STALE);
    finish(&c);
}

TEST(file_newer, "what has been learnt since the start is newer than the file")
{
    struct cache *c = made_cache(MIB);
    struct cache_restored restored;

    save_some();
    put(c, made_address(&m, "long.example", 60, 77), &m, 7);
    CHECK_EQUAL(load(c, 7, 5000, &restored), OK);
    CHECK_EQUAL(get(c, "long.example", TYPE_A, 7, &g), CACHE_FRESH);
    CHECK_EQUAL(g.hit.ttl_whole, 60);
    finish(&c);
}

TEST(file_stop, "loading ends when it is told to")
{
    struct cache *c = made_cache(MIB);
    const struct cache_clocks now = { 7, 5000 };
    const _Atomic bool stop = true;
    struct cache_restored restored;

    save_some();
    CHECK_EQUAL(cache_load(c, path, &now, &stop, &restored), OK);
    CHECK_EQUAL(restored.count, 0);
    finish(&c);
}

TEST(file_none, "no file is no fault of the cache")
{
    struct cache *c = made_cache(MIB);
    struct cache_restored restored;

    fresh_path();
    CHECK_EQUAL(load(c, 7, 5000, &restored), ERR_SYSTEM);
    CHECK_EQUAL(errno, ENOENT);
    CHECK_EQUAL(mkdir(path, 0700), 0);
    CHECK_EQUAL(load(c, 7, 5000, &restored), ERR_MALFORMED);
    CHECK_TEXT(restored.why, "it is not a regular file");
    CHECK_EQUAL(rmdir(path), 0);
    CHECK_EQUAL(mkfifo(path, 0600), 0);
    CHECK_EQUAL(load(c, 7, 5000, &restored), ERR_MALFORMED);
    finish(&c);
}

TEST(file_mode, "it is its owner's alone, and nothing is left beside it")
{
    struct cache *c = NULL;
    struct stat status;
    char beside[80];

    save_some();
    save_some();
    CHECK_EQUAL(stat(path, &status), 0);
    CHECK_EQUAL(status.st_mode & 0777, 0600);
    snprintf(beside, sizeof beside, "%s.new", path);
    CHECK(stat(beside, &status) != 0);
    finish(&c);
}

TEST(file_cannot, "a file that cannot be written is told, and the old one stays")
{
    struct cache *c = made_cache(MIB);
    size_t count;

    CHECK_EQUAL(cache_save(c, "/nonexistent/cache", &(struct cache_clocks){ 1, 1 }, &count),
                ERR_SYSTEM);
    CHECK_EQUAL(errno, ENOENT);
    cache_free(&c);
}

static size_t read_file(uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "rb");
    size_t len = fread(bytes, 1, size, f);

    fclose(f);
    return len;
}

static err_t load_bytes(struct cache *c, uint8_t *bytes, size_t len, struct cache_restored *ret)
{
    FILE *f = fmemopen(bytes, len, "rb");
    err_t err = cache_load_stream(c, f, &(struct cache_clocks){ 7, 5000 }, NULL, ret);

    fclose(f);
    return err;
}

TEST(file_torn, "a file that is cut, changed or continued anywhere gives nothing and says why")
{
    struct cache *c = made_cache(MIB);
    struct cache_restored restored;
    struct cache_stats stats;
    static uint8_t bytes[4096];
    size_t len;

    save_some();
    len = read_file(bytes, sizeof bytes);
    for (size_t cut = 1; cut < len; cut++) {
        CHECK_EQUAL(load_bytes(c, bytes, cut, &restored), ERR_MALFORMED);
        CHECK(restored.why != NULL);
    }
    for (size_t at = 0; at < len; at++) {
        bytes[at] ^= 0x10;
        CHECK_EQUAL(load_bytes(c, bytes, len, &restored), ERR_MALFORMED);
        CHECK(restored.why != NULL);
        bytes[at] ^= 0x10;
    }
    CHECK_EQUAL(load_bytes(c, bytes, len + 1, &restored), ERR_MALFORMED);
    CHECK_TEXT(restored.why, "something stands behind its end");
    cache_stats(c, &stats);
    CHECK_EQUAL(stats.entries, 0);
    CHECK_EQUAL(load_bytes(c, bytes, len, &restored), OK);
    CHECK_EQUAL(restored.count, 3);
    finish(&c);
}

/* Writes the checksum of the part that begins at `start` behind it. */
static void seal(uint8_t *bytes, size_t start, size_t len)
{
    const uint64_t sum = file_checksum(slice_of(bytes + start, len));

    for (unsigned i = 0; i < 8; i++)
        bytes[start + len + i] = (uint8_t)(sum >> (56 - 8 * i));
}

TEST(file_hostile, "a file with good checksums and bad responses is not believed")
{
    struct cache *c = made_cache(MIB);
    struct cache_restored restored;
    const size_t block = FILE_HEADER + FILE_CHECKSUM;
    static uint8_t bytes[4096];
    size_t len, block_len;

    save_some();
    len = read_file(bytes, sizeof bytes);
    block_len = FILE_BLOCK_HEADER + (size_t)(bytes[block + 2] << 8 | bytes[block + 3]);
    bytes[block + FILE_BLOCK_HEADER + FILE_RECORD_HEADER + 5] = 2; /* QDCOUNT */
    seal(bytes, block, block_len);
    CHECK_EQUAL(load_bytes(c, bytes, len, &restored), ERR_MALFORMED);
    CHECK_TEXT(restored.why, "a response in it is malformed");
    CHECK_EQUAL(restored.count, 0);
    bytes[19] = 2;
    seal(bytes, 0, FILE_HEADER);
    CHECK_EQUAL(load_bytes(c, bytes, len, &restored), ERR_MALFORMED);
    CHECK_TEXT(restored.why, "it was written by another version of dotproxy");
    finish(&c);
}
