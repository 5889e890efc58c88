/* control/caller.c - one who talks to the control socket, and may be slow, silent or gone.
 *
 * Called by: control.c, on the control thread. Owns: its stream and the response.
 */
#include "control/caller.h"

#include "io/loop.h"
#include "io/socket.h"
#include "io/stream.h"

#include <stdlib.h>

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

    for (size_t i = 0; i < bytes.len && !has_ended; i++) {
        has_ended = bytes.data[i] == '\n' || c->line_len + 1 == sizeof c->line;
        if (bytes.data[i] != '\n')
            c->line[c->line_len++] = bytes.data[i];
    }
    if (bytes.len == 0 && c->line_len == 0)
        leave(c);
    else if (has_ended)
        ask(c);
}

static void send_rest(void *arg)
{
    struct caller *c = arg;
    struct slice rest = slice_after(slice_of(c->response, c->response_len), c->sent);
    size_t sent;

    if (stream_send(c->stream, rest, &sent) != OK) {
        leave(c);
        return;
    }
    c->sent += sent;
    if (c->sent == c->response_len)
        leave(c);
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
                                                          .writable = send_rest,
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
    stream_close(&c->stream);
    free(c->response);
    free(c);
}
