#include "dns/cookie.h"

#include "base/clock.h"
#include "dns/types.h"
#include "unit/policy/desk.h"
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NEW_CLIENT slice_of("\1\2\3\4\5\6\7\x8", 8)
#define LIMIT(keys)                                                                                \
    "limit: {rate: 10/s, burst: 5, prefix4: [32], multiple4: [1], verified: 3, " keys "}\n"

/* As a client that keeps what it was given. */
static void brings_back(void)
{
    static uint8_t room[COOKIE_SIZE];

    CHECK_EQUAL(desk_cookie().len, COOKIE_SIZE);
    memcpy(room, desk_cookie().data, sizeof room);
    desk_brings(slice_of(room, sizeof room));
}

static bool is_kept(const uint8_t *cookie)
{
    return memcmp(desk_cookie().data, cookie, COOKIE_SIZE) == 0;
}

TEST(cookies_given,
     "a client's cookie is completed, kept while it is fresh, and good at its address")
{
    uint8_t first[COOKIE_SIZE];

    desk_open("limit: {}\n");
    desk_brings(NEW_CLIENT);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_CLIENT);
    CHECK_BYTES(desk_cookie().data, NEW_CLIENT.data, 8);
    memcpy(first, desk_cookie().data, sizeof first);
    brings_back();
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_GOOD);
    CHECK(is_kept(first));
    CHECK_EQUAL(desk_asks("10.0.0.2", false, 0), ACTION_PASS);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_BAD);
    CHECK(!is_kept(first));
    desk_brings((struct slice){ 0 });
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_NONE);
    desk_close();
}

TEST(cookies_lengths, "a server's half of another length is not ours")
{
    uint8_t longer[40] = { 0 };

    desk_open("limit: {}\n");
    desk_brings(NEW_CLIENT);
    desk_asks("10.0.0.1", false, 0);
    memcpy(longer, desk_cookie().data, COOKIE_SIZE);
    for (size_t len = 16; len <= 40; len++) {
        desk_brings(slice_of(longer, len));
        desk_asks("10.0.0.1", false, 0);
        CHECK_EQUAL(desk_cookie_state(), len == COOKIE_SIZE ? COOKIE_GOOD : COOKIE_BAD);
        CHECK_BYTES(desk_cookie().data, longer, 8);
    }
    desk_close();
}

TEST(cookies_malformed, "a COOKIE option has 8 bytes, or 16 to 40; else the query is faulty")
{
    const uint8_t bytes[64] = { 0 };

    desk_open("limit: {cookies: require}\n");
    for (size_t len = 0; len < sizeof bytes; len++) {
        const bool is_sane = len == 8 || (len >= 16 && len <= 40);

        desk_brings(slice_of(bytes, len));
        CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), is_sane ? ACTION_BADCOOKIE : ACTION_PASS);
        CHECK_EQUAL(desk_rcode(), is_sane ? RCODE_NOERROR : RCODE_FORMERR);
        CHECK_EQUAL(desk_cookie().len, is_sane ? COOKIE_SIZE : 0);
    }
    desk_spoils(RCODE_REFUSED);
    desk_asks("10.0.0.1", false, 0);
    CHECK_EQUAL(desk_rcode(), RCODE_REFUSED);
    desk_reload("limit: {cookies: off}\n");
    desk_asks("10.0.0.1", false, 0);
    CHECK_EQUAL(desk_rcode(), RCODE_NOERROR);
    desk_close();
}

TEST(cookies_flood, "a flood under a client's address takes nothing from the client with a cookie")
{
    desk_open(LIMIT(""));
    desk_brings(NEW_CLIENT);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    brings_back();
    desk_asks("10.0.0.1", false, 0);
    desk_brings((struct slice){ 0 });
    CHECK_EQUAL(desk_lets_in(100, "10.0.0.1", false, 0), 4);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_TRUNCATE);
    desk_brings(NEW_CLIENT);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_BADCOOKIE);
    CHECK_TEXT(desk_verdict()->rule, "rate");
    brings_back();
    CHECK_EQUAL(desk_lets_in(100, "10.0.0.1", false, 0), 14);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_TRUNCATE);
    desk_close();
}

