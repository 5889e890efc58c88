/* policy/any.c - a question for everything gets little: RFC 8482 section 4.2.
 *
 * Those who forge addresses like long responses, and nobody else needs them. The record's TTL is an
 * hour: long enough that who remembers it does not come again soon, and short enough to change
 * one's mind.
 */
#include "config/config.h"
#include "dns/types.h"
#include "policy/policy_config.h"
#include "policy/rule.h"

#define TTL 3600

static const char cpu_and_os[] = "\007RFC8482"; /* the zero behind it is an empty text */

struct any_rule {
    bool forwards;
};

static const struct compose_record hinfo = {
    .type = TYPE_HINFO, .ttl = TTL, .rdata = { (const uint8_t *)cpu_and_os, sizeof cpu_and_os }
};

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);

    reason[0] = '\0'; /* nothing can be wrong */
    ((struct any_rule *)rule)->forwards = options->any == ANY_FORWARD;
    return OK;
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct question *q = &t->query->asked.question;

    if (q->qtype != TYPE_ANY || ((const struct any_rule *)rule)->forwards)
        return ACTION_PASS;
    if (q->qclass != CLASS_IN)
        return ACTION_REFUSE;
    t->query->own =
        (struct compose_local){ .rcode = RCODE_NOERROR, .answers = &hinfo, .answer_count = 1 };
    return ACTION_ANSWER;
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    (void)e;
    if (t->query->asked.question.qtype != TYPE_ANY || ((const struct any_rule *)rule)->forwards)
        return ACTION_PASS;
    return ACTION_ANSWER;
}

const struct rule_ops rule_any = {
    .name = "any",
    .size = sizeof(struct any_rule),
    .compile = compile,
    .judge = { [ON_QUERY] = judge },
    .explain = explain,
};
