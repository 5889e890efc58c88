#ifndef QUERYLOG_BACKLOG_H
#define QUERYLOG_BACKLOG_H

#include "base/buffer.h"

#include <stdbool.h>

/* Records that wait to be handed on, in the order they came. They go from the front, whole. Zero it
 * first. Belongs to one thread. */
struct backlog {
    struct buffer bytes;
    struct buffer lengths; /* uint32_t each */
    size_t records;
};

/* A place in it: the records in front of it have been looked at. */
struct backlog_mark {
    size_t bytes, records;
};

/* False when memory is out. */
bool backlog_add(struct backlog *b, struct slice record);

/* Moves all of `from` behind those of `b`; false when memory is out, and then nothing has moved. */
bool backlog_move(struct backlog *b, struct backlog *from);

/* The record behind `mark`, which moves on; empty at the end. */
struct slice backlog_next(const struct backlog *b, struct backlog_mark *mark);

/* As many records as `max` bytes hold, in one piece; `mark` moves behind them. Empty when not even
 * the first one fits. */
struct slice backlog_some(const struct backlog *b, struct backlog_mark *mark, size_t max);

/* What stands in front of `mark` is gone. */
void backlog_drop(struct backlog *b, struct backlog_mark mark);
void backlog_done(struct backlog *b);

#endif
