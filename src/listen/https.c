/* listen/https.c - queries over HTTPS (RFC 8484). */
#include "listen/door.h"

const struct listener_ops listener_https = {
    .name = "https",
    .pads = true,
    .talk = &talk_http,
    .queries = METRIC_queries_https,
    .responses = METRIC_responses_https,
    .open_now = GAUGE_connections_open_https,
    STREAM_DOOR,
};
