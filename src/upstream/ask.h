#ifndef UPSTREAM_ASK_H
#define UPSTREAM_ASK_H

#include "base/err.h"
#include "base/list.h"
#include "dns/compose.h"

struct loop;
struct message;
struct metrics;
struct random;
struct server;
struct server_list;
struct upstream_group;

/* How far an attempt came when it failed. */
enum phase { PHASE_QUEUE, PHASE_CONNECT, PHASE_HANDSHAKE, PHASE_ANSWER };
const char *phase_name(enum phase phase);

/* What came of a question. Borrowed until the callee returns. */
struct upstream_answer {
    err_t err;
    enum phase phase;               /* of the last failure */
    const struct message *response; /* NULL on failure */
    const struct server *server;    /* who gave it */
    bool is_first;                  /* of all who are told this answer */
};

typedef void upstream_answer_fn(void *arg, const struct upstream_answer *answer);

/* What the groups of one worker share. */
struct upstream_context {
    struct loop *loop;
    struct metrics *metrics;
    struct random *random;
    struct list groups; /* all that are not freed; an empty list at first */
};

/* How long to wait for a server, and for an answer in all. */
struct upstream_times {
    uint64_t timeout_ns, deadline_ns;
};

/* The servers of `list` as one worker asks them. Nothing is opened before the first question. */
err_t upstream_group_new(struct upstream_group **ret_group, struct upstream_context *context,
                         struct server_list *list, const struct upstream_times *times);

/* Takes no more questions, answers those it has, and then frees itself. */
void upstream_group_retire(struct upstream_group **group);

/* Free a group, or all that are left, at once: their questions are never answered. */
void upstream_group_free(struct upstream_group **group);
void upstream_free_groups(struct upstream_context *context);

/* Asks one server after another until one answers or the deadline comes, counted from now. Who asks
 * what is in the air already waits for the same answer. ERR_BUSY when too many questions wait
 * already, and then, as on any error, there is no answer. */
err_t upstream_ask(struct upstream_group *group, const struct compose_query_settings *query,
                   upstream_answer_fn *answer, void *arg);

#endif
