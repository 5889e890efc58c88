/* tests/unit/cache/admit.c - what may be kept and how long, row by row. */
#include "cache/admit.h"

#include "unit/cache/made.h"

static const struct lifetimes usual = {
    .max = 86400, .negative_max = 3600, .failure = 5, .stale = 86400
};

enum content { ANSWER, CNAME_ONLY, NOTHING };

struct row {
    const char *what;
    uint16_t flags;
    uint8_t extended_rcode;
    enum content content;
    uint32_t ttl, second_ttl;
    bool has_soa;
    uint32_t soa_ttl, soa_minimum;
    uint32_t min, max; /* configured; 0 for the usual ones */
    uint32_t expected;
};

static const struct row rows[] = {
    { "its TTL", .ttl = 300, .expected = 300 },
    { "the smallest TTL", .ttl = 300, .second_ttl = 60, .expected = 60 },
    { "no more than max_ttl", .ttl = 300, .max = 100, .expected = 100 },
    { "no less than min_ttl", .ttl = 10, .min = 60, .expected = 60 },
    { "a TTL of 0 is not kept", .ttl = 0, .expected = 0 },
    { "but min_ttl raises it", .ttl = 0, .min = 7, .expected = 7 },
    { "a TTL with its top bit is 0: RFC 2181", .ttl = 0x80000000u, .expected = 0 },
    { "the largest TTL", .ttl = 0x7fffffffu, .expected = 86400 },
    { "a truncated one is not kept", .flags = DNS_TC, .ttl = 300, .expected = 0 },

    { "NXDOMAIN by the SOA's TTL", RCODE_NXDOMAIN, .content = NOTHING, .has_soa = true,
      .soa_ttl = 100, .soa_minimum = 900, .expected = 100 },
    { "NXDOMAIN by the SOA's minimum", RCODE_NXDOMAIN, .content = NOTHING, .has_soa = true,
      .soa_ttl = 900, .soa_minimum = 50, .expected = 50 },
    { "NXDOMAIN below negative_max_ttl", RCODE_NXDOMAIN, .content = NOTHING, .has_soa = true,
      .soa_ttl = 86400, .soa_minimum = 86400, .expected = 3600 },
    { "NXDOMAIN above min_ttl", RCODE_NXDOMAIN, .content = NOTHING, .has_soa = true, .soa_ttl = 5,
      .soa_minimum = 5, .min = 30, .expected = 30 },
    { "negative_max_ttl is stronger than min_ttl", RCODE_NXDOMAIN, .content = NOTHING,
      .has_soa = true, .soa_ttl = 5, .soa_minimum = 5, .min = 7200, .expected = 3600 },
    { "NXDOMAIN below max_ttl", RCODE_NXDOMAIN, .content = NOTHING, .has_soa = true, .soa_ttl = 900,
      .soa_minimum = 900, .max = 60, .expected = 60 },
    { "NXDOMAIN with a minimum of 0", RCODE_NXDOMAIN, .content = NOTHING, .has_soa = true,
      .soa_ttl = 900, .soa_minimum = 0, .expected = 0 },
    { "NXDOMAIN without SOA", RCODE_NXDOMAIN, .content = NOTHING, .expected = 0 },
    { "NXDOMAIN at the end of a CNAME", RCODE_NXDOMAIN, .content = CNAME_ONLY, .ttl = 20,
      .has_soa = true, .soa_ttl = 900, .soa_minimum = 900, .expected = 20 },
    { "NODATA by the SOA", .content = NOTHING, .has_soa = true, .soa_ttl = 900, .soa_minimum = 70,
      .expected = 70 },
    { "NODATA without SOA", .content = NOTHING, .expected = 0 },
    { "NODATA at the end of a CNAME", .content = CNAME_ONLY, .ttl = 600, .has_soa = true,
      .soa_ttl = 900, .soa_minimum = 70, .expected = 70 },
    { "NODATA at the end of a CNAME without SOA", .content = CNAME_ONLY, .ttl = 600,
      .expected = 0 },

    { "SERVFAIL", RCODE_SERVFAIL, .content = NOTHING, .expected = 5 },
    { "REFUSED", RCODE_REFUSED, .content = NOTHING, .expected = 5 },
    { "a failure outside of min_ttl", RCODE_SERVFAIL, .content = NOTHING, .min = 60,
      .expected = 5 },
    { "a failure outside of max_ttl", RCODE_SERVFAIL, .content = NOTHING, .max = 1, .expected = 5 },
    { "a failure with an SOA", RCODE_SERVFAIL, .content = NOTHING, .has_soa = true, .soa_ttl = 900,
      .soa_minimum = 900, .expected = 5 },
    { "BADVERS is between us and the upstream", .extended_rcode = 1, .content = NOTHING,
      .expected = 0 },
    { "so is BADCOOKIE", 7, .extended_rcode = 1, .content = NOTHING, .expected = 0 },
};

static const struct message *make(struct made *m, const struct row *row)
{
    made_start(m, "www.example.com", TYPE_A, row->flags);
    if (row->content == ANSWER)
        made_a(m, row->ttl, 1);
    if (row->content == CNAME_ONLY)
        made_record(m, SECTION_ANSWER, TYPE_CNAME, row->ttl, "\xc0\x10", 2);
    if (row->second_ttl)
        made_a(m, row->second_ttl, 2);
    if (row->has_soa)
        made_soa(m, row->soa_ttl, row->soa_minimum);
    made_opt(m, row->extended_rcode, NULL, 0); /* its TTL field of 0 is none */
    return made_end(m);
}

TEST(admit_rows, "a response is kept as long as its row says")
{
    static struct made m;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lifetimes lifetimes = usual;
        struct admission admission;

        lifetimes.min = rows[i].min;
        if (rows[i].max)
            lifetimes.max = rows[i].max;
        admission = admit(make(&m, &rows[i]), &lifetimes);
        if (admission.ttl != rows[i].expected)
            fail_msg("%s: %u seconds, not %u", rows[i].what, admission.ttl, rows[i].expected);
    }
}

TEST(admit_kinds, "failures and negative answers are told apart from answers")
{
    static struct made m;

    CHECK(admit(make(&m, &(struct row){ .flags = RCODE_SERVFAIL, .content = NOTHING }), &usual)
              .is_failure);
    CHECK(!admit(make(&m, &(struct row){ .ttl = 5 }), &usual).is_failure);
    CHECK(!admit(make(&m, &(struct row){ .ttl = 5 }), &usual).is_negative);
    CHECK(admit(make(&m, &(struct row){ .flags = RCODE_NXDOMAIN,
                                        .content = NOTHING,
                                        .has_soa = true,
                                        .soa_ttl = 5,
                                        .soa_minimum = 5 }),
                &usual)
              .is_negative);
}
