#ifndef WORKER_TRIAL_H
#define WORKER_TRIAL_H

struct worker;

/* Asks the upstreams for the root's name servers, for nobody: so that it is known whether they
 * answer before the first client asks. On the worker's thread. */
void trial_ask(struct worker *w);

#endif
