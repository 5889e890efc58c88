/* policy/cookie.c - who brings back a cookie of ours hears what we send to its address.
 *
 * Against no query: it finds out what others want to know, and bakes the cookie of the response. A
 * malformed cookie makes the query a faulty one, here and not where it is read: who has no cookies
 * must ignore the option (RFC 7873 section 5.2).
 */
#include "dns/cookie.h"

#include "base/clock.h"
#include "config/config.h"
#include "dns/types.h"
#include "policy/cookie_secrets.h"
#include "policy/policy_config.h"
#include "policy/rule.h"
#include "policy/state.h"

#include <stdio.h>

struct cookie_rule {
    bool is_on;
    struct cookie_secrets shared; /* with other servers; none: one of our own for each day */
};

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);
    struct cookie_rule *r = rule;
    char fault[COOKIE_FAULT_MAX];
    err_t err;

    r->is_on = options->cookies != COOKIES_OFF;
    if (!options->cookie_secret[0])
        return OK;
    err = cookie_secrets_read(&r->shared, options->cookie_secret, fault);
    if (err != OK)
        snprintf(reason, POLICY_REASON_MAX, "limit.cookie_secret: %s", fault);
    return err;
}

/* What cookies are made with at `time_s`. */
static struct hash_key secret_at(const struct cookie_rule *r, const struct trial *t,
                                 uint32_t time_s)
{
    return r->shared.count > 0 ? r->shared.items[0]
                               : cookie_secret_of_day(&t->state->cookies, time_s);
}

/* Whether `cookie` is ours; also whether we would make it with the same secret again. */
static bool is_ours(const struct cookie_rule *r, const struct trial *t, struct slice cookie,
                    bool *ret_is_current)
{
    const struct hash_key secret = secret_at(r, t, cookie_time(cookie));

    *ret_is_current = cookie_is_made_with(cookie, &t->query->client, &secret);
    if (*ret_is_current)
        return true;
    for (size_t i = 1; i < r->shared.count; i++)
        if (cookie_is_made_with(cookie, &t->query->client, &r->shared.items[i]))
            return true;
    return false;
}

static void bake(const struct cookie_rule *r, struct trial *t, struct slice clients_half,
                 uint32_t now_s)
{
    const struct hash_key secret = secret_at(r, t, now_s);

    cookie_make(t->query->cookie.bytes, clients_half, &t->query->client, now_s, &secret);
}

/* RFC 7873 section 5.2.4 and 5.2.5; section 5.2.3 for the client's half alone. */
static void look_at(const struct cookie_rule *r, struct trial *t, struct slice cookie)
{
    const uint32_t now_s = (uint32_t)(clock_wall_ns() / NS_PER_S);
    struct query *q = t->query;
    bool is_current = false;

    q->cookie.state = cookie.len > COOKIE_CLIENT_SIZE ? COOKIE_BAD : COOKIE_CLIENT;
    if (cookie.len == COOKIE_SIZE && cookie_is_timely(cookie, now_s) &&
        is_ours(r, t, cookie, &is_current)) {
        q->cookie.state = COOKIE_GOOD;
        q->is_proven = true;
    }
    if (is_current && !cookie_is_aging(cookie, now_s))
        memcpy(q->cookie.bytes, cookie.data, COOKIE_SIZE);
    else
        bake(r, t, slice_of(cookie.data, COOKIE_CLIENT_SIZE), now_s);
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct cookie_rule *r = rule;
    struct message_query *asked = &t->query->asked;

    if (!r->is_on || !asked->edns.cookie.data)
        return ACTION_PASS;
    if (cookie_length_is_sane(asked->edns.cookie.len))
        look_at(r, t, asked->edns.cookie);
    else if (asked->rcode == RCODE_NOERROR)
        asked->rcode = RCODE_FORMERR; /* section 5.2.2 */
    return ACTION_PASS;
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    (void)rule;
    (void)t;
    (void)e;
    return ACTION_PASS;
}

const struct rule_ops rule_cookie = {
    .name = "cookie",
    .size = sizeof(struct cookie_rule),
    .compile = compile,
    .judge = { [ON_QUERY] = judge },
    .explain = explain,
};
