#ifndef CONTROL_PAGE_H
#define CONTROL_PAGE_H

#include <stdbool.h>
#include <stdio.h>

struct control_house;

/* All metrics of the house, for Prometheus. For the thread that owns the crew. */
void page_write(const struct control_house *house, bool is_openmetrics, FILE *out);

/* Whether queries can be answered: an upstream that has answered is not down, or the cache knows
 * something. */
bool page_is_ready(const struct control_house *house);

#endif
