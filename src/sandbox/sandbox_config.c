/* sandbox/sandbox_config.c - what is opened beside what the configuration names anyway. */
#include "sandbox/sandbox_config.h"

#include "sandbox/ports.h"

static const struct option_row sandbox_options[] = {
#define OPTION(...) OPTION_ROW(struct sandbox_config, __VA_ARGS__)
#include "sandbox/options.def"
#undef OPTION
};

static void check_ports(const struct strings *texts, const char *option, struct loader *to)
{
    uint16_t port;

    for (size_t i = 0; i < texts->count; i++)
        if (!port_parse(texts->items[i], &port))
            complain(to, 0, option, "%.80s is no port; write numbers from 1 to 65535",
                     texts->items[i]);
}

static void check_paths(const struct strings *texts, const char *option, struct loader *to)
{
    for (size_t i = 0; i < texts->count; i++)
        if (texts->items[i][0] != '/')
            complain(to, 0, option, "%.80s does not begin with /; write whole paths",
                     texts->items[i]);
}

static void check_all(const void *items, size_t count, struct loader *to)
{
    const struct sandbox_config *config = items;

    if (count == 0)
        return;
    check_paths(&config->read, "read", to);
    check_paths(&config->write, "write", to);
    check_ports(&config->listen, "listen", to);
    check_ports(&config->connect, "connect", to);
}

const struct section sandbox_section = {
    .name = "sandbox",
    .doc = "Once it runs, dotproxy can reach only the files and TCP ports that the configuration "
           "named "
           "when it started, and those here, which a reload may need later.",
    SECTION_OPTIONS(sandbox_options),
    .size = sizeof(struct sandbox_config),
    .check = check_all,
};
