/* policy/state.c - what the rules remember, whatever the configuration. */
#include "policy/state.h"

#include "base/random.h"
#include "policy/policy.h"

#include <stdlib.h>

#define CLIENTS_MAX (1u << 18) /* prefixes that are busy at once; 8 bytes each */

err_t policy_state_new(struct policy_state **ret_state)
{
    struct policy_state *s = calloc(1, sizeof *s);
    struct random random = { 0 };

    if (!s)
        return ERR_NOMEM;
    s->key = (struct hash_key){ random_u64(&random), random_u64(&random) };
    s->cookies = (struct hash_key){ random_u64(&random), random_u64(&random) };
    if (gcra_new(&s->rates, CLIENTS_MAX) != OK) {
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
    free(s);
    *state = NULL;
}
