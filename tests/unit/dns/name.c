#include "dns/name.h"
#include "unit/dns/wire.h"

#define HEADER "............"

static struct reader at(struct slice bytes, size_t offset)
{
    struct reader r = reader_of(bytes);

    read_bytes(&r, offset);
    return r;
}

static bool skips_to(struct slice bytes, size_t from, size_t to)
{
    struct reader r = at(bytes, from);

    skip_name(&r);
    return !r.failed && reader_offset(&r) == to;
}

/* A name of four labels whose wire form has `len` bytes. */
static struct slice long_name(size_t len, uint8_t room[DNS_NAME_MAX + 1])
{
    struct writer w = writer_of(room, DNS_NAME_MAX + 1);

    for (size_t left = len - 1; left > 0;) {
        size_t label = left > 64 ? 63 : left - 1;

        write_u8(&w, (uint8_t)label);
        memset(write_room(&w, label), 'x', label);
        left -= label + 1;
    }
    write_u8(&w, 0);
    return writer_slice(&w);
}

TEST(name_reads, "an uncompressed name is read with its root byte, and no further")
{
    struct reader r = reader_of(BYTES("\3www\7example\0rest"));

    CHECK_EQUAL(read_name(&r).len, 13);
    CHECK(!r.failed);
    CHECK_EQUAL(reader_left(&r), 4);
}

TEST(name_refuses, "pointers, long labels and names cut short are no uncompressed names")
{
    const struct slice bad[] = { BYTES("\3www\xc0\x0c"), BYTES("\x40"), BYTES("\3ww"), BYTES("\1a"),
                                 BYTES("") };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct reader r = reader_of(bad[i]);

        read_name(&r);
        CHECK(r.failed);
    }
}

TEST(name_is_bounded, "a name has at most 255 bytes")
{
    uint8_t room[DNS_NAME_MAX + 1], expanded[DNS_NAME_MAX];
    struct reader r = reader_of(long_name(255, room));

    CHECK_EQUAL(read_name(&r).len, 255);
    r = reader_of(long_name(255, room));
    CHECK_EQUAL(name_expand(&r, expanded), 255);
    r = reader_of(long_name(256, room));
    CHECK_EQUAL(read_name(&r).len, 0);
    CHECK(r.failed);
    r = reader_of(slice_of(room, 256));
    CHECK_EQUAL(name_expand(&r, expanded), 0);
    CHECK(r.failed);
}

TEST(name_follows_pointers, "pointers back are followed, and the cursor stays behind the first")
{
    const struct slice m = BYTES(HEADER "\7example\0"
                                        "\3www\xc0\x0c"
                                        "\xc0\x15"
                                        "!");
    struct reader r = at(m, 27);
    uint8_t name[DNS_NAME_MAX];

    CHECK(skips_to(m, 12, 21));
    CHECK(skips_to(m, 21, 27));
    CHECK(skips_to(m, 27, 29));
    CHECK_EQUAL(name_expand(&r, name), 13);
    CHECK_BYTES(name, "\3www\7example", 13);
    CHECK_EQUAL(reader_offset(&r), 29);
}

TEST(name_refuses_loops, "pointers forwards, to themselves, in circles or to the header fail")
{
    CHECK(!skips_to(BYTES(HEADER "\xc0\x0e\0"), 12, 14));
    CHECK(!skips_to(BYTES(HEADER "\xc0\x0c"), 12, 14));
    CHECK(!skips_to(BYTES(HEADER "\1a\xc0\x0c"), 12, 16));
    CHECK(!skips_to(BYTES(HEADER "\1a\xc0\x0e\xc0\x0c"), 16, 18));
    CHECK(!skips_to(BYTES("\0..........."
                          "\xc0\0"),
                    12, 14));
    CHECK(!skips_to(BYTES(HEADER "\xc0"), 12, 14));
    CHECK(!skips_to(BYTES(HEADER "\x80\0"), 12, 14));
}

TEST(name_runs_stay_apart, "the labels pointed to end before those the pointer was found in")
{
    CHECK(!skips_to(BYTES(HEADER "\3ab\1c\xc0\x0c"), 15, 19));
    CHECK(skips_to(BYTES(HEADER "\1a\0\1c\xc0\x0c"), 15, 19));
}

TEST(name_refuses_endless_chains, "no more pointers are followed than a name can have labels")
{
    uint8_t room[1024];
    struct writer w = writer_of(room, sizeof room);

    write_zeroes(&w, DNS_HEADER_SIZE + 2);
    for (uint16_t target = 12; target < 800; target += 2)
        write_u16(&w, (uint16_t)(0xc000 | target));
    CHECK(skips_to(writer_slice(&w), 14, 16));
    CHECK(skips_to(writer_slice(&w), 200, 202));
    CHECK(!skips_to(writer_slice(&w), 400, 402));
}

