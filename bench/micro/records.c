/* bench/micro/records.c - what one record of a query costs: on the walk, and in each format.
 *
 *     bench_records [RECORDS]
 *
 * The least of several rounds counts: the machine is shared.
 */
#include "base/clock.h"
#include "dns/types.h"
#include "querylog/desk.h"
#include "querylog/format.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURN   64 /* records between two commits */
#define ROUNDS 15
#define ROOM   (1u << 20)

static const uint8_t response[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
                                  "\6h06863\5bench\7example\3net\0\0\1\0\1"
                                  "\xc0\x0c\0\1\0\1\0\0\x0e\x0c\0\4\xc6\x12\x1e\x36";

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static union addr address(const char *host, uint16_t port)
{
    union addr addr = { .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };

    inet_pton(AF_INET, host, &addr.v4.sin_addr);
    return addr;
}

static struct query make_query(void)
{
    struct query q = { .source = FROM_CACHE, .look = LOOK_HIT, .message_len = 42 };
    struct reader r = reader_of(slice_of(response, sizeof response - 1));

    read_bytes(&r, DNS_HEADER_SIZE);
    if (read_question(&r, &q.asked.question) != OK)
        abort();
    q.asked.has_question = true;
    q.asked.header = (struct header){ .id = 0x1234, .flags = DNS_RD };
    q.client = address("192.0.2.143", 53211);
    q.response = slice_of(response, sizeof response - 1);
    return q;
}

/* Nanoseconds of each record, `notes` of them on their way to nobody. */
static double note(struct querylog_desk *d, unsigned notes)
{
    const union addr listener = address("127.0.0.1", 53);
    const struct querylog_facts facts = { .transport = "udp",
                                          .listener = &listener,
                                          .tls_version = "" };
    struct query q = make_query();
    uint64_t start = cpu_ns(), spent = 0;

    for (unsigned i = 0; i < notes; i += TURN) {
        q.arrived_ns = clock_monotonic_ns();
        start = cpu_ns();
        for (unsigned j = 0; j < TURN; j++)
            querylog_note(d, &q, &facts);
        querylog_turn_ends(d, clock_monotonic_ns());
        spent += cpu_ns() - start;
        while (belt_next(&d->belt).len > 0)
            ;
        belt_release(&d->belt);
    }
    return (double)spent / notes;
}

static double write(struct slice record, const struct format_ops *format, unsigned count,
                    size_t *ret_bytes)
{
    static uint8_t room[ROOM];
    struct stamp stamp = { .identity = "" };
    uint64_t start = cpu_ns();

    for (unsigned i = 0; i < count; i++) {
        struct pen pen = pen_on(room, sizeof room);
        struct log_view view = record_read(record);
        unsigned frames = format ? 1 : 0;

        stamp.sequence = i;
        view.arrived_wall_ns = 1700000000ull * NS_PER_S + i * 1000ull;
        if (format && format->count_frames)
            frames = format->count_frames(&view);
        for (unsigned frame = 0; frame < frames; frame++)
            format->write(&pen, &view, &stamp, frame);
        *ret_bytes = pen_slice(&pen).len;
    }
    return (double)(cpu_ns() - start) / count;
}

static struct slice make_record(struct querylog_desk *d)
{
    const union addr listener = address("127.0.0.1", 53);
    struct query q = make_query();

    q.arrived_ns = clock_monotonic_ns();
    querylog_note(
        d, &q,
        &(struct querylog_facts){ .transport = "udp", .listener = &listener, .tls_version = "" });
    querylog_turn_ends(d, clock_monotonic_ns());
    return belt_next(&d->belt);
}

int main(int argc, char **argv)
{
    const unsigned count = (argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 3000000) / ROUNDS;
    const char *const names[] = { "", "json", "ecs", "ocsf", "dnstap" };
    static struct querylog_desk desk = { .wants = WANTS_RECORDS };
    struct slice record;
    double least = 1e9;

    if (belt_init(&desk.belt, 4u << 20) != OK)
        return 1;
    for (int round = 0; round < ROUNDS; round++) {
        double ns = note(&desk, count);

        least = ns < least ? ns : least;
    }
    printf("%-8s %4.0f ns of CPU\n", "noted", least);
    record = make_record(&desk);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct format_ops *format = format_find(names[i]);
        size_t bytes = 0;

        least = 1e9;
        for (int round = 0; round < ROUNDS && (format || i == 0); round++) {
            double ns = write(record, format, count, &bytes);

            least = ns < least ? ns : least;
        }
        if (least < 1e9)
            printf("%-8s %4.0f ns of CPU, %zu bytes\n", i ? names[i] : "read", least, bytes);
    }
    return 0;
}
