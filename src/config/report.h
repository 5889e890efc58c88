#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include "config/loader.h"

/* Adds a problem of section number `section` (SIZE_MAX: of none) at `place`. */
void report(struct loader *l, size_t section, struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Reports `key` as unknown in the sections called `name`, with the nearest known one. */
void report_unknown(struct loader *l, const char *name, const char *key, struct place place);

#endif
