/* listen/wire.c - what lies between a client's socket and its words: PROXY header, TLS.
 *
 * Called by: session.c. Owns: the stream, the TLS session, bytes on their way out.
 */
#include "listen/wire.h"

#include "codec/proxy2.h"
#include "codec/tls.h"
#include "io/stream.h"

#define SEAL_MAX                                                                                   \
    32768 /* plaintext that goes to TLS at once: whole records, far below its limit                \
           */

static void fail(struct wire *w, enum metric why)
{
    if (!w->is_stopped || w->is_finished)
        w->handler->failed(w->arg, why);
    wire_stop(w);
}

static void become_ready(struct wire *w)
{
    w->awaits_tls = false;
    w->handler->ready(w->arg);
}

static void decipher(struct wire *w, struct slice ciphertext)
{
    struct slice plaintext;

    w->has_begun = true;
    tls_feed(w->tls, ciphertext);
    while (!w->is_stopped)
        switch (tls_step(w->tls, &plaintext)) {
        case TLS_WANTS_INPUT:
            return;
        case TLS_READY:
            become_ready(w);
            break;
        case TLS_DATA:
            w->handler->received(w->arg, plaintext);
            break;
        case TLS_CLOSED:
            w->handler->received(w->arg, (struct slice){ 0 });
            return;
        case TLS_FAILED:
            fail(w, w->awaits_tls ? METRIC_tls_handshakes_failed : METRIC_tls_broken);
            return;
        }
}

/* Who goes then has cost us a handshake, and who said nothing only looked whether we are there. */
static bool gives_up(const struct wire *w)
{
    return w->awaits_tls && w->has_begun;
}

static void hand_on(struct wire *w, struct slice bytes)
{
    if (!w->tls) {
        w->handler->received(w->arg, bytes);
        return;
    }
    if (bytes.len > 0)
        decipher(w, bytes);
    else if (gives_up(w))
        fail(w, METRIC_tls_handshakes_abandoned);
    else /* without close_notify: all the same nothing more comes */
        w->handler->received(w->arg, bytes);
    if (!w->is_stopped && tls_output(w->tls).len > 0)
        w->handler->writable(w->arg);
}

static void go_on(struct wire *w)
{
    if (!w->tls)
        become_ready(w);
}

/* The bytes behind the header are the client's own. */
static void read_intro(struct wire *w, struct slice bytes)
{
    struct proxy2 header;
    err_t err = bytes.len > 0 ? buffer_append(&w->intro, bytes) : ERR_MALFORMED;

    if (err == OK)
        err = proxy2_read(buffer_slice(&w->intro), &header);
    if (err == ERR_AGAIN)
        return;
    if (err != OK) {
        fail(w, METRIC_connections_unintroduced);
        return;
    }
    w->awaits_intro = false;
    if (header.has_client)
        w->handler->introduced(w->arg, &header.client);
    if (!w->is_stopped)
        go_on(w);
    bytes = slice_after(buffer_slice(&w->intro), header.len);
    if (!w->is_stopped && bytes.len > 0)
        hand_on(w, bytes);
    buffer_done(&w->intro);
}

static void received(void *arg, struct slice bytes)
{
    struct wire *w = arg;

    if (w->is_finished && bytes.len == 0)
        fail(w, METRIC_COUNT);
    if (w->is_stopped)
        return;
    if (w->awaits_intro)
        read_intro(w, bytes);
    else
        hand_on(w, bytes);
}

static void writable(void *arg)
{
    struct wire *w = arg;

    if (!w->is_stopped)
        w->handler->writable(w->arg);
}

static void failed(void *arg, err_t err)
{
    (void)err; /* the client has gone: its own business */
    fail(arg, gives_up(arg) ? METRIC_tls_handshakes_abandoned : METRIC_COUNT);
}

err_t wire_open(struct wire *w, struct loop *l, int fd, const struct wire_settings *settings,
                const struct wire_handler *handler, void *arg)
{
    static const struct stream_handler stream_handler = { .received = received,
                                                          .writable = writable,
                                                          .failed = failed };
    err_t err;

    *w = (struct wire){ .handler = handler, .arg = arg, .awaits_intro = settings->awaits_intro };
    TRY(stream_adopt(&w->stream, l, fd, &stream_handler, w));
    if (!settings->tls)
        return OK;
    w->awaits_tls = true;
    err = tls_open_server(&w->tls, settings->tls);
    if (err != OK)
        stream_close(&w->stream);
    else if (settings->only_resumes)
        tls_only_resume(w->tls);
    return err;
}

void wire_start(struct wire *w)
{
    if (!w->awaits_intro)
        go_on(w);
    stream_receive(w->stream); /* the first words mostly came with the connection */
}

void wire_stop(struct wire *w)
{
    w->is_stopped = true;
    w->is_finished = false;
}

/* What is left of it when the socket's buffer is full is lost, as is what the client does not take.
 */
void wire_close(struct wire *w)
{
    size_t sent;

    if (w->tls) {
        tls_shutdown(w->tls);
        if (tls_output(w->tls).len > 0)
            stream_send(w->stream, tls_output(w->tls), &sent);
    }
    tls_free(&w->tls);
    stream_close(&w->stream);
    buffer_done(&w->intro);
    buffer_done(&w->out);
}

void wire_finish(struct wire *w)
{
    size_t sent;

    wire_stop(w);
    if (w->tls) {
        tls_shutdown(w->tls);
        if (stream_send(w->stream, tls_output(w->tls), &sent) == OK)
            tls_output_sent(w->tls, sent);
    }
    stream_finish(w->stream);
    w->is_finished = true;
}

err_t wire_seal(struct wire *w)
{
    while (w->tls && w->out.len > 0) {
        struct slice part = buffer_slice(&w->out);
        err_t err;

        if (part.len > SEAL_MAX)
            part.len = SEAL_MAX;
        err = tls_send(w->tls, part);
        if (err == ERR_BUSY || err == ERR_AGAIN)
            return OK;
        TRY(err);
        buffer_consume(&w->out, part.len, 0);
    }
    return OK;
}

err_t wire_flush(struct wire *w, bool *ret_progress)
{
    struct slice ready;
    size_t sent = 0;

    *ret_progress = false;
    TRY(wire_seal(w));
    ready = w->tls ? tls_output(w->tls) : buffer_slice(&w->out);
    if (ready.len == 0)
        return OK;
    TRY(stream_send(w->stream, ready, &sent));
    *ret_progress = sent > 0;
    if (w->tls)
        tls_output_sent(w->tls, sent);
    else if (sent > 0)
        buffer_consume(&w->out, sent, 0);
    return OK;
}

size_t wire_unsent(const struct wire *w)
{
    return w->out.len + (w->tls ? tls_output(w->tls).len : 0);
}

size_t wire_held(const struct wire *w)
{
    return w->intro.size + w->out.size + (w->tls ? tls_held(w->tls) : 0);
}
