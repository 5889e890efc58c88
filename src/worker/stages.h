#ifndef WORKER_STAGES_H
#define WORKER_STAGES_H

#include "worker/stage.h"

enum step parse_query(struct query *q);
enum step ask_upstream(struct query *q);
enum step judge_response(struct query *q);

/* Sends the response; nothing to a query whose source is FROM_NOWHERE. */
void reply_to_client(struct query *q);
void forget_query(struct query *q);

#endif
