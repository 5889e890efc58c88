"""ports - loopback ports that nobody uses, for UDP and TCP alike, outside the ephemeral range."""

import itertools
import os
import socket

FIRST, LAST = 20000, 32000
_candidates = itertools.count(os.getpid() * 61 % (LAST - FIRST))


def is_free(port, kind, host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port():
    """A port number free on every IPv4 address; each call gives another."""
    for step in _candidates:
        port = FIRST + step % (LAST - FIRST)
        if all(is_free(port, kind, "0.0.0.0") for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port


def has_ipv6():
    return is_free(0, socket.SOCK_DGRAM, "::1")
