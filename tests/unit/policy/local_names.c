#include "unit/dns/wire.h"
#include "unit/policy/desk.h"

static enum action asks(const char *name, uint16_t qtype)
{
    return desk_asks_for((struct desk_question){ .name = name, .qtype = qtype });
}

static enum action asks_in_class(uint16_t qclass, const char *name, uint16_t qtype)
{
    return desk_asks_for((struct desk_question){ .name = name, .qtype = qtype, .qclass = qclass });
}

static enum action asks_with_do(const char *name, uint16_t qtype)
{
    return desk_asks_for((struct desk_question){ .name = name, .qtype = qtype, .dnssec_ok = true });
}

/* What somebody hears who asks: "A", "SOA" for an answer, "nodata", "nxdomain", or "". */
static const char *heard(const char *name, uint16_t qtype)
{
    const struct compose_local *own = desk_own();

    if (asks(name, qtype) != ACTION_ANSWER)
        return "";
    CHECK(own->is_authoritative);
    if (own->answer_count > 0) {
        CHECK(!own->authority);
        CHECK_EQUAL(own->rcode, RCODE_NOERROR);
        return type_name(own->answers->type);
    }
    CHECK_EQUAL(own->authority->type, TYPE_SOA);
    return own->rcode == RCODE_NXDOMAIN ? "nxdomain" : "nodata";
}

