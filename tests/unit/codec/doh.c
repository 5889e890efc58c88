#include "codec/doh.h"
#include "dns/header.h"
#include "unit/test.h"

#define PATH        "/dns-query"
#define BYTES(text) slice_of(text, sizeof(text) - 1)
/* RFC 8484 section 4.1.1: www.example.com IN A */
#define QUERY "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB"

static uint8_t room[DNS_MESSAGE_MAX];

static unsigned read(struct http_request request, size_t *ret_len)
{
    struct slice message = { 0 };
    unsigned status = doh_read(&request, PATH, room, sizeof room, &message);

    *ret_len = message.len;
    return status;
}

static unsigned get(const char *target)
{
    size_t len;

    return read(
        (struct http_request){ .verb = VERB_GET, .target = slice_of(target, strlen(target)) },
        &len);
}

static unsigned post(const char *type, size_t body_len)
{
    static const uint8_t body[70000];
    size_t len;

    return read((struct http_request){ .verb = VERB_POST,
                                       .target = BYTES(PATH),
                                       .content_type = slice_of(type, strlen(type)),
                                       .body = slice_of(body, body_len) },
                &len);
}

TEST(doh_get, "the query stands in the parameter dns, once, in base64url")
{
    CHECK_EQUAL(get(PATH "?dns=" QUERY), 200);
    CHECK_EQUAL(get(PATH "?ct&dns=" QUERY "&x=y"), 200);
    CHECK_EQUAL(get(PATH), 400);
    CHECK_EQUAL(get(PATH "?"), 400);
    CHECK_EQUAL(get(PATH "?xdns=" QUERY), 400);
    CHECK_EQUAL(get(PATH "?dns="), 400);
    CHECK_EQUAL(get(PATH "?dns=AAAB"), 400);
    CHECK_EQUAL(get(PATH "?dns=" QUERY "=="), 400);
    CHECK_EQUAL(get(PATH "?dns=" QUERY "&dns=" QUERY), 400);
    CHECK_EQUAL(get("/?dns=" QUERY), 404);
    CHECK_EQUAL(get(PATH "/?dns=" QUERY), 404);
    CHECK_EQUAL(get(""), 404);
}

TEST(doh_post, "the query is the body, of the right type")
{
    CHECK_EQUAL(post("application/dns-message", 12), 200);
    CHECK_EQUAL(post("Application/DNS-message ; charset=utf-8", 12), 200);
    CHECK_EQUAL(post("application/dns-message", 11), 400);
    CHECK_EQUAL(post("application/dns-message", 0), 400);
    CHECK_EQUAL(post("application/dns-message", 65535), 200);
    CHECK_EQUAL(post("application/dns-message", 65536), 413);
    CHECK_EQUAL(post("application/dns-messages", 12), 415);
    CHECK_EQUAL(post("", 12), 415);
}

TEST(doh_other, "other methods are refused with those that work, and faults are passed on")
{
    struct http_request request = { .verb = VERB_OTHER, .target = BYTES(PATH) };
    size_t len;

    CHECK_EQUAL(read(request, &len), 405);
    CHECK_TEXT(doh_refusal(405).allow, "GET, HEAD, POST");
    request.fault = 431;
    CHECK_EQUAL(read(request, &len), 431);
    CHECK(doh_refusal(431).body.len > 0);
    CHECK(!doh_refusal(400).has_max_age);
}

#define HEADER(answers, authorities, additional)                                                   \
    "\0\0\x81\x80\0\1\0" answers "\0" authorities "\0" additional "\3www\0\0\1\0\1"
#define RECORD(ttl)       "\xc0\x0c\0\1\0\1" ttl "\0\4\1\2\3\4"
#define SOA(ttl, minimum) "\0\0\6\0\1" ttl "\0\x16\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4" minimum
#define OPT               "\0\0\x29\4\xd0\0\0\0\0\0\0"

static void check_age(struct slice dns, bool has, uint32_t age)
{
    struct http_response response = doh_response(dns);

    CHECK_EQUAL(response.status, 200);
    CHECK_EQUAL(response.has_max_age, has);
    if (has)
        CHECK_EQUAL(response.max_age_s, age);
    CHECK_TEXT(response.content_type, "application/dns-message");
}

TEST(doh_max_age, "a response is fresh for as long as the smallest of its TTLs")
{
    check_age(BYTES(HEADER("\2", "\0", "\1") RECORD("\0\0\1\0") RECORD("\0\0\0\x3c") OPT), true,
              60);
    check_age(BYTES(HEADER("\1", "\0", "\0") RECORD("\x80\0\0\0")), true, 0);
    check_age(BYTES(HEADER("\0", "\0", "\1") OPT), true, 0);
    check_age(BYTES(HEADER("\0", "\1", "\0") SOA("\0\0\1\0", "\0\0\0\x1e")), true, 30);
    check_age(BYTES(HEADER("\0", "\1", "\0") SOA("\0\0\0\x0a", "\0\0\0\x1e")), true, 10);
    check_age(BYTES(HEADER("\1", "\1", "\0") RECORD("\0\0\0\x63") SOA("\0\0\0\x64", "\0\0\0\1")),
              true, 99);
    check_age(BYTES(HEADER("\2", "\0", "\0") RECORD("\0\0\1\0")), false, 0);
    check_age(BYTES("\0\0\x81"), false, 0);
}
