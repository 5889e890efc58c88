#ifndef QUERY_SOURCE_H
#define QUERY_SOURCE_H

/* Who gave the response. */
enum query_source {
#define SOURCE(name, text) FROM_##name,
#include "query/sources.def"
#undef SOURCE
    SOURCE_COUNT
};

static inline const char *source_name(enum query_source source)
{
    static const char *const names[] = {
#define SOURCE(name, text) text,
#include "query/sources.def"
#undef SOURCE
    };

    return names[source];
}

#endif
