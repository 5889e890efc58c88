#ifndef UPSTREAM_BOOK_H
#define UPSTREAM_BOOK_H

#include "base/addr.h"

#include <pthread.h>
#include <stdatomic.h>

#define BOOK_MAX 16 /* addresses of one server and family: more are not worth trying */

enum book_family { BOOK_IPV6, BOOK_IPV4, BOOK_FAMILIES };

/* One address, and until when others are tried first. */
struct book_entry {
    union addr addr;
    uint64_t avoid_until_ns;
};

/* The addresses of one server: the one that was written, or what its name was resolved to. Shared
 * by all workers, who copy out of it when they open a connection; all but the count is behind the
 * lock. Times are monotonic. */
struct book {
    pthread_mutex_t lock;
    _Atomic unsigned known; /* how many there are: read without the lock */
    size_t count[BOOK_FAMILIES];
    struct book_entry entries[BOOK_FAMILIES][BOOK_MAX];
    uint64_t due_ns;     /* when the name is to be resolved again */
    uint64_t claimed_ns; /* until then somebody is at it */
    unsigned failures;   /* in a row */
};

/* Empty, and due to be resolved at once. */
void book_init(struct book *b);
void book_done(struct book *b);

/* Puts in the addresses of one family, BOOK_MAX at most, in place of those it had. What is still
 * among them keeps its mark. */
void book_write(struct book *b, enum book_family family, const union addr *addrs, size_t count);

/* Puts in all that `before` knows, and when that must be renewed. */
void book_inherit(struct book *b, struct book *before);

/* Whether there is an address, and how many beside it. They take no lock. */
bool book_has_address(const struct book *b);
unsigned book_choices(const struct book *b);

/* Copies the addresses in the order to try them: IPv6 first, the families by turns (RFC 8305
 * section 4), and last those that failed lately, longest ago first. Returns how many there are. */
size_t book_read(struct book *b, uint64_t now_ns, union addr ret_addrs[BOOK_MAX]);

/* `addr` could not be used just now: for some seconds it is tried last. An address that is not in
 * the book changes nothing. */
void book_avoid(struct book *b, const union addr *addr, uint64_t now_ns);

/* Whether the caller shall resolve the name now; then nobody else is told so before `until_ns` or
 * book_settle. */
bool book_claim(struct book *b, uint64_t now_ns, uint64_t until_ns);

/* The name was resolved, or not: then it is due after a pause, which grows with each failure. The
 * addresses that are known stay. */
void book_settle(struct book *b, uint64_t due_ns);
void book_settle_failed(struct book *b, uint64_t now_ns);

/* The name is due at `due_ns` at the latest, whatever was said before. */
void book_hurry(struct book *b, uint64_t due_ns);

/* When to look for a change: soon while nothing is known, else when the name is due. */
uint64_t book_next_look_ns(struct book *b, uint64_t now_ns);

#endif
