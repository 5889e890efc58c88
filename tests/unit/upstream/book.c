#include "upstream/book.h"
#include "base/clock.h"
#include "unit/test.h"

#include <stdio.h>

#define NOW (1000 * NS_PER_S)

static union addr addr(const char *host)
{
    union addr addr;

    CHECK_EQUAL(addr_parse(host, 853, &addr), OK);
    return addr;
}

/* The order in which the book says to try its addresses: "::1 127.0.0.1 ". */
static const char *order(struct book *b, uint64_t now_ns)
{
    static char text[BOOK_MAX * ADDR_TEXT_MAX];
    union addr addrs[BOOK_MAX];
    size_t count = book_read(b, now_ns, addrs), len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char one[ADDR_TEXT_MAX];

        len += (size_t)snprintf(text + len, sizeof text - len, "%s ", addr_format(&addrs[i], one));
    }
    return text;
}

static void fill(struct book *b)
{
    const union addr six[] = { addr("2001:db8::1"), addr("2001:db8::2") };
    const union addr four[] = { addr("192.0.2.1"), addr("192.0.2.2"), addr("192.0.2.3") };

    book_init(b);
    book_write(b, BOOK_IPV4, four, 3);
    book_write(b, BOOK_IPV6, six, 2);
}

TEST(book_interleaves, "IPv6 comes first, and the families take turns")
{
    struct book b;

    book_init(&b);
    CHECK(!book_has_address(&b));
    CHECK_TEXT(order(&b, NOW), "");
    book_done(&b);
    fill(&b);
    CHECK(book_has_address(&b));
    CHECK_TEXT(order(&b, NOW), "[2001:db8::1]:853 192.0.2.1:853 [2001:db8::2]:853 192.0.2.2:853 "
                               "192.0.2.3:853 ");
    book_done(&b);
}

TEST(book_avoids, "what failed is tried last, the longest ago first, and for some seconds only")
{
    const union addr six = addr("2001:db8::1"), four = addr("192.0.2.1"), other = addr("192.0.2.9");
    struct book b;

    fill(&b);
    book_avoid(&b, &four, NOW);
    book_avoid(&b, &six, NOW + NS_PER_S);
    book_avoid(&b, &other, NOW);
    CHECK_TEXT(order(&b, NOW + 2 * NS_PER_S),
               "[2001:db8::2]:853 192.0.2.2:853 192.0.2.3:853 192.0.2.1:853 [2001:db8::1]:853 ");
    CHECK_TEXT(order(&b, NOW + 5 * NS_PER_S),
               "192.0.2.1:853 [2001:db8::2]:853 192.0.2.2:853 192.0.2.3:853 [2001:db8::1]:853 ");
    CHECK_TEXT(order(&b, NOW + 6 * NS_PER_S),
               "[2001:db8::1]:853 192.0.2.1:853 [2001:db8::2]:853 192.0.2.2:853 192.0.2.3:853 ");
    book_done(&b);
}

TEST(book_keeps_marks, "an address that is written again keeps its mark; others go")
{
    const union addr next[] = { addr("192.0.2.2"), addr("192.0.2.1") };
    struct book b;

    fill(&b);
    book_avoid(&b, &next[0], NOW);
    book_write(&b, BOOK_IPV4, next, 2);
    book_write(&b, BOOK_IPV6, NULL, 0);
    CHECK_TEXT(order(&b, NOW), "192.0.2.1:853 192.0.2.2:853 ");
    CHECK_TEXT(order(&b, NOW + 5 * NS_PER_S), "192.0.2.2:853 192.0.2.1:853 ");
    book_done(&b);
}

TEST(book_is_bounded, "however many addresses a name has, no more are tried than there is room for")
{
    union addr many[BOOK_MAX + 4], read[BOOK_MAX];
    struct book b;

    for (size_t i = 0; i < BOOK_MAX + 4; i++) {
        many[i] = addr("192.0.2.1");
        many[i].v4.sin_addr.s_addr = htonl(0xc0000200u + (uint32_t)i);
    }
    fill(&b);
    book_write(&b, BOOK_IPV4, many, BOOK_MAX + 4);
    CHECK_EQUAL(book_read(&b, NOW, read), BOOK_MAX);
    CHECK(addr_equal(&read[1], &many[0]));
    book_done(&b);
}

TEST(book_claims, "one resolves the name at a time, and another when that one never comes back")
{
    struct book b;

    book_init(&b);
    CHECK(book_claim(&b, NOW, NOW + 6 * NS_PER_S));
    CHECK(!book_claim(&b, NOW + NS_PER_S, UINT64_MAX));
    CHECK(book_claim(&b, NOW + 6 * NS_PER_S, NOW + 12 * NS_PER_S));
    book_settle(&b, NOW + 100 * NS_PER_S);
    CHECK(!book_claim(&b, NOW + 99 * NS_PER_S, UINT64_MAX));
    CHECK(book_claim(&b, NOW + 100 * NS_PER_S, NOW + 106 * NS_PER_S));
    book_done(&b);
}

TEST(book_pauses, "pauses after failures double from 100 ms to two seconds, and start anew")
{
    static const uint64_t expected_ms[] = { 100, 200, 400, 800, 1600, 2000, 2000 };
    const union addr four = addr("192.0.2.1");
    struct book b;

    book_init(&b);
    book_write(&b, BOOK_IPV4, &four, 1);
    for (size_t i = 0; i < sizeof expected_ms / sizeof expected_ms[0]; i++) {
        book_settle_failed(&b, NOW);
        CHECK_EQUAL(book_next_look_ns(&b, NOW), NOW + expected_ms[i] * NS_PER_MS);
    }
    book_settle(&b, NOW);
    book_settle_failed(&b, NOW);
    CHECK_EQUAL(book_next_look_ns(&b, NOW), NOW + 100 * NS_PER_MS);
    book_done(&b);
}

TEST(book_is_looked_into, "while nothing is known the next look is soon, whenever the name is due")
{
    struct book b;

    book_init(&b);
    book_settle_failed(&b, NOW);
    book_settle_failed(&b, NOW);
    CHECK(book_next_look_ns(&b, NOW) <= NOW + 50 * NS_PER_MS);
    book_done(&b);
}

TEST(book_inherits, "a book takes over addresses, and when they are due")
{
    struct book before, b;

    fill(&before);
    book_settle(&before, NOW + NS_PER_S);
    book_init(&b);
    book_inherit(&b, &before);
    CHECK(book_has_address(&b));
    CHECK(!book_claim(&b, NOW, UINT64_MAX));
    CHECK(book_claim(&b, NOW + NS_PER_S, UINT64_MAX));
    CHECK_TEXT(order(&b, NOW), "[2001:db8::1]:853 192.0.2.1:853 [2001:db8::2]:853 192.0.2.2:853 "
                               "192.0.2.3:853 ");
    book_done(&b);
    book_done(&before);
}
