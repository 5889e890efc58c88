#include "dns/suffix_set.h"
#include "unit/dns/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define NOTHING UINT32_MAX

static struct suffix_set *set_of(const char *const *names, size_t count)
{
    struct suffix suffixes[16];
    struct suffix_set *set;

    for (size_t i = 0; i < count; i++)
        suffixes[i] = (struct suffix){ NAME(names[i]), (uint32_t)i };
    CHECK_EQUAL(suffix_set_new(&set, suffixes, count), OK);
    return set;
}

#define SET(...)                                                                                   \
    set_of((const char *const[]){ __VA_ARGS__ },                                                   \
           sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static uint32_t find(const struct suffix_set *set, struct slice name)
{
    uint32_t value = NOTHING;

    return suffix_set_find(set, name, &value) ? value : NOTHING;
}

TEST(suffix_set_below, "a suffix speaks of itself and of what is below it, in any letter case")
{
    struct suffix_set *set = SET("Corp.Example", "10.in-addr.arpa");

    CHECK_EQUAL(find(set, NAME("corp.example")), 0);
    CHECK_EQUAL(find(set, NAME("www.CORP.eXample")), 0);
    CHECK_EQUAL(find(set, NAME("1.2.3.10.in-addr.arpa")), 1);
    CHECK_EQUAL(find(set, NAME("example")), NOTHING);
    CHECK_EQUAL(find(set, NAME("xcorp.example")), NOTHING);
    CHECK_EQUAL(find(set, NAME("corp.example.com")), NOTHING);
    CHECK_EQUAL(find(set, NAME(".")), NOTHING);
    suffix_set_free(&set);
    CHECK(!set);
}

TEST(suffix_set_longest, "the longest suffix that fits decides, wherever it was written")
{
    struct suffix_set *set = SET("a.b.c.test", "test", "c.test");

    CHECK_EQUAL(find(set, NAME("x.a.b.c.test")), 0);
    CHECK_EQUAL(find(set, NAME("b.c.test")), 2);
    CHECK_EQUAL(find(set, NAME("b.test")), 1);
    CHECK_EQUAL(find(set, NAME("c.tes")), NOTHING);
    suffix_set_free(&set);
}

TEST(suffix_set_root, "the root is a suffix of every name")
{
    struct suffix_set *set = SET("example.com", ".");

    CHECK_EQUAL(find(set, NAME("www.example.com")), 0);
    CHECK_EQUAL(find(set, NAME("com")), 1);
    CHECK_EQUAL(find(set, NAME(".")), 1);
    suffix_set_free(&set);
}

TEST(suffix_set_depth, "it is told how many labels of a name speak of it")
{
    struct suffix_set *set = SET("test", "b.c.test", ".");

    CHECK_EQUAL(suffix_set_depth(set, NAME("a.b.c.test")), 3);
    CHECK_EQUAL(suffix_set_depth(set, NAME("c.test")), 1);
    CHECK_EQUAL(suffix_set_depth(set, NAME("example")), 0);
    CHECK_EQUAL(suffix_set_depth(set, BYTES("\2a")), 0);
    suffix_set_free(&set);
}

TEST(suffix_set_labels, "dots inside a label end none")
{
    struct suffix_set *set = SET("a\\.b.test", "\\000.test");

    CHECK_EQUAL(find(set, NAME("x.a\\.b.test")), 0);
    CHECK_EQUAL(find(set, NAME("a.b.test")), NOTHING);
    CHECK_EQUAL(find(set, NAME("b.test")), NOTHING);
    CHECK_EQUAL(find(set, NAME("\\000.test")), 1);
    CHECK_EQUAL(find(set, NAME("\\000\\000.test")), NOTHING);
    suffix_set_free(&set);
}

TEST(suffix_set_first, "of equal suffixes the first counts")
{
    struct suffix_set *set = SET("a.test", "b.test", "A.test");

    CHECK_EQUAL(find(set, NAME("a.test")), 0);
    suffix_set_free(&set);
}

TEST(suffix_set_empty, "in an empty set nothing is found")
{
    struct suffix_set *set;

    CHECK_EQUAL(suffix_set_new(&set, NULL, 0), OK);
    CHECK_EQUAL(find(set, NAME("a.test")), NOTHING);
    CHECK_EQUAL(find(set, NAME(".")), NOTHING);
    suffix_set_free(&set);
}

TEST(suffix_set_no_name, "what is no name is refused, and found nowhere")
{
    const struct suffix bad[] = { { NAME("a.test"), 0 }, { BYTES("\2a"), 1 } };
    struct suffix_set *set;

    CHECK_EQUAL(suffix_set_new(&set, bad, 2), ERR_MALFORMED);
    set = SET(".");
    CHECK_EQUAL(find(set, BYTES("\2a")), NOTHING);
    CHECK_EQUAL(find(set, BYTES("\1a")), NOTHING);
    CHECK_EQUAL(find(set, BYTES("\xc0\x0c")), NOTHING);
    CHECK_EQUAL(find(set, (struct slice){ 0 }), NOTHING);
    suffix_set_free(&set);
}

TEST(suffix_set_longest_name, "names of 255 bytes and of 127 labels are names like others")
{
    uint8_t room[2 * DNS_NAME_MAX] = { 0 };
    struct suffix suffix = { slice_of(room, 255), 7 };
    struct suffix_set *set;

    for (size_t i = 0; i < sizeof room; i += 2)
        memcpy(room + i, "\1x", 2);
    room[254] = 0;
    CHECK_EQUAL(suffix_set_new(&set, &suffix, 1), OK);
    CHECK_EQUAL(find(set, suffix.name), 7);
    CHECK_EQUAL(find(set, slice_of(room + 2, 253)), NOTHING);
    room[254] = 1;
    CHECK_EQUAL(find(set, slice_of(room, sizeof room)), NOTHING);
    suffix_set_free(&set);
}

/* A name of up to five labels out of few, so that many are below each other. */
static struct slice any_name(uint8_t room[DNS_NAME_MAX])
{
    static const char *const labels[] = { "a", "B", "bb", "example", "xn--a-very-long-label", "A" };
    struct writer w = writer_of(room, DNS_NAME_MAX);

    for (int count = rand() % 6; count > 0; count--) {
        const char *label = labels[(size_t)rand() % (sizeof labels / sizeof *labels)];

        write_u8(&w, (uint8_t)strlen(label));
        write_bytes(&w, slice_of(label, strlen(label)));
    }
    write_u8(&w, 0);
    return writer_slice(&w);
}

static uint32_t find_naively(const struct suffix *suffixes, size_t count, struct slice name)
{
    uint32_t value = NOTHING;
    size_t best = 0;

    for (size_t i = 0; i < count; i++)
        if (suffixes[i].name.len > best && name_is_below(name, suffixes[i].name)) {
            best = suffixes[i].name.len;
            value = suffixes[i].value;
        }
    return value;
}

TEST(suffix_set_property, "random sets find what a walk over all suffixes finds")
{
    static uint8_t rooms[64][DNS_NAME_MAX];
    struct suffix suffixes[64];

    srand(1);
    for (int round = 0; round < 300; round++) {
        size_t count = (size_t)rand() % 64;
        struct suffix_set *set;
        uint8_t room[DNS_NAME_MAX];

        for (size_t i = 0; i < count; i++)
            suffixes[i] = (struct suffix){ any_name(rooms[i]), (uint32_t)i };
        CHECK_EQUAL(suffix_set_new(&set, suffixes, count), OK);
        for (int i = 0; i < 50; i++) {
            struct slice name = any_name(room);

            CHECK_EQUAL(find(set, name), find_naively(suffixes, count, name));
        }
        suffix_set_free(&set);
    }
}

TEST(suffix_set_many, "a hundred thousand suffixes are each found, and their neighbours are not")
{
    enum { COUNT = 100000 };
    static uint8_t rooms[COUNT][32];
    struct suffix *suffixes = calloc(COUNT, sizeof *suffixes);
    struct suffix_set *set;
    char text[32];

    for (uint32_t i = 0; i < COUNT; i++) {
        struct writer w = writer_of(rooms[i], sizeof rooms[i]);

        snprintf(text, sizeof text, "n%u.example.com", (unsigned)i);
        CHECK_EQUAL(name_from_text(text, &w), OK);
        suffixes[i] = (struct suffix){ writer_slice(&w), i };
    }
    CHECK_EQUAL(suffix_set_new(&set, suffixes, COUNT), OK);
    for (uint32_t i = 0; i < COUNT; i++)
        if (find(set, suffixes[i].name) != i)
            fail_msg("suffix %u is not found", (unsigned)i);
    CHECK_EQUAL(find(set, NAME("n100000.example.com")), NOTHING);
    CHECK_EQUAL(find(set, NAME("example.com")), NOTHING);
    suffix_set_free(&set);
    free(suffixes);
}
