/* listen/tcp.c - queries over TCP (RFC 7766). */
#include "listen/door.h"

const struct listener_ops listener_tcp = {
    .name = "tcp",
    .tells_idle = true,
    .talk = &talk_dns,
    .queries = METRIC_queries_tcp,
    .responses = METRIC_responses_tcp,
    .open_now = GAUGE_connections_open_tcp,
    STREAM_DOOR,
};
