#include "base/err.h"
#include "unit/test.h"

#include <errno.h>
#include <stdbool.h>

static err_t leave_early(err_t err, bool *reached)
{
    TRY(err);
    *reached = true;
    return OK;
}

TEST(err_has_text, "each error has its words, and ERR_SYSTEM those of errno")
{
#define ERROR(name, text) CHECK_TEXT(err_text(ERR_##name), text);
#include "base/err.def"
#undef ERROR
    errno = ECONNREFUSED;
    CHECK_TEXT(err_text(ERR_SYSTEM), strerror(ECONNREFUSED));
    CHECK(err_text(OK) != NULL);
}

TEST(err_leaves, "TRY leaves with the error, and only then")
{
    bool reached = false;

    CHECK_EQUAL(leave_early(ERR_TIMEOUT, &reached), ERR_TIMEOUT);
    CHECK(!reached);
    CHECK_EQUAL(leave_early(OK, &reached), OK);
    CHECK(reached);
}
