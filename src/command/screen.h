#ifndef COMMAND_SCREEN_H
#define COMMAND_SCREEN_H

#include "base/slice.h"

#include <stdbool.h>

/* A terminal on which one text takes the place of the other. Only one at a time: it obeys signals.
 * What was there before comes back when it is closed. */
struct screen;

/* Whether standard output is a terminal that can do this. */
bool screen_is_there(void);
struct screen *screen_open(void); /* NULL when memory is out */
void screen_close(struct screen **s);

/* Shows as much of `text` as there is room for. */
void screen_show(struct screen *s, struct slice text);

/* Waits for `ms` milliseconds or a key; false when it is time to leave: q, Ctrl-C, or no terminal
 * any more. */
bool screen_wait(struct screen *s, int ms);

#endif
