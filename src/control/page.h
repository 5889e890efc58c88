#ifndef CONTROL_PAGE_H
#define CONTROL_PAGE_H

#include <stdbool.h>
#include <stdio.h>

struct control_house;
struct exposition;
struct roster;

enum page_family {
#define PAGE_FAMILY(name, ...) PAGE_##name,
#include "control/page.def"
#undef PAGE_FAMILY
    PAGE_FAMILIES
};

/* What follows belongs to this family. */
void page_begin(struct exposition *e, enum page_family family);

/* What there can be on the page, for readers. */
void page_describe(FILE *out);

/* All metrics of the house, for Prometheus. For the thread that owns the crew. */
void page_write(const struct control_house *house, bool is_openmetrics, FILE *out);

/* The part of it that is about upstreams. */
void page_upstreams(struct exposition *e, const struct roster *roster);

/* Whether queries can be answered: an upstream that has answered is up, or the cache has an answer.
 */
bool page_is_ready(const struct control_house *house);

#endif
