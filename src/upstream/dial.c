/* upstream/dial.c - a connection to whichever address of a server answers first.
 *
 * Called by: tls.c and tcp.c, when a channel is opened.
 * Owns: streams until one is connected and handed over. A server with one address costs what
 * connecting to that costs.
 */
#include "upstream/dial.h"

#include "io/loop.h"
#include "io/stream.h"

#include <errno.h>

static void try_next(struct dial *d);

static uint64_t now_ns(const struct dial *d)
{
    return loop_now_ns(d->loop);
}

static void try_another(void *arg)
{
    try_next(arg);
}

/* Whoever came before the winner was given a start and did not make it: the next connection begins
 * with the winner. */
static void connected(void *arg)
{
    struct dial_attempt *winner = arg;
    struct dial *d = winner->dial;
    struct stream *stream = winner->stream;
    size_t index = (size_t)(winner - d->attempts);

    winner->stream = NULL;
    for (size_t i = 0; i < index; i++)
        if (d->attempts[i].stream)
            book_avoid(d->book, &d->addrs[i], now_ns(d));
    dial_end(d);
    d->handler->connected(d->arg, stream, &d->addrs[index]);
}

static void lose(struct dial *d, size_t index, int error)
{
    d->error = error;
    book_avoid(d->book, &d->addrs[index], now_ns(d));
}

static void failed(void *arg, err_t err)
{
    struct dial_attempt *a = arg;
    struct dial *d = a->dial;
    int error = errno;

    stream_close(&a->stream);
    d->pending--;
    lose(d, (size_t)(a - d->attempts), error);
    try_next(d);
    if (d->pending > 0)
        return;
    errno = d->error;
    d->handler->failed(d->arg, err);
}

static err_t start(struct dial *d, size_t index)
{
    static const struct stream_handler handler = { .connected = connected, .failed = failed };
    struct dial_attempt *a = &d->attempts[index];

    a->dial = d;
    TRY(stream_connect(&a->stream, d->loop, &d->addrs[index], &handler, a));
    stream_set_patience(a->stream, d->patience_ms);
    d->pending++;
    return OK;
}

/* The next address that does not fail at once, as one without a route does. */
static void try_next(struct dial *d)
{
    bool is_started = false;

    wheel_cancel(&d->next);
    while (!is_started && d->begun < d->count) {
        size_t index = d->begun++;

        is_started = start(d, index) == OK;
        if (!is_started)
            lose(d, index, errno);
    }
    if (d->begun < d->count)
        wheel_set(loop_wheel(d->loop), &d->next, now_ns(d) + DIAL_STAGGER_NS, try_another, d);
}

err_t dial_begin(struct dial *d, struct loop *loop, struct book *book, unsigned patience_ms,
                 const struct dial_handler *handler, void *arg)
{
    d->loop = loop;
    d->book = book;
    d->patience_ms = patience_ms;
    d->handler = handler;
    d->arg = arg;
    d->count = book_read(book, loop_now_ns(loop), d->addrs);
    if (d->count == 0)
        return ERR_AGAIN;
    try_next(d);
    if (d->pending > 0)
        return OK;
    errno = d->error;
    return ERR_SYSTEM;
}

void dial_end(struct dial *d)
{
    wheel_cancel(&d->next);
    for (size_t i = 0; i < d->begun; i++)
        stream_close(&d->attempts[i].stream);
    d->pending = 0;
}
