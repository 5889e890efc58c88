#ifndef LISTEN_WIRE_H
#define LISTEN_WIRE_H

#include "base/addr.h"
#include "base/buffer.h"
#include "base/err.h"
#include "base/slice.h"
#include "metrics/metrics.h"

#include <stdbool.h>

struct loop;
struct stream;
struct tls;
struct tls_context;

/* A client's connection as a stream of what it says and hears: TCP, maybe with a load balancer's
 * introduction at its beginning (the PROXY protocol), maybe with TLS. */
struct wire {
    struct stream *stream;
    struct tls *tls; /* NULL: plain text */
    struct buffer intro;
    struct buffer out; /* what is to be said, and that TLS or the kernel has not taken yet */
    const struct wire_handler *handler;
    void *arg;
    bool awaits_intro, awaits_tls;
    bool has_begun; /* to agree on TLS */
    bool is_stopped, is_finished;
};

/* What a wire tells its owner, who may call wire_stop, but not wire_close, from within. */
struct wire_handler {
    void (*introduced)(void *arg, const union addr *client); /* a balancer named the client */
    void (*ready)(void *arg);                                /* once, before anything is received */
    void (*received)(void *arg, struct slice bytes); /* borrowed; empty: the client says no more */
    void (*writable)(void *arg);
    void (*failed)(void *arg, enum metric why); /* METRIC_COUNT: nothing worth counting */
};

struct wire_settings {
    bool awaits_intro;
    struct tls_context *tls; /* NULL: plain text; borrowed */
    bool only_resumes;       /* nobody who resumes no TLS session */
};

/* Takes `fd` over, also on failure. Nobody is called before wire_start. */
err_t wire_open(struct wire *w, struct loop *l, int fd, const struct wire_settings *settings,
                const struct wire_handler *handler, void *arg);

/* Goes on with what has arrived already; without TLS and introduction the wire is ready at once. */
void wire_start(struct wire *w);

/* Says goodbye as far as the kernel takes it at once, and closes. */
void wire_close(struct wire *w);

/* Nobody is called any more. */
void wire_stop(struct wire *w);

/* Nothing more will be said; what the client still says is thrown away, so that the kernel does not
 * answer it with a reset that makes the client lose our last words (RFC 9112 section 9.6). Only
 * `failed` is called from now on, once the client has gone. */
void wire_finish(struct wire *w);

/* Makes what is in `out` a TLS record of its own, as far as TLS takes it. */
err_t wire_seal(struct wire *w);

/* Hands what is in `out` to TLS and the kernel, as far as they take it; says whether the kernel
 * took anything. */
err_t wire_flush(struct wire *w, bool *ret_progress);

/* Whoever connected is still to be introduced, or to agree on keys. */
static inline bool wire_is_opening(const struct wire *w)
{
    return w->awaits_intro || w->awaits_tls;
}

size_t wire_unsent(const struct wire *w);
size_t wire_held(const struct wire *w); /* bytes of memory, for budgets */

#endif
