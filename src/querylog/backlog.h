#ifndef QUERYLOG_BACKLOG_H
#define QUERYLOG_BACKLOG_H

#include "base/buffer.h"

#include <stdbool.h>

/* Records that were taken and wait to be handed on, in the order they came. Zero it first. */
struct backlog {
    struct buffer bytes;
    struct buffer lengths; /* uint32_t each; of what is left of each */
    size_t max;            /* bytes */
    size_t records;
    bool is_amid_record; /* some bytes of the first are gone, so the rest must follow them */
};

/* A record in two parts (either may be empty); false when there is no room. */
bool backlog_add(struct backlog *b, struct slice head, struct slice record);

/* `len` bytes from the front are gone. */
void backlog_sent(struct backlog *b, size_t len);

/* The first record alone, or what is left of it. */
struct slice backlog_first(const struct backlog *b);
void backlog_done(struct backlog *b);

#endif
