#ifndef DNS_COOKIE_H
#define DNS_COOKIE_H

#include "base/addr.h"
#include "base/hash.h"

#include <stdbool.h>

#define COOKIE_CLIENT_SIZE 8  /* RFC 7873 section 4.1 */
#define COOKIE_SIZE        24 /* with a server's half in the form of RFC 9018 section 4 */
#define COOKIE_SECRET_SIZE 16

/* What the COOKIE option of a query says to us. */
enum cookie_state {
    COOKIE_NONE,   /* there is none, none that could be read, or nobody has looked */
    COOKIE_CLIENT, /* the client's half alone: it knows none of ours yet */
    COOKIE_BAD,    /* a server's half that is not ours, or is too old */
    COOKIE_GOOD,   /* ours: the client hears what we send to its address */
};

/* RFC 7873 section 5.2.2: whether an option may have so many bytes. */
bool cookie_length_is_sane(size_t len);

/* Writes a whole option: the client's half, and ours for who asks from `client` (whose port does
 * not matter) at `now_s`, in seconds since 1970. */
void cookie_make(uint8_t ret_cookie[COOKIE_SIZE], struct slice clients_half,
                 const union addr *client, uint32_t now_s, const struct hash_key *secret);

/* Whether somebody who has `secret` made it for `client`, at whatever time. */
bool cookie_is_made_with(struct slice cookie, const union addr *client,
                         const struct hash_key *secret);

/* When it was made, according to itself. */
uint32_t cookie_time(struct slice cookie);
bool cookie_is_timely(struct slice cookie, uint32_t now_s); /* neither too old nor of the future */
bool cookie_is_aging(struct slice cookie, uint32_t now_s);  /* a timely one; to be replaced */

/* From the bytes as people share them. */
struct hash_key cookie_secret(const uint8_t bytes[COOKIE_SECRET_SIZE]);

/* The secret for cookies of the day that `time_s` falls on, where nobody shares one. Everybody with
 * `master` knows all of them at any time, so that none has to be handed on when a day begins. */
struct hash_key cookie_secret_of_day(const struct hash_key *master, uint32_t time_s);

#endif
