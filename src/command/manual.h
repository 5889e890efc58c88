#ifndef COMMAND_MANUAL_H
#define COMMAND_MANUAL_H

#include "config/schema.h"

#include <stdio.h>

/* The page dotproxy(1), in mdoc(7). */
void print_manual(const struct section *const *sections, size_t count, FILE *out);

#endif
