/* upstream/policy_fastest.c - the faster one of two, drawn anew for each question.
 *
 * Two are compared and not all, so that the fastest is not buried by everybody at once, and those
 * beside it are known well enough when it fails (Mitzenmacher 2001).
 */
#include "upstream/policy.h"

#include "base/random.h"

#define CROWD         32                 /* so many questions in flight double the latency seen */
#define EXPLORE_SHARE (UINT16_MAX / 50u) /* 2 %: the slower is asked, which may be so no more */

static uint64_t cost(const struct candidate *c)
{
    return (uint64_t)c->latency_us * (CROWD + c->in_flight);
}

/* Those among `among` that were never timed; `ret_idle`: the first of them with nothing in flight.
 */
static uint64_t untimed(const struct choice *choice, uint64_t *ret_idle)
{
    uint64_t found = 0;

    *ret_idle = 0;
    for (uint64_t left = choice->among; left; left &= left - 1) {
        const struct candidate *c = &choice->candidates[__builtin_ctzll(left)];

        if (c->latency_us > 0)
            continue;
        found |= left & -left;
        if (c->in_flight == 0 && *ret_idle == 0)
            *ret_idle = left & -left;
    }
    return found;
}

/* Number `n` of the bits in `among`. */
static unsigned nth(uint64_t among, unsigned n)
{
    for (; n > 0; n--)
        among &= among - 1;
    return (unsigned)__builtin_ctzll(among);
}

static unsigned pick_of_two(const struct choice *choice, uint64_t among)
{
    unsigned count = (unsigned)__builtin_popcountll(among);
    uint64_t drawn = random_u64(choice->random);
    unsigned first = (uint16_t)drawn % count;
    unsigned second = (first + 1 + (uint16_t)(drawn >> 16) % (count - 1)) % count;
    unsigned a = nth(among, first), b = nth(among, second);
    const struct candidate *ca = &choice->candidates[a], *cb = &choice->candidates[b];
    bool a_is_better = cost(ca) != cost(cb) ? cost(ca) < cost(cb) : ca->in_flight <= cb->in_flight;
    bool explores = (uint16_t)(drawn >> 32) < EXPLORE_SHARE;

    return a_is_better != explores ? a : b;
}

/* One that was never timed gets a question at once, and only one: it may be dead. */
static unsigned pick(const struct choice *choice)
{
    uint64_t idle, unknown = untimed(choice, &idle);
    uint64_t among = choice->among != unknown ? choice->among & ~unknown : unknown;

    if (idle)
        return nth(idle, 0);
    if ((among & (among - 1)) == 0)
        return nth(among, 0);
    return pick_of_two(choice, among);
}

const struct policy_ops policy_fastest = { .name = "fastest", .any_will_do = true, .pick = pick };