TEST(name_compares, "letter case does not matter, everything else does")
{
    CHECK(name_equal(NAME("www.Example.com"), NAME("WWW.example.COM")));
    CHECK(!name_equal(NAME("www.example.com"), NAME("www.example.org")));
    CHECK(!name_equal(NAME("[.com"), NAME("{.com")));
    CHECK(!name_equal(NAME("@.com"), NAME("`.com")));
    CHECK(!name_equal(NAME("a.b"), NAME("a\\.b")));
    CHECK(name_equal(NAME("."), NAME(".")));
}

TEST(name_is_below, "a name is below its parent and itself, and not below a look-alike")
{
    CHECK(name_is_below(NAME("www.example.com"), NAME("EXAMPLE.com")));
    CHECK(name_is_below(NAME("example.com"), NAME("example.com")));
    CHECK(name_is_below(NAME("example.com"), NAME(".")));
    CHECK(!name_is_below(NAME("badexample.com"), NAME("example.com")));
    CHECK(!name_is_below(NAME("com"), NAME("example.com")));
    CHECK(!name_is_below(NAME("x\\007example.com"), NAME("example.com")));
}

static const char *text_of(struct slice wire)
{
    static char text[DNS_NAME_TEXT_MAX];

    return name_to_text(wire, text, sizeof text) ? text : "refused";
}

TEST(name_becomes_text, "what is special or does not print is escaped")
{
    CHECK_TEXT(text_of(BYTES("\0")), ".");
    CHECK_TEXT(text_of(BYTES("\3WwW\7example\0")), "WwW.example.");
    CHECK_TEXT(text_of(BYTES("\4a.b\\\0")), "a\\.b\\\\.");
    CHECK_TEXT(text_of(BYTES("\5\0 \x7f\xff\x1b\0")), "\\000\\032\\127\\255\\027.");
}

TEST(name_text_is_bounded, "the longest name fits, and less room is noticed")
{
    uint8_t room[DNS_NAME_MAX + 1];
    struct slice name = long_name(255, room);
    char text[DNS_NAME_TEXT_MAX];

    for (size_t i = 0; i < 255; i++)
        if (room[i] == 'x')
            room[i] = 0xff;
    CHECK_EQUAL(name_to_text(name, text, sizeof text), 250 * 4 + 4);
    CHECK_EQUAL(name_to_text(name, text, 1004), 0);
    CHECK_EQUAL(name_to_text(NAME("a.b"), text, 5), 4);
    CHECK_EQUAL(name_to_text(NAME("a.b"), text, 4), 0);
}

static const char *rewritten(const char *text)
{
    uint8_t room[DNS_NAME_MAX];
    struct writer w = writer_of(room, sizeof room);

    return name_from_text(text, &w) == OK ? text_of(writer_slice(&w)) : "refused";
}

TEST(name_is_read_from_text, "with or without the final dot, escapes in both forms")
{
    CHECK_TEXT(rewritten("."), ".");
    CHECK_TEXT(rewritten("example.com"), "example.com.");
    CHECK_TEXT(rewritten("example.com."), "example.com.");
    CHECK_TEXT(rewritten("\\101xample\\.com"), "example\\.com.");
    CHECK_TEXT(rewritten("a b"), "a\\032b.");
}

TEST(name_text_is_checked, "empty labels, broken escapes and what is too long is refused")
{
    char label[66] = { 0 };

    CHECK_TEXT(rewritten(""), "refused");
    CHECK_TEXT(rewritten(".."), "refused");
    CHECK_TEXT(rewritten("a..b"), "refused");
    CHECK_TEXT(rewritten(".a"), "refused");
    CHECK_TEXT(rewritten("a\\"), "refused");
    CHECK_TEXT(rewritten("a\\25"), "refused");
    CHECK_TEXT(rewritten("a\\256"), "refused");
    memset(label, 'x', 63);
    CHECK(strlen(rewritten(label)) == 64);
    memset(label, 'x', 64);
    CHECK_TEXT(rewritten(label), "refused");
}

TEST(name_needs_room, "a name that does not fit is told apart from one that is none")
{
    uint8_t room[4];
    struct writer w = writer_of(room, sizeof room);

    CHECK_EQUAL(name_from_text("abc", &w), ERR_TOOBIG);
}
