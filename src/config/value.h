#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/problem.h"
#include "config/schema.h"

/* Sets the field of `row` in the struct `item` from what a person wrote. Wrong values are explained
 * in `problem`, which begins with the row's name; `ret_at` is the character where it shows. STRINGS
 * are read from one text with commas between. */
err_t value_set(const struct option_row *row, struct store *store, const char *text, void *item,
                struct problem *problem, size_t *ret_at);

/* The same for STRINGS that were written as a list. Takes nothing: the texts are copied. */
err_t value_set_list(const struct option_row *row, struct store *store, const char *const *texts,
                     size_t count, void *item);

#endif
