#ifndef CONFIG_VALUE_PRINT_H
#define CONFIG_VALUE_PRINT_H

#include "config/schema.h"

#include <stdio.h>

/* Writes the field as value_set and YAML read it. */
void value_print(const struct option_row *row, const void *item, FILE *out);

/* Writes the default of a STRINGS, which its row has with commas. */
void value_print_initial_list(const struct option_row *row, FILE *out);

/* Writes `text` in double quotes, right for YAML and for JSON. */
void value_print_quoted(const char *text, FILE *out);

#endif
