#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include "base/slice.h"

/* How many bytes the first character takes, and which it is; 0 when `text` is empty or does not
 * begin with well-formed UTF-8 (RFC 3629). */
size_t utf8_read(struct slice text, uint32_t *ret_character);

/* Whether a character may stand as it is in a YAML file, and in one line of it. */
bool utf8_is_printable(uint32_t character);

#endif
