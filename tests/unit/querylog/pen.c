/* tests/unit/querylog/pen.c - numbers, addresses, times and names as text. */
#include "querylog/pen.h"

#include "base/random.h"
#include "unit/dns/wire.h"
#include "unit/querylog/json_valid.h"

#include <arpa/inet.h>
#include <stdio.h>

static uint8_t room[8192];

static const char *ended(const uint8_t *end)
{
    room[end - room] = '\0';
    return (const char *)room;
}

TEST(pen_number, "numbers are written as printf writes them")
{
    struct random random = { 0 };
    char expected[48];

    for (int i = 0; i < 20000; i++) {
        uint64_t number = random_u64(&random) >> (i % 64);

        snprintf(expected, sizeof expected, "%llu", (unsigned long long)number);
        CHECK_TEXT(ended(put_number(room, number)), expected);
    }
    CHECK_TEXT(ended(put_number(room, 0)), "0");
    for (uint64_t number = 1; number < UINT64_MAX / 10; number *= 10) {
        snprintf(expected, sizeof expected, "%llu%llu", (unsigned long long)number - 1,
                 (unsigned long long)number);
        CHECK_TEXT(ended(put_number(put_number(room, number - 1), number)), expected);
    }
}

TEST(pen_ipv6, "IPv6 addresses are written as RFC 5952 says")
{
    static const char *const texts[] = {
        "::",
        "::1",
        "2001:db8::1",
        "2001:db8:0:1:1:1:1:1",
        "2001:db8::1:0:0:1",
        "1:0:0:2::",
        "fe80::1:2:3:4",
        "::ffff:192.0.2.1",
        "1:2:3:4:5:6:7:8",
        "2001:0:0:1::1",
        "a::",
        "0:1::",
        "1::ffff:c000:201",
    };
    uint8_t address[16];

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_EQUAL(inet_pton(AF_INET6, texts[i], address), 1);
        CHECK_TEXT(ended(put_ipv6(room, address)), texts[i]);
    }
}

TEST(pen_ipv6_any, "every address is read back as it was")
{
    struct random random = { 0 };

    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_u64(&random);
        uint8_t address[16], again[16];

        for (int group = 0; group < 8; group++)
            put_u16(address + 2 * group, bits >> group & 1 ? 0 : random_u16(&random));
        CHECK_EQUAL(inet_pton(AF_INET6, ended(put_ipv6(room, address)), again), 1);
        CHECK_BYTES(again, address, sizeof again);
        CHECK_EQUAL(inet_pton(AF_INET, ended(put_ipv4(room, address)), again), 1);
        CHECK_BYTES(again, address, 4);
    }
}

TEST(pen_time, "times are of UTC, to the microsecond, in whatever order they come")
{
    CHECK_TEXT(ended(put_time(room, 1700000000123456789)), "2023-11-14T22:13:20.123456Z");
    CHECK_TEXT(ended(put_time(room, 1700000001000000999)), "2023-11-14T22:13:21.000000Z");
    CHECK_TEXT(ended(put_time(room, 1700000000999999999)), "2023-11-14T22:13:20.999999Z");
    CHECK_TEXT(ended(put_time(room, 951825599000000000)), "2000-02-29T11:59:59.000000Z");
}

TEST(pen_full, "what does not fit makes a record too long and writes nothing past the end")
{
    uint8_t small[8] = { 0 };
    struct pen p = pen_on(small, 7);

    PEN_LITERAL(&p, "12345");
    CHECK(!p.is_too_long);
    PEN_LITERAL(&p, "678");
    CHECK(p.is_too_long);
    CHECK(!pen_open(&p, 3));
    pen_json(&p, BYTES("\xff"));
    pen_number(&p, 1234567);
    CHECK_EQUAL(small[7], 0);
}

static const char *json_of(struct slice bytes)
{
    struct pen p = pen_on(room, sizeof room - 1);

    pen_json(&p, bytes);
    return ended(p.next);
}

