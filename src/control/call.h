#ifndef CONTROL_CALL_H
#define CONTROL_CALL_H

#include "base/buffer.h"

#include <stdbool.h>

struct store;

/* The socket that the configuration in `file` names, as far as the file can be read: it may be
 * broken, and still be asked to be reloaded. Else, and without a file, the default. */
const char *call_find_socket(const char *file, struct store *store);

/* Sends a request line, without its newline, and appends the whole response. ERR_SYSTEM with errno:
 * nobody is there; ERR_TIMEOUT, ERR_CLOSED: there was no whole response. */
err_t call(const char *path, const char *line, struct buffer *ret_response);

/* The same for a response without end: `heard` gets what comes as it comes, and says whether to go
 * on. ERR_CLOSED when the other end has ended it. */
typedef bool call_fn(void *arg, struct slice bytes);
err_t call_endless(const char *path, const char *line, call_fn *heard, void *arg);

#endif
