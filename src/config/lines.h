#ifndef CONFIG_LINES_H
#define CONFIG_LINES_H

#include "base/err.h"

/* One line of a list in a file, numbered from 1, without its comment and the blanks around it; the
 * text is borrowed. NULL stands for a line that is too long, which is the last: the file may have
 * no end. Anything but OK ends the reading. */
typedef err_t line_fn(void *arg, unsigned line, const char *text);

/* Calls `each` for all lines that say something; what stands behind # is a comment. Returns what
 * `each` returned, or ERR_SYSTEM and an errno when `path` cannot be read. */
err_t lines_read(const char *path, line_fn *each, void *arg);

#endif
