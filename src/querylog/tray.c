/* querylog/tray.c - records on their way from the thread that writes to one that carries.
 *
 * Called by: outlet.c (puts), the sinks (take).
 */
#include "querylog/tray.h"

void tray_init(struct tray *t, size_t max)
{
    *t = (struct tray){ .max = max };
    pthread_mutex_init(&t->lock, NULL);
}

void tray_done(struct tray *t)
{
    backlog_done(&t->waiting);
    pthread_mutex_destroy(&t->lock);
}

bool tray_put(struct tray *t, struct slice record)
{
    bool is_in;

    if (atomic_load_explicit(&t->held, memory_order_relaxed) + record.len > t->max)
        return false;
    pthread_mutex_lock(&t->lock);
    is_in = backlog_add(&t->waiting, record);
    if (is_in)
        atomic_fetch_add_explicit(&t->held, record.len, memory_order_relaxed);
    pthread_mutex_unlock(&t->lock);
    return is_in;
}

bool tray_take(struct tray *t, struct backlog *taken)
{
    pthread_mutex_lock(&t->lock);
    backlog_move(taken, &t->waiting); /* out of memory: they stay until some of these are gone */
    pthread_mutex_unlock(&t->lock);
    return taken->records > 0;
}

bool tray_take_some(struct tray *t, struct backlog *taken, size_t max)
{
    struct backlog_mark mark = { 0 }, next = { 0 };
    struct slice record;

    pthread_mutex_lock(&t->lock);
    while (mark.bytes < max && (record = backlog_next(&t->waiting, &next)).len > 0 &&
           backlog_add(taken, record))
        mark = next;
    backlog_drop(&t->waiting, mark);
    pthread_mutex_unlock(&t->lock);
    return taken->records > 0;
}

/* When memory is out they stay with the caller, who asks again. */
void tray_return(struct tray *t, struct backlog *taken)
{
    pthread_mutex_lock(&t->lock);
    if (backlog_move(taken, &t->waiting))
        backlog_move(&t->waiting, taken);
    pthread_mutex_unlock(&t->lock);
}

void tray_drop(struct tray *t, struct backlog *taken, struct backlog_mark gone)
{
    backlog_drop(taken, gone);
    atomic_fetch_sub_explicit(&t->held, gone.bytes, memory_order_relaxed);
}

bool tray_is_half_full(const struct tray *t)
{
    return atomic_load_explicit(&t->held, memory_order_relaxed) > t->max / 2;
}

bool tray_is_empty(const struct tray *t)
{
    return atomic_load_explicit(&t->held, memory_order_relaxed) == 0;
}
