/* tests/unit/querylog/privacy.c - what a stream tells of clients. */
#include "querylog/privacy.h"

#include "base/clock.h"
#include "unit/querylog/made.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct made m;
static char reason[PRIVACY_REASON_MAX];
static char key_path[64];

static struct query_log_config config_of(enum clients clients, const char *key)
{
    return (struct query_log_config){ .to = "stdout",
                                      .clients = clients,
                                      .client_key = key,
                                      .client_prefix4 = 24,
                                      .client_prefix6 = 48 };
}

/* The client of `v`, with its port. */
static const char *client_of(const struct log_view *v)
{
    static char text[ADDR_TEXT_MAX];

    return addr_format(&v->head->client, text);
}

static void write_key(const char *text)
{
    char next[80];
    FILE *out;

    if (!key_path[0])
        snprintf(key_path, sizeof key_path, "/tmp/dotproxy-key-%d", (int)getpid());
    snprintf(next, sizeof next, "%s.new", key_path);
    out = fopen(next, "w");
    CHECK(out != NULL);
    fputs(text, out);
    fclose(out);
    CHECK_EQUAL(rename(next, key_path), 0);
}

/* That of Crypto-PAn's own sample. */

static const char sample_key[] =
    "1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202\n";

static void make(const char *client)
{
    made_begin(&m);
    CHECK_EQUAL(addr_parse(client, 4711, &m.query.client), OK);
    m.facts.sni = BYTES("anna.dns.test");
    m.query.asked.edns.present = true;
    m.query.asked.edns.client_subnet = BYTES("\0\1\x20\0\xc6\x33\x64\x07");
}

TEST(privacy_full, "without it everything stays")
{
    const struct query_log_config config = config_of(CLIENTS_FULL, "");
    struct privacy *p;
    struct log_view v;

    make("192.0.2.143");
    CHECK_EQUAL(privacy_new(&p, &config, reason), OK);
    v = made_view(&m);
    CHECK(privacy_apply(p, &v) == &v);
    privacy_free(&p);
}

TEST(privacy_prefix, "by prefix: neither the rest of the address, nor port, SNI or subnet")
{
    const struct query_log_config config = config_of(CLIENTS_PREFIX, "");
    const struct log_view *hidden;
    struct privacy *p;
    struct log_view v;

    CHECK_EQUAL(privacy_new(&p, &config, reason), OK);
    make("192.0.2.143");
    v = made_view(&m);
    hidden = privacy_apply(p, &v);
    CHECK_TEXT(client_of(hidden), "192.0.2.0:0");
    CHECK_EQUAL(hidden->sni.len, 0);
    CHECK_EQUAL(hidden->subnet.len, 8);
    CHECK_BYTES(hidden->subnet.data, "\0\1\x20\0\xc6\x33\x64\0", 8);
    CHECK_TEXT(client_of(&v), "192.0.2.143:4711"); /* other streams see it as it is */
    make("2001:db8:1:2:3::4");
    v = made_view(&m);
    CHECK_TEXT(client_of(privacy_apply(p, &v)), "[2001:db8:1::]:0");
    make("::192.0.2.143");
    memset(m.query.client.v6.sin6_addr.s6_addr + 10, 0xff,
           2); /* nothing that is read is such a one */
    v = made_view(&m);
    CHECK_TEXT(client_of(privacy_apply(p, &v)), "[::ffff:192.0.2.0]:0");
    privacy_free(&p);
}

TEST(privacy_hashed, "by pseudonym: those of the key, for the subnet as well")
{
    struct query_log_config config = config_of(CLIENTS_HASHED, key_path);
    const struct log_view *hidden;
    struct privacy *p;
    struct log_view v;

    write_key(sample_key);
    CHECK_EQUAL(privacy_new(&p, &config, reason), OK);
    make("128.11.68.132");
    m.query.asked.edns.client_subnet = BYTES("\0\1\x20\0\x80\x0b\x44\x84");
    v = made_view(&m);
    hidden = privacy_apply(p, &v);
    CHECK_TEXT(client_of(hidden), "135.242.180.132:0");
    CHECK_BYTES(hidden->subnet.data, "\0\1\x20\0\x87\xf2\xb4\x84", 8);
    CHECK_EQUAL(hidden->sni.len, 0);
    privacy_free(&p);
    unlink(key_path);
}

