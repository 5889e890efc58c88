/* control/explain.c - `explain CLIENT NAME TYPE`: what would become of a query, and why. Nothing is
 * asked, taken or remembered for it. */
#include "base/clock.h"
#include "cache/cache.h"
#include "control/kinds.h"
#include "dns/types.h"
#include "upstream/policy.h"
#include "upstream/roster.h"
#include "upstream/server_view.h"
#include "worker/crew.h"
#include "worker/plan.h"

#include <stdlib.h>

/* The query in question, and what is known of it so far. */
struct inquiry {
    const struct crew *crew;
    struct report *report;
    struct query query;
    uint8_t lowered[DNS_NAME_MAX]; /* its name */
    struct slice name;
    uint64_t now_ns;
    const char *fate; /* NULL: it is not decided yet */
    const char *by;   /* the rule that has decided */
};

static const char *const modes[] = {
    [MODE_OFF] = "off", [MODE_SHADOW] = "shadow", [MODE_ENFORCE] = "enforce"
};

static void say(void *arg, const char *what, const char *text)
{
    struct report *report = arg;

    if (report->is_json)
        report_text(report, what, text);
    else
        report_say(report, "  %-*s  %s", report->width - 2, what, text);
}

static void say_tokens(void *arg, const char *whose, uint64_t left, uint64_t all)
{
    struct report *report = arg;
    char text[64];

    if (report->is_json) {
        report_row(report, whose);
        report_number(report, "tokens", left);
        report_number(report, "of", all);
        report_row_end(report);
        return;
    }
    snprintf(text, sizeof text, "%llu of %llu tokens left", (unsigned long long)left,
             (unsigned long long)all);
    say(report, whose, text);
}

static void hush(void *arg, const char *what, const char *text)
{
    (void)arg;
    (void)what;
    (void)text;
}

static void hush_tokens(void *arg, const char *whose, uint64_t left, uint64_t all)
{
    (void)arg;
    (void)whose;
    (void)left;
    (void)all;
}

static void tell_opinion(struct inquiry *i, enum rule_id rule, const struct policy_opinion *opinion)
{
    const char *says = action_name(opinion->action);
    struct report *report = i->report;
    char text[64];

    if (report->is_json) {
        report_next_object(report);
        report_text(report, "rule", rule_name(rule));
        report_text(report, "mode", modes[opinion->mode]);
        report_text(report, "says", says);
    } else {
        snprintf(text, sizeof text, "%s%s%s", opinion->mode == MODE_OFF ? "off; else: " : says,
                 opinion->mode == MODE_OFF ? says : "",
                 opinion->mode == MODE_SHADOW ? " (shadow: it is let pass)" : "");
        report_text(report, rule_name(rule), text);
    }
}

static bool has_route(void *arg, struct slice name)
{
    const struct inquiry *i = arg;

    return roster_has_route(i->crew->plan->roster, name);
}

/* Those that are asked at `moment`; the first that is against the query decides. */
static void tell_rules(struct inquiry *i, enum moment moment)
{
    const struct policy *policy = i->crew->plan->policy;
    struct policy_desk desk = { .state = i->crew->commons.policy,
                                .has_route = has_route,
                                .arg = i };
    const struct explanation silent = { hush, hush_tokens, NULL };
    const struct explanation aloud = { say, say_tokens, i->report };

    for (enum rule_id rule = 0; rule < RULE_COUNT; rule++) {
        struct policy_opinion opinion =
            policy_explain(policy, &desk, rule, &i->query, i->now_ns, &silent);

        if (opinion.moment != moment)
            continue;
        tell_opinion(i, rule, &opinion);
        policy_explain(policy, &desk, rule, &i->query, i->now_ns, &aloud);
        if (i->fate || opinion.mode != MODE_ENFORCE || opinion.action == ACTION_PASS ||
            moment == ON_HANDSHAKE) /* the query may come another way */
            continue;
        i->fate = action_name(opinion.action);
        i->by = rule_name(rule);
    }
}

