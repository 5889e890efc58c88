/* listen/listen_config.c - the doors that the configuration asks for. */
#include "listen/listen_config.h"

#include <string.h>

static const struct option_row listen_options[] = {
#define OPTION(...) OPTION_ROW(struct listen_config, __VA_ARGS__)
#include "listen/options.def"
#undef OPTION
};

static const char *const initial[] = { "dns://127.0.0.1:53", "dns://[::1]:53" };

/* dns:// takes the port for UDP and for TCP. */
static bool share_a_protocol(const struct url *a, const struct url *b)
{
    return strcmp(a->scheme, b->scheme) == 0 || strcmp(a->scheme, "dns") == 0 ||
           strcmp(b->scheme, "dns") == 0;
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct listen_config *listen = items;

    for (size_t i = 0; i < count; i++) {
        const struct url *url = &listen[i].url;

        if (!url->has_addr)
            complain(to, i, "url", "%s: %s is not an address; write %s://ADDRESS:PORT", url->text,
                     url->host, url->scheme);
        for (size_t j = 0; j < i && url->has_addr; j++)
            if (addr_equal(&listen[j].url.addr, &url->addr) &&
                share_a_protocol(&listen[j].url, url)) {
                complain(to, i, "url", "%s: the port is taken by %s above", url->text,
                         listen[j].url.text);
                break;
            }
    }
}

const struct section listen_section = {
    .name = "listen",
    .doc = "Where dotproxy takes queries. --listen URL replaces the list.",
    SECTION_OPTIONS(listen_options),
    SECTION_INITIAL(initial),
    .size = sizeof(struct listen_config),
    .is_list = true,
    .check = check,
};
