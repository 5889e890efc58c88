/* policy/excess.c - what becomes of a query that is over a limit.
 *
 * Called by: rate.c, waiting.c.
 */
#include "policy/excess.h"

enum action excess_action(const struct policy_config *options)
{
    static const enum action actions[] = { ACTION_TRUNCATE, ACTION_REFUSE, ACTION_DROP };

    return actions[options->over];
}

/* Who has cookies need not come over TCP to be let in: its next query will be proven. */
enum action excess_for(enum action configured, const struct query *q)
{
    bool may_prove_itself = q->cookie.state != COOKIE_NONE && !q->is_proven;

    return configured == ACTION_TRUNCATE && may_prove_itself ? ACTION_BADCOOKIE : configured;
}
