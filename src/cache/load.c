/* cache/load.c - what was remembered before a restart comes back from its file.
 *
 * Called by: main, in a thread of its own.
 * The file is a stranger: read twice, first for its checksums to the end, then for its responses,
 * each of which is checked as if an upstream had sent it.
 */
#include "cache/load.h"

#include "cache/room.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGE_MAX INT32_MAX /* seconds; what is older was never kept */

struct input {
    FILE *file;
    const _Atomic bool *stop;
    uint64_t saved_s;
    const char *why;
    uint8_t room[FILE_BLOCK_HEADER + FILE_BLOCK_MAX + FILE_CHECKSUM];
};

static err_t refuse(struct input *in, const char *why)
{
    in->why = why;
    return ERR_MALFORMED;
}

static uint64_t read_u64(struct reader *r)
{
    const uint64_t high = read_u32(r);

    return high << 32 | read_u32(r);
}

/* Reads bytes that must be there. */
static err_t read_into(struct input *in, size_t at, size_t len)
{
    if (fread(in->room + at, 1, len, in->file) == len)
        return OK;
    return ferror(in->file) ? ERR_SYSTEM : refuse(in, "it ends too early");
}

/* Reads the checksum behind a part, and compares. */
static err_t read_checksum(struct input *in, size_t len)
{
    struct reader r;

    TRY(read_into(in, len, FILE_CHECKSUM));
    r = reader_of(slice_of(in->room + len, FILE_CHECKSUM));
    if (read_u64(&r) != file_checksum(slice_of(in->room, len)))
        return refuse(in, "a checksum is wrong");
    return OK;
}

static err_t read_file_header(struct input *in)
{
    const struct slice magic = slice_of(FILE_MAGIC, sizeof FILE_MAGIC);
    struct reader r = reader_of(slice_of(in->room, FILE_HEADER));
    uint32_t version;

    rewind(in->file);
    TRY(read_into(in, 0, FILE_HEADER));
    if (!slice_equal(read_bytes(&r, magic.len), magic))
        return refuse(in, "it was not written by dotproxy");
    version = read_u32(&r);
    if (version != FILE_VERSION)
        return refuse(in, "it was written by another version of dotproxy");
    in->saved_s = read_u64(&r);
    return read_checksum(in, FILE_HEADER);
}

/* The records of the next block; none at the end. */
static err_t read_block(struct input *in, struct slice *ret_records)
{
    struct reader r = reader_of(slice_of(in->room, FILE_BLOCK_HEADER));
    uint32_t len;

    TRY(read_into(in, 0, FILE_BLOCK_HEADER));
    len = read_u32(&r);
    if (len > FILE_BLOCK_MAX)
        return refuse(in, "a block is too long");
    TRY(read_into(in, FILE_BLOCK_HEADER, len));
    TRY(read_checksum(in, FILE_BLOCK_HEADER + (size_t)len));
    *ret_records = slice_of(in->room + FILE_BLOCK_HEADER, len);
    return OK;
}

static bool is_stopped(const struct input *in)
{
    return in->stop && atomic_load_explicit(in->stop, memory_order_relaxed);
}

static err_t check_file(struct input *in)
{
    struct slice records;

    TRY(read_file_header(in));
    do
        TRY(read_block(in, &records));
    while (records.len > 0 && !is_stopped(in));
    if (records.len == 0 && getc(in->file) != EOF)
        return refuse(in, "something stands behind its end");
    return OK;
}

/* One response of the file. */
struct saved {
    uint32_t age;
    uint16_t view;
    uint8_t bits;
    struct slice wire;
};

static struct saved read_saved(struct reader *r)
{
    struct saved saved;

    saved.age = read_u32(r);
    saved.view = read_u16(r);
    saved.bits = read_u8(r);
    saved.wire = read_bytes(r, read_u16(r));
    return saved;
}

/* Where a response was in its life when the file was written, and how long that is ago. */
static struct cache_moment moment_of(const struct input *in, const struct saved *saved,
                                     const struct cache_clocks *now)
{
    const bool is_past = in->saved_s <= now->wall_s;
    const uint64_t age = saved->age + (is_past ? now->wall_s - in->saved_s : 0);

    return (struct cache_moment){
        .now_s = now->now_s,
        .stored_s = now->now_s - (uint32_t)(age < AGE_MAX ? age : AGE_MAX),
        .is_restored = true,
        .is_expired = !is_past,
    };
}

static err_t restore(struct input *in, struct cache *c, const struct saved *saved,
                     const struct cache_clocks *now, size_t *count)
{
    const struct cache_moment moment = moment_of(in, saved, now);
    struct question question;
    struct message m;
    struct reader r = reader_of(saved->wire);
    struct cache_key key = { .question = &question, .view = saved->view };

    read_bytes(&r, DNS_HEADER_SIZE);
    if ((saved->bits & ~(unsigned)ENTRY_KEY_BITS) || message_read_response(saved->wire, &m) != OK ||
        read_question(&r, &question) != OK)
        return refuse(in, "a response in it is malformed");
    key.dnssec_ok = saved->bits & ENTRY_DO;
    key.checking_disabled = saved->bits & ENTRY_CD;
    if (cache_put_at(c, &key, &m, &moment))
        ++*count;
    return OK;
}

static err_t restore_block(struct input *in, struct cache *c, struct slice records,
                           const struct cache_clocks *now, size_t *count)
{
    struct reader r = reader_of(records);

    while (reader_left(&r) > 0) {
        const struct saved saved = read_saved(&r);

        if (r.failed)
            return refuse(in, "a block is torn");
        TRY(restore(in, c, &saved, now, count));
    }
    return OK;
}

static err_t restore_file(struct input *in, struct cache *c, const struct cache_clocks *now,
                          size_t *count)
{
    struct slice records;

    TRY(read_file_header(in));
    do {
        TRY(read_block(in, &records));
        TRY(restore_block(in, c, records, now, count));
    } while (records.len > 0 && !is_stopped(in));
    return OK;
}

err_t cache_load_stream(struct cache *c, FILE *file, const struct cache_clocks *now,
                        const _Atomic bool *stop, struct cache_restored *ret_restored)
{
    struct input in = { .file = file, .stop = stop };
    size_t count = 0;
    err_t err = check_file(&in);

    if (err == OK && !is_stopped(&in))
        err = restore_file(&in, c, now, &count);
    *ret_restored = (struct cache_restored){ count, in.why };
    return err;
}

/* Never waits: a pipe in its place has no writer. */
static FILE *open_regular(const char *path, bool *ret_is_regular)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    FILE *file = NULL;

    if (fd < 0)
        return NULL;
    *ret_is_regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    file = fdopen(fd, "rb");
    if (!file)
        close(fd);
    return file;
}

err_t cache_load(struct cache *c, const char *path, const struct cache_clocks *now,
                 const _Atomic bool *stop, struct cache_restored *ret_restored)
{
    bool is_regular = false;
    FILE *file = open_regular(path, &is_regular);
    err_t err;

    if (!file)
        return ERR_SYSTEM;
    if (is_regular) {
        err = cache_load_stream(c, file, now, stop, ret_restored);
    } else {
        *ret_restored = (struct cache_restored){ .why = "it is not a regular file" };
        err = ERR_MALFORMED;
    }
    fclose(file);
    return err;
}
