#include "config/utf8.h"
#include "unit/test.h"

/* The character, or -1 when the bytes are not one whole character. */
static int64_t read_one(const char *bytes)
{
    uint32_t c;
    size_t len = utf8_read(slice_of(bytes, strlen(bytes)), &c);

    return len == strlen(bytes) ? (int64_t)c : -1;
}

TEST(utf8_reads, "characters have one to four bytes")
{
    CHECK_EQUAL(read_one("A"), 'A');
    CHECK_EQUAL(read_one("\xc3\xbc"), 0xfc);
    CHECK_EQUAL(read_one("\xe2\x82\xac"), 0x20ac);
    CHECK_EQUAL(read_one("\xf4\x8f\xbf\xbf"), 0x10ffff);
}

TEST(utf8_refuses, "what is overlong, cut off, a surrogate or beyond the end is refused")
{
    CHECK_EQUAL(read_one("\xc0\x80"), -1);
    CHECK_EQUAL(read_one("\xe0\x80\xaf"), -1);
    CHECK_EQUAL(read_one("\xe2\x82"), -1);
    CHECK_EQUAL(read_one("\xed\xa0\x80"), -1);
    CHECK_EQUAL(read_one("\xf4\x90\x80\x80"), -1);
    CHECK_EQUAL(read_one("\x80"), -1);
    CHECK_EQUAL(read_one("\xff"), -1);
}
