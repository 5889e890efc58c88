/* querylog/squeeze.c - old files, compressed by zlib between two writes.
 *
 * Called by: sink_file.c. Owns: both descriptors. A half-written file bears a name of its own,
 * which the next one takes over; so whatever is called .gz is whole.
 */
#include "querylog/squeeze.h"

#include "querylog/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define SLICE     (128u << 10) /* some milliseconds */
#define GZIP      (15 + 16)    /* zlib: the largest window, in gzip's frame */
#define LEVEL     6
#define MEM_LEVEL 8

struct squeeze {
    char path[PATH_MAX];
    char part[ROTATION_PATH_MAX]; /* what is written, until it is whole */
    unsigned index, keep;
    int in, out;
    bool is_open; /* `z` is */
    z_stream z;
    uint8_t from[SLICE], to[SLICE];
};

static err_t open_files(struct squeeze *s)
{
    char name[ROTATION_PATH_MAX];

    snprintf(s->part, sizeof s->part, "%s.gz.part", s->path);
    s->in = open(rotation_name(s->path, s->index, false, name), O_RDONLY | O_CLOEXEC);
    if (s->in >= 0)
        s->out = open(s->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    return s->out >= 0 ? OK : ERR_SYSTEM;
}

err_t squeeze_begin(struct squeeze **ret_squeeze, const char *path, unsigned keep)
{
    unsigned index = rotation_uncompressed(path, keep);
    struct squeeze *s;

    *ret_squeeze = NULL;
    if (index == 0)
        return OK;
    s = malloc(sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->index = index;
    s->keep = keep;
    s->in = s->out = -1;
    s->z = (z_stream){ 0 };
    snprintf(s->path, sizeof s->path, "%s", path);
    s->is_open =
        deflateInit2(&s->z, LEVEL, Z_DEFLATED, GZIP, MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    if (!s->is_open || open_files(s) != OK) {
        err_t err = s->is_open ? ERR_SYSTEM : ERR_NOMEM;

        squeeze_free(&s);
        return err;
    }
    *ret_squeeze = s;
    return OK;
}

static err_t write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);

        if (written < 0 && errno != EINTR)
            return ERR_SYSTEM;
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        }
    }
    return OK;
}

static err_t deflate_slice(struct squeeze *s, size_t len, int flush)
{
    s->z.next_in = s->from;
    s->z.avail_in = (uInt)len;
    do {
        s->z.next_out = s->to;
        s->z.avail_out = SLICE;
        deflate(&s->z, flush);
        TRY(write_all(s->out, s->to, SLICE - s->z.avail_out));
    } while (s->z.avail_out == 0);
    return OK;
}

/* What the file is called by now; false when it is gone. */
static bool find_again(struct squeeze *s)
{
    char name[ROTATION_PATH_MAX];
    struct stat own, there;

    if (fstat(s->in, &own) != 0)
        return false;
    for (; s->index <= s->keep; s->index++)
        if (lstat(rotation_name(s->path, s->index, false, name), &there) == 0 &&
            there.st_dev == own.st_dev && there.st_ino == own.st_ino)
            return true;
    return false;
}

/* The one must be on the disk before the other goes. */
static err_t take_place(struct squeeze *s)
{
    char name[ROTATION_PATH_MAX];

    if (!find_again(s))
        return OK;
    if (fdatasync(s->out) != 0 ||
        rename(s->part, rotation_name(s->path, s->index, true, name)) != 0)
        return ERR_SYSTEM;
    return unlink(rotation_name(s->path, s->index, false, name)) == 0 ? OK : ERR_SYSTEM;
}

err_t squeeze_step(struct squeeze *s)
{
    ssize_t len = read(s->in, s->from, SLICE);

    if (len < 0)
        return errno == EINTR ? ERR_AGAIN : ERR_SYSTEM;
    if (len > 0) {
        TRY(deflate_slice(s, (size_t)len, Z_NO_FLUSH));
        return ERR_AGAIN;
    }
    TRY(deflate_slice(s, 0, Z_FINISH));
    return take_place(s);
}

static void close_file(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* What is half done goes; after it took its place there is none of that name. */
void squeeze_free(struct squeeze **squeeze)
{
    struct squeeze *s = *squeeze;
    int before = errno;

    if (!s)
        return;
    *squeeze = NULL;
    if (s->out >= 0)
        unlink(s->part);
    close_file(s->in);
    close_file(s->out);
    if (s->is_open)
        deflateEnd(&s->z);
    free(s);
    errno = before;
}
