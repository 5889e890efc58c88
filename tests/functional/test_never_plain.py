"""With tls:// upstreams no question ever leaves in the clear, whatever goes wrong."""

import os

import dns.message
import pytest

from client import ask, ask_all, failed_well, is_right, query
from ports import free_port
from proxy import BRIEF
from sniffer import Sniffer, may_sniff
from wire import name_wire

HERE = "127.0.77.9"     # the upstream's address: nothing else talks to it
LABEL = "topsecretname"
needs_root = pytest.mark.skipif(not may_sniff(), reason="needs CAP_NET_RAW to watch the wire")


def ask_in_vain(stage, url, count=3):
    served = stage.proxy(url, group=BRIEF)
    names = [f"{LABEL}.n{number}.test" for number in range(count)]
    for response in ask_all(served, {name: query(name, edns=1232) for name in names}).values():
        assert failed_well(dns.message.from_wire(response))


def test_a_server_that_speaks_no_tls_sees_nothing_but_client_hellos(stage):
    sink = stage.chaos("sink")
    ask_in_vain(stage, sink.url)
    hellos = [seen.raw for seen in sink.connections if seen.raw]
    assert hellos and sink.datagrams == []
    assert all(raw[:2] == b"\x16\x03" and LABEL.encode() not in raw.lower() for raw in hellos)


def test_a_server_that_answers_in_plain_text_sees_nothing_but_client_hellos(stage):
    server = stage.chaos(mode="garbage")
    ask_in_vain(stage, server.url)
    assert all(LABEL.encode() not in seen.raw for seen in server.connections) and server.connections


def test_a_plain_dns_server_on_the_port_is_not_asked(stage):
    plain = stage.chaos("udp")
    ask_in_vain(stage, f"tls://127.0.0.1:{plain.port}#dns.test")
    assert plain.datagrams == [] and plain.questions == []
    assert all(LABEL.encode() not in seen.raw for seen in plain.connections)


@needs_root
def test_the_sniffer_sees_questions_to_an_upstream_that_was_asked_for_in_plain_text(stage):
    plain = stage.chaos("udp", host=HERE)
    served = stage.proxy(plain)
    with Sniffer(HERE) as seen:
        assert is_right(ask(served, f"{LABEL}.test"), f"{LABEL}.test")
    assert seen.saw(name_wire(LABEL)[:-1])


WRONG_SERVERS = {
    "expired": {"certificate": "expired"},
    "deaf": {"mode": "deaf"},
    "mute": {"mode": "mute"},
    "garbage": {"mode": "garbage"},
    "resets": {"mode": "refuse-0"},
    "alert": {"mode": "alert"},
    "silent": {"mode": "drop-1000"},
    "drops": {"mode": "drop-1"},
}


@needs_root
@pytest.mark.parametrize("what", WRONG_SERVERS)
def test_no_packet_bears_a_question_when_the_upstream_is(stage, what):
    server = stage.chaos(host=HERE, **WRONG_SERVERS[what])
    with Sniffer(HERE) as seen:
        ask_in_vain(stage, server.url)
    nothing_in_the_clear(seen, server.port)


@needs_root
def test_no_packet_bears_a_question_when_the_upstream_is_down(stage):
    port = free_port()
    with Sniffer(HERE) as seen:
        ask_in_vain(stage, f"tls://{HERE}:{port}#dns.test")
    nothing_in_the_clear(seen, port)


@needs_root
def test_no_packet_bears_a_question_when_all_is_well(stage):
    server = stage.chaos(host=HERE)
    served = stage.proxy(server)
    with Sniffer(HERE) as seen:
        for number in range(10):
            assert is_right(ask(served, f"{LABEL}.n{number}.test"), f"{LABEL}.n{number}.test")
    nothing_in_the_clear(seen, server.port)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for port 53")
def test_the_plain_port_of_a_broken_tls_upstream_is_left_alone(stage):
    plain = stage.chaos("udp", host=HERE, port=53)
    broken = stage.chaos(host=HERE, certificate="expired")
    ask_in_vain(stage, broken.url)
    ask_in_vain(stage, f"tls://{HERE}:{free_port()}#dns.test")
    assert plain.datagrams == [] and plain.connections == []


def nothing_in_the_clear(seen, port):
    """TCP to the upstream's port only (ICMP may report a closed one), and the name nowhere."""
    assert seen.packets, "nothing was tried"
    assert not seen.saw(LABEL.encode())
    for packet in seen.packets:
        start = (packet[0] & 15) * 4
        ports = {int.from_bytes(packet[start + at:start + at + 2], "big") for at in (0, 2)}
        assert packet[9] == 6 and port in ports, packet.hex()
