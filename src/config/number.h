#ifndef CONFIG_NUMBER_H
#define CONFIG_NUMBER_H

#include "config/schema.h"

#include <stdio.h>

/* Reads "12", "1.8s", "64MiB" or "10%", as `type` (COUNT, DURATION, DELAY, SIZE or PERCENT)
 * demands. ERR_MALFORMED, or ERR_TOOBIG for what no 64 bits hold. */
err_t number_read(enum option_type type, const char *text, uint64_t *ret_value);

/* Writes it so that number_read yields the same. */
void number_print(enum option_type type, uint64_t value, FILE *out);

/* "a duration; write ...": what such a number looks like, for messages. */
const char *number_hint(enum option_type type);

/* A regular expression for what number_read takes. */
const char *number_pattern(enum option_type type);

#endif