TEST(privacy_random, "without a file every start has other pseudonyms")
{
    const struct query_log_config config = config_of(CLIENTS_HASHED, "");
    struct privacy *one, *two;
    char text[ADDR_TEXT_MAX];
    struct log_view v;

    CHECK_EQUAL(privacy_new(&one, &config, reason), OK);
    CHECK_EQUAL(privacy_new(&two, &config, reason), OK);
    make("2001:db8:1:2:3::4");
    v = made_view(&m);
    snprintf(text, sizeof text, "%s", client_of(privacy_apply(one, &v)));
    CHECK_TEXT(client_of(privacy_apply(one, &v)), text);
    CHECK(strcmp(client_of(privacy_apply(two, &v)), text) != 0);
    privacy_free(&one);
    privacy_free(&two);
}

TEST(privacy_roll, "a new key takes over when its file is replaced; a broken one changes nothing")
{
    struct query_log_config config = config_of(CLIENTS_HASHED, key_path);
    uint64_t now_ns = clock_monotonic_ns();
    struct privacy *p;
    struct log_view v;

    write_key(sample_key);
    CHECK_EQUAL(privacy_new(&p, &config, reason), OK);
    CHECK(!privacy_refresh(p, now_ns += 2 * NS_PER_S));
    make("128.11.68.132");
    v = made_view(&m);
    write_key("not a key");
    CHECK(!privacy_refresh(p, now_ns += 2 * NS_PER_S));
    CHECK_TEXT(client_of(privacy_apply(p, &v)), "135.242.180.132:0");
    unlink(key_path);
    CHECK(!privacy_refresh(p, now_ns += 2 * NS_PER_S));
    write_key("00000000000000000000000000000000000000000000000000000000000000ff");
    CHECK(!privacy_refresh(p, now_ns + 1)); /* looks once a second */
    CHECK(privacy_refresh(p, now_ns += 2 * NS_PER_S));
    CHECK(strcmp(client_of(privacy_apply(p, &v)), "135.242.180.132:0") != 0);
    privacy_free(&p);
    unlink(key_path);
}

TEST(privacy_key, "a file that is no key is told of")
{
    struct query_log_config config = config_of(CLIENTS_HASHED, key_path);
    char expected[PRIVACY_REASON_MAX];
    struct privacy *p;

    write_key("1234");
    snprintf(expected, sizeof expected,
             "%s: no key; write 64 hexadecimal digits (openssl rand -hex 32)", key_path);
    CHECK_EQUAL(privacy_new(&p, &config, reason), ERR_CONFIG);
    CHECK_TEXT(reason, expected);
    unlink(key_path);
    snprintf(expected, sizeof expected, "%s: No such file or directory", key_path);
    CHECK_EQUAL(privacy_new(&p, &config, reason), ERR_CONFIG);
    CHECK_TEXT(reason, expected);
}

/* A query as it came, with a cookie. */
static struct slice make_message(struct wire *w)
{
    wire_header(w, DNS_RD, 1, 0, 0, 1);
    wire_question(w, "www.example.com", TYPE_A);
    wire_opt(w, 0,
             BYTES("\0\x0a\0\x8"
                   "12345678"));
    return writer_slice(&w->w);
}

TEST(privacy_messages, "messages are shown without what tells of the client, or not at all")
{
    const struct query_log_config config = config_of(CLIENTS_PREFIX, "");
    static struct wire w;
    const struct log_view *hidden;
    struct privacy *p;
    struct log_view v;

    CHECK_EQUAL(privacy_new(&p, &config, reason), OK);
    make("192.0.2.143");
    v = made_view(&m);
    v.query = make_message(&w);
    hidden = privacy_apply(p, &v);
    CHECK_EQUAL(hidden->query.len, v.query.len);
    CHECK(!memmem(hidden->query.data, hidden->query.len, "1234", 4));
    CHECK(hidden->has_message);
    CHECK(hidden->message.wire.data == hidden->response.data);
    v.query = BYTES("\1\2\3"); /* who knows what it says */
    CHECK_EQUAL(privacy_apply(p, &v)->query.len, 0);
    privacy_free(&p);
}
