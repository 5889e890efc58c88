/* policy/state.c - what the rules remember, whatever the configuration. */
#include "policy/state.h"

#include "base/random.h"
#include "policy/policy.h"

#include <stdlib.h>

/* Busy at once; 8 bytes each. */
#define CLIENTS_MAX (1u << 18) /* prefixes */
#define PAIRS_MAX   (1u << 17) /* prefixes, each with a domain */
#define SHAKING_MAX (1u << 14) /* prefixes; their addresses are no forgeries */

#define WAITING_CELLS 131072 /* more than may wait: a client and a domain each */

err_t policy_state_new(struct policy_state **ret_state)
{
    struct policy_state *s = calloc(1, sizeof *s);
    struct random random = { 0 };

    if (!s)
        return ERR_NOMEM;
    s->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
    s->cookies = (struct hash_key){ random_u64(&random), random_u64(&random) };
    if (gcra_new(&s->rates, CLIENTS_MAX) != OK || gcra_new(&s->misses, PAIRS_MAX) != OK ||
        gcra_new(&s->handshakes, SHAKING_MAX) != OK ||
        headcount_new(&s->waiting, WAITING_CELLS) != OK ||
        limited_new(&s->limited, &s->key) != OK) {
        policy_state_free(&s);
        return ERR_NOMEM;
    }
    *ret_state = s;
    return OK;
}

void policy_state_free(struct policy_state **state)
{
    struct policy_state *s = *state;

    if (!s)
        return;
    gcra_free(&s->rates);
    gcra_free(&s->misses);
    gcra_free(&s->handshakes);
    headcount_free(&s->waiting);
    limited_free(&s->limited);
    free(s);
    *state = NULL;
}

size_t policy_state_waiting(const struct policy_state *s)
{
    return atomic_load_explicit(&s->waiting_all, memory_order_relaxed);
}
