/* listen/overload.c - whether there is too little of anything, and the log hears of it.
 *
 * Called by: admission.c (connections, memory), the worker (questions that wait), worker/crew.c.
 */
#include "listen/overload.h"

#include "base/clock.h"
#include "log/log.h"

#include <stdio.h>
#include <string.h>

#define EIGHTHS_ON  6 /* taken: more than that is too much */
#define EIGHTHS_OFF 5 /* and no more than that is enough again */
#define OVER_NS     (10 * NS_PER_S)

static const char *const names[SCARCE_COUNT] = {
#define SCARCE(name) #name,
#include "listen/scarce.def"
#undef SCARCE
};

static bool is_above(size_t used, size_t max, unsigned eighths)
{
    return used > max / 8 * eighths + max % 8 * eighths / 8;
}

void overload_note(struct overload *o, enum scarce what, size_t used, size_t max)
{
    unsigned bit = 1u << what, before = atomic_load_explicit(&o->scarce, memory_order_relaxed);

    if (is_above(used, max, EIGHTHS_ON)) {
        if (before & bit)
            return;
        before = atomic_fetch_or_explicit(&o->scarce, bit, memory_order_relaxed);
        atomic_fetch_or_explicit(&o->seen, bit, memory_order_relaxed);
        if (before == 0)
            atomic_fetch_add_explicit(&o->times, 1, memory_order_relaxed);
    } else if (before & bit && !is_above(used, max, EIGHTHS_OFF)) {
        atomic_fetch_and_explicit(&o->scarce, ~bit, memory_order_relaxed);
    }
}

static const char *name_all(unsigned bits, char text[OVERLOAD_TEXT_MAX])
{
    text[0] = '\0';
    for (unsigned i = 0; i < SCARCE_COUNT; i++) {
        size_t len = strlen(text);

        if (bits & 1u << i)
            snprintf(text + len, OVERLOAD_TEXT_MAX - len, "%s%s", len ? "," : "", names[i]);
    }
    return text;
}

const char *overload_text(const struct overload *o, char text[OVERLOAD_TEXT_MAX])
{
    unsigned bits = atomic_load_explicit(&o->scarce, memory_order_relaxed);

    return bits ? name_all(bits, text) : memcpy(text, "no", sizeof "no");
}

void overload_tell(struct overload *o, uint64_t now_ns)
{
    unsigned bits = atomic_exchange_explicit(&o->seen, 0, memory_order_relaxed) |
                    atomic_load_explicit(&o->scarce, memory_order_relaxed);
    char text[OVERLOAD_TEXT_MAX];

    if (bits)
        o->last_ns = now_ns;
    if (bits && !o->is_told) {
        o->is_told = true;
        o->began_ns = now_ns;
        log_event(EVENT_overload, "scarce=%s", name_all(bits, text));
    } else if (!bits && o->is_told && now_ns - o->last_ns >= OVER_NS) {
        o->is_told = false;
        log_event(EVENT_overload_end, "seconds=%llu",
                  (unsigned long long)((o->last_ns - o->began_ns) / NS_PER_S));
    }
}
