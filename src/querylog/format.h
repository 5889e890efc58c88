#ifndef QUERYLOG_FORMAT_H
#define QUERYLOG_FORMAT_H

#include "querylog/pen.h"
#include "querylog/record.h"

/* How clients appear in a stream; in the order of the option's words. */
enum clients { CLIENTS_FULL, CLIENTS_PREFIX, CLIENTS_HASHED };

/* What the stream that a record is in adds to it. */
struct stamp {
    uint64_t sequence;    /* of this record in its stream, lost ones counted */
    uint64_t lost;        /* records of this stream until now */
    uint64_t stream;      /* a number of its own for each stream and each start */
    const char *identity; /* of this dotproxy; "" for none */
    unsigned sample;      /* one of so many is recorded */
    enum clients clients; /* not CLIENTS_FULL: the view tells neither port nor name of the client */
};

/* That of a record which is shown whole: the `number`-th that was taken. */
static inline struct stamp stamp_of_all(uint64_t stream, uint64_t number, uint64_t lost)
{
    return (struct stamp){ .sequence = number + lost,
                           .lost = lost,
                           .stream = stream,
                           .identity = "",
                           .sample = 1,
                           .clients = CLIENTS_FULL };
}

struct format_ops {
    const char *name;
    bool is_binary;      /* no lines of text */
    bool wants_messages; /* as they came, and exchanges with upstreams */

    /* How many frames a record becomes, each written and handed on by itself. NULL: one. */
    unsigned (*count_frames)(const struct log_view *r);
    void (*write)(struct pen *p, const struct log_view *r, const struct stamp *stamp,
                  unsigned frame);
};

/* The format called `name`, or NULL. */
const struct format_ops *format_find(const char *name);

#endif
