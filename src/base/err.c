/* base/err.c - what each failure is called. */
#include "base/err.h"

#include <errno.h>
#include <string.h>

const char *err_text(err_t err)
{
    switch (err) {
    case OK:
        return "no error";
    case ERR_SYSTEM:
        return strerrordesc_np(errno);
#define ERROR(name, text)                                                                          \
    case ERR_##name:                                                                               \
        return text;
#include "base/err.def"
#undef ERROR
    }
    return "unknown error";
}
