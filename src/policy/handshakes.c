/* policy/handshakes.c - how many TLS handshakes a client, and the network that it is in, may make
 * us pay.
 *
 * A handshake costs as much as hundreds of answers. It is refused before it begins: nobody is told
 * more than that the connection has ended.
 */
#include "base/gcra.h"
#include "base/prefix.h"
#include "config/config.h"
#include "policy/explain.h"
#include "policy/policy_config.h"
#include "policy/rule.h"
#include "policy/state.h"

#define LEVELS           2
#define NETWORK_MULTIPLE 8 /* of the limit, for all of a network together */

static const uint8_t bits4[LEVELS] = { 32, 24 }, bits6[LEVELS] = { 64, 48 };

struct handshakes_rule {
    bool is_on;
    struct gcra_rate rates[LEVELS];
};

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);
    struct handshakes_rule *r = rule;
    uint64_t rate = options->tls_handshakes, burst = options->tls_handshakes_burst;

    reason[0] = '\0'; /* nothing can be wrong */
    r->is_on = rate > 0;
    if (!r->is_on)
        return OK;
    r->rates[0] = gcra_rate_of(rate, burst);
    r->rates[1] = gcra_rate_of(rate * NETWORK_MULTIPLE, burst * NETWORK_MULTIPLE);
    return OK;
}

static const uint8_t *bits_for(const struct trial *t)
{
    return t->query->client.any.sa_family == AF_INET6 ? bits6 : bits4;
}

/* One that is refused costs its client nothing. */
static enum action judge(const void *rule, struct trial *t)
{
    const struct handshakes_rule *r = rule;
    const uint8_t *bits = bits_for(t);
    uint64_t keys[LEVELS];
    struct gcra_bid bids[LEVELS];

    if (!r->is_on)
        return ACTION_PASS;
    for (size_t i = 0; i < LEVELS; i++) {
        keys[i] = prefix_hash(&t->state->key, &t->query->client, bits[i], 0);
        if (gcra_look(t->state->handshakes, keys[i], &r->rates[i], t->now_ns, &bids[i]))
            continue;
        t->bits = bits[i];
        return ACTION_DROP;
    }
    for (size_t i = 0; i < LEVELS; i++)
        gcra_pay(t->state->handshakes, keys[i], &r->rates[i], t->now_ns, &bids[i]);
    return ACTION_PASS;
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    const struct handshakes_rule *r = rule;
    const union addr *client = &t->query->client;
    enum action action = ACTION_PASS;

    if (!r->is_on)
        explain_say(e, "limit", "there is none: limit.tls_handshakes is 0");
    for (size_t i = 0; r->is_on && i < LEVELS; i++) {
        struct prefix prefix = prefix_of(client, bits_for(t)[i]);
        char text[PREFIX_TEXT_MAX];

        if (!explain_bucket(e, t->state->handshakes,
                            prefix_hash(&t->state->key, client, bits_for(t)[i], 0), &r->rates[i],
                            t->now_ns, prefix_format(&prefix, text), true))
            action = ACTION_DROP;
    }
    return action;
}

const struct rule_ops rule_handshakes = {
    .name = "handshakes",
    .size = sizeof(struct handshakes_rule),
    .compile = compile,
    .judge = { [ON_HANDSHAKE] = judge },
    .explain = explain,
};
