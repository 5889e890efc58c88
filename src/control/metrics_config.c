/* control/metrics_config.c - what monitoring reads, over HTTP. */
#include "control/metrics_config.h"

#include "config/store.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 128

static const struct option_row metrics_options[] = {
#define OPTION(...) OPTION_ROW(struct metrics_config, __VA_ARGS__)
#include "control/metrics_options.def"
#undef OPTION
};

err_t metrics_config_addr(const char *text, union addr *ret_addr)
{
    const char *colon = strrchr(text, ':');
    char url_text[TEXT_MAX + sizeof "tcp://"];
    struct store store = { 0 };
    struct url_fault fault;
    struct url url;
    err_t err;

    if (strlen(text) > TEXT_MAX || !colon || strchr(colon, ']'))
        return ERR_MALFORMED;
    snprintf(url_text, sizeof url_text, "tcp://%s", text);
    err = url_parse(&store, url_text, &url, &fault);
    if (err == OK && !url.has_addr)
        err = ERR_MALFORMED;
    if (err == OK)
        *ret_addr = url.addr;
    store_done(&store);
    return err;
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct metrics_config *config = items;
    union addr addr;

    (void)count;
    if (config->listen[0] && metrics_config_addr(config->listen, &addr) != OK)
        complain(to, 0, "listen", "%.60s is no address with a port; write 127.0.0.1:9153",
                 config->listen);
}

const struct section metrics_section = {
    .name = "metrics",
    .doc = "What monitoring reads, over HTTP.",
    SECTION_OPTIONS(metrics_options),
    .size = sizeof(struct metrics_config),
    .check = check,
};
