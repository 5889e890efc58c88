#include "sandbox/syscall.h"
#include "unit/test.h"

static const struct {
    const char *name, *why;
    bool is_deadly;
} rows[] = {
#define ALLOW(call, why)         { #call, why, false },
#define ALLOW_IF(call, why, ...) { #call, why, false },
#define KILL(call, why)          { #call, why, true },
#include "sandbox/syscalls.def"
#undef ALLOW
#undef ALLOW_IF
#undef KILL
};

#define ROWS (sizeof rows / sizeof *rows)

TEST(syscalls_exist, "every row names a system call that there is, and says why")
{
    for (size_t i = 0; i < ROWS; i++) {
        if (seccomp_syscall_resolve_name(rows[i].name) == __NR_SCMP_ERROR)
            fail_msg("there is no system call %s", rows[i].name);
        CHECK(rows[i].why[0] != '\0');
    }
}

TEST(syscalls_agree, "no call is let through and deadly")
{
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(rows[i].name, rows[j].name) == 0 && rows[i].is_deadly != rows[j].is_deadly)
                fail_msg("%s is in two rows", rows[i].name);
}
