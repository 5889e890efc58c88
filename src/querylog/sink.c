/* querylog/sink.c - the sinks by their names. */
#include "querylog/sink.h"

#include <string.h>

#define SINK(name) extern const struct sink_ops sink_##name;
#include "querylog/sinks.def"
#undef SINK

static const struct sink_ops *const table[] = {
#define SINK(name) &sink_##name,
#include "querylog/sinks.def"
#undef SINK
};

const struct sink_ops *sink_find(const char *to)
{
    size_t len = strcspn(to, ":");

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strlen(table[i]->name) == len && memcmp(table[i]->name, to, len) == 0)
            return table[i];
    return NULL;
}

const char *sink_target(const char *to)
{
    const char *colon = strchr(to, ':');

    return colon ? colon + 1 : "";
}
