#ifndef CONFIG_PRINT_YAML_H
#define CONFIG_PRINT_YAML_H

#include "config/config.h"

#include <stdio.h>

/* What the rows say, as a file to start from. */
void print_example(const struct section *const *sections, size_t count, FILE *out);

/* The configuration in force, as YAML that loads to the same. */
void print_effective(const struct config *config, FILE *out);

#endif
