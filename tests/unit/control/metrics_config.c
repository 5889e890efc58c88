#include "control/metrics_config.h"
#include "unit/test.h"

/* The address as text, or "" when it is refused. */
static const char *read_addr(const char *text)
{
    static char told[ADDR_TEXT_MAX];
    union addr addr;

    return metrics_config_addr(text, &addr) == OK ? addr_format(&addr, told) : "";
}

TEST(metrics_addr, "an address with a port is one, of either family")
{
    CHECK_TEXT(read_addr("127.0.0.1:9153"), "127.0.0.1:9153");
    CHECK_TEXT(read_addr("0.0.0.0:80"), "0.0.0.0:80");
    CHECK_TEXT(read_addr("[::1]:9153"), "[::1]:9153");
    CHECK_TEXT(read_addr("[::]:65535"), "[::]:65535");
}

TEST(metrics_no_addr, "anything else is none")
{
    static const char *const wrong[] = {
        "9153",           ":9153",           "127.0.0.1",       "127.0.0.1:",
        "127.0.0.1:0",    "127.0.0.1:65536", "127.0.0.1:9153/", "127.0.0.1:9153#x",
        "[::1]",          "::1:9153",        "localhost:9153",  "tcp://127.0.0.1:9153",
        "u@127.0.0.1:80", "127.0.0.1 :9153", "127.0.0.1/:9153",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_TEXT(read_addr(wrong[i]), "");
}