TEST(cookies_reflected,
     "over the limit a cookie, which is longer than what asks for it, has its limit")
{
    unsigned given = 0;

    desk_open(LIMIT(""));
    desk_brings(NEW_CLIENT);
    CHECK_EQUAL(desk_lets_in(5, "10.0.0.1", false, 0), 5);
    for (unsigned i = 0; i < 100; i++)
        given += desk_asks("10.0.0.1", false, 0) == ACTION_BADCOOKIE;
    CHECK_EQUAL(given, 5);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_TRUNCATE);
    desk_close();
}

TEST(cookies_forged, "who makes cookies up is limited as somebody without, and told so")
{
    uint8_t forged[COOKIE_SIZE] = "client..\1\0\0\0timehash....";

    desk_open(LIMIT(""));
    desk_brings(slice_of(forged, sizeof forged));
    CHECK_EQUAL(desk_lets_in(100, "10.0.0.1", false, 0), 5);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_BADCOOKIE);
    desk_close();
}

TEST(cookies_over, "BADCOOKIE stands for truncation only: silence and REFUSED stay what they are")
{
    desk_open(LIMIT("over: drop"));
    desk_brings(NEW_CLIENT);
    CHECK_EQUAL(desk_lets_in(9, "10.0.0.1", false, 0), 5);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_DROP);
    desk_reload(LIMIT("over: refuse"));
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_REFUSE);
    desk_close();
}

TEST(cookies_required, "where cookies are required only who is proven is answered")
{
    desk_open("limit: {cookies: require}\n");
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_TRUNCATE);
    CHECK_TEXT(desk_verdict()->rule, "proof");
    CHECK_EQUAL(desk_asks("10.0.0.1", true, 0), ACTION_PASS);
    desk_spoils(RCODE_FORMERR);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    desk_brings(NEW_CLIENT);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_BADCOOKIE);
    brings_back();
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    CHECK_EQUAL(desk_asks("10.0.0.2", false, 0), ACTION_BADCOOKIE);
    CHECK_EQUAL(desk_asks("8.8.8.8", false, 0), ACTION_REFUSE);
    desk_close();
}

TEST(cookies_required_after_all, "the way to an answer is limited, too")
{
    desk_open(LIMIT("cookies: require, over: drop"));
    desk_brings(NEW_CLIENT);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_BADCOOKIE);
    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_DROP);
    desk_close();
}

TEST(cookies_shadow, "a requirement can be tried: it notes whom it would turn away")
{
    struct policy_desk *desk = desk_open("limit: {cookies: require, shadow: [proof]}\n");

    CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
    CHECK_TEXT(desk_verdict()->shadow, "proof");
    CHECK_EQUAL(desk->counts.rules[RULE_proof].shadowed, 1);
    desk_reload("limit: {mode: shadow}\n");
    desk_brings(NEW_CLIENT);
    desk_asks("10.0.0.1", false, 0);
    brings_back();
    desk_asks("10.0.0.1", false, 0);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_GOOD);
    desk_close();
}

TEST(cookies_off, "without cookies none is looked at, nor given")
{
    static const char *const ways[] = { "limit: {cookies: off}\n", "limit: {cookies: no}\n",
                                        "limit: {cookies: false}\n", "limit: {mode: off}\n" };

    desk_open("limit: {cookies: yes}\n");
    desk_brings(NEW_CLIENT);
    desk_asks("10.0.0.1", false, 0);
    brings_back();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        desk_reload(ways[i]);
        CHECK_EQUAL(desk_asks("10.0.0.1", false, 0), ACTION_PASS);
        CHECK_EQUAL(desk_cookie_state(), COOKIE_NONE);
    }
    desk_close();
}

TEST(cookies_reload, "cookies of our own making survive another configuration, and no restart")
{
    desk_open("limit: {}\n");
    desk_brings(NEW_CLIENT);
    desk_asks("10.0.0.1", false, 0);
    brings_back();
    desk_reload("limit: {rate: 5/s}\n");
    desk_asks("10.0.0.1", false, 0);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_GOOD);
    desk_close();
    desk_open("limit: {}\n");
    brings_back();
    desk_asks("10.0.0.1", false, 0);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_BAD);
    desk_close();
}

