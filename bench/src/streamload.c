/*
 * Many TLS clients who ask now and then: an open loop over connections that stay.
 *
 *   streamload -p PORT [-a ADDR] [-c CLIENTS] [-r QUERIES_PER_SECOND] [-l SECONDS] [-b PARALLEL]
 *
 * Opens CLIENTS connections, PARALLEL at a time, and gets one answer on each.  Prints
 * "open N failed M" and waits for a line on stdin.  Then each query goes to a client drawn by
 * chance, whether or not earlier ones were answered; its latency counts from the instant it was due.
 * Prints key=value.  Query names: h%05d.bench.example.net, 10000 of them; each answer is compared
 * with its question (see dnsmsg.h).
 */
#define _GNU_SOURCE
#include "dnsmsg.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define IDS      65536
#define ROOM     4096
#define LOST_NS  2000000000u
#define OPEN_NS  120000000000u
#define IN_A_ROW 32 /* queries sent before answers are looked for */

enum state { CONNECT, SHAKE, OPEN, FAILED };

struct client {
    int fd;
    enum state state;
    SSL *ssl;
    uint16_t have;
    uint8_t *part; /* of a message, when it came in pieces */
};

static const char *addr = "127.0.0.1";
static int port = 8530, parallel = 64, ep;
static unsigned count = 16;
static double rate = 5000, secs = 5;
static SSL_CTX *ctx;
static struct sockaddr_in sa;
static struct client *clients;
static struct {
    uint64_t due; /* 0: free */
    uint16_t hash, qlen;
} asked[IDS];
static uint16_t next_id, oldest;
static uint64_t sent, done, lost, wrong, late, opened, failed;
static double *lats;
static size_t lat_cap;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static unsigned draw(unsigned below)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (unsigned)((x >> 32) * below >> 32);
}

static void lose(struct client *c)
{
    if (c->state == FAILED)
        return;
    c->state = FAILED;
    SSL_free(c->ssl);
    close(c->fd);
    failed++;
}

