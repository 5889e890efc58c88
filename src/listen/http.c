/* listen/http.c - queries over HTTP in plain text, for a reverse proxy that does the TLS. */
#include "listen/door.h"

const struct listener_ops listener_http = {
    .name = "http",
    .pads = true,
    .talk = &talk_http,
    .queries = METRIC_queries_http,
    .responses = METRIC_responses_http,
    .open_now = GAUGE_connections_open_http,
    STREAM_DOOR,
};
