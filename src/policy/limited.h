#ifndef POLICY_LIMITED_H
#define POLICY_LIMITED_H

#include "base/hash.h"
#include "base/prefix.h"
#include "base/slice.h"
#include "policy/counts.h"

/* Whom rules are against at the moment, in memory of fixed size: so that it can be told when that
 * begins and when it is over, and never of each query. Of whom there is no room for, the queries
 * are counted. */
struct limited;

#define LIMITED_ABOUT_MAX 128

/* A rule is against a prefix of clients. */
struct limited_item {
    enum rule_id rule;
    bool is_shadow;
    struct prefix prefix;
    uint8_t about_len;                /* 0: whatever they ask about */
    uint8_t about[LIMITED_ABOUT_MAX]; /* else about this domain; wire form, in small letters */
};

/* ERR_NOMEM. `key` is nobody's but ours. */
err_t limited_new(struct limited **ret_limited, const struct hash_key *key);
void limited_free(struct limited **l);

/* A query of `client`, from the prefix of so many bits, about a name below `about` (wire form; may
 * be empty). From any thread. Takes no lock, and no longer for more clients. */
void limited_note(struct limited *l, enum rule_id rule, bool is_shadow, const union addr *client,
                  uint8_t bits, struct slice about, uint64_t now_ns);

/* What follows is for one thread. */

enum limited_kind {
    LIMITED_BEGINS,
    LIMITED_ENDS, /* there has been nothing against it for some seconds */
    LIMITED_MORE, /* so many prefixes more than are told one by one */
};

struct limited_news {
    enum limited_kind kind;
    const struct limited_item *item; /* NULL for LIMITED_MORE */
    uint64_t denied;                 /* queries, since it began or since these were told last */
    uint64_t seconds;                /* of LIMITED_ENDS */
    uint64_t prefixes, unplaced;     /* of LIMITED_MORE: how many, and queries of others yet */
};

typedef void limited_news_fn(void *arg, const struct limited_news *news);

/* Tells what is new; every few seconds, for what is over is forgotten here. However many clients
 * there are, so many news come in a minute and no more. */
#define LIMITED_NEWS_A_MINUTE 82
void limited_tell(struct limited *l, uint64_t now_ns, limited_news_fn *tell, void *arg);

/* Goes over those that cover `client`; `*at` is 0 at first. NULL at the end. */
const struct limited_item *limited_next(const struct limited *l, const union addr *client,
                                        size_t *at);

#endif
