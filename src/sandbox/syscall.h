#ifndef SANDBOX_SYSCALL_H
#define SANDBOX_SYSCALL_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#define SYSCALL_TESTS_MAX 3

/* What is done when a call is made whose arguments pass all tests. */
struct syscall_row {
    const char *name;
    bool is_deadly; /* else it is let through */
    unsigned tests;
    struct scmp_arg_cmp test[SYSCALL_TESTS_MAX];
};

/* What else is in this program beside our own code, and needs more. The build picks one of two
 * files. */
struct company {
    const struct syscall_row *rows; /* `count` of them, beside our own */
    size_t count;
    const char *const *files; /* to be read and listed; ended by NULL */
    bool spares;              /* what is deadly otherwise only fails */
};

extern const struct company company;

#endif
