#include "base/prefix_map.h"

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#define NONE 999

static struct prefix_value item(const char *text, uint32_t value)
{
    struct prefix_value item = { .value = value };

    CHECK_EQUAL(prefix_parse(text, &item.prefix), OK);
    return item;
}

static uint32_t find(const struct prefix_map *m, const char *host)
{
    union addr addr;
    uint32_t value;

    CHECK_EQUAL(addr_parse(host, 53, &addr), OK);
    return prefix_map_find(m, &addr, &value) ? value : NONE;
}

TEST(prefix_map_longest, "the longest prefix that covers an address counts")
{
    const struct prefix_value items[] = {
        item("10.1.2.3", 4),      item("10.0.0.0/8", 1),      item("10.1.0.0/16", 2),
        item("10.1.2.0/24", 3),   item("2001:db8::/32", 5),   item("2001:db8:1::/48", 6),
        item("10.255.0.0/16", 7), item("255.255.255.255", 8),
    };
    struct prefix_map *m;

    CHECK_EQUAL(prefix_map_new(&m, items, sizeof items / sizeof *items), OK);
    CHECK_EQUAL(find(m, "9.255.255.255"), NONE);
    CHECK_EQUAL(find(m, "10.0.0.0"), 1);
    CHECK_EQUAL(find(m, "10.1.0.0"), 2);
    CHECK_EQUAL(find(m, "10.1.2.2"), 3);
    CHECK_EQUAL(find(m, "10.1.2.3"), 4);
    CHECK_EQUAL(find(m, "10.1.2.4"), 3);
    CHECK_EQUAL(find(m, "10.1.3.0"), 2);
    CHECK_EQUAL(find(m, "10.2.0.0"), 1);
    CHECK_EQUAL(find(m, "10.255.255.255"), 7);
    CHECK_EQUAL(find(m, "11.0.0.0"), NONE);
    CHECK_EQUAL(find(m, "255.255.255.254"), NONE);
    CHECK_EQUAL(find(m, "255.255.255.255"), 8);
    CHECK_EQUAL(find(m, "2001:db8::1"), 5);
    CHECK_EQUAL(find(m, "2001:db8:1:ffff::1"), 6);
    CHECK_EQUAL(find(m, "2001:db8:2::"), 5);
    CHECK_EQUAL(find(m, "2001:db9::"), NONE);
    prefix_map_free(&m);
}

TEST(prefix_map_all,
     "a prefix of no bits covers its family and nothing else, and none covers nothing")
{
    const struct prefix_value items[] = { item("0.0.0.0/0", 1), item("128.0.0.0/1", 2) };
    struct prefix_map *m;

    CHECK_EQUAL(prefix_map_new(&m, items, 2), OK);
    CHECK_EQUAL(find(m, "0.0.0.0"), 1);
    CHECK_EQUAL(find(m, "255.255.255.255"), 2);
    CHECK_EQUAL(find(m, "::"), NONE);
    prefix_map_free(&m);
    CHECK_EQUAL(prefix_map_new(&m, NULL, 0), OK);
    CHECK_EQUAL(find(m, "127.0.0.1"), NONE);
    prefix_map_free(&m);
}

TEST(prefix_map_last, "of equal prefixes the last counts")
{
    const struct prefix_value items[] = { item("10.0.0.0/8", 1), item("10.0.0.0/9", 2),
                                          item("10.0.0.0/8", 3) };
    struct prefix_map *m;

    CHECK_EQUAL(prefix_map_new(&m, items, 3), OK);
    CHECK_EQUAL(find(m, "10.0.0.1"), 2);
    CHECK_EQUAL(find(m, "10.128.0.1"), 3);
    CHECK_EQUAL(find(m, "11.0.0.0"), NONE);
    prefix_map_free(&m);
}

/* Against the plainest way to do it. */
TEST(prefix_map_many, "ten thousand prefixes by lot say what a search through all of them says")
{
    enum { COUNT = 10000 };
    struct prefix_value *items = calloc(COUNT, sizeof *items);
    struct prefix_map *m;

    srand(1);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t bits = 4 + (uint32_t)rand() % 29;
        uint32_t address = ((uint32_t)rand() << 8 ^ (uint32_t)rand()) & ~0u << (32 - bits);
        char text[32];

        snprintf(text, sizeof text, "%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255,
                 address >> 8 & 255, address & 255, bits);
        items[i] = item(text, i);
    }
    CHECK_EQUAL(prefix_map_new(&m, items, COUNT), OK);
    for (int n = 0; n < 2000; n++) {
        union addr addr = { .v4 = { .sin_family = AF_INET } };
        uint32_t best = NONE + COUNT, value = 0;
        int bits = -1;

        memcpy(&addr.v4.sin_addr, items[rand() % COUNT].prefix.bytes, 4);
        addr.v4.sin_addr.s_addr ^= (uint32_t)rand() % 3 ? 0 : (uint32_t)rand();
        for (uint32_t i = 0; i < COUNT; i++)
            if (items[i].prefix.bits >= bits && prefix_covers(&items[i].prefix, &addr)) {
                bits = items[i].prefix.bits;
                best = i;
            }
        CHECK_EQUAL(prefix_map_find(m, &addr, &value), bits >= 0);
        CHECK(bits < 0 || value == best);
    }
    prefix_map_free(&m);
    free(items);
}
