/* tests/fuzz/querylog_spool.c - whatever lies where a spool should: it is refused, or read to its
 * end and added to.
 *
 * Checksums are put right before it is read: a fuzzer would never get past them. */
#include "base/reader.h"
#include "base/writer.h"
#include "querylog/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define KIND 1
#define SIZE (1u << 20)

static char path[40]; /* of this process */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool claim)
{
    if (!claim)
        abort();
}

static void seal_all(uint8_t *bytes, size_t len)
{
    size_t at = SEGMENT_HEAD;

    while (at + SEGMENT_AROUND < len) {
        struct reader r = reader_of(slice_of(bytes + at, len - at));
        const size_t record = read_u32(&r);
        struct writer sum = writer_of(bytes + at + 4, 4);

        if (record > len - at - SEGMENT_AROUND)
            return;
        write_u32(&sum, (uint32_t)crc32(0, bytes + at + SEGMENT_AROUND, (uInt)record));
        at += SEGMENT_AROUND + record;
    }
}

static void write_file(const uint8_t *data, size_t size)
{
    static const uint8_t head[] = "dpsp\0\0\0\1\0\0\0\0\0\0\0";
    uint8_t *copy = malloc(size + 1);
    char name[80];
    int fd;

    memcpy(copy, data, size);
    memcpy(copy, head, size < 16 ? size : 16);
    seal_all(copy, size);
    snprintf(name, sizeof name, "%s.0", path);
    fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(fd >= 0 && write(fd, copy, size) == (ssize_t)size);
    close(fd);
    free(copy);
}

static void remove_files(void)
{
    for (unsigned i = 0; i < SPOOL_SEGMENTS; i++) {
        char name[80];

        snprintf(name, sizeof name, "%s.%u", path, i);
        unlink(name);
    }
}

/* How many records it gives, from what it has and one that is added. */
static void read_all(struct spool *s)
{
    const size_t expected = s->records + 1;
    struct backlog_mark added;
    struct backlog b = { 0 };
    size_t count = 0;

    require(backlog_add(&b, slice_of("last", 4)));
    require(spool_add(s, &b, &added) == OK && added.records == 1);
    backlog_drop(&b, added);
    while (s->records > 0) {
        const struct backlog_mark all = { b.bytes.len, b.records };

        require(spool_read(s, &b) == OK);
        count += b.records - all.records;
        require(b.records > 0);
        spool_drop(s, (struct backlog_mark){ b.bytes.len, b.records });
        backlog_drop(&b, (struct backlog_mark){ b.bytes.len, b.records });
    }
    require(count == expected);
    backlog_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spool s;
    uint64_t cut;

    snprintf(path, sizeof path, "/dev/shm/dotproxy-fuzz-%d", (int)getpid());
    write_file(data, size);
    if (spool_open(&s, path, SIZE, KIND, &cut) == OK)
        read_all(&s);
    spool_close(&s);
    remove_files();
    return 0;
}
