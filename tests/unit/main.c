/* tests/unit/main.c - runs every TEST of the files it is linked with; exit status 1 on a failure.
 */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>

/* cmocka's own entry point takes an array; its macro wants one whose size is known here. */
static struct CMUnitTest *tests;
static size_t count;

void test_add(const char *sentence, CMUnitTestFunction run)
{
    tests = realloc(tests, (count + 1) * sizeof *tests);
    if (!tests)
        abort();
    tests[count++] = (struct CMUnitTest){ .name = sentence, .test_func = run };
}

int main(void)
{
    int failed = _cmocka_run_group_tests("unit", tests, count, NULL, NULL);

    free(tests);
    return failed != 0;
}
