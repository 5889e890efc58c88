#ifndef LOG_FOLD_H
#define LOG_FOLD_H

#include "log/line.h"

#include <stdbool.h>

#define FOLD_LINES 32

/* Lines of the last minute: what is said again is counted. */
struct folds {
    struct fold {
        struct log_line line;
        uint64_t until_ns; /* monotonic: so long repeats are held back; 0: nothing is here */
        unsigned repeats;  /* that were */
    } list[FOLD_LINES];
};

/* Whether `line` was said within the last minute; then it has been counted and need not be said.
 * Else it is remembered, if there is room. */
bool fold_hold(struct folds *f, const struct log_line *line, uint64_t now_ns);

/* A line with the count of its repeats, whose minute is over at `now_ns`; false: there is none. */
bool fold_next(struct folds *f, uint64_t now_ns, struct log_line *ret_line);

/* When there will be one; UINT64_MAX: never. */
uint64_t fold_due_ns(const struct folds *f);

#endif
