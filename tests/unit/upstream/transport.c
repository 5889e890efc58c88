#include "upstream/transport.h"
#include "unit/test.h"
#include "upstream/channel.h"

TEST(transport_is_found, "each transport is found by its name, and nothing by another")
{
    static const char *const names[] = { "tls", "tcp", "udp" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct transport_ops *ops = transport_find(names[i]);

        CHECK(ops != NULL);
        CHECK_TEXT(ops->name, names[i]);
        CHECK(ops->size >= sizeof(struct channel));
        CHECK(ops->max_in_flight > 0);
        CHECK(ops->open && ops->send && ops->close);
        CHECK_EQUAL(ops->state != NULL, strcmp(names[i], "udp") != 0);
        CHECK_EQUAL(ops->local != NULL, strcmp(names[i], "udp") != 0);
    }
    CHECK(transport_find("TLS") == NULL);
    CHECK(transport_find("") == NULL);
    CHECK(transport_find("tls2") == NULL);
}

TEST(transport_falls_back, "what truncates has a transport to fall back on that does not")
{
    const struct transport_ops *ops = transport_find(transport_find("udp")->fallback);

    CHECK(ops != NULL);
    CHECK(ops->fallback == NULL);
    CHECK(!transport_find("udp")->encrypted && !ops->encrypted);
    CHECK(transport_find("tls")->encrypted && transport_find("tls")->fallback == NULL);
}
