/* upstream/tickets.c - what resumes TLS sessions with a server, whichever worker earned it.
 *
 * Called by: tls.c. Owns: the tickets until they are taken.
 */
#include "upstream/tickets.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* RFC 8446 section 4.6.1 allows a week; by then the keys of most servers have long been changed. */
#define AGE_MAX_NS (6 * 3600 * NS_PER_S)

void tickets_init(struct tickets *t)
{
    *t = (struct tickets){ 0 };
    pthread_mutex_init(&t->lock, NULL);
}

void tickets_done(struct tickets *t)
{
    tickets_clear(t);
    pthread_mutex_destroy(&t->lock);
}

static struct ticket *copy(struct slice bytes, uint64_t now_ns)
{
    struct ticket *ticket = malloc(sizeof *ticket + bytes.len);

    if (!ticket)
        return NULL;
    ticket->kept_ns = now_ns;
    ticket->len = bytes.len;
    memcpy(ticket->bytes, bytes.data, bytes.len);
    return ticket;
}

void ticket_free(struct ticket **ticket)
{
    free(*ticket);
    *ticket = NULL;
}

static void drop_all(struct tickets *t)
{
    while (t->count > 0)
        ticket_free(&t->newest_first[--t->count]);
}

void tickets_put(struct tickets *t, struct slice bytes, uint64_t now_ns)
{
    struct ticket *ticket =
        bytes.len > 0 && bytes.len <= TICKET_SIZE_MAX ? copy(bytes, now_ns) : NULL;

    if (!ticket)
        return;
    pthread_mutex_lock(&t->lock);
    if (t->count == TICKETS_MAX)
        ticket_free(&t->newest_first[--t->count]);
    memmove(&t->newest_first[1], &t->newest_first[0], t->count * sizeof t->newest_first[0]);
    t->newest_first[0] = ticket;
    t->count++;
    pthread_mutex_unlock(&t->lock);
}

struct ticket *tickets_take(struct tickets *t, uint64_t now_ns)
{
    struct ticket *ticket = NULL;

    pthread_mutex_lock(&t->lock);
    if (t->count > 0 && now_ns > t->newest_first[0]->kept_ns + AGE_MAX_NS)
        drop_all(t); /* the others are older still */
    if (t->count > 0) {
        ticket = t->newest_first[0];
        t->count--;
        memmove(&t->newest_first[0], &t->newest_first[1], t->count * sizeof t->newest_first[0]);
    }
    pthread_mutex_unlock(&t->lock);
    return ticket;
}

void tickets_clear(struct tickets *t)
{
    pthread_mutex_lock(&t->lock);
    drop_all(t);
    pthread_mutex_unlock(&t->lock);
}
