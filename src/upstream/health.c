/* upstream/health.c - when an upstream is left alone, and when it is tried again.
 *
 * Called by: upstream.c. Passive: it learns from questions that were asked anyway, and from one
 * copy of a real question after each pause.
 */
#include "upstream/health.h"

#include "base/clock.h"

#define PAUSE_MIN_NS (100 * NS_PER_MS)
#define PAUSE_MAX_NS (500 * NS_PER_MS) /* a server that is back is asked again within a second */
#define MEMORY       16                /* answers that weigh in what it is blamed for */

void health_fails(struct health *h, uint64_t since_ns)
{
    uint64_t pause_ns = PAUSE_MIN_NS << (h->failures < 8 ? h->failures : 8);
    uint64_t retry_at_ns = since_ns + (pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS);

    h->failures++;
    h->is_good = false;
    h->is_open = true;
    h->is_probing = false;
    if (retry_at_ns > h->retry_at_ns)
        h->retry_at_ns = retry_at_ns;
}

void health_is_doubted(struct health *h, uint64_t now_ns)
{
    if (h->is_open)
        return;
    h->is_good = false;
    h->is_open = true;
    h->is_probing = false;
    h->retry_at_ns = now_ns;
}

void health_answers(struct health *h)
{
    h->failures = 0;
    h->is_open = h->is_probing = false;
    h->retry_at_ns = 0;
    h->blame -= h->blame < MEMORY ? h->blame : h->blame / MEMORY;
    h->is_good = h->blame == 0;
}

bool health_is_blamed(struct health *h, uint64_t now_ns)
{
    h->is_good = false;
    h->blame += (HEALTH_ALL - h->blame) / MEMORY;
    if (h->blame < HEALTH_ALL / 2)
        return false;
    h->blame = HEALTH_ALL / 4; /* the next time it takes fewer */
    health_fails(h, now_ns);
    return true;
}

void health_is_probed(struct health *h, uint64_t now_ns)
{
    h->is_probing = h->is_open;
    h->probed_ns = now_ns;
}

bool health_wants_probe(const struct health *h, uint64_t now_ns)
{
    return h->is_open && !h->is_probing && now_ns >= h->retry_at_ns;
}