TEST(cookies_both, "IPv6 clients have cookies, too")
{
    desk_open("limit: {}\n");
    desk_brings(NEW_CLIENT);
    desk_asks("fd00::1", false, 0);
    brings_back();
    desk_asks("fd00::1", false, 0);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_GOOD);
    desk_asks("fd00::2", false, 0);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_BAD);
    desk_close();
}

/* --- secrets that others share --- */

static const uint8_t ours[COOKIE_SECRET_SIZE] = "0123456789abcdef";
static const uint8_t before[COOKIE_SECRET_SIZE] = "ABCDEFGHIJKLMNOP";
#define OURS   "30313233343536373839616263646566\n"
#define BEFORE "4142434445464748494a4b4c4d4e4f50\n"

static char path[] = "/tmp/cookies-XXXXXX";

/* A configuration with these secrets in its file. */
static const char *sharing(const char *secrets)
{
    static char yaml[200];
    FILE *file;

    if (strchr(path, 'X'))
        close(mkstemp(path));
    file = fopen(path, "w");
    CHECK(file);
    fputs(secrets, file);
    fclose(file);
    snprintf(yaml, sizeof yaml, "limit: {cookie_secret: %s}\n", path);
    return yaml;
}

/* The cookie of another server, `age` seconds ago. */
static const uint8_t *made_elsewhere(const uint8_t secret[COOKIE_SECRET_SIZE], int age)
{
    static uint8_t cookie[COOKIE_SIZE];
    const struct hash_key key = cookie_secret(secret);
    union addr client;

    CHECK_EQUAL(addr_parse("10.0.0.1", 53, &client), OK);
    cookie_make(cookie, NEW_CLIENT, &client, (uint32_t)(clock_wall_ns() / NS_PER_S) - (uint32_t)age,
                &key);
    desk_brings(slice_of(cookie, sizeof cookie));
    desk_asks("10.0.0.1", false, 0);
    return cookie;
}

TEST(cookies_shared, "cookies of another server with our secret are good, and kept while fresh")
{
    desk_open(sharing(OURS));
    CHECK(is_kept(made_elsewhere(ours, 0)) && desk_cookie_state() == COOKIE_GOOD);
    CHECK(is_kept(made_elsewhere(ours, 1700)) && desk_cookie_state() == COOKIE_GOOD);
    CHECK(!is_kept(made_elsewhere(ours, 1900)) && desk_cookie_state() == COOKIE_GOOD);
    CHECK(!is_kept(made_elsewhere(ours, 3500)) && desk_cookie_state() == COOKIE_GOOD);
    CHECK(!is_kept(made_elsewhere(ours, 3700)) && desk_cookie_state() == COOKIE_BAD);
    CHECK(is_kept(made_elsewhere(ours, -200)) && desk_cookie_state() == COOKIE_GOOD);
    CHECK(!is_kept(made_elsewhere(ours, -400)) && desk_cookie_state() == COOKIE_BAD);
    CHECK(!is_kept(made_elsewhere(before, 0)) && desk_cookie_state() == COOKIE_BAD);
    desk_close();
    unlink(path);
}

TEST(cookies_roll, "of several secrets all are good, and the first makes the next cookie")
{
    desk_open(sharing(OURS BEFORE));
    CHECK(!is_kept(made_elsewhere(before, 0)) && desk_cookie_state() == COOKIE_GOOD);
    CHECK(is_kept(made_elsewhere(ours, 0)) && desk_cookie_state() == COOKIE_GOOD);
    made_elsewhere(before, 0);
    brings_back();
    desk_reload(sharing(OURS));
    desk_asks("10.0.0.1", false, 0);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_GOOD);
    made_elsewhere(before, 0);
    CHECK_EQUAL(desk_cookie_state(), COOKIE_BAD);
    desk_close();
    unlink(path);
}
