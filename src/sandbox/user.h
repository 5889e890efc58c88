#ifndef SANDBOX_USER_H
#define SANDBOX_USER_H

#include "base/err.h"

#include <stdbool.h>

#define USER_REASON_MAX 256

/* ERR_NOTFOUND, told in `reason`, when there is no user `name`; "" is nobody and always fine. */
err_t user_check(const char *name, char reason[USER_REASON_MAX]);

/* Becomes the user `name`, for good; nothing when it is "". Capabilities go with it, unless they
 * are kept: then they are permitted still and have to be taken up again. `reason` says why not. */
err_t user_become(const char *name, bool keeps_capabilities, char reason[USER_REASON_MAX]);

#endif
