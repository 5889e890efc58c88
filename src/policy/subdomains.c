/* policy/subdomains.c - how many names below one domain a client may make us ask for.
 *
 * Names that nobody has asked for before pass every cache; a flood of them, all below one domain,
 * drowns that domain's servers and spends our upstreams' patience with us. So each client has a
 * bucket for each registrable domain, out of which only questions that reach an upstream are paid:
 * what the cache knows, what is in the air already and what is fetched anew in advance is free.
 */
#include "base/gcra.h"
#include "base/prefix.h"
#include "config/config.h"
#include "policy/domain.h"
#include "policy/explain.h"
#include "policy/prefix_lengths.h"
#include "policy/rule.h"
#include "policy/state.h"

#include <stdio.h>

#define CLIENT6                                                                                    \
    64 /* bits of an address that one client has to choose from: RFC 4291 section 2.5.4 */

struct subdomains_rule {
    bool is_on;
    uint8_t bits4, bits6;
    struct gcra_rate unproven, proven;
};

static uint8_t first_length(const struct prefix_lengths *lengths, uint8_t longest)
{
    uint8_t first = lengths->count > 0 ? lengths->items[0].bits : longest;

    return first < longest ? first : longest;
}

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);
    struct subdomains_rule *r = rule;
    struct prefix_lengths v4, v6;
    const char *fault = prefix_lengths_read_both(options, &v4, &v6);

    if (fault) {
        snprintf(reason, POLICY_REASON_MAX, "limit: a list of prefix lengths %s", fault);
        return ERR_CONFIG;
    }
    r->bits4 = first_length(&v4, 32);
    r->bits6 = first_length(&v6, CLIENT6);
    r->is_on = options->subdomain_rate > 0;
    if (!r->is_on)
        return OK;
    r->unproven = gcra_rate_of(options->subdomain_rate, options->subdomain_burst);
    r->proven = gcra_rate_of((uint64_t)options->subdomain_rate * options->verified,
                             (uint64_t)options->subdomain_burst * options->verified);
    return OK;
}

static uint8_t bits_for(const struct subdomains_rule *r, const struct query *q)
{
    return q->client.any.sa_family == AF_INET6 ? r->bits6 : r->bits4;
}

static uint64_t key_of(const struct trial *t, uint8_t bits, bool is_proven, struct slice domain)
{
    return domain_hash(&t->state->key, domain,
                       prefix_hash(&t->state->key, &t->query->client, bits, is_proven));
}

static const struct gcra_rate *rate_for(const struct subdomains_rule *r, const struct trial *t)
{
    return t->query->is_proven ? &r->proven : &r->unproven;
}

static enum action deny(struct trial *t)
{
    t->why = "too many names below one domain; the cache alone answers";
    return ACTION_CACHE_ONLY;
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct subdomains_rule *r = rule;
    struct query *q = t->query;
    uint64_t key;

    if (!r->is_on)
        return ACTION_PASS;
    t->bits = bits_for(r, q);
    t->about = domain_of(q);
    key = key_of(t, t->bits, q->is_proven, t->about);
    if (gcra_left(t->state->misses, key, rate_for(r, t), t->now_ns) == 0)
        return deny(t);
    q->verdict.miss_key = key;
    return ACTION_PASS;
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    const struct subdomains_rule *r = rule;
    uint8_t bits = bits_for(r, t->query);
    struct slice domain = domain_of(t->query);
    struct prefix prefix = prefix_of(&t->query->client, bits);
    char name[DNS_NAME_TEXT_MAX] = "", text[PREFIX_TEXT_MAX];
    bool has_token[2];

    if (!r->is_on) {
        explain_say(e, "limit", "there is none: limit.subdomain_rate is 0");
        return ACTION_PASS;
    }
    name_to_text(domain, name, sizeof name);
    explain_say(e, "domain", "%s", name);
    prefix_format(&prefix, text);
    for (unsigned proven = 0; proven <= 1; proven++)
        has_token[proven] =
            explain_bucket(e, t->state->misses, key_of(t, bits, proven, domain),
                           proven ? &r->proven : &r->unproven, t->now_ns, text, proven);
    return has_token[t->query->is_proven] ? ACTION_PASS : ACTION_CACHE_ONLY;
}

static void pay(const void *rule, const struct trial *t)
{
    const struct subdomains_rule *r = rule;

    if (r->is_on && t->query->verdict.miss_key)
        gcra_take(t->state->misses, t->query->verdict.miss_key, rate_for(r, t), 1, t->now_ns);
}

const struct rule_ops rule_subdomains = {
    .name = "subdomains",
    .size = sizeof(struct subdomains_rule),
    .compile = compile,
    .judge = { [ON_MISS] = judge },
    .explain = explain,
    .on_asked = pay,
};