static enum cache_result peek(const struct inquiry *i, bool dnssec_ok, struct cache_hit *ret_hit)
{
    const struct cache_key key = { .question = &i->query.asked.question, .dnssec_ok = dnssec_ok };
    struct cache *cache = i->crew->commons.cache;

    return cache ? cache_peek(cache, &key, (uint32_t)(i->now_ns / NS_PER_S), ret_hit) : CACHE_MISS;
}

static void tell_hit(struct report *report, const char *key, const char *state,
                     const struct cache_hit *hit)
{
    char text[128], rcode[TYPE_TEXT_MAX];

    rcode_to_text(hit->rcode, rcode);
    if (!report->is_json) {
        snprintf(text, sizeof text, "%s: %s, %u of %u seconds left%s", state, rcode, hit->ttl_left,
                 hit->ttl_whole,
                 hit->refresh_failed ? ", and to fetch it anew has just failed" : "");
        report_text(report, key, text);
        return;
    }
    report_object(report, key);
    report_text(report, "state", state);
    report_text(report, "rcode", rcode);
    report_number(report, "seconds_left", hit->ttl_left);
    report_number(report, "seconds", hit->ttl_whole);
    report_object_end(report);
}

static void tell_miss(struct report *report, const char *key)
{
    if (report->is_json)
        report_object(report, key);
    report_text(report, report->is_json ? "state" : key, "miss");
    if (report->is_json)
        report_object_end(report);
}

static void tell_cache_entry(struct inquiry *i, const char *key, bool dnssec_ok)
{
    struct cache_hit hit;
    enum cache_result result = peek(i, dnssec_ok, &hit);

    if (result == CACHE_MISS) {
        tell_miss(i->report, key);
        return;
    }
    tell_hit(i->report, key, result == CACHE_FRESH ? "fresh" : "stale", &hit);
    if (dnssec_ok || i->fate)
        return;
    if (result == CACHE_FRESH)
        i->fate = "answered from the cache";
    else if (hit.refresh_failed)
        i->fate = "answered from the cache, stale";
}

/* How many workers would ask each server. */
struct votes {
    struct inquiry *inquiry;
    unsigned group;
    size_t nobody;
    size_t *of; /* by the server's place in the roster */
};

static void vote(void *arg, struct worker *w)
{
    struct votes *v = arg;
    const struct roster *roster = v->inquiry->crew->plan->roster;
    const struct server *server = upstream_foresee(w->upstreams, v->group, v->inquiry->name);

    if (!server)
        v->nobody++;
    for (size_t s = 0; server && s < roster->count; s++) /* a worker may be behind a reload */
        if (strcmp(roster->servers[s].url, server->url) == 0) {
            v->of[s]++;
            break;
        }
}

static void tell_votes(const struct votes *v, const struct crew *crew, struct report *report)
{
    const struct roster *roster = crew->plan->roster;
    char text[URL_TEXT_MAX + 64];

    report_list(report, "asks");
    for (size_t s = 0; s < roster->count; s++) {
        if (v->of[s] == 0)
            continue;
        snprintf(text, sizeof text, "%s  (%zu of %zu workers)", roster->servers[s].url, v->of[s],
                 crew->count);
        report_item(report, report->is_json ? roster->servers[s].url : text);
    }
    if (v->nobody > 0 && !report->is_json)
        report_item(report, "none is well: those that failed are tried all the same");
    report_list_end(report);
}

static void tell_upstream(const struct server_view *view, struct report *report)
{
    char text[URL_TEXT_MAX + SERVER_VIEW_STATE_MAX], state[SERVER_VIEW_STATE_MAX];

    if (!report->is_json) {
        snprintf(text, sizeof text, "%s  %s", view->url, server_view_state(view, state));
        report_text(report, "upstream", text);
        return;
    }
    report_next_object(report);
    report_text(report, "url", view->url);
    report_text(report, "state", server_state_name(view->state));
}

