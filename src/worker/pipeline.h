#ifndef WORKER_PIPELINE_H
#define WORKER_PIPELINE_H

struct query;

void start_query(struct query *q);   /* from the first room */
void refresh_query(struct query *q); /* from the room that asks upstream: nobody waits for it */
void resume_query(struct query *q);  /* from the room after the one it waited in */
void end_query(struct query *q);     /* what it is answered with is decided */

#endif
