/* chaos/load.c - asks a list of questions over UDP, each at its time, and says what became of each.
 *
 *     load ADDRESS PORT PATIENCE_MS <LIST
 *
 * A line of the list is "DUE_US NAME ADDRESS": when to ask (after the start, never falling), for
 * what, and the one right answer. Open loop: a slow answer delays no question, and each latency
 * counts from the time the question was due. Prints "start NS" (CLOCK_MONOTONIC) at once; at the
 * end, for each question in order, "DUE_US LATENCY_US OUTCOME EDE", where OUTCOME is right,
 * servfail, wrong or lost and EDE the extended error (RFC 8914), or -1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define SOCKETS        16 /* so that the kernel spreads them over all workers */
#define QUESTION_MAX   160
#define RESPONSE_MAX   4096
#define HEADER_SIZE    12
#define OPT_SIZE       11
#define TYPE_A         1
#define TYPE_OPT       41
#define OPTION_EDE     15
#define RCODE_SERVFAIL 2
#define NS_PER_US      1000u
#define NS_PER_MS      1000000u
#define NS_PER_S       1000000000u

enum outcome { WAITING, RIGHT, SERVFAIL, WRONG, LOST };

static const char *const outcome_names[] = {
    [WAITING] = "lost", [RIGHT] = "right", [SERVFAIL] = "servfail",
    [WRONG] = "wrong",  [LOST] = "lost",
};

struct question {
    uint64_t due_ns;
    uint64_t latency_ns;
    enum outcome outcome;
    int ede;
    uint16_t len;          /* of wire */
    uint16_t question_len; /* of its question section */
    uint8_t wire[QUESTION_MAX];
    struct in_addr address;
};

struct load {
    struct question *questions;
    size_t count, sent, settled, expired;
    int sockets[SOCKETS];
    int epoll;
    uint64_t start_ns, patience_ns;
};

/* A cursor over a response that remembers its first failure. */
struct cursor {
    const uint8_t *at, *end;
    bool failed;
};

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* ---- the list ---- */

static size_t write_name(uint8_t *out, const char *name)
{
    uint8_t *at = out;

    while (*name) {
        size_t len = strcspn(name, ".");

        *at++ = (uint8_t)len;
        memcpy(at, name, len);
        at += len;
        name += name[len] ? len + 1 : len;
    }
    *at++ = 0;
    return (size_t)(at - out);
}

/* Query number `i` belongs to socket i % SOCKETS, and its id tells it from the others there. */
static uint16_t id_of(size_t i)
{
    return (uint16_t)(i / SOCKETS);
}

static void compose(struct question *q, size_t i, const char *name)
{
    static const uint8_t type_and_class[] = { 0, TYPE_A, 0, 1 };
    static const uint8_t opt[OPT_SIZE] = { 0, 0, TYPE_OPT, 1232 >> 8, 1232 & 255 };
    size_t name_len = write_name(q->wire + HEADER_SIZE, name);

    put16(q->wire, id_of(i));
    q->wire[2] = 1;  /* RD */
    q->wire[5] = 1;  /* QDCOUNT */
    q->wire[11] = 1; /* ARCOUNT */
    memcpy(q->wire + HEADER_SIZE + name_len, type_and_class, sizeof type_and_class);
    q->question_len = (uint16_t)(name_len + sizeof type_and_class);
    memcpy(q->wire + HEADER_SIZE + q->question_len, opt, OPT_SIZE);
    q->len = (uint16_t)(HEADER_SIZE + q->question_len + OPT_SIZE);
}

static void read_list(struct load *l)
{
    uint64_t due_us;
    char name[101], address[16];
    size_t room = 0;

    while (scanf("%" SCNu64 " %100s %15s", &due_us, name, address) == 3) {
        struct question *q;

        if (l->count == room) {
            room = room ? room * 2 : 1024;
            l->questions = realloc(l->questions, room * sizeof *l->questions);
            if (!l->questions)
                die("load: memory");
        }
        q = &l->questions[l->count];
        *q = (struct question){ .due_ns = due_us * NS_PER_US, .ede = -1 };
        if (inet_pton(AF_INET, address, &q->address) != 1)
            die("load: address in the list");
        compose(q, l->count++, name);
    }
    if (!feof(stdin) || l->count == 0) {
        fprintf(stderr, "load: question %zu of the list is malformed\n", l->count + 1);
        exit(2);
    }
}

/* ---- judging a response ---- */

static const uint8_t *take(struct cursor *c, size_t len)
{
    const uint8_t *at = c->at;

    if (c->failed || (size_t)(c->end - at) < len) {
        c->failed = true;
        return NULL;
    }
    c->at += len;
    return at;
}

static void skip_name(struct cursor *c)
{
    for (;;) {
        const uint8_t *length = take(c, 1);

        if (!length || *length == 0)
            return;
        if (*length >= 0xC0) {
            take(c, 1);
            return;
        }
        take(c, *length);
    }
}

static int find_ede(const uint8_t *data, size_t len)
{
    struct cursor c = { data, data + len, false };

    for (;;) {
        const uint8_t *head = take(&c, 4);
        const uint8_t *value = head ? take(&c, get16(head + 2)) : NULL;

        if (!value)
            return -1;
        if (get16(head) == OPTION_EDE && get16(head + 2) >= 2)
            return get16(value);
    }
}