TEST(local_names_loopback, "localhost and all below it are this machine, and nothing else")
{
    desk_open("");
    CHECK_TEXT(heard("localhost", TYPE_A), "A");
    CHECK(slice_equal(desk_own()->answers->rdata, BYTES("\177\0\0\1")));
    CHECK_TEXT(desk_own()->text, "RFC 6761 section 6.3");
    CHECK_TEXT(heard("a.b.LOCALHOST", TYPE_AAAA), "AAAA");
    CHECK(slice_equal(desk_own()->answers->rdata, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")));
    CHECK_TEXT(heard("a.b.localhost", TYPE_MX), "nodata");
    CHECK_EQUAL(desk_own()->zone_at, 4);
    CHECK_TEXT(heard("localhost", TYPE_SOA), "SOA");
    CHECK_TEXT(heard("localhost", TYPE_DS), "nodata");
    CHECK_TEXT(heard("a.localhost", TYPE_SOA), "nodata");
    desk_close();
}

TEST(local_names_nothing, "of a top level that is none there is nothing, whatever is asked")
{
    desk_open("");
    CHECK_TEXT(heard("test", TYPE_SOA), "nxdomain");
    CHECK_TEXT(heard("www.facebook.onion", TYPE_A), "nxdomain");
    CHECK_EQUAL(desk_own()->zone_at, 13);
    CHECK_TEXT(heard("onion", TYPE_NS), "nxdomain");
    CHECK_TEXT(heard("printer.local", TYPE_ANY), "nxdomain");
    CHECK_EQUAL(asks_with_do("alt", TYPE_DS), ACTION_ANSWER);
    desk_close();
}

TEST(local_names_empty, "an empty zone has itself, its SOA and its NS")
{
    desk_open("");
    CHECK_TEXT(heard("10.in-addr.arpa", TYPE_SOA), "SOA");
    CHECK_TEXT(heard("10.in-addr.arpa", TYPE_NS), "NS");
    CHECK_TEXT(heard("10.in-addr.arpa", TYPE_ANY), "SOA");
    CHECK_TEXT(heard("10.in-addr.arpa", TYPE_A), "nodata");
    CHECK_TEXT(heard("1.2.3.10.in-addr.arpa", TYPE_PTR), "nxdomain");
    CHECK_TEXT(heard("home.arpa", TYPE_A), "nodata");
    CHECK_TEXT(heard("printer.home.arpa", TYPE_A), "nxdomain");
    CHECK_TEXT(desk_own()->text, "RFC 8375 section 4");
    desk_close();
}

TEST(local_names_reverse, "the loopback addresses are localhost, and so are the ways to them")
{
    desk_open("");
    CHECK_TEXT(heard("1.0.0.127.in-addr.arpa", TYPE_PTR), "PTR");
    CHECK(slice_equal(desk_own()->answers->rdata, NAME("localhost")));
    CHECK_TEXT(heard("1.0.0.127.In-Addr.Arpa", TYPE_A), "nodata");
    CHECK_TEXT(heard("0.127.in-addr.arpa", TYPE_NS), "nodata");
    CHECK_TEXT(heard("0.0.127.in-addr.arpa", TYPE_PTR), "nodata");
    CHECK_TEXT(heard("2.0.0.127.in-addr.arpa", TYPE_PTR), "nxdomain");
    CHECK_TEXT(heard("1.1.0.0.127.in-addr.arpa", TYPE_PTR), "nxdomain");
    CHECK_TEXT(heard("127.in-addr.arpa", TYPE_PTR), "nodata");
    CHECK_TEXT(
        heard("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", TYPE_PTR),
        "PTR");
    CHECK_TEXT(
        heard("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", TYPE_PTR),
        "nodata");
    desk_close();
}

TEST(local_names_resolver, "the resolver's own names are there, and say nothing")
{
    desk_open("");
    CHECK_TEXT(heard("_dns.resolver.arpa", TYPE_SVCB), "nodata");
    CHECK_TEXT(heard("a.b.resolver.arpa", TYPE_A), "nodata");
    CHECK_TEXT(heard("resolver.arpa", TYPE_NS), "NS");
    desk_close();
}

TEST(local_names_designated, "who asks the resolver for itself is told of its doors, if it has any")
{
    static const struct compose_record doors[] = { { .type = TYPE_SVCB, .ttl = 1 },
                                                   { .type = TYPE_SVCB, .ttl = 2 } };
    struct policy_desk *desk = desk_open("");

    desk->designated = doors;
    desk->designated_count = 2;
    CHECK_TEXT(heard("_DNS.resolver.arpa", TYPE_SVCB), "SVCB");
    CHECK(desk_own()->answer_count == 2 && desk_own()->answers == doors);
    CHECK_TEXT(heard("_dns.resolver.arpa", TYPE_A), "nodata");
    CHECK_TEXT(heard("dns.resolver.arpa", TYPE_SVCB), "nodata");
    CHECK_TEXT(heard("_dns.home.arpa", TYPE_SVCB), "nxdomain");
    desk_close();
}

TEST(local_names_insecure, "who validates is told by the internet that a zone is not signed")
{
    desk_open("");
    CHECK_EQUAL(asks_with_do("home.arpa", TYPE_DS), ACTION_PASS);
    CHECK_EQUAL(asks_with_do("168.192.in-addr.arpa", TYPE_DS), ACTION_PASS);
    CHECK_EQUAL(asks_with_do("home.arpa", TYPE_NS), ACTION_ANSWER);
    CHECK_EQUAL(asks_with_do("a.home.arpa", TYPE_DS), ACTION_ANSWER);
    CHECK_TEXT(heard("home.arpa", TYPE_DS), "nodata");
    desk_close();
}

TEST(local_names_classes, "other classes have none of these names, and CH is nobody else's")
{
    desk_open("");
    CHECK_EQUAL(asks_in_class(CLASS_CH, "version.bind", TYPE_TXT), ACTION_REFUSE);
    CHECK_TEXT(desk_verdict()->rule, "local_names");
    CHECK_EQUAL(asks_in_class(CLASS_HS, "localhost", TYPE_A), ACTION_REFUSE);
    CHECK_EQUAL(asks_in_class(CLASS_HS, "www.example.com", TYPE_A), ACTION_PASS);
    desk_close();
}

TEST(local_names_routes, "a name that a route speaks of is asked there, its neighbours are not")
{
    desk_open("");
    desk_route("corp.home.arpa");
    CHECK_EQUAL(asks("www.corp.home.arpa", TYPE_A), ACTION_PASS);
    CHECK_EQUAL(asks("www.home.arpa", TYPE_A), ACTION_ANSWER);
    desk_close();
}

TEST(local_names_options, "names may be passed on, and all of it may be only counted, or be off")
{
    struct policy_desk *desk = desk_open("limit: {pass: [home.arpa]}\n");

    CHECK_EQUAL(asks("www.home.arpa", TYPE_A), ACTION_PASS);
    CHECK(!desk_verdict()->shadow);
    CHECK_EQUAL(asks("x.onion", TYPE_A), ACTION_ANSWER);
    desk_reload("limit: {shadow: [local_names]}\n");
    CHECK_EQUAL(asks("x.onion", TYPE_A), ACTION_PASS);
    CHECK_TEXT(desk_verdict()->shadow, "local_names");
    CHECK_EQUAL(desk->counts.rules[RULE_local_names].shadowed, 1);
    CHECK_EQUAL(desk->counts.rules[RULE_local_names].enforced, 1);
    desk_reload("limit: {mode: off}\n");
    CHECK_EQUAL(asks("x.onion", TYPE_A), ACTION_PASS);
    CHECK(!desk_verdict()->shadow);
    desk_close();
}

TEST(local_names_after_access, "who may not ask hears nothing of local names either")
{
    desk_open("limit: {deny: [127.0.0.1]}\n");
    CHECK_EQUAL(asks("localhost", TYPE_A), ACTION_REFUSE);
    CHECK_TEXT(desk_verdict()->rule, "access");
    desk_close();
}

TEST(any_minimal, "who asks for all records gets one that says no more, unless it is passed on")
{
    desk_open("");
    CHECK_EQUAL(asks("www.example.com", TYPE_ANY), ACTION_ANSWER);
    CHECK_TEXT(desk_verdict()->rule, "any");
    CHECK(!desk_own()->is_authoritative && !desk_own()->authority);
    CHECK_EQUAL(desk_own()->answers->type, TYPE_HINFO);
    CHECK(slice_equal(desk_own()->answers->rdata, BYTES("\7RFC8482\0")));
    CHECK_EQUAL(asks("www.example.com", TYPE_HINFO), ACTION_PASS);
    CHECK_EQUAL(asks_in_class(CLASS_ANY, "www.example.com", TYPE_ANY), ACTION_REFUSE);
    desk_reload("limit: {any: forward}\n");
    CHECK_EQUAL(asks("www.example.com", TYPE_ANY), ACTION_PASS);
    CHECK_EQUAL(asks("localhost", TYPE_ANY), ACTION_ANSWER);
    CHECK_EQUAL(desk_own()->answers->type, TYPE_A);
    desk_close();
}

TEST(local_names_faulty, "what is wrong with a query is told at the door, whatever it is about")
{
    const struct desk_question about_us = { .name = "localhost", .qtype = TYPE_A };
    const struct desk_question about_all = { .name = "www.example", .qtype = TYPE_ANY };

    desk_open("");
    desk_spoils(RCODE_BADVERS);
    CHECK_EQUAL(desk_asks_for(about_us), ACTION_PASS);
    desk_spoils(RCODE_FORMERR);
    CHECK_EQUAL(desk_asks_for(about_all), ACTION_PASS);
    desk_brings(BYTES("123456789")); /* no length that a cookie can have */
    CHECK_EQUAL(desk_asks_for(about_us), ACTION_PASS);
    CHECK_EQUAL(desk_rcode(), RCODE_FORMERR);
    desk_brings(BYTES(""));
    desk_close();
}
