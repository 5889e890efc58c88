/* control/caller.c - one who talks to the control socket, and may be slow, silent or gone.
 *
 * Called by: control.c, on the control thread. Owns: its stream and the response.
 */
#include "control/caller.h"

#include "io/loop.h"
#include "io/socket.h"
#include "io/stream.h"
#include "querylog/querylog.h"
#include "querylog/tail.h"

#include <stdlib.h>

#define KEPT 65536 /* of an empty buffer */

static void leave(void *arg)
{
    struct caller *c = arg;

    c->handler->left(c->arg, c);
}

static void be_patient(struct caller *c)
{
    uint64_t until_ns = loop_now_ns(c->loop) + c->handler->patience_ns;

    wheel_set(loop_wheel(c->loop), &c->patience, until_ns, leave, c);
}

static void ask(struct caller *c)
{
    wheel_cancel(&c->patience);
    stream_read_on(c->stream, false);
    c->handler->asked(c->arg, c);
}

/* Takes bytes up to the end of the line, and no more than fit. */
static void received(void *arg, struct slice bytes)
{
    struct caller *c = arg;
    bool has_ended = bytes.len == 0; /* who sends no newline may close instead */

    if (c->is_tailing && bytes.len > 0)
        return;
    for (size_t i = 0; i < bytes.len && !has_ended; i++) {
        has_ended = bytes.data[i] == '\n' || c->line_len + 1 == sizeof c->line;
        if (bytes.data[i] != '\n')
            c->line[c->line_len++] = bytes.data[i];
    }
    if (bytes.len == 0 && (c->line_len == 0 || c->is_tailing))
        leave(c);
    else if (has_ended)
        ask(c);
}

/* Sends what was taken; false when not all of it went. */
static bool send_taken(struct caller *c)
{
    size_t sent;

    if (stream_send(c->stream, buffer_slice(&c->taken), &sent) != OK) {
        leave(c);
        return false;
    }
    buffer_consume(&c->taken, sent, KEPT);
    return c->taken.len == 0;
}

/* Until there is no more, or the kernel takes no more: nobody calls for what is left in a tail that
 * is full. */
void caller_go_on(struct caller *c)
{
    if (!c->is_tailing)
        return;
    do {
        if (c->taken.len == 0 && tail_take(c->tail, &c->taken) != OK) {
            leave(c);
            return;
        }
    } while (c->taken.len > 0 && send_taken(c));
}

/* From here on the caller says nothing but that it goes; how slowly it reads is its own affair. */
static void begin_tail(struct caller *c)
{
    wheel_cancel(&c->patience);
    c->is_tailing = true;
    if (stream_read_on(c->stream, true) != OK)
        leave(c);
    else
        caller_go_on(c);
}

static void send_rest(struct caller *c)
{
    struct slice rest = slice_after(slice_of(c->response, c->response_len), c->sent);
    size_t sent = 0;

    if (rest.len > 0 && stream_send(c->stream, rest, &sent) != OK) {
        leave(c);
        return;
    }
    c->sent += sent;
    if (c->sent < c->response_len)
        return;
    if (c->tail)
        begin_tail(c);
    else
        leave(c);
}

static void writable(void *arg)
{
    struct caller *c = arg;

    if (c->is_tailing)
        caller_go_on(c);
    else
        send_rest(c);
}

static void failed(void *arg, err_t err)
{
    (void)err; /* it went without waiting for the response */
    leave(arg);
}

void caller_answer(struct caller *c)
{
    be_patient(c);
    if (c->response)
        send_rest(c);
    else
        leave(c);
}

err_t caller_open(struct caller **ret_caller, struct loop *l, int fd,
                  const struct caller_handler *handler, void *arg)
{
    static const struct stream_handler stream_handler = { .received = received,
                                                          .writable = writable,
                                                          .failed = failed };
    struct caller *c = calloc(1, sizeof *c);

    if (!c) {
        socket_close(&fd);
        return ERR_NOMEM;
    }
    if (stream_adopt(&c->stream, l, fd, &stream_handler, c) != OK) {
        free(c);
        return ERR_SYSTEM;
    }
    c->loop = l;
    c->handler = handler;
    c->arg = arg;
    be_patient(c);
    *ret_caller = c;
    return OK;
}

void caller_close(struct caller **caller)
{
    struct caller *c = *caller;

    *caller = NULL;
    wheel_cancel(&c->patience);
    if (c->tail)
        querylog_detach(c->tail);
    tail_free(&c->tail);
    buffer_done(&c->taken);
    stream_close(&c->stream);
    free(c->response);
    free(c);
}
