/* querylog/query_log_config.c - the streams of records that the configuration asks for. */
#include "querylog/query_log_config.h"

#include "querylog/filter.h"
#include "querylog/sink.h"

#include <string.h>

static const struct option_row query_log_options[] = {
#define OPTION(...) OPTION_ROW(struct query_log_config, __VA_ARGS__)
#include "querylog/options.def"
#undef OPTION
};

/* Where a fault of a filter is told. */
struct complaint {
    struct loader *to;
    size_t item;
};

static void tell(void *arg, const char *option, const char *text)
{
    const struct complaint *c = arg;

    complain(c->to, c->item, option, "%s", text);
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct query_log_config *config = items;
    struct filter filter;

    for (size_t i = 0; i < count; i++) {
        struct complaint complaint = { to, i };

        if (filter_init(&filter, &config[i], tell, &complaint) == OK)
            filter_done(&filter);
        if (!sink_find(config[i].to))
            complain(to, i, "to", "%.100s is nowhere; write file:/PATH or stdout", config[i].to);
        for (size_t j = 0; j < i; j++)
            if (strcmp(config[i].to, config[j].to) == 0)
                complain(to, i, "to", "%.100s is written to by an item above; keep one",
                         config[i].to);
    }
}

const struct section query_log_section = {
    .name = "query_log",
    .doc = "Streams of records, one record for each query.",
    SECTION_OPTIONS(query_log_options),
    .size = sizeof(struct query_log_config),
    .is_list = true,
    .check = check,
};
