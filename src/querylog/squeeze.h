#ifndef QUERYLOG_SQUEEZE_H
#define QUERYLOG_SQUEEZE_H

#include "base/err.h"

#include <stdbool.h>

/* An old file that is being compressed (gzip, RFC 1952), a slice at a time. */
struct squeeze;

/* Takes up the oldest file of `path` that is not compressed; NULL when there is none. */
err_t squeeze_begin(struct squeeze **ret_squeeze, const char *path, unsigned keep);

/* One slice more; ERR_AGAIN while there is more to do. OK when the compressed file has taken the
 * place of the other one. ERR_SYSTEM with errno: the other one stays. */
err_t squeeze_step(struct squeeze *s);

/* Also before it is done: then nothing has changed. */
void squeeze_free(struct squeeze **s);

#endif
