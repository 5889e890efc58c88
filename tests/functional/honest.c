/* functional/honest.c - clients who ask honestly, and as real ones do.
 *
 *     honest TARGET PORT SOURCE COUNT RATE SECONDS cookies|plain
 *
 * COUNT clients, at addresses from SOURCE on: RATE questions a second together, open loop, most of
 * them for names that others ask for too, one in ten for a new one. With cookies they bring them
 * back (RFC 7873). Who gets TC comes back over TCP, who gets nothing asks again, twice at most.
 * Prints "asked=N right=N wrong=N lost=N again=N tcp=N".
 */
#define _GNU_SOURCE
#include "flood.h"

#include <netinet/tcp.h>
#include <poll.h>

#define NS_PER_MS   1000000ull
#define MESSAGE_MAX 1500
#define ASKED_MAX   65536
#define CLIENTS_MAX 256
#define TRIES       3
#define PATIENCE    (700 * NS_PER_MS) /* for each try */
#define COOKIE_MAX  40

struct client {
    struct sockaddr_in at;
    int udp, tcp; /* -1: not connected */
    uint8_t cookie[COOKIE_MAX];
    size_t cookie_len, in_len;
    uint8_t in[65536 + 2];
};

struct question {
    struct client *client;
    uint64_t sent_ns;
    unsigned tries;
    bool is_settled;
};

static struct {
    struct sockaddr_in to;
    struct client clients[CLIENTS_MAX];
    size_t client_count;
    struct question questions[ASKED_MAX];
    unsigned asked, right, wrong, lost, again, tcp;
} honest;

static void name_question(unsigned i, char name[64])
{
    if (i % 10 == 0)
        snprintf(name, 64, "f%u.site%u.test", i, i % 50);
    else
        snprintf(name, 64, "n%u.known.test", i % 50);
}

static void connect_tcp(struct client *c)
{
    int one = 1;

    c->tcp = socket(AF_INET, SOCK_STREAM, 0);
    c->in_len = 0;
    setsockopt(c->tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(c->tcp, (struct sockaddr *)&c->at, sizeof c->at) != 0 ||
        connect(c->tcp, (struct sockaddr *)&honest.to, sizeof honest.to) != 0) {
        close(c->tcp);
        c->tcp = -1;
    }
}

static void send_question(unsigned i, bool over_tcp)
{
    struct question *q = &honest.questions[i];
    struct client *c = q->client;
    uint8_t bytes[2 + 512];
    char name[64];
    size_t len;

    name_question(i, name);
    len = write_query(bytes + 2, i, name, c->cookie, c->cookie_len);
    put16(bytes, (unsigned)len);
    q->sent_ns = now_ns();
    if (over_tcp && c->tcp < 0)
        connect_tcp(c);
    if (over_tcp && c->tcp >= 0)
        send_all(c->tcp, bytes, len + 2);
    else
        send(c->udp, bytes + 2, len, 0);
}

static bool skip_name(const uint8_t **at, const uint8_t *end)
{
    while (*at<end &&* * at> 0 && **at < 64)
        *at += **at + 1;
    *at += *at < end && **at >= 192 ? 2 : 1;
    return *at <= end;
}

/* What the records of a response say. */
struct said {
    uint32_t address;
    unsigned rcode;
    const uint8_t *cookie;
    size_t cookie_len;
};

static void read_opt(struct said *s, const uint8_t *record, size_t len)
{
    s->rcode |= (unsigned)record[4] << 4;
    if (len >= 4 && get16(record + 10) == 10 && get16(record + 12) <= len - 4 &&
        get16(record + 12) <= COOKIE_MAX) {
        s->cookie = record + 14;
        s->cookie_len = get16(record + 12);
    }
}

static struct said read_records(const uint8_t *message, size_t len)
{
    const uint8_t *at = message + HEADER, *end = message + len;
    unsigned count = get16(message + 6) + get16(message + 8) + get16(message + 10);
    struct said s = { .rcode = message[3] & 15 };

    if (!skip_name(&at, end))
        return s;
    at += 4;
    while (count-- > 0 && skip_name(&at, end) && end - at >= 10 && end - at >= 10 + get16(at + 8)) {
        unsigned type = get16(at), size = get16(at + 8);

        if (type == 1 && size == 4)
            memcpy(&s.address, at + 10, 4);
        if (type == 41)
            read_opt(&s, at, size);
        at += 10 + size;
    }
    return s;
}

