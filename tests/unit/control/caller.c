#include "control/caller.h"
#include "io/socket.h"
#include "unit/io/local.h"

#include <stdlib.h>
#include <unistd.h>

#define RESPONSE_LEN (1u << 20) /* more than any buffer takes */

struct desk {
    struct loop *loop;
    struct caller *caller;
    int peer;
    unsigned asked, left;
    char line[REQUEST_LINE_MAX + 2];
    size_t response_len; /* of what `asked` answers; 0: nothing is answered */
    size_t heard;        /* bytes of it that the peer has read */
    struct caller_handler handler;
};

static void asked(void *arg, struct caller *c)
{
    struct desk *d = arg;

    d->asked++;
    memcpy(d->line, c->line, c->line_len);
    d->line[c->line_len] = 0;
    if (d->response_len == 0) {
        loop_stop(d->loop);
        return;
    }
    c->response = calloc(1, d->response_len);
    c->response_len = d->response_len;
    caller_answer(c);
}

static void left(void *arg, struct caller *c)
{
    struct desk *d = arg;

    CHECK(c == d->caller);
    d->left++;
    caller_close(&d->caller);
    loop_stop(d->loop);
}

/* Only where patience is to end does it end soon: a busy machine must not decide a test. */
static void open_desk_for(struct desk *d, size_t response_len, uint64_t patience_ns)
{
    const struct caller_handler handler = { .patience_ns = patience_ns,
                                            .asked = asked,
                                            .left = left };
    int fds[2];

    *d = (struct desk){ .loop = local_loop(), .response_len = response_len, .handler = handler };
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    d->peer = fds[1];
    CHECK_EQUAL(caller_open(&d->caller, d->loop, fds[0], &d->handler, d), OK);
}

static void open_desk(struct desk *d, size_t response_len)
{
    open_desk_for(d, response_len, 60 * NS_PER_S);
}

static void close_desk(struct desk *d)
{
    if (d->caller)
        caller_close(&d->caller);
    socket_close(&d->peer);
    loop_free(&d->loop);
}

static void say(const struct desk *d, const char *text, size_t len)
{
    CHECK_EQUAL(write(d->peer, text, len), (ssize_t)len);
}

TEST(caller_asks, "what comes after the first line is not heard")
{
    struct desk d;

    open_desk(&d, 0);
    say(&d, "status\nstats\n", 13);
    local_run(d.loop);
    CHECK_EQUAL(d.asked, 1);
    CHECK_TEXT(d.line, "status");
    close_desk(&d);
}

TEST(caller_long, "a line that is too long is cut where that shows")
{
    static char line[4 * REQUEST_LINE_MAX];
    struct desk d;

    memset(line, 'x', sizeof line);
    open_desk(&d, 0);
    say(&d, line, sizeof line);
    local_run(d.loop);
    CHECK_EQUAL(d.asked, 1);
    CHECK_EQUAL(strlen(d.line), REQUEST_LINE_MAX + 1);
    close_desk(&d);
}

TEST(caller_silent, "who does not finish the line is sent away")
{
    struct desk d;

    open_desk_for(&d, 0, 100 * NS_PER_MS);
    say(&d, "sta", 3);
    local_run(d.loop);
    CHECK_EQUAL(d.asked, 0);
    CHECK_EQUAL(d.left, 1);
    close_desk(&d);
}

TEST(caller_slow, "who does not read the response is sent away")
{
    struct desk d;

    open_desk_for(&d, RESPONSE_LEN, 100 * NS_PER_MS);
    say(&d, "stats\n", 6);
    local_run(d.loop);
    CHECK_EQUAL(d.asked, 1);
    CHECK_EQUAL(d.left, 1);
    close_desk(&d);
}

static void *read_all(void *arg)
{
    struct desk *d = arg;
    static char room[65536];
    ssize_t len;

    while ((len = recv(d->peer, room, sizeof room, 0)) != 0)
        d->heard += len > 0 ? (size_t)len : 0;
    return NULL;
}

TEST(caller_reads, "a long response arrives as a whole")
{
    pthread_t reader;
    struct desk d;

    open_desk(&d, RESPONSE_LEN);
    CHECK_EQUAL(thread_start(&reader, "reader", read_all, &d), OK);
    say(&d, "stats\n", 6);
    local_run(d.loop);
    pthread_join(reader, NULL);
    CHECK_EQUAL(d.heard, RESPONSE_LEN);
    CHECK_EQUAL(d.left, 1);
    close_desk(&d);
}

TEST(caller_leaves, "who leaves without a word, or before the response, is gone")
{
    struct desk d;

    open_desk(&d, 0);
    socket_close(&d.peer);
    local_run(d.loop);
    CHECK_EQUAL(d.left, 1);
    close_desk(&d);

    open_desk(&d, RESPONSE_LEN);
    say(&d, "stats\n", 6);
    socket_close(&d.peer);
    local_run(d.loop);
    CHECK_EQUAL(d.left, 1);
    close_desk(&d);
}
