/* dns/cookie.c - DNS cookies that a server gives, in the form all servers share: RFC 9018.
 *
 * Called by: policy/cookie.c. The bytes of an option: the client's half (8), version (1), reserved
 * (3), time (4), hash (8).
 */
#include "dns/cookie.h"

#include "base/reader.h"
#include "base/writer.h"

#include <endian.h>

#define VERSION          1
#define TIME_AT          12 /* where in the option */
#define HASH_AT          16
#define SERVERS_HALF_MIN 8 /* RFC 7873 section 4.2 */
#define SERVERS_HALF_MAX 32
#define HASHED_MAX       (HASH_AT + 16) /* with an IPv6 address */

/* RFC 9018 section 4.3, in seconds. */
#define OLDEST 3600
#define NEWEST 300 /* in the future: the clocks of several machines differ */
#define AGING  1800
#define A_DAY  86400

bool cookie_length_is_sane(size_t len)
{
    return len == COOKIE_CLIENT_SIZE || (len >= COOKIE_CLIENT_SIZE + SERVERS_HALF_MIN &&
                                         len <= COOKIE_CLIENT_SIZE + SERVERS_HALF_MAX);
}

/* Section 4.4: over all that stands before it, the reserved bytes as they are, and the address. */
static uint64_t hash_with_address(struct writer *before, const union addr *client,
                                  const struct hash_key *secret)
{
    if (client->any.sa_family == AF_INET6)
        write_bytes(before, slice_of(&client->v6.sin6_addr, sizeof client->v6.sin6_addr));
    else
        write_bytes(before, slice_of(&client->v4.sin_addr, sizeof client->v4.sin_addr));
    return htole64(hash_bytes(secret, writer_slice(before)));
}

void cookie_make(uint8_t ret_cookie[COOKIE_SIZE], struct slice clients_half,
                 const union addr *client, uint32_t now_s, const struct hash_key *secret)
{
    uint8_t bytes[HASHED_MAX];
    struct writer w = writer_of(bytes, sizeof bytes);
    uint64_t hash;

    write_bytes(&w, clients_half);
    write_u8(&w, VERSION);
    write_zeroes(&w, 3);
    write_u32(&w, now_s);
    hash = hash_with_address(&w, client, secret);
    memcpy(ret_cookie, bytes, HASH_AT);
    memcpy(ret_cookie + HASH_AT, &hash, sizeof hash);
}

bool cookie_is_made_with(struct slice cookie, const union addr *client,
                         const struct hash_key *secret)
{
    uint8_t bytes[HASHED_MAX];
    struct writer w = writer_of(bytes, sizeof bytes);
    uint64_t hash;

    if (cookie.len != COOKIE_SIZE || cookie.data[COOKIE_CLIENT_SIZE] != VERSION)
        return false;
    write_bytes(&w, slice_of(cookie.data, HASH_AT));
    memcpy(&hash, cookie.data + HASH_AT, sizeof hash);
    return hash == hash_with_address(&w, client, secret);
}

uint32_t cookie_time(struct slice cookie)
{
    struct reader r = reader_of(cookie);

    read_bytes(&r, TIME_AT);
    return read_u32(&r);
}

/* Section 4.3: the time is a serial number as in RFC 1982, which goes round in 2106. */
static int32_t age_of(struct slice cookie, uint32_t now_s)
{
    return (int32_t)(now_s - cookie_time(cookie));
}

bool cookie_is_timely(struct slice cookie, uint32_t now_s)
{
    int32_t age = age_of(cookie, now_s);

    return age <= OLDEST && age >= -NEWEST;
}

bool cookie_is_aging(struct slice cookie, uint32_t now_s)
{
    return age_of(cookie, now_s) > AGING;
}

static uint64_t load_word(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

struct hash_key cookie_secret(const uint8_t bytes[COOKIE_SECRET_SIZE])
{
    return (struct hash_key){ load_word(bytes), load_word(bytes + 8) };
}

static uint64_t word_of_day(const struct hash_key *master, uint32_t day, unsigned which)
{
    struct hash h = hash_start(master);

    hash_word(&h, (uint64_t)day << 1 | which, 2);
    return hash_end(&h, 4);
}

struct hash_key cookie_secret_of_day(const struct hash_key *master, uint32_t time_s)
{
    uint32_t day = time_s / A_DAY;

    return (struct hash_key){ word_of_day(master, day, 0), word_of_day(master, day, 1) };
}