/* Takes in the next record; returns whether it is an address that the question was not about. */
static bool is_strange(struct cursor *c, struct question *q, size_t *right)
{
    const uint8_t *head, *data;

    skip_name(c);
    head = take(c, 10);
    data = head ? take(c, get16(head + 8)) : NULL;
    if (!data)
        return true;
    if (get16(head) == TYPE_OPT)
        q->ede = find_ede(data, get16(head + 8));
    if (get16(head) != TYPE_A)
        return false;
    if (get16(head + 8) != 4 || memcmp(data, &q->address, 4) != 0)
        return true;
    ++*right;
    return false;
}

static enum outcome judge(struct question *q, const uint8_t *message, size_t len)
{
    struct cursor c = { message, message + len, false };
    const uint8_t *header = take(&c, HEADER_SIZE);
    const uint8_t *question = take(&c, q->question_len);
    size_t records, right = 0;

    if (!question || !(header[2] & 0x80) ||
        memcmp(question, q->wire + HEADER_SIZE, q->question_len) != 0)
        return WRONG;
    records = (size_t)get16(header + 6) + get16(header + 8) + get16(header + 10);
    for (size_t i = 0; i < records; i++) {
        if (is_strange(&c, q, &right))
            return WRONG;
    }
    if ((header[3] & 15) == RCODE_SERVFAIL)
        return SERVFAIL;
    return (header[3] & 15) == 0 && right == 1 ? RIGHT : WRONG;
}

/* The latest question of this socket and id that waits: a list may be longer than there are ids. */
static struct question *find_waiting(struct load *l, size_t slot, uint16_t id)
{
    size_t i = (size_t)id * SOCKETS + slot;
    struct question *found = NULL;

    for (; i < l->sent; i += (size_t)65536 * SOCKETS)
        found = &l->questions[i];
    return found && found->outcome == WAITING ? found : NULL;
}

static void receive(struct load *l, size_t slot)
{
    uint8_t message[RESPONSE_MAX];

    for (;;) {
        ssize_t len = recv(l->sockets[slot], message, sizeof message, MSG_DONTWAIT);
        uint64_t arrived = now_ns() - l->start_ns;
        struct question *q;

        if (len < 0)
            return;
        q = len >= HEADER_SIZE ? find_waiting(l, slot, get16(message)) : NULL;
        if (!q)
            continue;
        q->outcome = judge(q, message, (size_t)len);
        q->latency_ns = arrived > q->due_ns ? arrived - q->due_ns : 0;
        l->settled++;
    }
}

/* ---- the run ---- */

static void open_sockets(struct load *l, const char *address, const char *port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    int size = 4 << 20;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        die("load: address");
    l->epoll = epoll_create1(0);
    for (size_t i = 0; i < SOCKETS; i++) {
        struct epoll_event wish = { .events = EPOLLIN, .data.u64 = i };

        l->sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        setsockopt(l->sockets[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        if (connect(l->sockets[i], (struct sockaddr *)&to, sizeof to) != 0)
            die("load: connect");
        epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->sockets[i], &wish);
    }
}

/* A question that cannot be sent stays unanswered and so counts as lost. */
static void send_due(struct load *l, uint64_t elapsed)
{
    for (; l->sent < l->count && l->questions[l->sent].due_ns <= elapsed; l->sent++) {
        const struct question *q = &l->questions[l->sent];

        (void)!send(l->sockets[l->sent % SOCKETS], q->wire, q->len, 0);
    }
}

static void give_up(struct load *l, uint64_t elapsed)
{
    for (; l->expired < l->sent; l->expired++) {
        struct question *q = &l->questions[l->expired];

        if (q->due_ns + l->patience_ns > elapsed)
            return;
        if (q->outcome != WAITING)
            continue;
        q->outcome = LOST;
        l->settled++;
    }
}

static void wait_for_more(struct load *l)
{
    struct epoll_event events[SOCKETS];
    uint64_t wait = 10 * NS_PER_MS, elapsed = now_ns() - l->start_ns;
    struct timespec limit;
    int count;

    if (l->sent < l->count && l->questions[l->sent].due_ns < elapsed + wait) {
        uint64_t due = l->questions[l->sent].due_ns;

        wait = due > elapsed ? due - elapsed : 0;
    }
    limit = (struct timespec){ 0, (long)wait };
    count = epoll_pwait2(l->epoll, events, SOCKETS, &limit, NULL);
    for (int i = 0; i < count; i++)
        receive(l, events[i].data.u64);
}

static void print_outcomes(const struct load *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct question *q = &l->questions[i];

        printf("%" PRIu64 " %" PRIu64 " %s %d\n", q->due_ns / NS_PER_US, q->latency_ns / NS_PER_US,
               outcome_names[q->outcome], q->ede);
    }
}

int main(int argc, char **argv)
{
    struct load l = { 0 };

    if (argc != 4) {
        fprintf(stderr, "usage: load ADDRESS PORT PATIENCE_MS <LIST\n");
        return 2;
    }
    l.patience_ns = strtoull(argv[3], NULL, 10) * NS_PER_MS;
    read_list(&l);
    open_sockets(&l, argv[1], argv[2]);
    prctl(PR_SET_TIMERSLACK, NS_PER_US);
    l.start_ns = now_ns();
    printf("start %" PRIu64 "\n", l.start_ns);
    fflush(stdout);
    while (l.settled < l.count) {
        uint64_t elapsed = now_ns() - l.start_ns;

        send_due(&l, elapsed);
        give_up(&l, elapsed);
        wait_for_more(&l);
    }
    print_outcomes(&l);
    free(l.questions);
    return 0;
}
