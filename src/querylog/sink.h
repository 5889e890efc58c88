#ifndef QUERYLOG_SINK_H
#define QUERYLOG_SINK_H

#include "base/err.h"
#include "base/slice.h"
#include "querylog/query_log_config.h"

#include <stdbool.h>

#define QUERYLOG_REASON_MAX 512

/* Where records go. Each sink's struct begins with it. Belongs to the thread that writes, but for
 * open and close. */
struct sink {
    const struct sink_ops *ops;
    const struct query_log_config *config; /* lives as long as the sink */
};

struct sink_ops {
    const char *name; /* what `to` begins with */
    size_t size;

    /* Why not, told to a person in `reason`. */
    err_t (*open)(struct sink *s, char reason[QUERYLOG_REASON_MAX]);

    /* Takes a copy of one record; false when there is no room for it. Never waits. */
    bool (*take)(struct sink *s, struct slice record);

    /* Hands on what was taken, as far as that goes now. Some times a second, with or without new
     * records. */
    void (*flush)(struct sink *s, uint64_t now_ns);

    /* Begins anew what has a name, because that may belong to another file now. */
    void (*reopen)(struct sink *s);

    /* The last flush, which may wait for `patience_ms`. Returns how many records that were taken
     * are lost. */
    uint64_t (*close)(struct sink *s, unsigned patience_ms);
};

/* The sink that `to` names ("file:/var/log/x", "stdout"), or NULL. */
const struct sink_ops *sink_find(const char *to);

/* What stands behind the first colon of `to`. */
const char *sink_target(const char *to);

#endif
