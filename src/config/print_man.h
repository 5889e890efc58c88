#ifndef CONFIG_PRINT_MAN_H
#define CONFIG_PRINT_MAN_H

#include "config/config.h"

#include <stdio.h>

/* What the rows say, as a part of a manual page. */
void print_man(const struct section *const *sections, size_t count, FILE *out);

/* Plain text as lines of mdoc(7): a line for each sentence, and no character is taken for a
 * command. */
void print_man_text(const char *text, FILE *out);

#endif
