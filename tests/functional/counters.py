"""counters - how the counters in dotproxy's last log lines are called, said once."""

import re

COUNTERS = {
    "udp queries": "queries_udp",
    "tcp queries": "queries_tcp",
    "wrong answers": "upstream_wrong_answers",
    "malformed answers": "upstream_malformed_answers",
    "connections opened": "upstream_connections_opened",
    "connections resumed": "upstream_connections_resumed",
    "connections doubted": "upstream_connections_silent",
}

WORD = re.compile(r"\b([a-z][a-z0-9_]*)=(\d+)\b")


def read_counters(log):
    """The last value of every name=value word of the log; a counter never printed is zero."""
    return {name: int(value) for name, value in WORD.findall(log)}
