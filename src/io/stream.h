#ifndef IO_STREAM_H
#define IO_STREAM_H

#include "base/addr.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

struct loop;

/* One TCP connection. */
struct stream;

/* What a stream tells its owner. Each may close the stream. */
struct stream_handler {
    void (*connected)(void *arg);                    /* after stream_connect only */
    void (*received)(void *arg, struct slice bytes); /* borrowed; empty: the peer sends no more */
    void (*writable)(void *arg);                     /* after stream_send took less than all */
    void (*failed)(void *arg, err_t err);            /* ERR_SYSTEM with errno, at most once */
};

/* Starts to connect; `handler` hears how it went, never before this returns. */
err_t stream_connect(struct stream **ret_stream, struct loop *l, const union addr *addr,
                     const struct stream_handler *handler, void *arg);

/* Takes an accepted descriptor over, also on failure. */
err_t stream_adopt(struct stream **ret_stream, struct loop *l, int fd,
                   const struct stream_handler *handler, void *arg);
void stream_close(struct stream **s);

/* From here on `handler` is told, with `arg`: a stream changes hands. */
void stream_handle(struct stream *s, const struct stream_handler *handler, void *arg);

/* The kernel gives the connection up when what was sent is not acknowledged for `ms` milliseconds
 * (TCP_USER_TIMEOUT, RFC 5482); 0: only when it thinks so itself, after many minutes. */
void stream_set_patience(struct stream *s, unsigned ms);

/* Hands `bytes` to the kernel and says how many it took; `writable` is called when it takes more.
 */
err_t stream_send(struct stream *s, struct slice bytes, size_t *ret_sent);

/* Reads what has arrived already, without waiting for the loop to say so. May close the stream. */
void stream_receive(struct stream *s);

/* The local address of a connected stream; its port is 0. */
void stream_local(const struct stream *s, union addr *ret_local);

/* What the kernel knows of the other end. */
struct stream_state {
    size_t unacknowledged; /* bytes it took from us that the peer's kernel has not acknowledged */
    uint32_t last_ack_ms;  /* how long ago that acknowledged anything, be it nothing new */
    uint32_t rtt_us;       /* smoothed round-trip time */
};

/* False while it connects, and when the kernel does not say. */
bool stream_state(const struct stream *s, struct stream_state *ret_state);

/* How many bytes were taken from us that the other side's kernel has not acknowledged; of a socket
 * that is a file, at least those that its reader has not read. */
size_t stream_unacknowledged(const struct stream *s);

/* What was not sent yet never will be, once the stream is closed. */
void stream_abandon(struct stream *s);

/* Nothing more will be sent: the peer sees the end of the stream behind what was. */
void stream_finish(struct stream *s);

/* Reading pauses and goes on: the kernel's buffer fills and the peer has to wait. */
err_t stream_read_on(struct stream *s, bool on);

#endif
