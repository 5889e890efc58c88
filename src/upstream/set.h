#ifndef UPSTREAM_SET_H
#define UPSTREAM_SET_H

#include "upstream/ask.h"

struct flight;

/* The flight's upstream answered: whoever waits hears it, and the flight is gone. */
void set_land(struct flight *f, const struct message *response);

/* This attempt failed: another upstream is asked, or the flight ends. */
void set_failed(struct flight *f, enum phase phase, err_t err);

/* The attempt begins anew on another connection of the same upstream. */
void set_move(struct flight *f);

#endif
