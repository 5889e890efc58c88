/* policy/local_names.c - names that must not leave are answered here.
 *
 * Local zones as RFC 6303 section 3 has them: with an SOA, so that clients may remember that there
 * is nothing (RFC 2308). The names of class CH are those of the server that is asked (RFC 4892):
 * no upstream's business either.
 */
#include "config/config.h"
#include "dns/name.h"
#include "dns/types.h"
#include "policy/explain.h"
#include "policy/local_zones.h"
#include "policy/policy.h"
#include "policy/policy_config.h"

#include <stdio.h>

#define TTL 10800 /* of all records: RFC 6303 section 3 */

struct local_rule {
    struct local_zones *zones;
};

/* Whose name is localhost in LOCAL_NETWORK. */
static const uint8_t first_host[] = "\0011\0010\0010\003127\007in-addr\004arpa";

static const uint8_t our_service[] = "\004_dns\010resolver\004arpa";

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

/* nobody.invalid., then serial, refresh, retry, expire, and how long clients remember nothing. */
#define SOA_REST "\006nobody\007invalid\0\0\0\0\1\0\0\016\020\0\0\004\260\0\011\072\200\0\0\052\060"

enum place { AT_ZONE, AT_FIRST_HOST, ANYWHERE };

#define IN(kind) (1u << LOCAL_##kind)

/* All records there are. Of those that fit a question the first is the answer. */
static const struct {
    unsigned kinds;
    enum place place;
    struct compose_record record;
} records[] = {
    { IN(LOOPBACK), ANYWHERE, { TYPE_A, TTL, false, BYTES("\177\0\0\1") } },
    { IN(LOOPBACK),
      ANYWHERE,
      { TYPE_AAAA, TTL, false, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1") } },
    { IN(HOST), AT_ZONE, { TYPE_PTR, TTL, false, BYTES("\011localhost\0") } },
    { IN(NETWORK), AT_FIRST_HOST, { TYPE_PTR, TTL, false, BYTES("\011localhost\0") } },
    { ~IN(NOTHING), AT_ZONE, { TYPE_SOA, TTL, true, BYTES(SOA_REST) } },
    { ~IN(NOTHING), AT_ZONE, { TYPE_NS, TTL, true, { 0 } } },
};

static const struct compose_record soa = { TYPE_SOA, TTL, true, BYTES(SOA_REST) };

/* A question in its zone. */
struct asked {
    const struct local_zone *zone;
    struct slice name;
    uint16_t qtype;
    bool is_zone; /* its name is the zone's */
};

static void note_fault(void *arg, const char *text)
{
    snprintf(arg, POLICY_REASON_MAX, "limit.pass: %s", text);
}

static err_t compile(void *rule, const struct config *config, char reason[POLICY_REASON_MAX])
{
    const struct policy_config *options = config_one(config, &policy_section);

    return local_zones_new(&((struct local_rule *)rule)->zones, &options->pass, note_fault, reason);
}

static void done(void *rule)
{
    local_zones_free(&((struct local_rule *)rule)->zones);
}

static struct slice first_host_name(void)
{
    return slice_of(first_host, sizeof first_host);
}

static bool is_at(const struct asked *a, enum place place)
{
    switch (place) {
    case AT_ZONE:
        return a->is_zone;
    case AT_FIRST_HOST:
        return name_equal(a->name, first_host_name());
    case ANYWHERE:
        break;
    }
    return true;
}

static const struct compose_record *find_record(const struct asked *a)
{
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        if (records[i].kinds & 1u << a->zone->kind && is_at(a, records[i].place) &&
            (a->qtype == records[i].record.type || a->qtype == TYPE_ANY))
            return &records[i].record;
    return NULL;
}

/* RFC 8020: a name is there when something is below it, too. */
static bool is_there(const struct asked *a)
{
    switch (a->zone->kind) {
    case LOCAL_NOTHING:
        return false;
    case LOCAL_LOOPBACK:
    case LOCAL_RESOLVER:
        return true;
    case LOCAL_NETWORK:
        return a->is_zone || name_is_below(first_host_name(), a->name);
    case LOCAL_EMPTY:
    case LOCAL_HOST:
        break;
    }
    return a->is_zone;
}

/* RFC 8375 section 4, item 4, and RFC 6303 section 6: who validates must be able to find that the
 * internet knows of no signatures in the zone. The zones at the top have no parent that does. */
static bool is_parents_business(const struct asked *a, const struct query *q)
{
    return a->qtype == TYPE_DS && a->is_zone && q->asked.edns.dnssec_ok &&
           a->zone->kind != LOCAL_NOTHING && a->zone->kind != LOCAL_LOOPBACK;
}

/* RFC 9462 section 4: who knows only our address asks how to come by TLS. */
static bool asks_for_us(const struct asked *a)
{
    return a->zone->kind == LOCAL_RESOLVER && a->qtype == TYPE_SVCB &&
           name_equal(a->name, slice_of(our_service, sizeof our_service));
}

static void find_answers(const struct asked *a, const struct policy_desk *desk,
                         struct compose_local *own)
{
    const struct compose_record *found = find_record(a);

    if (found) {
        own->answers = found;
        own->answer_count = 1;
    } else if (asks_for_us(a)) {
        own->answers = desk->designated;
        own->answer_count = desk->designated_count;
    }
    if (own->answer_count == 0)
        own->authority = &soa;
}

static enum action answer(struct trial *t, const struct asked *a)
{
    t->query->own = (struct compose_local){
        .rcode = is_there(a) ? RCODE_NOERROR : RCODE_NXDOMAIN,
        .is_authoritative = true,
        .zone_at = (uint8_t)(a->name.len - a->zone->name_len),
        .text = a->zone->why,
    };
    find_answers(a, t->desk, &t->query->own);
    return ACTION_ANSWER;
}

/* Finds the zone; the question is not ours when there is none. */
static struct asked look_up(const struct local_rule *r, const struct question *q)
{
    struct asked a = { .name = question_name(q), .qtype = q->qtype };

    a.zone = local_zones_find(r->zones, a.name);
    a.is_zone = a.zone && a.name.len == a.zone->name_len;
    return a;
}

static bool is_routed(const struct trial *t, const struct asked *a)
{
    return t->desk->has_route && t->desk->has_route(t->desk->arg, a->name);
}

static enum action judge(const void *rule, struct trial *t)
{
    const struct question *q = &t->query->asked.question;
    struct asked a;

    if (q->qclass == CLASS_CH)
        return ACTION_REFUSE;
    a = look_up(rule, q);
    if (!a.zone || is_routed(t, &a))
        return ACTION_PASS;
    if (q->qclass != CLASS_IN)
        return ACTION_REFUSE;
    return is_parents_business(&a, t->query) ? ACTION_PASS : answer(t, &a);
}

static enum action explain(const void *rule, const struct trial *t, const struct explanation *e)
{
    const struct asked a = look_up(rule, &t->query->asked.question);

    if (!a.zone)
        return ACTION_PASS;
    if (is_routed(t, &a)) {
        explain_say(e, "zone", "%s., but a route speaks of the name", a.zone->name);
        return ACTION_PASS;
    }
    explain_say(e, "zone", "%s. (%s)", a.zone->name, a.zone->why);
    return is_parents_business(&a, t->query) ? ACTION_PASS : ACTION_ANSWER;
}

const struct rule_ops rule_local_names = {
    .name = "local_names",
    .size = sizeof(struct local_rule),
    .compile = compile,
    .done = done,
    .judge = { [ON_QUERY] = judge },
    .explain = explain,
};
