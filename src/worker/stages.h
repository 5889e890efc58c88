#ifndef WORKER_STAGES_H
#define WORKER_STAGES_H

#include "worker/stage.h"

#include <stdbool.h>

struct listener;
struct worker;

/* A query of `l` (NULL: of nobody) before its first room, or NULL when there is no memory for it.
 */
struct query *query_begin(struct worker *w, struct listener *l);

enum step parse_query(struct query *q);
enum step admit_client(struct query *q);
enum step look_in_cache(struct query *q);
enum step admit_miss(struct query *q);
enum step ask_upstream(struct query *q);
enum step judge_response(struct query *q);
enum step keep_in_cache(struct query *q);

/* Ends a query that waits for an upstream, as its verdict says; `arg` is the worker. */
void push_out_query(void *arg, struct query *q);

/* `q` waits for an upstream, and no longer does. */
void note_waiting(struct query *q, bool is_asked);
void note_waited(struct query *q);

/* The next step of a query about which no upstream is asked: an expired response if there is one,
 * else SERVFAIL that says why. */
enum step answer_unasked(struct query *q, const char *why);

/* Sends the response, unless that has been done; nothing to a query whose source is FROM_NOWHERE.
 */
void reply_to_client(struct query *q);
void forget_query(struct query *q);

#endif
