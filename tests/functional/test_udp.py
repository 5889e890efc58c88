"""UDP listeners: who is answered, from which address, how much fits."""

import socket

import dns.flags
import dns.message
import pytest

from client import (ask, ask_all, datagram_socket, dig, exchange, is_right, kdig, named_queries,
                    query)
from ports import free_port, has_ipv6
from proxy import listener
from wire import address_for


def test_dig_gets_the_answer_over_udp(proxy):
    assert dig(proxy, "+short", "one.test", "A").split() == [address_for("one.test")]


def test_dig_gets_the_answer_without_edns(proxy):
    out = dig(proxy, "+noedns", "two.test", "A")
    assert address_for("two.test") in out and "EDNS" not in out


def test_kdig_gets_the_answer_over_udp(proxy):
    assert kdig(proxy, "+short", "three.test", "A").split() == [address_for("three.test")]


def test_dnspython_gets_the_answer_over_udp(proxy):
    assert is_right(ask(proxy, "four.test"), "four.test")


def test_two_hundred_clients_at_once_each_get_their_own_answer(proxy):
    names = [f"delay-100.client{n}.test" for n in range(200)]
    queries = {}
    for name in names:
        queries[name] = query(name)
        queries[name].id = 7        # the same id for all: the socket decides who gets what
    responses = ask_all(proxy, queries)
    assert [name for name in names if responses[name] is None] == []
    assert all(is_right(dns.message.from_wire(responses[name]), name) for name in names)


def test_one_client_with_fifty_questions_in_flight_gets_all_answers(proxy):
    queries = {message.id: message for message in named_queries("delay-100", 50)}
    with datagram_socket("127.0.0.1", proxy.port) as sock:
        sock.settimeout(20)
        for message in queries.values():
            sock.send(message.to_wire())
        responses = [dns.message.from_wire(sock.recv(4096)) for _ in queries]
    assert {response.id for response in responses} == set(queries)
    assert all(queries[response.id].is_response(response) for response in responses)


def test_a_wildcard_bind_answers_from_the_address_that_was_asked(stage, chaos):
    served = stage.proxy(chaos, listen=[{"url": f"dns://0.0.0.0:{free_port()}"}])
    for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
        assert is_right(ask(served, "wild.test", host=host), "wild.test")       # checks the source
        assert is_right(ask(served, "wild.test", host=host, tcp=True), "wild.test")


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
def test_both_wildcards_on_one_port_serve_ipv4_and_ipv6(stage, chaos):
    port = free_port()
    wildcards = [{"url": f"dns://{host}:{port}"} for host in ("0.0.0.0", "[::]")]
    served = stage.proxy(chaos, listen=wildcards)
    for host in ("127.0.0.2", "::1"):
        assert is_right(ask(served, "both.test", host=host), "both.test")
        assert is_right(ask(served, "both.test", host=host, tcp=True), "both.test")


def test_a_udp_listener_does_not_listen_on_tcp(stage, chaos):
    served = stage.proxy(chaos, listen=[{"url": f"udp://127.0.0.1:{free_port()}"}])
    assert is_right(ask(served, "udponly.test"), "udponly.test")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", served.port), timeout=5)


def test_without_edns_a_response_stops_at_512_bytes(proxy):
    wire = exchange(proxy, query("big-513.test", "TXT").to_wire())
    assert len(wire) <= 512 and dns.message.from_wire(wire).flags & dns.flags.TC
    assert len(exchange(proxy, query("big-512.test", "TXT").to_wire())) == 512


def test_a_size_below_512_counts_as_512(proxy):
    response = ask(proxy, "big-400.test", "TXT", edns=100)
    assert not response.flags & dns.flags.TC and response.answer


@pytest.mark.parametrize("offered", [1232, 4096, 65535])
def test_a_datagram_never_exceeds_1232_bytes_whatever_the_client_offers(proxy, offered):
    wire = exchange(proxy, query("big-3000.test", "TXT", edns=offered).to_wire())
    assert len(wire) <= 1232 and dns.message.from_wire(wire).flags & dns.flags.TC


def test_the_client_s_smaller_offer_holds(proxy):
    wire = exchange(proxy, query("big-1100.test", "TXT", edns=1000).to_wire())
    assert len(wire) <= 1000 and dns.message.from_wire(wire).flags & dns.flags.TC


def test_a_response_that_fits_is_whole(proxy):
    response = ask(proxy, "big-1200.test", "TXT", edns=1232)
    assert not response.flags & dns.flags.TC and len(response.answer[0]) > 3


def test_a_key_raises_the_size_of_datagrams(stage, chaos):
    served = stage.proxy(chaos, listen=[listener(free_port(), udp_size=4096)])
    response = ask(served, "big-3000.test", "TXT", edns=4096)
    assert not response.flags & dns.flags.TC and response.answer
    wire = exchange(served, query("big-3000.test", "TXT", edns=2000).to_wire())
    assert len(wire) <= 2000 and dns.message.from_wire(wire).flags & dns.flags.TC


def test_a_truncated_response_has_no_answer_records_of_a_cut_rrset(proxy):
    response = ask(proxy, "big-3000.test", "TXT", edns=1232)
    assert response.flags & dns.flags.TC and not response.answer


def test_a_truncated_response_may_keep_whole_rrsets_only(proxy):
    response = ask(proxy, "chain-100.test", edns=1232)
    kept = {rrset.rdtype: len(rrset) for rrset in response.answer}
    assert response.flags & dns.flags.TC and kept in ({}, {dns.rdatatype.CNAME: 1})


def test_a_truncated_response_keeps_question_and_opt(proxy):
    response = ask(proxy, "big-3000.MiXeD.test", "TXT", edns=1232)
    assert response.question[0].name.to_text() == "big-3000.MiXeD.test."
    assert response.edns == 0


def test_dig_asks_again_over_tcp_and_gets_the_whole(proxy):
    out = dig(proxy, "+bufsize=1232", "big-3000.test", "TXT")
    assert "retrying in TCP mode" in out and out.count("\tTXT\t\"") == len(
        ask(proxy, "big-3000.test", "TXT", tcp=True).answer[0])
