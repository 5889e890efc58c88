#include "upstream/tickets.h"

#include "base/clock.h"
#include "unit/test.h"

#include <pthread.h>
#include <stdlib.h>

#define HOUR_NS (3600 * NS_PER_S)
#define NOW_NS  (1000 * HOUR_NS)
#define THREADS 4
#define EACH    500

static void put(struct tickets *t, const char *text, uint64_t now_ns)
{
    tickets_put(t, slice_of(text, strlen(text)), now_ns);
}

static bool takes(struct tickets *t, const char *text, uint64_t now_ns)
{
    struct ticket *ticket = tickets_take(t, now_ns);
    bool is_right =
        ticket && slice_equal(slice_of(ticket->bytes, ticket->len), slice_of(text, strlen(text)));

    ticket_free(&ticket);
    return is_right;
}

static bool is_empty(struct tickets *t, uint64_t now_ns)
{
    struct ticket *ticket = tickets_take(t, now_ns);
    bool is_empty = !ticket;

    ticket_free(&ticket);
    return is_empty;
}

TEST(tickets_newest, "the newest ticket is taken first, and each once")
{
    struct tickets t;

    tickets_init(&t);
    CHECK(is_empty(&t, NOW_NS));
    put(&t, "first", NOW_NS);
    put(&t, "second", NOW_NS + 1);
    CHECK(takes(&t, "second", NOW_NS + 2));
    put(&t, "third", NOW_NS + 3);
    CHECK(takes(&t, "third", NOW_NS + 4));
    CHECK(takes(&t, "first", NOW_NS + 5));
    CHECK(is_empty(&t, NOW_NS + 6));
    tickets_done(&t);
}

TEST(tickets_many, "of too many tickets the oldest go")
{
    char text[2] = "a";
    struct tickets t;

    tickets_init(&t);
    for (; text[0] < 'a' + TICKETS_MAX + 3; text[0]++)
        put(&t, text, NOW_NS);
    for (unsigned i = 0; i < TICKETS_MAX; i++) {
        text[0]--;
        CHECK(takes(&t, text, NOW_NS));
    }
    CHECK(is_empty(&t, NOW_NS));
    tickets_done(&t);
}

TEST(tickets_sizes, "a ticket that is empty or too big is not kept")
{
    uint8_t *big = calloc(1, TICKET_SIZE_MAX + 1);
    struct ticket *ticket;
    struct tickets t;

    tickets_init(&t);
    tickets_put(&t, (struct slice){ 0 }, NOW_NS);
    tickets_put(&t, slice_of(big, TICKET_SIZE_MAX + 1), NOW_NS);
    CHECK(is_empty(&t, NOW_NS));
    tickets_put(&t, slice_of(big, TICKET_SIZE_MAX), NOW_NS);
    ticket = tickets_take(&t, NOW_NS);
    CHECK(ticket && ticket->len == TICKET_SIZE_MAX);
    ticket_free(&ticket);
    CHECK(ticket == NULL);
    free(big);
    tickets_done(&t);
}

TEST(tickets_age, "a ticket lasts six hours, and a newer one does not rejuvenate it")
{
    struct tickets t;

    tickets_init(&t);
    put(&t, "old", NOW_NS);
    CHECK(takes(&t, "old", NOW_NS + 6 * HOUR_NS));
    put(&t, "old", NOW_NS);
    CHECK(is_empty(&t, NOW_NS + 6 * HOUR_NS + 1));
    put(&t, "old", NOW_NS);
    put(&t, "new", NOW_NS + 5 * HOUR_NS);
    CHECK(takes(&t, "new", NOW_NS + 7 * HOUR_NS));
    CHECK(is_empty(&t, NOW_NS + 7 * HOUR_NS));
    tickets_done(&t);
}

TEST(tickets_cleared, "nothing is left of what is dropped, and new ones are kept")
{
    struct tickets t;

    tickets_init(&t);
    put(&t, "one", NOW_NS);
    put(&t, "two", NOW_NS);
    tickets_clear(&t);
    CHECK(is_empty(&t, NOW_NS));
    put(&t, "three", NOW_NS);
    CHECK(takes(&t, "three", NOW_NS));
    put(&t, "left behind", NOW_NS);
    tickets_done(&t);
}

static struct tickets shared;
static _Atomic unsigned taken[THREADS * EACH];
static _Atomic unsigned torn;

static void take_one(void)
{
    struct ticket *ticket = tickets_take(&shared, NOW_NS);
    unsigned number;

    if (!ticket)
        return;
    memcpy(&number, ticket->bytes, sizeof number);
    if (ticket->len == sizeof number && number < THREADS * EACH)
        taken[number]++;
    else
        torn++;
    ticket_free(&ticket);
}

static void *put_and_take(void *arg)
{
    unsigned first = *(unsigned *)arg * EACH;

    for (unsigned number = first; number < first + EACH; number++) {
        tickets_put(&shared, slice_of(&number, sizeof number), NOW_NS);
        take_one();
        if (number % 100 == 0)
            tickets_clear(&shared);
    }
    return NULL;
}

TEST(tickets_shared, "no ticket is taken twice or torn, however many workers put and take")
{
    pthread_t threads[THREADS];
    unsigned indices[THREADS], total = 0;

    tickets_init(&shared);
    for (unsigned i = 0; i < THREADS; i++) {
        indices[i] = i;
        CHECK_EQUAL(pthread_create(&threads[i], NULL, put_and_take, &indices[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    CHECK_EQUAL(torn, 0);
    for (unsigned i = 0; i < THREADS * EACH; i++) {
        CHECK(taken[i] <= 1);
        total += taken[i];
    }
    CHECK(total > 0);
    tickets_done(&shared);
}
