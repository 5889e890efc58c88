#ifndef BASE_ERR_H
#define BASE_ERR_H

/* Zero is success; every failure is one of these, negative. */
typedef enum err {
    ERR_SYSTEM = -1000, /* errno says which */
#define ERROR(name, text) ERR_##name,
#include "base/err.def"
#undef ERROR
    OK = 0,
} err_t;

/* A few words for a person; never NULL. ERR_SYSTEM is told by the current errno. */
const char *err_text(err_t err);

/* Leaves the function when `call` fails; nothing may need undoing. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        err_t try_ = (call);                                                                       \
        if (try_ != OK)                                                                            \
            return try_;                                                                           \
    } while (0)

#endif
