#ifndef COMMAND_SECTIONS_H
#define COMMAND_SECTIONS_H

#include "config/schema.h"

/* Every section there is, in the order in which they are printed. */
extern const struct section *const config_sections[];
extern const size_t config_section_count;

#endif
