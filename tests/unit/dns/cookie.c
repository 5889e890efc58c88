#include "dns/cookie.h"
#include "unit/dns/wire.h"

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The bytes of hexadecimal digits; good for three calls. */
static struct slice hex(const char *digits)
{
    static uint8_t rooms[3][64];
    static unsigned next;
    uint8_t *room = rooms[next++ % 3];
    size_t len = strlen(digits) / 2;

    CHECK(len <= sizeof rooms[0]);
    for (size_t i = 0; i < len; i++)
        room[i] = (uint8_t)(digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]));
    return slice_of(room, len);
}

static struct hash_key secret(const char *digits)
{
    return cookie_secret(hex(digits).data);
}

static union addr client(const char *host)
{
    union addr addr;

    CHECK_EQUAL(addr_parse(host, 4711, &addr), OK);
    return addr;
}

static bool is_made_with(const char *key, const char *host, const char *cookie)
{
    const struct hash_key k = secret(key);
    const union addr addr = client(host);

    return cookie_is_made_with(hex(cookie), &addr, &k);
}

static void check_made(const char *key, const char *host, uint32_t now_s, const char *expected)
{
    const struct hash_key k = secret(key);
    const union addr addr = client(host);
    uint8_t cookie[COOKIE_SIZE];

    cookie_make(cookie, slice_of(hex(expected).data, COOKIE_CLIENT_SIZE), &addr, now_s, &k);
    CHECK_BYTES(cookie, hex(expected).data, COOKIE_SIZE);
    CHECK(is_made_with(key, host, expected));
    CHECK_EQUAL(cookie_time(hex(expected)), now_s);
}

#define SECRET     "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define OLD_SECRET "dd3bdf9344b678b185a6f5cb60fca715"
#define NEW_SECRET "445536bcd2513298075a5d379663c962"
#define A1         "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
#define A2         "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"
#define A3_BROUGHT "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"
#define A3         "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"
#define A4_BROUGHT "22681ab97d52c298010000005cf7c57926556bd0934c72f8"
#define A4         "22681ab97d52c298010000005cf7c609a6bb79d16625507a"
#define A4_CLIENT  "2001:db8:220:1:59de:d0f4:8769:82b8"

TEST(cookie_a1, "RFC 9018 A.1: a new cookie")
{
    check_made(SECRET, "198.51.100.100", 1559731985, A1);
}

TEST(cookie_a2, "RFC 9018 A.2: the same client's cookie is renewed 40 minutes later")
{
    CHECK(cookie_is_timely(hex(A1), 1559734385) && cookie_is_aging(hex(A1), 1559734385));
    check_made(SECRET, "198.51.100.100", 1559734385, A2);
}

TEST(cookie_a3, "RFC 9018 A.3: reserved bytes count as they are, and are zero in what we make")
{
    CHECK(is_made_with(SECRET, "203.0.113.203", A3_BROUGHT));
    CHECK_EQUAL(cookie_time(hex(A3_BROUGHT)), 1559727985);
    check_made(SECRET, "203.0.113.203", 1559734700, A3);
}

TEST(cookie_a4, "RFC 9018 A.4: an IPv6 client's cookie of the secret before")
{
    CHECK(is_made_with(OLD_SECRET, A4_CLIENT, A4_BROUGHT));
    CHECK(!is_made_with(NEW_SECRET, A4_CLIENT, A4_BROUGHT));
    check_made(NEW_SECRET, A4_CLIENT, 1559741961, A4);
}

TEST(cookie_each_bit, "one bit changed anywhere, another address or another secret: not ours")
{
    const struct hash_key k = secret(SECRET);
    const union addr addr = client("198.51.100.100"), other = client("::198.51.100.100");
    uint8_t cookie[COOKIE_SIZE];

    memcpy(cookie, hex(A1).data, sizeof cookie);
    for (unsigned bit = 0; bit < 8 * COOKIE_SIZE; bit++) {
        cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!cookie_is_made_with(slice_of(cookie, sizeof cookie), &addr, &k));
        cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK(cookie_is_made_with(slice_of(cookie, sizeof cookie), &addr, &k));
    CHECK(!cookie_is_made_with(slice_of(cookie, sizeof cookie), &other, &k));
    CHECK(!is_made_with(SECRET, "198.51.100.101", A1));
    CHECK(!is_made_with(NEW_SECRET, "198.51.100.100", A1));
}

