/* upstream/upstream_config.c - the servers that the configuration names. */
#include "upstream/upstream_config.h"

#include "codec/pin.h"
#include "upstream/bootstrap_config.h"
#include "upstream/group_config.h"

#include <string.h>

static const struct option_row upstream_options[] = {
#define OPTION(...) OPTION_ROW(struct upstream_config, __VA_ARGS__)
#include "upstream/options.def"
#undef OPTION
};

static const char *const initial[] = {
    "tls://1.1.1.1#cloudflare-dns.com",
    "tls://1.0.0.1#cloudflare-dns.com",
    "tls://[2606:4700:4700::1111]#cloudflare-dns.com",
    "tls://[2606:4700:4700::1001]#cloudflare-dns.com",
};

static void check_url(const struct url *url, size_t i, struct loader *to)
{
    if (url->has_addr && addr_is_wildcard(&url->addr))
        complain(to, i, "url", "%s: no server has this address", url->text);
}

/* Where a name is to be resolved, bootstrap servers are counted too. */
static void check_count(const struct upstream_config *upstream, size_t count, struct loader *to)
{
    size_t max = UPSTREAMS_MAX;

    for (size_t i = 0; i < count; i++)
        if (!upstream[i].url.has_addr)
            max = UPSTREAMS_MAX - BOOTSTRAP_MAX;
    if (count > max)
        complain(to, max, NULL, "there may be %zu upstreams at most%s", max,
                 max < UPSTREAMS_MAX ? " where one is written by name" : "");
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct upstream_config *upstream = items;

    check_count(upstream, count, to);
    for (size_t i = 0; i < count; i++) {
        const struct strings *pin = &upstream[i].pin;
        uint8_t bytes[PIN_SIZE];

        check_url(&upstream[i].url, i, to);
        group_check_name(to, i, "group", upstream[i].group);
        if (upstream[i].ca[0] == '\0')
            complain(to, i, "ca", "is empty; write system or the path of a PEM file");
        if (pin->count && strcmp(upstream[i].url.scheme, "tls") != 0)
            complain(to, i, "pin", "only tls:// has keys to compare; remove it");
        for (size_t j = 0; j < pin->count; j++)
            if (pin_from_text(pin->items[j], bytes) != OK)
                complain(to, i, "pin", "%.60s is not a SHA-256 in base64, 44 characters long",
                         pin->items[j]);
    }
}

const struct section upstream_section = {
    .name = "upstream",
    .doc = "The servers that dotproxy asks. --upstream URL replaces the list.",
    SECTION_OPTIONS(upstream_options),
    SECTION_INITIAL(initial),
    .size = sizeof(struct upstream_config),
    .is_list = true,
    .check = check,
};
