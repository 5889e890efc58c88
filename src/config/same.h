#ifndef CONFIG_SAME_H
#define CONFIG_SAME_H

#include "config/schema.h"

/* Whether two items of a section say the same, of the same configuration or of two; in all options,
 * or in this one. */
bool section_item_same(const struct section *section, const void *a, const void *b);
bool section_option_same(const struct option_row *row, const void *a, const void *b);

#endif
