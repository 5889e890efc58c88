#ifndef WORKER_STAGES_LOG_H
#define WORKER_STAGES_LOG_H

struct query;
struct worker;

/* What the query log hears of a query, when somebody wants records. */

/* There was no memory for one. */
void log_loss(struct worker *w);

/* The query is about to wait: what it came with is kept, if that is wanted, or forgotten. */
void log_before_waiting(struct query *q);

/* An upstream has answered it. */
void log_exchange(struct query *q);

/* It has its response, or will get none. Somebody wants records. */
void log_query(struct query *q);

/* The responses of what was noted are on their way: they will be gone at the end of this turn. */
void log_responses_leave(struct worker *w);

/* What was noted goes to the streams now, not at the end of the turn. */
void log_turn_ends(struct worker *w);

#endif
