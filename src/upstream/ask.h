#ifndef UPSTREAM_ASK_H
#define UPSTREAM_ASK_H

#include "base/addr.h"
#include "base/err.h"
#include "base/list.h"
#include "dns/compose.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct message;
struct metrics;
struct random;
struct server;
struct roster;
struct upstream_set;

/* How far an attempt came when it failed. */
enum phase { PHASE_QUEUE, PHASE_CONNECT, PHASE_HANDSHAKE, PHASE_ANSWER };
const char *phase_name(enum phase phase);

/* How a response was got. */
struct upstream_exchange {
    const union addr *peer;
    const char *transport; /* its name: "tls" */
    uint64_t sent_ns;      /* monotonic */
    uint16_t id;           /* that the question bore */
    struct slice query;    /* the question but for its id, and without what a stream adds */
};

/* What came of a question. Borrowed until the callee returns. */
struct upstream_answer {
    err_t err;
    enum phase phase;               /* of the last failure */
    const struct message *response; /* NULL on failure */
    const struct server *server;    /* who gave it */
    const struct upstream_exchange
        *exchange; /* that it comes from; NULL: it was kept from before */
    bool is_first; /* of all who are told this answer */
};

typedef void upstream_answer_fn(void *arg, const struct upstream_answer *answer);

/* What all sets of one worker share. */
struct upstream_context {
    struct loop *loop;
    struct metrics *metrics;
    struct random *random;
    struct list sets; /* all that are not freed; an empty list at first */
    size_t worker;    /* which one */
};

/* All servers of the roster as one worker asks them. Nothing is opened before the first question.
 */
err_t upstream_set_new(struct upstream_set **ret_set, struct upstream_context *context,
                       struct roster *roster);

/* Takes no more questions, answers those it has, and then frees itself. */
void upstream_set_retire(struct upstream_set **set);

/* Free a set, or all that are left, at once: their questions are never answered. */
void upstream_set_free(struct upstream_set **set);
void upstream_free_sets(struct upstream_context *context);

/* Addresses or routes of this machine have changed: connections that have lost their way are
 * replaced, and what had failed is tried again. */
void upstream_network_changed(struct upstream_context *context);

/* The group that is asked about a name (wire form, in any letter case): its index in the roster. */
unsigned upstream_group_for(const struct upstream_set *set, struct slice qname);

/* Whom this worker would ask first about `qname` (in small letters), as things are; NULL when
 * nobody of the group is well. */
const struct server *upstream_foresee(const struct upstream_set *set, unsigned group,
                                      struct slice qname);

/* Whether a route speaks of the name; one of the root speaks of none in particular. */
bool upstream_has_route(const struct upstream_set *set, struct slice qname);

/* What the roster says of names and servers, in one number: another number may mean other answers.
 */
uint64_t upstream_routing(const struct upstream_set *set);

/* A question until it has its answer. */
struct upstream_asked {
    uint64_t ticket;
    bool has_joined; /* it was in the air already */
};

/* Asks the servers of a group (its index in the roster) until one answers or the deadline comes,
 * counted from now. Who asks what is in the air already waits for the same answer. ERR_BUSY when
 * too many questions wait already, and then, as on any error, there is no answer. `ret_asked` may
 * be NULL. */
err_t upstream_ask(struct upstream_set *set, unsigned group,
                   const struct compose_query_settings *query, upstream_answer_fn *answer,
                   void *arg, struct upstream_asked *ret_asked);

/* Whether so many questions of a group have no answer yet that soon its connections carry no more:
 * then silence about some of them would look like a server that is gone. */
bool upstream_is_full(const struct upstream_set *set, unsigned group);

/* Who holds the ticket is told nothing any more; servers are asked no longer than somebody waits.
 * For as long as no answer has come, also of a set that is retired. */
void upstream_give_up(struct upstream_set *set, uint64_t ticket);

#endif