static void hear(struct client *c, const uint8_t *message, size_t len, bool over_tcp)
{
    unsigned id = len >= HEADER ? get16(message) : ASKED_MAX;
    struct question *q = &honest.questions[id % ASKED_MAX];
    size_t name = len > HEADER ? name_len(message + HEADER, message + len) : 0;
    struct said said;

    if (id >= honest.asked || q->is_settled || q->client != c || name == 0)
        return;
    said = read_records(message, len);
    if (said.cookie_len > 0 && c->cookie_len > 0) {
        memcpy(c->cookie, said.cookie, said.cookie_len);
        c->cookie_len = said.cookie_len;
    }
    if (said.rcode == 23) { /* BADCOOKIE */
        send_question(id, false);
        return;
    }
    if (message[2] & 2 && !over_tcp) {
        honest.tcp++;
        send_question(id, true);
        return;
    }
    q->is_settled = true;
    if (said.rcode == 0 && said.address == htonl(hash_name(message + HEADER, name)))
        honest.right++;
    else
        honest.wrong++;
}

static void read_client(struct client *c, bool over_tcp)
{
    uint8_t datagram[MESSAGE_MAX];
    ssize_t got;
    size_t at = 0;

    if (!over_tcp) {
        while ((got = recv(c->udp, datagram, sizeof datagram, MSG_DONTWAIT)) > 0)
            hear(c, datagram, (size_t)got, false);
        return;
    }
    got = recv(c->tcp, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);
    if (got <= 0) {
        close(c->tcp);
        c->tcp = -1;
        return;
    }
    c->in_len += (size_t)got;
    for (; c->in_len - at >= 2 && c->in_len - at >= 2u + get16(c->in + at);
         at += 2 + get16(c->in + at))
        hear(c, c->in + at + 2, get16(c->in + at), true);
    memmove(c->in, c->in + at, c->in_len - at);
    c->in_len -= at;
}

/* What comes until `until_ns`. */
static void listen_until(uint64_t until_ns)
{
    static struct pollfd fds[2 * CLIENTS_MAX];
    uint64_t now = now_ns();

    do {
        for (size_t i = 0; i < honest.client_count; i++) {
            fds[2 * i] = (struct pollfd){ .fd = honest.clients[i].udp, .events = POLLIN };
            fds[2 * i + 1] = (struct pollfd){ .fd = honest.clients[i].tcp, .events = POLLIN };
        }
        if (poll(fds, 2 * honest.client_count,
                 until_ns > now ? (int)((until_ns - now) / NS_PER_MS) : 0) <= 0)
            return;
        for (size_t i = 0; i < 2 * honest.client_count; i++)
            if (fds[i].revents)
                read_client(&honest.clients[i / 2], i % 2);
        now = now_ns();
    } while (now < until_ns);
}

/* Whether questions are still out. */
static bool ask_again(void)
{
    uint64_t now = now_ns();
    bool is_waiting = false;

    for (unsigned i = 0; i < honest.asked; i++) {
        struct question *q = &honest.questions[i];

        if (q->is_settled)
            continue;
        is_waiting = true;
        if (now - q->sent_ns < PATIENCE)
            continue;
        q->is_settled = ++q->tries == TRIES;
        honest.lost += q->is_settled;
        honest.again += !q->is_settled;
        if (!q->is_settled)
            send_question(i, false);
    }
    return is_waiting;
}

static void open_client(struct client *c, const char *source, unsigned i, bool has_cookies)
{
    c->at = address_of(source, i, 0);
    c->tcp = -1;
    c->udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(c->udp, (const struct sockaddr *)&c->at, sizeof c->at) != 0 ||
        connect(c->udp, (const struct sockaddr *)&honest.to, sizeof honest.to) != 0)
        die(source);
    c->cookie_len = has_cookies ? 8 : 0;
    for (unsigned byte = 0; byte < 8; byte++)
        c->cookie[byte] = (uint8_t)(i * 8 + byte);
}

int main(int word_count, char **words)
{
    unsigned rate = (unsigned)atoi(words[5]), all = rate * (unsigned)atoi(words[6]);
    uint64_t start = now_ns(), look = start;

    if (word_count != 8 || all > ASKED_MAX || (unsigned)atoi(words[4]) > CLIENTS_MAX)
        die("usage");
    honest.to = address_of(words[1], 0, (unsigned)atoi(words[2]));
    honest.client_count = (size_t)atoi(words[4]);
    for (unsigned i = 0; i < honest.client_count; i++)
        open_client(&honest.clients[i], words[3], i, strcmp(words[7], "cookies") == 0);
    while (honest.asked < all || ask_again()) {
        unsigned i = honest.asked;

        if (i < all && now_ns() >= start + i * NS_PER_S / rate) {
            honest.questions[i].client = &honest.clients[i % honest.client_count];
            honest.asked++;
            send_question(i, false);
        }
        if (now_ns() - look > PATIENCE / 8) {
            look = now_ns();
            ask_again();
        }
        listen_until(now_ns() + NS_PER_MS);
    }
    printf("asked=%u right=%u wrong=%u lost=%u again=%u tcp=%u\n", honest.asked, honest.right,
           honest.wrong, honest.lost, honest.again, honest.tcp);
    return 0;
}
