/* log/fold.c - the same line again and again becomes one a minute, with a count.
 *
 * Called by: log.c, with its lock held. Bounded: what there is no room to remember is said each
 * time.
 */
#include "log/fold.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_NS (60 * NS_PER_S)

static bool is_same(const struct log_line *a, const struct log_line *b)
{
    return a->event == b->event && strcmp(a->details, b->details) == 0;
}

static bool is_free(const struct fold *fold, uint64_t now_ns)
{
    return fold->until_ns <= now_ns && fold->repeats == 0;
}

bool fold_hold(struct folds *f, const struct log_line *line, uint64_t now_ns)
{
    struct fold *room = NULL;

    for (size_t i = 0; i < FOLD_LINES; i++) {
        struct fold *fold = &f->list[i];

        if (is_free(fold, now_ns)) {
            room = fold;
        } else if (is_same(&fold->line, line)) {
            fold->line.at_ns = line->at_ns;
            fold->repeats++;
            return true;
        }
    }
    if (room)
        *room = (struct fold){ .line = *line, .until_ns = now_ns + MINUTE_NS };
    return false;
}

bool fold_next(struct folds *f, uint64_t now_ns, struct log_line *ret_line)
{
    for (size_t i = 0; i < FOLD_LINES; i++) {
        struct fold *fold = &f->list[i];
        size_t len = strlen(fold->line.details);

        if (fold->repeats == 0 || now_ns < fold->until_ns)
            continue;
        *ret_line = fold->line;
        snprintf(ret_line->details + len, sizeof ret_line->details - len, "%srepeated=%u",
                 len > 0 ? " " : "", fold->repeats);
        fold->repeats = 0;
        fold->until_ns = now_ns + MINUTE_NS;
        return true;
    }
    return false;
}

uint64_t fold_due_ns(const struct folds *f)
{
    uint64_t due_ns = UINT64_MAX;

    for (size_t i = 0; i < FOLD_LINES; i++)
        if (f->list[i].repeats > 0 && f->list[i].until_ns < due_ns)
            due_ns = f->list[i].until_ns;
    return due_ns;
}