TEST(pen_json, "printable UTF-8 stands as it is; other bytes can be told again")
{
    CHECK_TEXT(json_of(BYTES("plain text")), "plain text");
    CHECK_TEXT(json_of(BYTES("f\xc3\xbcr \"sie\"")), "f\xc3\xbcr \\\"sie\\\"");
    CHECK_TEXT(json_of(BYTES("back\\slash")), "back\\\\\\\\slash");
    CHECK_TEXT(json_of(BYTES("\0\n\x7f\xff")), "\\\\000\\\\010\\\\127\\\\255");
    CHECK_TEXT(json_of(BYTES("\xc3")), "\\\\195");                       /* cut off */
    CHECK_TEXT(json_of(BYTES("\xed\xa0\x80")), "\\\\237\\\\160\\\\128"); /* a surrogate */
    CHECK_TEXT(json_of(BYTES("\xc2\x9b")), "\\\\194\\\\155"); /* moves a terminal's cursor */
}

/* The bytes that a text of pen_json stands for. */
static size_t bytes_of(const char *text, uint8_t *bytes)
{
    uint8_t *start = bytes;

    while (*text) {
        if (*text != '\\') {
            *bytes++ = (uint8_t)*text++;
        } else if (text[1] == '\\') {
            *bytes++ = '\\';
            text += 2;
        } else {
            *bytes++ = (uint8_t)((text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0');
            text += 4;
        }
    }
    return (size_t)(bytes - start);
}

TEST(pen_json_any, "any bytes become a JSON string that says which they were")
{
    struct random random = { 0 };

    for (int i = 0; i < 5000; i++) {
        uint8_t bytes[100], again[100];
        char line[8300], text[8300];
        size_t len = random_u16(&random) % sizeof bytes;

        for (size_t j = 0; j < len; j++)
            bytes[j] = (uint8_t)(random_u16(&random) >> (i % 3 ? 0 : 4));
        snprintf(line, sizeof line, "{\"x\":\"%s\"}\n", json_of(slice_of(bytes, len)));
        CHECK(json_is_line(slice_of(line, strlen(line))));
        CHECK(json_find(slice_of(line, strlen(line)), "x", text, sizeof text));
        CHECK_EQUAL(bytes_of(text, again), len);
        CHECK_BYTES(again, bytes, len);
    }
}

static struct slice name_in(struct slice wire, enum pen_dot dot)
{
    struct pen p = pen_on(room, sizeof room - 1);
    struct slice written = pen_json_name(&p, wire, dot);

    CHECK_EQUAL(written.len, pen_slice(&p).len);
    ended(p.next);
    return written;
}

TEST(pen_name, "names are written as in zone files, with the final dot or without")
{
    name_in(NAME("www.example.com"), WITH_DOT);
    CHECK_TEXT((char *)room, "www.example.com.");
    name_in(NAME("www.example.com"), WITHOUT_DOT);
    CHECK_TEXT((char *)room, "www.example.com");
    name_in(NAME("."), WITHOUT_DOT);
    CHECK_TEXT((char *)room, ".");
    name_in(NAME("odd\\.label.x"), WITHOUT_DOT);
    CHECK_TEXT((char *)room, "odd\\\\.label.x");
    name_in(BYTES("\3a\"\0\0"), WITH_DOT);
    CHECK_TEXT((char *)room, "a\\\\\\\"\\\\000.");
}

/* A name whose labels are `step` bytes long, with all bytes from `first` on in it. */
static struct slice name_with(uint8_t first, size_t step, uint8_t name[DNS_NAME_MAX])
{
    struct writer w = writer_of(name, DNS_NAME_MAX);

    while (writer_len(&w) + step + 2 <= DNS_NAME_MAX) {
        write_u8(&w, (uint8_t)step);
        for (size_t i = 0; i < step; i++)
            write_u8(&w, first++);
    }
    write_u8(&w, 0);
    return writer_slice(&w);
}

TEST(pen_name_any, "every byte in every place of a name is read back as it was")
{
    char line[8300], text[8300];
    uint8_t name[DNS_NAME_MAX], again[DNS_NAME_MAX];

    for (unsigned first = 0; first < 256; first++)
        for (size_t step = 1; step <= DNS_LABEL_MAX; step += 31) {
            struct slice wire = name_with((uint8_t)first, step, name);
            struct writer w = writer_of(again, sizeof again);

            name_in(wire, step % 2 ? WITH_DOT : WITHOUT_DOT);
            snprintf(line, sizeof line, "{\"x\":\"%s\"}\n", (char *)room);
            CHECK(json_is_line(slice_of(line, strlen(line))));
            CHECK(json_find(slice_of(line, strlen(line)), "x", text, sizeof text));
            CHECK_EQUAL(name_from_text(text, &w), OK);
            CHECK(slice_equal(writer_slice(&w), wire));
        }
}
