/* querylog/tail.c - a stream of records for somebody who watches.
 *
 * Called by: the control room (made, taken from, freed), querylog.c (written to). The lock is held
 * for moments by both.
 */
#include "querylog/tail.h"

#include "base/random.h"
#include "querylog/columns.h"

#include <stdio.h>
#include <stdlib.h>

#define WAITING_MAX (1u << 20) /* bytes */
#define KEPT        65536      /* of an empty buffer */

err_t tail_new(struct tail **ret_tail, const struct tail_wish *wish, filter_fault_fn *fault,
               void *fault_arg)
{
    struct tail *t = calloc(1, sizeof *t);
    struct random random = { 0 };
    err_t err;

    if (!t)
        return ERR_NOMEM;
    err = filter_init(&t->filter, wish->filter, fault, fault_arg);
    if (err != OK) {
        free(t);
        return err;
    }
    list_init(&t->link);
    t->format = wish->is_json ? format_find("json") : &format_columns;
    t->tells_losses = !wish->is_json;
    t->told = wish->told;
    t->arg = wish->arg;
    t->stream = random_u64(&random);
    pthread_mutex_init(&t->lock, NULL);
    *ret_tail = t;
    return OK;
}

void tail_free(struct tail **tail)
{
    struct tail *t = *tail;

    *tail = NULL;
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    filter_done(&t->filter);
    buffer_done(&t->waiting);
    free(t);
}

static uint64_t lost_until_now(const struct tail *t, const struct belt_losses *belts)
{
    return belts->queries - t->lost_before.queries + t->refused;
}

static bool has_losses_to_tell(const struct tail *t, uint64_t lost)
{
    return t->tells_losses && lost > t->lost_told;
}

static void tell_losses(const struct tail *t, uint64_t lost, struct pen *p)
{
    char text[128];
    int len;

    if (!has_losses_to_tell(t, lost))
        return;
    len = snprintf(text, sizeof text,
                   "%llu records were lost: they came faster than they were read\n",
                   (unsigned long long)(lost - t->lost_told));
    pen_bytes(p, text, (size_t)len);
}

/* Once it is full, nothing is taken until half of it is free: one gap is better than many. */
static bool put(struct tail *t, struct slice bytes)
{
    bool is_put = false;

    pthread_mutex_lock(&t->lock);
    if (t->waiting.len < WAITING_MAX / 2)
        t->is_full = false;
    if (!t->is_full)
        is_put =
            t->waiting.len + bytes.len <= WAITING_MAX && buffer_append(&t->waiting, bytes) == OK;
    t->is_full = !is_put;
    pthread_mutex_unlock(&t->lock);
    return is_put;
}

void tail_write(struct tail *t, const struct log_view *view, const struct belt_losses *belts,
                struct pen *scratch)
{
    const uint64_t lost = lost_until_now(t, belts);
    const struct stamp stamp = stamp_of_all(t->stream, t->taken + 1, lost);

    if (view->head->kind != RECORD_QUERY || !filter_passes(&t->filter, view))
        return;
    *scratch = pen_on(scratch->start, (size_t)(scratch->end - scratch->start));
    tell_losses(t, lost, scratch);
    t->format->write(scratch, view, &stamp, 0);
    if (!scratch->is_too_long && put(t, pen_slice(scratch))) {
        t->taken++;
        t->lost_told = lost;
        t->has_news = true;
    } else {
        t->refused++;
    }
}

/* Also when no record follows that would tell them. */
static void flush_losses(struct tail *t, uint64_t lost)
{
    uint8_t room[128];
    struct pen p = pen_on(room, sizeof room);

    tell_losses(t, lost, &p);
    if (put(t, pen_slice(&p))) {
        t->lost_told = lost;
        t->has_news = true;
    }
}

void tail_flush(struct tail *t, const struct belt_losses *belts)
{
    const uint64_t lost = lost_until_now(t, belts);

    if (has_losses_to_tell(t, lost))
        flush_losses(t, lost);
    if (t->has_news)
        t->told(t->arg);
    t->has_news = false;
}

err_t tail_take(struct tail *t, struct buffer *taken)
{
    err_t err;

    pthread_mutex_lock(&t->lock);
    err = buffer_append(taken, buffer_slice(&t->waiting));
    if (err == OK)
        buffer_consume(&t->waiting, t->waiting.len, KEPT);
    pthread_mutex_unlock(&t->lock);
    return err;
}

const char *tail_head(void)
{
    return columns_head;
}
