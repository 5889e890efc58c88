/* listen/tls.c - queries over TLS (RFC 7858). */
#include "listen/door.h"

const struct listener_ops listener_tls = {
    .name = "tls",
    .pads = true,
    .tells_idle = true,
    .talk = &talk_dns,
    .queries = METRIC_queries_tls,
    .responses = METRIC_responses_tls,
    .open_now = GAUGE_connections_open_tls,
    STREAM_DOOR,
};
