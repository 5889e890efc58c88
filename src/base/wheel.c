/* base/wheel.c - timers in slots of 4 ms, 256 ms, 16 s and 17 minutes.
 *
 * A timer lies in the finest level whose span reaches it; when a coarser slot comes up, its timers
 * are laid out again over the finer ones. What is due behind the last level waits in its last slot.
 */
#include "base/wheel.h"

#define TICK_SHIFT 22 /* 2^22 ns: 4.2 ms */
#define LEVEL_BITS 6

static uint64_t tick_of(uint64_t ns)
{
    return ns >> TICK_SHIFT;
}

/* The first tick at which nothing of `ns` is left to wait for. */
static uint64_t tick_after(uint64_t ns)
{
    return tick_of(ns + (1ull << TICK_SHIFT) - 1);
}

static unsigned slot_index(uint64_t tick, unsigned level)
{
    return (unsigned)(tick >> (level * LEVEL_BITS)) & (WHEEL_SLOTS - 1);
}

void wheel_init(struct wheel *w, uint64_t now_ns)
{
    *w = (struct wheel){ .tick = tick_of(now_ns) };
    for (unsigned level = 0; level < WHEEL_LEVELS; level++)
        for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
            list_init(&w->slots[level][slot]);
}

bool timer_is_set(const struct timer *t)
{
    return t->link.next && t->link.next != &t->link;
}

/* Puts `t` where it comes up when it is due, but not before the tick `first`. */
static void place(struct wheel *w, struct timer *t, uint64_t first)
{
    uint64_t due = tick_after(t->at_ns);
    unsigned level = 0;

    if (due < first)
        due = first;
    /* slots are counted in units of their level: the difference must stay below one turn */
    while (level < WHEEL_LEVELS - 1 &&
           (due >> (level * LEVEL_BITS)) - (w->tick >> (level * LEVEL_BITS)) >= WHEEL_SLOTS)
        level++;
    if ((due >> (level * LEVEL_BITS)) - (w->tick >> (level * LEVEL_BITS)) >= WHEEL_SLOTS)
        due = w->tick + ((WHEEL_SLOTS - 1ull) << (level * LEVEL_BITS));
    list_append(&w->slots[level][slot_index(due, level)], &t->link);
    w->occupied[level] |= 1ull << slot_index(due, level);
}

void wheel_set(struct wheel *w, struct timer *t, uint64_t at_ns, timer_fn *fn, void *arg)
{
    if (t->link.next)
        list_remove(&t->link);
    t->at_ns = at_ns;
    t->fn = fn;
    t->arg = arg;
    place(w, t, w->tick + 1);
}

void wheel_cancel(struct timer *t)
{
    if (t->link.next)
        list_remove(&t->link);
}

/* The next tick at which a slot of `level` comes up, or UINT64_MAX. */
static uint64_t next_tick(const struct wheel *w, unsigned level)
{
    uint64_t unit = w->tick >> (level * LEVEL_BITS);
    unsigned from = (unsigned)(unit + 1) & (WHEEL_SLOTS - 1);
    uint64_t ahead = w->occupied[level] >> from;

    if (from)
        ahead |= w->occupied[level] << (WHEEL_SLOTS - from);
    if (!ahead)
        return UINT64_MAX;
    return (unit + 1 + (unsigned)__builtin_ctzll(ahead)) << (level * LEVEL_BITS);
}

static uint64_t earliest_tick(const struct wheel *w)
{
    uint64_t earliest = UINT64_MAX;

    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        uint64_t tick = next_tick(w, level);

        if (tick < earliest)
            earliest = tick;
    }
    return earliest;
}

uint64_t wheel_next_ns(const struct wheel *w)
{
    uint64_t tick = earliest_tick(w);

    return tick == UINT64_MAX ? UINT64_MAX : tick << TICK_SHIFT;
}

/* Lays the coarse slots that begin at the current tick out over the finer levels. */
static void cascade(struct wheel *w)
{
    for (unsigned level = WHEEL_LEVELS - 1; level > 0; level--) {
        unsigned slot = slot_index(w->tick, level);
        struct list due;

        if (w->tick & ((1ull << (level * LEVEL_BITS)) - 1))
            continue;
        list_init(&due);
        list_move_all(&due, &w->slots[level][slot]);
        w->occupied[level] &= ~(1ull << slot);
        for (struct list *node = list_first(&due); node; node = list_first(&due)) {
            list_remove(node);
            place(w, LIST_OF(node, struct timer, link), w->tick);
        }
    }
}

static void fire(struct wheel *w)
{
    unsigned slot = slot_index(w->tick, 0);
    struct list due;

    list_init(&due);
    list_move_all(&due, &w->slots[0][slot]);
    w->occupied[0] &= ~(1ull << slot);
    for (struct list *node = list_first(&due); node; node = list_first(&due)) {
        struct timer *t = LIST_OF(node, struct timer, link);

        list_remove(node);
        if (tick_after(t->at_ns) <= w->tick)
            t->fn(t->arg);
        else
            place(w, t, w->tick + 1);
    }
}

void wheel_advance(struct wheel *w, uint64_t now_ns)
{
    uint64_t now = tick_of(now_ns);

    while (w->tick < now) {
        uint64_t next = earliest_tick(w);

        if (next > now) {
            w->tick = now;
            return;
        }
        w->tick = next;
        cascade(w);
        fire(w);
    }
}
