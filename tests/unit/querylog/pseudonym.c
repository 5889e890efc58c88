/* tests/unit/querylog/pseudonym.c - pseudonyms that keep prefixes. */
#include "querylog/pseudonym.h"

#include "base/random.h"
#include "unit/test.h"

#include <arpa/inet.h>

/* The key and the pairs that come with Crypto-PAn's own sample. */
static const uint8_t sample_key[PSEUDONYM_KEY_SIZE] = {
    21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
    216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2,
};

static const char *pseudonym_of(struct pseudonyms *p, const char *host)
{
    static char text[INET6_ADDRSTRLEN];
    int family = strchr(host, ':') ? AF_INET6 : AF_INET;
    uint8_t address[16];

    CHECK_EQUAL(inet_pton(family, host, address), 1);
    pseudonyms_find(p, address, family == AF_INET ? 4 : 16, address);
    inet_ntop(family, address, text, sizeof text);
    return text;
}

TEST(pseudonym_sample, "the pseudonyms are those of Crypto-PAn")
{
    struct pseudonyms *p;

    CHECK_EQUAL(pseudonyms_new(&p, sample_key), OK);
    CHECK_TEXT(pseudonym_of(p, "128.11.68.132"), "135.242.180.132");
    CHECK_TEXT(pseudonym_of(p, "129.118.74.4"), "134.136.186.123");
    CHECK_TEXT(pseudonym_of(p, "130.132.252.244"), "133.68.164.234");
    CHECK_TEXT(pseudonym_of(p, "141.223.7.43"), "141.167.8.160");
    CHECK_TEXT(pseudonym_of(p, "141.233.145.108"), "141.129.237.235");
    CHECK_TEXT(pseudonym_of(p, "128.11.68.132"), "135.242.180.132"); /* remembered */
    pseudonyms_free(&p);
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b, size_t len)
{
    unsigned bits = 0;

    while (bits < 8 * len && !((a[bits / 8] ^ b[bits / 8]) & 0x80 >> bits % 8))
        bits++;
    return bits;
}

TEST(pseudonym_prefix, "two addresses share as many leading bits as their pseudonyms do")
{
    struct random random = { 0 };
    struct pseudonyms *p;

    CHECK_EQUAL(pseudonyms_new(&p, sample_key), OK);
    for (int i = 0; i < 3000; i++) {
        size_t len = i % 2 ? 4 : 16, bit = random_u16(&random) % (8 * len);
        uint8_t a[16], b[16], pa[16], pb[16];

        for (size_t j = 0; j < sizeof a; j++)
            a[j] = (uint8_t)random_u16(&random);
        memcpy(b, a, sizeof b);
        b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        for (size_t j = bit / 8 + 1; j < len; j++)
            b[j] = (uint8_t)random_u16(&random);
        pseudonyms_find(p, a, len, pa);
        pseudonyms_find(p, b, len, pb);
        CHECK_EQUAL(common_bits(pa, pb, len), bit);
    }
    pseudonyms_free(&p);
}

TEST(pseudonym_key, "another key gives other pseudonyms")
{
    uint8_t key[PSEUDONYM_KEY_SIZE] = { 1 };
    struct pseudonyms *p;

    CHECK_EQUAL(pseudonyms_new(&p, key), OK);
    CHECK(strcmp(pseudonym_of(p, "128.11.68.132"), "135.242.180.132") != 0);
    CHECK(strcmp(pseudonym_of(p, "2001:db8::1"), "2001:db8::1") != 0);
    pseudonyms_free(&p);
}
