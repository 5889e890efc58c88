#ifndef CONFIG_PROBLEM_H
#define CONFIG_PROBLEM_H

#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>

/* What is wrong with something a person wrote, and what to do about it: one line. */
struct problem {
    char text[512];
};

#define PROBLEMS_MAX 20 /* more would scroll the first ones away */

struct problems {
    size_t count;
    struct problem list[PROBLEMS_MAX];
};

/* Fills `problem` in; control characters in the arguments become '?'. Returns ERR_CONFIG, so that
 * `return problem_set(...)` reads well. */
err_t problem_set(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
err_t problem_vset(struct problem *problem, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Room for one more, or for none: then NULL, and the reader of the list has enough to do. */
struct problem *problems_add(struct problems *problems);

#endif