static void tell_upstreams(const struct roster *roster, uint64_t members, struct report *report)
{
    if (report->is_json)
        report_objects(report, "upstreams");
    for (uint64_t left = members; left; left &= left - 1) {
        struct server_view view;

        server_view_read(&view, roster, (size_t)__builtin_ctzll(left));
        tell_upstream(&view, report);
    }
    if (report->is_json)
        report_objects_end(report);
}

static err_t tell_group(struct inquiry *i)
{
    const struct crew *crew = i->crew;
    const struct roster *roster = crew->plan->roster;
    struct votes votes = { .inquiry = i, .group = roster_group_for(roster, i->name) };
    const struct group_rules *group = &roster->groups[votes.group];
    char route[DNS_NAME_TEXT_MAX] = "none";
    struct slice suffix;

    votes.of = calloc(roster->count, sizeof *votes.of);
    if (!votes.of || crew_ask(crew, vote, &votes) != OK) {
        free(votes.of);
        return ERR_NOMEM;
    }
    if (roster_route_for(roster, i->name, &suffix))
        name_to_text(suffix, route, sizeof route);
    report_text(i->report, "route", route);
    report_text(i->report, "group", group->name);
    report_text(i->report, "policy", group->policy->name);
    tell_upstreams(roster, group->members, i->report);
    tell_votes(&votes, crew, i->report);
    free(votes.of);
    return OK;
}

static void tell_fate(const struct inquiry *i)
{
    char text[128];

    snprintf(text, sizeof text, "%s%s%s", i->fate ? i->fate : "an upstream is asked",
             i->by ? ", by rule " : "", i->by ? i->by : "");
    report_text(i->report, "fate", text);
}

static void explain(struct inquiry *i)
{
    struct report *report = i->report;
    bool is_json = report->is_json;

    report->width = (int)strlen("  xxxx:xxxx:xxxx:xxxx::/64 unproven");
    if (is_json)
        report_objects(report, "rules");
    tell_rules(i, ON_QUERY);
    if (is_json)
        report_objects_end(report);
    tell_cache_entry(i, "cache", false);
    tell_cache_entry(i, "cache_dnssec", true);
    if (is_json)
        report_objects(report, "rules_for_misses");
    tell_rules(i, ON_MISS);
    if (is_json) {
        report_objects_end(report);
        report_objects(report, "rules_for_handshakes");
    }
    tell_rules(i, ON_HANDSHAKE);
    if (is_json)
        report_objects_end(report);
    if (tell_group(i) == OK)
        tell_fate(i);
}

/* NULL, or what is wrong with the words. */
static const char *read_words(struct inquiry *i, const struct request *request)
{
    struct question *question = &i->query.asked.question;
    struct writer w = writer_of(question->name, sizeof question->name);

    if (request->count != 4)
        return "say whose query: explain CLIENT NAME TYPE, such as explain 192.0.2.7 example.com A";
    if (addr_parse(request->words[1], 0, &i->query.client) != OK)
        return "CLIENT is an address, such as 192.0.2.7 or 2001:db8::7";
    if (name_from_text(request->words[2], &w) != OK)
        return "NAME is a name, such as example.com";
    if (!type_from_text(request->words[3], &question->qtype))
        return "TYPE is a type, such as A, AAAA or TYPE65";
    question->name_len = (uint8_t)writer_len(&w);
    question->qclass = CLASS_IN;
    memcpy(i->lowered, question->name, question->name_len);
    name_lower(i->lowered, question->name_len);
    i->name = slice_of(i->lowered, question->name_len);
    return NULL;
}

void request_explain(struct control_house *house, const struct request *request,
                     struct report *report)
{
    struct inquiry inquiry = { .crew = house->crew, .report = report };
    const char *fault = read_words(&inquiry, request);

    if (fault) {
        report_error(report, "%s", fault);
        return;
    }
    inquiry.now_ns = clock_monotonic_ns();
    explain(&inquiry);
}
