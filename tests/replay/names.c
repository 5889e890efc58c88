/* tests/replay/names.c - a bootstrap server over UDP. */
#include "replay/names.h"

#define IPV4_NET 0xc6336400u /* 198.51.100.0 */
#define IPV6_NET 0x20010db8u

struct lookup names_expect(void)
{
    struct asked asked[2];
    unsigned first;

    asked[0] = upstream_expect_datagram(RESOLVER);
    asked[1] = upstream_expect_datagram(RESOLVER);
    first = asked[0].question.qtype == TYPE_AAAA ? 0 : 1;
    CHECK_EQUAL(asked[first].question.qtype, TYPE_AAAA);
    CHECK_EQUAL(asked[!first].question.qtype, TYPE_A);
    CHECK_TEXT(asked[0].name, "dns.example.");
    CHECK_TEXT(asked[1].name, "dns.example.");
    names_expect_nothing();
    return (struct lookup){ .aaaa = asked[first], .a = asked[!first] };
}

void names_expect_nothing(void)
{
    upstream_expect_nothing(RESOLVER);
}

static void write_record(struct writer *w, uint16_t qtype, unsigned host, uint32_t ttl)
{
    write_u16(w, 0xc00c); /* the question's name */
    write_u16(w, qtype);
    write_u16(w, CLASS_IN);
    write_u32(w, ttl);
    if (qtype == TYPE_A) {
        write_u16(w, 4);
        write_u32(w, IPV4_NET + host);
        return;
    }
    write_u16(w, 16);
    write_u32(w, IPV6_NET);
    write_zeroes(w, 8);
    write_u32(w, host - OVER_IPV6);
}

static void say(const struct asked *asked, uint16_t rcode, const unsigned *hosts, uint32_t ttl)
{
    uint8_t bytes[512];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct header header = { asked->id, (uint16_t)(DNS_QR | DNS_RA | DNS_RD | rcode), 1, 0, 0, 0 };

    while (hosts && hosts[header.ancount])
        header.ancount++;
    write_header(&w, &header);
    write_question(&w, &asked->question);
    for (unsigned i = 0; i < header.ancount; i++)
        write_record(&w, asked->question.qtype, hosts[i], ttl);
    upstream_say(asked->on, writer_slice(&w));
}

void names_answer(const struct asked *asked, const struct hosts *hosts, uint32_t ttl)
{
    say(asked, RCODE_NOERROR, asked->question.qtype == TYPE_A ? hosts->ipv4 : hosts->ipv6, ttl);
}

void names_fail(const struct asked *asked, uint16_t rcode)
{
    say(asked, rcode, NULL, 0);
}

void names_resolve(const struct hosts *hosts, uint32_t ttl)
{
    struct lookup lookup = names_expect();

    names_answer(&lookup.aaaa, hosts, ttl);
    names_answer(&lookup.a, hosts, ttl);
}
