/* policy/proof.c - where cookies are required, nobody is answered whose address is not proven.
 *
 * Asked last: what costs a client its tokens is the query, not the way to its answer.
 */
#include "config/config.h"
#include "dns/types.h"
#include "policy/explain.h"
#include "policy/policy_config.h"
#include "policy/rule.h"

struct proof_rule {
    bool is_required;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): others have reasons */
static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);

    (void)reason;
    ((struct proof_rule *)rule)->is_required = options->cookies == COOKIES_REQUIRED;
    return OK;
}

/* RFC 7873 section 5.2.3; who has no cookies knows another way to prove itself, which is TCP. What
 * is wrong with a query may be told to anybody: that is no longer than the query. */
static enum action judge(const void *rule, struct trial *t)
{
    const struct proof_rule *r = rule;
    const struct query *q = t->query;

    if (!r->is_required || q->is_proven || q->asked.rcode != RCODE_NOERROR)
        return ACTION_PASS;
    return q->cookie.state == COOKIE_NONE ? ACTION_TRUNCATE : ACTION_BADCOOKIE;
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    (void)t;
    if (!((const struct proof_rule *)rule)->is_required)
        return ACTION_PASS;
    explain_say(e, "cookies", "required; who has none comes back over TCP");
    return ACTION_TRUNCATE;
}

const struct rule_ops rule_proof = {
    .name = "proof",
    .size = sizeof(struct proof_rule),
    .compile = compile,
    .judge = { [ON_QUERY] = judge },
    .explain = explain,
};