static int want(const struct client *c, int r)
{
    int e = SSL_get_error(c->ssl, r);
    ERR_clear_error();
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static void start(struct client *c)
{
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    c->ssl = SSL_new(ctx);
    if (c->fd < 0 || !c->ssl || (connect(c->fd, (void *)&sa, sizeof sa) && errno != EINPROGRESS)) {
        lose(c);
        return;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}

static void ask(struct client *c, uint64_t due)
{
    uint8_t m[64];
    uint16_t id = next_id;
    if (asked[id].due) /* as many outstanding as there are IDs */
        return;
    size_t n = dns_hit_query(m, (unsigned)sent, id, &asked[id].hash);
    asked[id].due = due;
    asked[id].qlen = (uint16_t)(n - 2);
    next_id++;
    sent++;
    if (SSL_write(c->ssl, m, (int)n) != (int)n)
        lose(c);
}

static void answered(const uint8_t *m, size_t n, uint64_t at)
{
    unsigned id = n >= 12 ? m[0] << 8 | m[1] : 0;
    if (n < 12 || !asked[id].due) {
        late++;
        return;
    }
    size_t q = asked[id].qlen;
    uint8_t a[4] = {198, 18, asked[id].hash >> 8, asked[id].hash & 255};
    wrong += (m[3] & 15) || n <= q || !memmem(m + q, n - q, a, 4);
    if (done < lat_cap)
        lats[done] = (double)(at - asked[id].due) * 1e-3;
    asked[id].due = 0;
    done++;
}

static void messages(struct client *c, uint8_t *b, size_t n, uint64_t at)
{
    size_t o = 0;
    for (; n - o >= 2; o += 2u + (b[o] << 8 | b[o + 1])) {
        if (n - o - 2 < (size_t)(b[o] << 8 | b[o + 1]))
            break;
        answered(b + o + 2, (size_t)(b[o] << 8 | b[o + 1]), at);
    }
    c->have = 0;
    if (n == o)
        return;
    if (n - o > ROOM || !(c->part = c->part ? c->part : malloc(ROOM))) {
        lose(c);
        return;
    }
    c->have = (uint16_t)(n - o);
    memcpy(c->part, b + o, c->have);
}

/*
 * At once, for this host stands for many: their delayed acknowledgements would all fall together
 * in the ticks of one clock, and hold up what is due then.
 */
static void acknowledge(const struct client *c)
{
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

static void hear(struct client *c)
{
    uint8_t b[2 * ROOM];
    for (;;) {
        if (c->have)
            memcpy(b, c->part, c->have);
        int r = SSL_read(c->ssl, b + c->have, ROOM);
        if (r <= 0) {
            if (!want(c, r))
                lose(c);
            return;
        }
        messages(c, b, c->have + (size_t)r, now());
        acknowledge(c);
        if (c->state == FAILED)
            return;
    }
}

static void step(struct client *c)
{
    if (c->state == FAILED)
        return;
    if (c->state != OPEN) {
        int r = SSL_do_handshake(c->ssl);
        if (r != 1) {
            if (!want(c, r))
                lose(c);
            return;
        }
        c->state = OPEN;
        opened++;
        ask(c, now());
        if (c->state == FAILED)
            return;
    }
    hear(c);
}

static void turn(uint64_t wait_ns)
{
    struct epoll_event ev[64];
    struct timespec ts = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};
    int n = epoll_pwait2(ep, ev, 64, &ts, NULL);
    for (int i = 0; i < n; i++)
        step(ev[i].data.ptr);
}

static void expire(uint64_t t, uint64_t patience)
{
    for (; oldest != next_id; oldest++) {
        if (asked[oldest].due && t < asked[oldest].due + patience)
            return;
        lost += asked[oldest].due != 0;
        asked[oldest].due = 0;
    }
}

static void open_all(void)
{
    uint64_t end = now() + OPEN_NS;
    unsigned started = 0;
    while (done + failed < count && now() < end) {
        for (; started < count && started - done - failed < (unsigned)parallel; started++)
            start(&clients[started]);
        turn(100000000);
    }
}

static void ask_all(void)
{
    double step_ns = 1e9 / rate;
    uint64_t total = (uint64_t)(secs * rate), first = now();
    for (uint64_t i = 0; i < total;) {
        uint64_t t = now(), due = first + (uint64_t)((double)i * step_ns);
        for (int n = 0; n < IN_A_ROW && i < total && due <= t; n++) {
            struct client *c = &clients[draw(count)];
            if (c->state == OPEN)
                ask(c, due);
            due = first + (uint64_t)((double)++i * step_ns);
        }
        expire(t, LOST_NS);
        t = now();
        turn(due > t ? due - t : 0);
    }
    for (uint64_t end = now() + LOST_NS; done + lost < sent && now() < end;)
        turn(10000000);
    expire(0, 0);
}

static int cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of the 99th percentiles of each tenth of a second, in microseconds. */
static double usual_p99(size_t n)
{
    size_t in_one = (size_t)(rate / 10), count = in_one ? n / in_one : 0;
    double *part = malloc(in_one * sizeof *part), *p99 = malloc((count + 1) * sizeof *p99), usual = 0;
    if (!part || !p99)
        abort();
    for (size_t i = 0; i < count; i++) {
        memcpy(part, lats + i * in_one, in_one * sizeof *part);
        qsort(part, in_one, sizeof *part, cmp);
        p99[i] = part[in_one * 99 / 100];
    }
    qsort(p99, count, sizeof *p99, cmp);
    if (count)
        usual = p99[count / 2];
    free(part);
    free(p99);
    return usual;
}

static void print_result(double el, double cpu)
{
    double sum = 0;
    size_t n = done < lat_cap ? done : lat_cap;
    double usual = usual_p99(n);
    qsort(lats, n, sizeof *lats, cmp);
    for (size_t i = 0; i < n; i++)
        sum += lats[i];
    printf("sent=%lu done=%lu lost=%lu wrong=%lu late=%lu failed=%lu secs=%.4f qps=%.1f avg_us=%.1f p50_us=%.1f p99_us=%.1f "
           "p999_us=%.1f usual_p99_us=%.1f cpu=%.4f\n",
           sent, done, lost, wrong, late, failed, el, (double)done / el, n ? sum / (double)n : 0, n ? lats[n / 2] : 0,
           n ? lats[n * 99 / 100] : 0, n ? lats[n * 999 / 1000] : 0, usual, cpu);
}

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void prepare(void)
{
    struct rlimit rl;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1000);
    getrlimit(RLIMIT_NOFILE, &rl);
    rl.rlim_cur = rl.rlim_max;
    setrlimit(RLIMIT_NOFILE, &rl);
    ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(ctx, "X25519");
    sa = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, addr, &sa.sin_addr);
    ep = epoll_create1(0);
    lat_cap = (size_t)(secs * rate) + count;
    clients = calloc(count, sizeof *clients);
    lats = calloc(lat_cap, sizeof *lats);
    if (!clients || !lats)
        abort();
}

int main(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "a:p:c:r:l:b:")) != -1)
        switch (o) {
        case 'a': addr = optarg; break;
        case 'p': port = atoi(optarg); break;
        case 'c': count = (unsigned)atoi(optarg); break;
        case 'r': rate = atof(optarg); break;
        case 'l': secs = atof(optarg); break;
        case 'b': parallel = atoi(optarg); break;
        default: return 2;
        }
    prepare();
    open_all();
    printf("open %lu failed %lu\n", opened, failed);
    fflush(stdout);
    if (getchar() == EOF)
        return 1;
    expire(0, 0);
    sent = done = lost = wrong = late = 0;
    double c0 = cpu_now();
    uint64_t t0 = now();
    ask_all();
    print_result((double)(now() - t0) * 1e-9, cpu_now() - c0);
    return 0;
}
