"""EDNS TCP keepalive (RFC 7828) towards upstreams: asked once on each connection, and kept to ourselves."""

import dns.message
import pytest

from client import Stream, ask, is_right, named_queries, query
from scripts import KEEPALIVE


def keepalive_of(wire):
    return [option.data for option in dns.message.from_wire(wire).options
            if option.otype == KEEPALIVE]


@pytest.mark.parametrize("kind", ["tls", "tcp"])
def test_the_first_query_of_each_connection_asks_and_no_other(stage, kind):
    server = stage.chaos(kind, mode="close-3")
    served = stage.proxy(stage.row(server, connections=1))
    for number in range(9):
        assert is_right(ask(served, f"first{number}.test"), f"first{number}.test")
    seen = [connection for connection in server.connections if connection.questions]
    assert len(seen) >= 3
    for connection in seen:
        first, *others = [keepalive_of(question.wire) for question in connection.questions]
        assert first == [b""]
        assert others == [[]] * len(others)
    assert any(len(connection.questions) > 1 for connection in seen)


def test_queries_that_leave_together_ask_once(stage):
    server = stage.chaos()
    served = stage.proxy(stage.row(server, connections=1))
    with Stream(served) as stream:
        stream.ask(*named_queries("together", 50))
    asking = [question for question in server.questions if keepalive_of(question.wire)]
    assert len(asking) == len(server.connections) == 1
    assert asking == server.connections[0].questions[:1]


def test_a_query_over_udp_does_not_ask_and_its_repetition_over_tcp_does(stage):
    server = stage.chaos("udp")
    served = stage.proxy(server)
    assert is_right(ask(served, "plain.test"), "plain.test")
    ask(served, "tc.long.test")
    assert len(server.datagrams) >= 2
    assert not any(keepalive_of(datagram) for datagram in server.datagrams)
    assert [keepalive_of(question.wire) for connection in server.connections
            for question in connection.questions] == [[b""]]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("tenths", [0, 1, 65535])
def test_what_an_upstream_tells_is_not_the_client_s_business(stage, tenths, tcp):
    server = stage.chaos()
    served = stage.proxy(server)
    name = f"keepalive-{tenths}.told.test"
    response = ask(served, name, tcp=tcp, message=query(name, edns=1232))
    assert is_right(response, name) and response.options == ()
    assert keepalive_of(server.asked_about(name)[0].sent[0]) == [tenths.to_bytes(2, "big")]
    assert is_right(ask(served, "after.test"), "after.test")
