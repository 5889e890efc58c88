#ifndef QUERYLOG_FORMAT_H
#define QUERYLOG_FORMAT_H

#include "querylog/pen.h"
#include "querylog/record.h"

/* What the stream that a record is in adds to it. */
struct stamp {
    uint64_t sequence;    /* of this record in its stream, lost ones counted */
    uint64_t lost;        /* records of this stream until now */
    const char *identity; /* of this dotproxy; "" for none */
};

struct format_ops {
    const char *name;
    bool is_binary; /* no lines of text */
    void (*write)(struct pen *p, const struct log_view *r, const struct stamp *stamp);
};

/* The format called `name`, or NULL. */
const struct format_ops *format_find(const char *name);

#endif
