/* config/problem.c - sentences about what is wrong, one line each. */
#include "config/problem.h"

#include <stdio.h>

err_t problem_vset(struct problem *problem, const char *format, va_list args)
{
    vsnprintf(problem->text, sizeof problem->text, format, args);
    /* a quoted value must not break the line, nor send commands to the terminal */
    for (char *c = problem->text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return ERR_CONFIG;
}

err_t problem_set(struct problem *problem, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    problem_vset(problem, format, args);
    va_end(args);
    return ERR_CONFIG;
}

struct problem *problems_add(struct problems *problems)
{
    if (problems->count == PROBLEMS_MAX)
        return NULL;
    return &problems->list[problems->count++];
}
