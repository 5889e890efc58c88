#ifndef CONTROL_WEB_H
#define CONTROL_WEB_H

#include "base/err.h"

struct control_house;

/* What monitoring reads over HTTP: /metrics, /health, /ready. A thread of its own hears who asks;
 * the thread that owns the crew writes the answers, as for the control socket. */
struct web;

/* Takes a socket that listens, and sets `fd` to -1. `house` outlives it. ERR_NOMEM when there are
 * no more threads, either. */
err_t web_open(struct web **ret_web, int *fd, struct control_house *house);

/* Answers what was asked, when the house has been called. Nothing when `w` is NULL. */
void web_work(struct web *w);
void web_close(struct web **w);

#endif
