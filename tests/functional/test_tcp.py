"""TCP listeners (RFC 7766, 9210): how messages arrive and leave."""

import socket
import time

import dns.edns
import dns.flags
import dns.message
import dns.rcode

from client import (Stream, ask, dig, exchange, is_right, kdig, name_of, named_queries, query)
from scripts import framed
from waiting import until
from wire import address_for

KEEPALIVE = 11


def test_dig_gets_the_answer_over_tcp(proxy):
    assert dig(proxy, "+tcp", "+short", "one.test", "A").split() == [address_for("one.test")]


def test_kdig_keeps_a_connection_open_for_several_questions(proxy):
    out = kdig(proxy, "+tcp", "+keepopen", "+short", "a.test", "A", "b.test", "A")
    assert out.split() == [address_for("a.test"), address_for("b.test")]


def test_three_hundred_questions_in_one_write_are_all_answered(proxy):
    queries = named_queries("pipelined", 300)
    with Stream(proxy) as stream:
        responses = stream.ask(*queries)
    assert {response.id for response in responses} == {message.id for message in queries}
    assert all(is_right(response, name_of(queries[response.id - 1])) for response in responses)


def test_answers_leave_as_they_come_not_in_the_order_asked(proxy):
    slow, quick = query("delay-1500.first.test"), query("second.test")
    with Stream(proxy) as stream:
        names = [name_of(response) for response in stream.ask(slow, quick)]
    assert names == ["second.test.", "delay-1500.first.test."]


def test_a_message_may_arrive_byte_by_byte(proxy):
    with Stream(proxy) as stream:
        stream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in framed(query("bytes.test").to_wire()):
            stream.sock.send(bytes([byte]))
            time.sleep(0.001)
        assert is_right(stream.receive()[0], "bytes.test")


def test_a_write_may_hold_a_message_and_a_half(proxy):
    first, second = (framed(query(name).to_wire()) for name in ("whole.test", "half.test"))
    with Stream(proxy) as stream:
        stream.sock.sendall(first + second[:9])
        assert is_right(stream.receive()[0], "whole.test")
        stream.sock.sendall(second[9:])
        assert is_right(stream.receive()[0], "half.test")


def test_a_client_that_half_closes_after_asking_is_answered(proxy):
    queries = [query("delay-300.half.test"), query("closed.test")]
    with Stream(proxy) as stream:
        stream.send(*queries)
        stream.sock.shutdown(socket.SHUT_WR)
        answered = {name_of(response) for response in stream.receive(2)}
        assert answered == {name_of(message) for message in queries}
        until(stream.is_closed, "the proxy closes too")


def test_a_client_that_leaves_before_its_answer_harms_nobody(proxy, chaos):
    for number in range(20):
        with Stream(proxy) as stream:
            stream.send(query(f"delay-200.left{number}.test"))
    until(lambda: chaos.asked_about("delay-200.left19.test"), "the question reached the upstream")
    until(lambda: chaos.pending == 0, "the upstream has answered")
    assert is_right(ask(proxy, "still.test", tcp=True), "still.test")


def test_64_kib_pass_over_tcp(proxy):
    message = query("big-65535.test", "TXT")
    with Stream(proxy) as stream:
        stream.send(message)
        wire = stream.receive_wire()
    assert len(wire) == 65535
    response = dns.message.from_wire(wire)
    assert message.is_response(response) and not response.flags & dns.flags.TC


def test_64_kib_that_leave_no_room_for_the_client_s_opt_still_get_a_response(proxy):
    message = query("big-65535.test", "TXT", edns=1232)
    with Stream(proxy) as stream:
        response = stream.ask(message)[0]
    assert message.is_response(response) and response.edns == 0
    assert response.flags & dns.flags.TC or response.rcode() == dns.rcode.SERVFAIL


def test_an_idle_connection_is_closed(stage, chaos):
    served = stage.proxy(chaos, limit={"tcp_idle": "500ms"})
    with Stream(served) as quiet, Stream(served) as used:
        assert is_right(used.ask(query("used.test"))[0], "used.test")
        until(quiet.is_closed, "a connection that never asked is closed")
        until(used.is_closed, "a connection that asks no more is closed")


def test_a_connection_that_waits_for_an_answer_is_not_idle(stage, chaos):
    served = stage.proxy(chaos, limit={"tcp_idle": "200ms"})
    with Stream(served) as stream:
        assert is_right(stream.ask(query("delay-1500.late.test"))[0], "delay-1500.late.test")


def test_a_byte_now_and_then_holds_no_connection(stage, chaos):
    served = stage.proxy(chaos, limit={"tcp_message": "500ms", "tcp_idle": "60s"})
    with Stream(served) as stream:
        stream.sock.sendall(b"\x01\x00")

        def closed_after_another_byte():
            try:
                stream.sock.send(b"\0")
            except ConnectionError:
                return True
            time.sleep(0.09)
            return stream.is_closed()
        until(closed_after_another_byte, "a message that drips in is given up")
    assert is_right(ask(served, "others.test", tcp=True), "others.test")


def keepalive_of(response):
    return [option.data for option in response.options if option.otype == KEEPALIVE]


def with_keepalive(name, data=b""):
    return query(name, edns=1232, options=[dns.edns.GenericOption(KEEPALIVE, data)])


def test_keepalive_is_offered_to_who_asks_for_it_over_tcp(stage, chaos):
    served = stage.proxy(chaos, limit={"tcp_idle": "7s"})
    with Stream(served) as stream:
        asked = stream.ask(with_keepalive("asked.test"))[0]
        plain = stream.ask(query("plain.test", edns=1232))[0]
    assert keepalive_of(asked) == [(70).to_bytes(2, "big")]     # RFC 7828: units of 100 ms
    assert keepalive_of(plain) == []


def test_keepalive_is_not_offered_over_udp(proxy):
    response = dns.message.from_wire(exchange(proxy, with_keepalive("kaudp.test").to_wire()))
    assert is_right(response, "kaudp.test") and keepalive_of(response) == []


def test_keepalive_of_a_client_is_not_passed_on(proxy, chaos):
    with Stream(proxy) as stream:
        stream.ask(with_keepalive("kahop.test", b"\x12\x34"))
    seen = dns.message.from_wire(chaos.asked_about("kahop.test")[0].wire)
    assert b"\x12\x34" not in keepalive_of(seen)


def test_a_frame_too_short_for_a_header_harms_nobody(proxy):
    for frame in (b"\0\0", b"\0\1x", b"\0\x0b" + bytes(11)):
        with Stream(proxy) as stream:
            stream.sock.sendall(frame)
            stream.sock.shutdown(socket.SHUT_WR)
            until(stream.is_closed, "the proxy closes, having nothing to say")
    assert is_right(ask(proxy, "after.test", tcp=True), "after.test")
