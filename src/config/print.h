#ifndef CONFIG_PRINT_H
#define CONFIG_PRINT_H

#include "config/config.h"

#include <stdio.h>

/* What the rows say, for people and for tools. */
void print_reference(const struct section *const *sections, size_t count, FILE *out); /* Markdown */
void print_schema(const struct section *const *sections, size_t count, FILE *out); /* JSON Schema */

/* "a whole number from 1 to 64": what may be written for `row`. */
void print_kind(const struct option_row *row, FILE *out);

/* "a, b or c", each between `open` and `close`. */
void print_words(const char *words, const char *open, const char *close, FILE *out);

/* Whether sections[i] is the first of its name; the others are printed with it. */
bool print_is_first(const struct section *const *sections, size_t i);

#endif
