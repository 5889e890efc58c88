#include "listen/listen.h"
#include "unit/test.h"

TEST(listener_is_found, "each door is found by its name, and nothing by another")
{
    CHECK_TEXT(listener_find("udp")->name, "udp");
    CHECK(!listener_find("udp")->stream);
    CHECK_TEXT(listener_find("tcp")->name, "tcp");
    CHECK(listener_find("tcp")->stream);
    CHECK(listener_find("dns") == NULL); /* a scheme of the configuration, for both */
    CHECK(listener_find("") == NULL);
}