TEST(cookie_lengths, "an option has 8 bytes, or 16 to 40; only ours have 24")
{
    for (size_t len = 0; len < 100; len++) {
        const bool is_sane = len == 8 || (len >= 16 && len <= 40);

        CHECK_EQUAL(cookie_length_is_sane(len), is_sane);
    }
    CHECK(!is_made_with(SECRET, "198.51.100.100", A1 "00"));
    CHECK(!cookie_is_made_with(slice_of(hex(A1).data, 23),
                               &(union addr){ .any.sa_family = AF_INET },
                               &(struct hash_key){ 1, 2 }));
}

TEST(cookie_window,
     "a cookie is good for an hour, renewed after half of it, and may be 5 min ahead")
{
    const struct slice cookie = hex(A1);
    const uint32_t made = 1559731985;
    const struct {
        int age;
        bool is_timely, is_aging;
    } at[] = {
        { 0, true, false },     { 1800, true, false },  { 1801, true, true },
        { 3600, true, true },   { 3601, false, true },  { -300, true, false },
        { -301, false, false }, { 86400, false, true },
    };

    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        CHECK_EQUAL(cookie_is_timely(cookie, made + (uint32_t)at[i].age), at[i].is_timely);
        CHECK_EQUAL(cookie_is_aging(cookie, made + (uint32_t)at[i].age), at[i].is_aging);
    }
    CHECK(!cookie_is_timely(cookie, made + 0x7fffffff));
    CHECK(!cookie_is_timely(cookie, made + 0x80000000));
    CHECK(!cookie_is_timely(cookie, made + 0x80000001));
}

TEST(cookie_goes_round, "when 32 bits of seconds are over, cookies live on")
{
    const struct hash_key k = secret(SECRET);
    const union addr addr = client("192.0.2.1");
    uint8_t room[COOKIE_SIZE];
    struct slice cookie = slice_of(room, sizeof room);

    cookie_make(room, BYTES("12345678"), &addr, 0xffffff00, &k);
    CHECK(cookie_is_timely(cookie, 0xffffffff) && !cookie_is_aging(cookie, 0xffffffff));
    CHECK(cookie_is_timely(cookie, 0) && !cookie_is_aging(cookie, 0));
    CHECK(cookie_is_timely(cookie, 3600 - 256) && cookie_is_aging(cookie, 3600 - 256));
    CHECK(!cookie_is_timely(cookie, 3601 - 256));
    CHECK(cookie_is_timely(cookie, 0xffffff00 - 300));
    cookie_make(room, BYTES("12345678"), &addr, 10, &k);
    CHECK(cookie_is_timely(cookie, 0xfffffff0));
    CHECK(!cookie_is_timely(cookie, 0xffffff00 - 50));
}

static bool same_secret(uint32_t a_s, uint32_t b_s)
{
    const struct hash_key master = { 1, 2 };
    const struct hash_key a = cookie_secret_of_day(&master, a_s);
    const struct hash_key b = cookie_secret_of_day(&master, b_s);

    CHECK_EQUAL(a.k0 == b.k0, a.k1 == b.k1);
    return a.k0 == b.k0;
}

TEST(cookie_days, "each day has a secret of its own, known to who knows the master")
{
    const struct hash_key master = { 1, 2 }, other = { 1, 3 };
    const struct hash_key day = cookie_secret_of_day(&master, 0);

    CHECK(same_secret(0, 86399) && !same_secret(86399, 86400));
    CHECK(same_secret(1750032000, 1750032000 + 86399));
    CHECK(!same_secret(1750032000 - 1, 1750032000));
    CHECK(day.k0 != cookie_secret_of_day(&other, 0).k0);
    CHECK(day.k0 != day.k1 && day.k0 != master.k0);
}
