/* upstream/book.c - the addresses of one server, and which of them to try first.
 *
 * Called by: server.c, dial.c and udp.c (reading), channel.c (marks), bootstrap.c (writing).
 * Owns: itself. The lock is held for a copy, never for a wait, and never on the walk of a query
 * that finds its connection open.
 */
#include "upstream/book.h"

#include "base/clock.h"

#include <string.h>

#define AVOID_NS      (5 * NS_PER_S) /* short: the better family is to be returned to */
#define LOOK_NS       (25 * NS_PER_MS)
#define OTHERS_NS     NS_PER_S /* how long before we see whether who resolves it got there */
#define PAUSE_MIN_NS  (100 * NS_PER_MS)
#define PAUSE_MAX_NS  (2 * NS_PER_S)
#define PAUSE_DOUBLES 5

void book_init(struct book *b)
{
    *b = (struct book){ 0 };
    pthread_mutex_init(&b->lock, NULL);
}

void book_done(struct book *b)
{
    pthread_mutex_destroy(&b->lock);
}

static struct book_entry *find(struct book *b, const union addr *addr)
{
    for (unsigned family = 0; family < BOOK_FAMILIES; family++)
        for (size_t i = 0; i < b->count[family]; i++)
            if (addr_equal(&b->entries[family][i].addr, addr))
                return &b->entries[family][i];
    return NULL;
}

void book_write(struct book *b, enum book_family family, const union addr *addrs, size_t count)
{
    struct book_entry fresh[BOOK_MAX];

    if (count > BOOK_MAX)
        count = BOOK_MAX;
    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < count; i++) {
        const struct book_entry *known = find(b, &addrs[i]);

        fresh[i] = (struct book_entry){ addrs[i], known ? known->avoid_until_ns : 0 };
    }
    if (count)
        memcpy(b->entries[family], fresh, count * sizeof fresh[0]);
    b->count[family] = count;
    atomic_store(&b->known, (unsigned)(b->count[BOOK_IPV6] + b->count[BOOK_IPV4]));
    pthread_mutex_unlock(&b->lock);
}

void book_inherit(struct book *b, struct book *before)
{
    pthread_mutex_lock(&before->lock);
    memcpy(b->count, before->count, sizeof b->count);
    memcpy(b->entries, before->entries, sizeof b->entries);
    b->due_ns = before->due_ns;
    atomic_store(&b->known, atomic_load(&before->known));
    pthread_mutex_unlock(&before->lock);
}

bool book_has_address(const struct book *b)
{
    return atomic_load(&b->known) > 0;
}

unsigned book_choices(const struct book *b)
{
    unsigned known = atomic_load(&b->known);

    return known ? known - 1 : 0;
}

/* Puts the entry behind those that may be tried sooner; among equals the order is kept. */
static void insert(struct book_entry *sorted, size_t count, struct book_entry entry)
{
    size_t at = count;

    for (; at > 0 && sorted[at - 1].avoid_until_ns > entry.avoid_until_ns; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = entry;
}

size_t book_read(struct book *b, uint64_t now_ns, union addr ret_addrs[BOOK_MAX])
{
    struct book_entry sorted[BOOK_FAMILIES * BOOK_MAX];
    size_t count = 0;

    pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < BOOK_MAX; i++) {
        for (unsigned family = 0; family < BOOK_FAMILIES; family++) {
            struct book_entry entry = b->entries[family][i];

            if (i >= b->count[family])
                continue;
            if (entry.avoid_until_ns <= now_ns)
                entry.avoid_until_ns = 0;
            insert(sorted, count++, entry);
        }
    }
    pthread_mutex_unlock(&b->lock);
    if (count > BOOK_MAX)
        count = BOOK_MAX;
    for (size_t i = 0; i < count; i++)
        ret_addrs[i] = sorted[i].addr;
    return count;
}

void book_avoid(struct book *b, const union addr *addr, uint64_t now_ns)
{
    struct book_entry *entry;

    pthread_mutex_lock(&b->lock);
    entry = find(b, addr);
    if (entry)
        entry->avoid_until_ns = now_ns + AVOID_NS;
    pthread_mutex_unlock(&b->lock);
}

bool book_claim(struct book *b, uint64_t now_ns, uint64_t until_ns)
{
    bool is_ours;

    pthread_mutex_lock(&b->lock);
    is_ours = now_ns >= b->due_ns && now_ns >= b->claimed_ns;
    if (is_ours)
        b->claimed_ns = until_ns;
    pthread_mutex_unlock(&b->lock);
    return is_ours;
}

void book_settle(struct book *b, uint64_t due_ns)
{
    pthread_mutex_lock(&b->lock);
    b->failures = 0;
    b->due_ns = due_ns;
    b->claimed_ns = 0;
    pthread_mutex_unlock(&b->lock);
}

void book_settle_failed(struct book *b, uint64_t now_ns)
{
    uint64_t pause_ns;

    pthread_mutex_lock(&b->lock);
    pause_ns = PAUSE_MIN_NS << (b->failures < PAUSE_DOUBLES ? b->failures : PAUSE_DOUBLES);
    b->failures++;
    b->due_ns = now_ns + (pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS);
    b->claimed_ns = 0;
    pthread_mutex_unlock(&b->lock);
}

void book_hurry(struct book *b, uint64_t due_ns)
{
    pthread_mutex_lock(&b->lock);
    if (due_ns < b->due_ns)
        b->due_ns = due_ns;
    pthread_mutex_unlock(&b->lock);
}

uint64_t book_next_look_ns(struct book *b, uint64_t now_ns)
{
    uint64_t due_ns;

    if (!book_has_address(b))
        return now_ns + LOOK_NS;
    pthread_mutex_lock(&b->lock);
    due_ns = b->due_ns;
    pthread_mutex_unlock(&b->lock);
    return due_ns > now_ns ? due_ns : now_ns + OTHERS_NS;
}
