#include "policy/cookie_secrets.h"

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST  "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define SECOND "445536BCD2513298075A5D379663C962"

static struct cookie_secrets secrets;
static char fault[COOKIE_FAULT_MAX];

/* What becomes of a file with this in it. */
static err_t read_text(const char *text)
{
    char path[] = "/tmp/secrets-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    err_t err;

    CHECK(file);
    fputs(text, file);
    fclose(file);
    err = cookie_secrets_read(&secrets, path, fault);
    unlink(path);
    return err;
}

TEST(secrets_read, "secrets stand one in a line, in letters of either case, with comments")
{
    CHECK_EQUAL(read_text("# ours\n" FIRST "\n\n  " SECOND "  # before\n"), OK);
    CHECK_EQUAL(secrets.count, 2);
    CHECK_EQUAL(secrets.items[0].k0, 0x3fa4b2a6e573e9e5);
    CHECK_EQUAL(secrets.items[0].k1, 0xcfbf379e84dce748);
    CHECK_EQUAL(secrets.items[1].k0, 0x983251d2bc365544);
    CHECK_EQUAL(read_text(FIRST), OK);
    CHECK_EQUAL(secrets.count, 1);
}

TEST(secrets_wrong, "what is no secret is told by its line, and never repeated")
{
    CHECK_EQUAL(read_text(FIRST "\n" FIRST "0\n"), ERR_CONFIG);
    CHECK(strstr(fault, ":2: this is no secret; write 32 hexadecimal digits"));
    CHECK(!strstr(fault, "e5e9"));
    CHECK_EQUAL(read_text("e5e973e5a6b2a43f48e7dc849e37bfc\n"), ERR_CONFIG);
    CHECK_EQUAL(read_text("e5e973e5a6b2a43f48e7dc849e37bfcg\n"), ERR_CONFIG);
    CHECK_EQUAL(read_text("0xe5e973e5a6b2a43f48e7dc849e37bf\n"), ERR_CONFIG);
    CHECK_EQUAL(read_text("# nothing\n"), ERR_CONFIG);
    CHECK(strstr(fault, "has no secret"));
    CHECK_EQUAL(cookie_secrets_read(&secrets, "/nowhere/secrets", fault), ERR_CONFIG);
    CHECK(strstr(fault, "No such file"));
}

TEST(secrets_many, "there are eight at most")
{
    static const char nine[] = FIRST "\n" FIRST "\n" FIRST "\n" FIRST "\n" FIRST "\n" FIRST
                                     "\n" FIRST "\n" FIRST "\n" FIRST "\n";

    CHECK_EQUAL(read_text(nine + 33), OK);
    CHECK_EQUAL(secrets.count, 8);
    CHECK_EQUAL(read_text(nine), ERR_CONFIG);
    CHECK(strstr(fault, ":9: there may be 8 secrets at most"));
}
