/* cache/admit.c - what may be kept, and how long.
 *
 * Called by: cache.c, with what an upstream sent or a file of ours held.
 */
#include "cache/admit.h"

#include "dns/rdata.h"
#include "dns/types.h"

#define SOA_NUMBERS 20 /* five of four bytes behind two names: RFC 1035 section 3.3.13 */
#define ANY         255

/* What the records of a response say. */
struct survey {
    uint32_t ttl;    /* the smallest; an SOA that proves a negative counts with its minimum */
    bool has_answer; /* a record of the type that was asked for, or one of any */
    bool has_soa;    /* where it proves that there is none: in the authority section */
};

/* RFC 2308 section 5: the smaller of the SOA's TTL and its last field. */
static uint32_t soa_ttl(const struct record *rr)
{
    struct reader r = reader_of(slice_after(rr->rdata, rr->rdata.len - 4));
    const uint32_t minimum = honest_ttl(read_u32(&r)), ttl = honest_ttl(rr->ttl);

    return minimum < ttl ? minimum : ttl;
}

static struct survey survey_records(const struct message *m)
{
    struct survey s = { .ttl = INT32_MAX };
    struct records records = message_records(m);
    struct record rr;

    while (message_next_record(&records, &rr)) {
        uint32_t ttl = honest_ttl(rr.ttl);

        if (rr.type == TYPE_OPT)
            continue;
        if (rr.section == SECTION_ANSWER && (rr.type == m->qtype || m->qtype == ANY))
            s.has_answer = true;
        if (rr.section == SECTION_AUTHORITY && rr.type == TYPE_SOA && rr.rdata.len > SOA_NUMBERS) {
            s.has_soa = true;
            ttl = soa_ttl(&rr);
        }
        if (ttl < s.ttl)
            s.ttl = ttl;
    }
    return s;
}

static uint32_t clamp(uint32_t value, uint32_t least, uint32_t most)
{
    if (value < least)
        value = least;
    return value < most ? value : most;
}

/* RFC 9520 section 3.2: 1 second to 5 minutes, which the option's range sees to. Its records, if
 * any, are worth nothing: they live no longer. */
static struct admission admit_failure(const struct lifetimes *l)
{
    return (struct admission){ .ttl = l->failure, .most = l->failure, .is_failure = true };
}

/* RFC 2308 section 5: without an SOA a negative answer is not kept. */
static struct admission admit_negative(const struct survey *s, const struct lifetimes *l)
{
    const uint32_t most = l->negative_max < l->max ? l->negative_max : l->max;
    const uint32_t ttl = clamp(s->ttl, l->min, most);

    if (!s->has_soa)
        return (struct admission){ 0 };
    return (struct admission){ .ttl = ttl, .least = l->min, .most = ttl, .is_negative = true };
}

/* A positive answer with an SOA in its authority section, as some servers send, is bound to the
 * smaller of its two numbers as well: shorter than need be harms nobody. */
static struct admission admit_positive(const struct survey *s, const struct lifetimes *l)
{
    return (
        struct admission){ .ttl = clamp(s->ttl, l->min, l->max), .least = l->min, .most = l->max };
}

struct admission admit(const struct message *response, const struct lifetimes *lifetimes)
{
    const uint16_t rcode = message_rcode(response);
    struct survey s;

    /* RCODEs beyond four bits speak of EDNS between us and the upstream: RFC 6891 section 6.1.3 */
    if ((response->header.flags & DNS_TC) || rcode > DNS_RCODE)
        return (struct admission){ 0 };
    if (rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN)
        return admit_failure(lifetimes);
    s = survey_records(response);
    if (rcode == RCODE_NXDOMAIN || !s.has_answer)
        return admit_negative(&s, lifetimes);
    return admit_positive(&s, lifetimes);
}
