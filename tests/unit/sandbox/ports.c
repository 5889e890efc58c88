#include "sandbox/ports.h"
#include "unit/test.h"

TEST(ports_hold, "a set has the ports that were put in, and they come out in order")
{
    struct ports ports = { 0 };

    ports_add(&ports, 853);
    ports_add(&ports, 65535);
    ports_add(&ports, 1);
    CHECK(ports_has(&ports, 853) && !ports_has(&ports, 852) && !ports_has(&ports, 854));
    CHECK_EQUAL(ports_next(&ports, 0), 1);
    CHECK_EQUAL(ports_next(&ports, 2), 853);
    CHECK_EQUAL(ports_next(&ports, 854), 65535);
    CHECK_EQUAL(ports_next(&ports, 65536), -1);
}

TEST(ports_text, "a set is told as numbers with commas, an empty one as none")
{
    struct ports ports = { 0 };
    char text[PORTS_TEXT_MAX];

    CHECK_TEXT(ports_format(&ports, text), "none");
    ports_add(&ports, 53);
    CHECK_TEXT(ports_format(&ports, text), "53");
    ports_add(&ports, 853);
    CHECK_TEXT(ports_format(&ports, text), "53,853");
}

TEST(ports_text_long, "of many ports the first are told, and that there are more")
{
    struct ports ports = { 0 };
    char text[PORTS_TEXT_MAX];

    for (unsigned port = 60000; port < 60050; port++)
        ports_add(&ports, (uint16_t)port);
    ports_format(&ports, text);
    CHECK(strlen(text) < PORTS_TEXT_MAX);
    CHECK(strncmp(text, "60000,60001,", 12) == 0);
    CHECK_TEXT(text + strlen(text) - 4, ",...");
}

TEST(port_from_text, "a port is a number from 1 to 65535 and nothing else")
{
    uint16_t port = 0;

    CHECK(port_parse("1", &port) && port == 1);
    CHECK(port_parse("65535", &port) && port == 65535);
    CHECK(!port_parse("0", &port) && !port_parse("65536", &port) && !port_parse("100000", &port));
    CHECK(!port_parse("", &port) && !port_parse("53x", &port) && !port_parse("-1", &port));
    CHECK(!port_parse("tls://127.0.0.1", &port));
}
