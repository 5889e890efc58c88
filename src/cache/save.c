/* cache/save.c - what is remembered goes into a file.
 *
 * Called by: main, when it stops, and now and then before that.
 * Walks the index like any reader. What is put in or out meanwhile is saved or not.
 */
#include "cache/save.h"

#include "cache/room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BESIDE ".new"

/* A file in the making; after the first failure nothing more is written. */
struct output {
    int fd;
    bool failed;
    size_t count;
    struct writer w; /* the part that is being filled */
    uint8_t room[FILE_HEADER + FILE_BLOCK_HEADER + FILE_BLOCK_MAX + FILE_CHECKSUM];
};

static void write_u64(struct writer *w, uint64_t value)
{
    write_u32(w, (uint32_t)(value >> 32));
    write_u32(w, (uint32_t)value);
}

static void write_all(struct output *out, struct slice bytes)
{
    while (bytes.len > 0 && !out->failed) {
        const ssize_t written = write(out->fd, bytes.data, bytes.len);

        if (written > 0)
            bytes = slice_after(bytes, (size_t)written);
        else if (errno != EINTR)
            out->failed = true;
    }
}

static void end_part(struct output *out)
{
    write_u64(&out->w, file_checksum(writer_slice(&out->w)));
    write_all(out, writer_slice(&out->w));
}

static void save_header(struct output *out, uint64_t wall_s)
{
    out->w = writer_of(out->room, sizeof out->room);
    write_bytes(&out->w, slice_of(FILE_MAGIC, sizeof FILE_MAGIC));
    write_u32(&out->w, FILE_VERSION);
    write_u64(&out->w, wall_s);
    end_part(out);
}

static void start_block(struct output *out)
{
    out->w = writer_of(out->room, sizeof out->room);
    write_u32(&out->w, 0); /* its length is not known yet */
}

static void end_block(struct output *out)
{
    const size_t len = writer_len(&out->w) - FILE_BLOCK_HEADER;
    struct writer header = writer_of(out->room, FILE_BLOCK_HEADER);

    write_u32(&header, (uint32_t)len);
    end_part(out);
    start_block(out);
}

static void save_entry(struct output *out, union entry_room *room, uint32_t now_s)
{
    const uint32_t age = entry_age(&room->entry, now_s);
    const uint16_t view = room->entry.view;
    const uint8_t bits = room->entry.bits & ENTRY_KEY_BITS;
    struct message m;

    entry_to_message(room, &m);
    if (writer_len(&out->w) + FILE_RECORD_HEADER + m.wire.len > FILE_BLOCK_HEADER + FILE_BLOCK_MAX)
        end_block(out);
    write_u32(&out->w, age);
    write_u16(&out->w, view);
    write_u8(&out->w, bits);
    write_u16(&out->w, (uint16_t)m.wire.len);
    write_bytes(&out->w, m.wire);
    out->count++;
}

static void save_shard(struct output *out, const struct shard *s, uint32_t now_s, uint32_t stale_s)
{
    union entry_room room;

    for (size_t i = 0; i < shard_index_words(s) && !out->failed; i++)
        if (shard_read(s, i, &room) && !(room.entry.bits & ENTRY_FAILURE) &&
            entry_is_usable(&room.entry, now_s, stale_s))
            save_entry(out, &room, now_s);
}

static void save_all(struct output *out, struct cache *c, const struct cache_clocks *now)
{
    const struct lifetimes lifetimes = cache_lifetimes(c);

    save_header(out, now->wall_s);
    start_block(out);
    for (unsigned i = 0; i < c->shard_count; i++)
        save_shard(out, &c->shards[i], now->now_s, lifetimes.stale);
    if (writer_len(&out->w) > FILE_BLOCK_HEADER)
        end_block(out);
    end_block(out);
}

/* So that the new name is on the disk as well. */
static void sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX] = ".";
    int fd;

    if (slash)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static void remove_quietly(const char *path)
{
    const int saved = errno;

    unlink(path);
    errno = saved;
}

/* Beside `path`, which is not there yet; what a crash has left goes, and O_EXCL follows no link. */
static err_t open_beside(const char *beside, int *ret_fd)
{
    remove_quietly(beside);
    *ret_fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return *ret_fd < 0 ? ERR_SYSTEM : OK;
}

/* Writes the whole of `path`, which is not there yet. */
static err_t save_as(struct cache *c, const char *path, const struct cache_clocks *now,
                     size_t *ret_count)
{
    struct output out = { 0 };

    TRY(open_beside(path, &out.fd));
    save_all(&out, c, now);
    if (!out.failed && fsync(out.fd) != 0)
        out.failed = true;
    if (close(out.fd) != 0 || out.failed)
        return ERR_SYSTEM;
    *ret_count = out.count;
    return OK;
}

static err_t name_beside(const char *path, char ret_beside[PATH_MAX])
{
    if (snprintf(ret_beside, PATH_MAX, "%s" BESIDE, path) < PATH_MAX)
        return OK;
    errno = ENAMETOOLONG;
    return ERR_SYSTEM;
}

err_t cache_try_save(const char *path)
{
    char beside[PATH_MAX];
    struct stat there;
    int fd;

    TRY(name_beside(path, beside));
    if (stat(path, &there) == 0 && S_ISDIR(there.st_mode)) {
        errno = EISDIR;
        return ERR_SYSTEM;
    }
    TRY(open_beside(beside, &fd));
    close(fd);
    remove_quietly(beside);
    return OK;
}

err_t cache_save(struct cache *c, const char *path, const struct cache_clocks *now,
                 size_t *ret_count)
{
    char beside[PATH_MAX];
    size_t count;

    TRY(name_beside(path, beside));
    if (save_as(c, beside, now, &count) != OK || rename(beside, path) != 0) {
        remove_quietly(beside);
        return ERR_SYSTEM;
    }
    sync_directory(path);
    *ret_count = count;
    return OK;
}
