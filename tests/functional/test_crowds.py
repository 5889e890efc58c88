"""Limits on connections of clients and their networks, with real TLS: who may come, how often, for how long; and
what happens when there are too many of everything. Clients are 127.0.x.y, of which the first three numbers are
the network."""

import contextlib
import select
import ssl

import pytest

from client import Stream, extended_errors, is_right, query
from control import socket_at, tell, tell_json
from front import (PATH, Port, connect, doh, door, dot, ends, is_taken, port_of, proxy_header, send_apart, trusting)
from scripts import framed
from waiting import until
from web import Http1, Http2, dial

LONG = {"tls_idle": "60s", "tcp_idle": "60s"}
KINDS = ["tcp", "tls", "https", "http"]
SECURE = ["tls", "https"]
ONE, TWO, ELSEWHERE = "127.0.5.1", "127.0.5.2", "127.0.6.1"


class House:
    """A proxy with a door of each kind, and its counters. keys: what all rows of `listen` have."""

    def __init__(self, stage, chaos, keys=(), **limit):
        good, keys, control = stage.authority["good"], dict(keys), socket_at(stage.directory)
        self.authority, self.control = stage.authority, control["socket"]
        self.rows = {"udp": door("udp"), "tcp": door("tcp", **keys), "tls": dot(good, **keys),
                     "https": doh(good, **keys), "http": door("http", path=PATH, **keys)}
        self.proxy = stage.proxy(chaos, listen=list(self.rows.values()), limit={**LONG, **limit}, control=control)

    def open(self, kind, source=None, before=b""):
        """A connection that asks and answers, whichever door it goes to."""
        if kind in ("http", "https"):
            return dial(self.rows[kind], self.authority, Http1 if kind == "http" else Http2, source=source,
                        before=before)
        stream = Stream(Port(port_of(self.rows[kind])), source=source)
        stream.sock.sendall(before)
        if kind == "tls":
            stream.sock = trusting(self.authority).wrap_socket(stream.sock, server_hostname="dns.test")
        return stream

    def counted(self, name):
        return tell_json(self.control, "stats")[name]

    def serves(self, kind, source=None, **other):
        try:
            with self.open(kind, source, **other) as stream:
                return answers(stream, "served.test")
        except (OSError, EOFError):
            return False


def answers(stream, name):
    got = stream.ask(query(name))
    return is_right(got[0] if isinstance(got, list) else got.dns, name)


def said_to_hello(house, kind, source):
    """What is said to a client that begins to shake hands."""
    with connect(port_of(house.rows[kind]), source=source) as sock:
        return ends(sock)


# How many.

@pytest.mark.parametrize("kind", KINDS)
def test_a_network_has_no_more_connections_than_its_limit(stage, chaos, kind):
    house = House(stage, chaos, tcp_connections_per_network=4)
    with contextlib.ExitStack() as stack:
        for number in range(4):
            stack.enter_context(house.open(kind, f"127.0.5.{number + 1}"))
        until(lambda: house.counted("connections") >= 4, "they are there")
        assert not house.serves(kind, "127.0.5.99")
        assert house.serves(kind, ELSEWHERE)
        refused = house.counted("connections_refused")
        assert refused >= 1
    until(lambda: house.serves(kind, "127.0.5.99"), "there is room when they have left")


# How often.

@pytest.mark.parametrize("kind", SECURE)
def test_a_client_shakes_hands_at_a_rate(stage, chaos, kind):
    house = House(stage, chaos, tls_handshakes="1/s", tls_handshakes_burst=5)
    served = sum(house.serves(kind, ONE) for _ in range(12))
    assert 5 <= served <= 8                       # and one a second
    assert said_to_hello(house, kind, ONE) == b""  # nothing, not even an alert
    assert house.serves(kind, TWO) and house.serves(kind, ELSEWHERE)
    assert house.serves("tcp", ONE) and house.serves("http", ONE)
    stats = tell_json(house.control, "stats")
    assert stats["policy_handshakes_enforced"] == stats["connections_denied"] == stats["policy_ipv4_32_enforced"]
    assert stats["tls_handshakes_failed"] == 0
    house.proxy.wait_for_log("warning limited:", f"rule=handshakes prefix={ONE}/32 mode=enforce")


def test_a_network_shakes_hands_at_a_rate_too(stage, chaos):
    house = House(stage, chaos, tls_handshakes="1/s", tls_handshakes_burst=2)
    served = sum(house.serves("tls", f"127.0.5.{number + 1}") for number in range(40))
    assert 16 <= served < 40
    assert house.counted("policy_ipv4_24_enforced") >= 1
    assert house.serves("tls", ELSEWHERE)


def test_handshakes_in_shadow_mode_are_counted_alone(stage, chaos):
    house = House(stage, chaos, tls_handshakes="1/s", tls_handshakes_burst=2, shadow=["handshakes"])
    assert all(house.serves("tls", ONE) for _ in range(8))
    assert house.counted("policy_handshakes_shadowed") >= 1


# How long.

@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_stream_that_has_had_its_queries_ends_properly(stage, chaos, kind):
    house = House(stage, chaos, tcp_queries=3)
    with house.open(kind) as stream:
        assert answers(stream, "first.test") and answers(stream, "second.test")
        assert answers(stream, "third.test")
        assert stream.sock.recv(1) == b""        # with TLS an end without goodbye would be an error
    assert house.serves(kind)
    assert house.counted("connections_used_up") == 1


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_what_is_sent_beyond_does_not_cost_the_answers_before(stage, chaos, kind):
    house = House(stage, chaos, tcp_queries=3)
    names = [f"n{number}.test" for number in range(50)]
    with house.open(kind) as stream:
        stream.send(*(query(name) for name in names))
        got = [stream.receive()[0] for _ in range(3)]
        assert sorted(str(one.question[0].name) for one in got) == [f"{name}." for name in names[:3]]
        assert stream.sock.recv(1) == b""


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_client_of_http2_is_told_to_go_away(stage, chaos, scheme):
    house = House(stage, chaos, tcp_queries=3)
    with dial(house.rows[scheme], house.authority, Http2) as web:
        for number in range(3):
            assert is_right(web.ask(query(f"n{number}.test")).dns, f"n{number}.test")
        assert web.goodbye() == 0
    with dial(house.rows[scheme], house.authority, Http2) as web:
        for number in range(3):
            web.send_query(query(f"delay-300.n{number}.test"))
        for _ in range(3):                       # also those that are in the air
            assert web.receive().status == 200
        assert web.goodbye() == 0


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_client_of_http1_is_told_with_the_last_response(stage, chaos, scheme):
    house = House(stage, chaos, tcp_queries=3)
    with dial(house.rows[scheme], house.authority, Http1) as web:
        told = []
        for number in range(3):
            answer = web.ask(query(f"n{number}.test"))
            assert is_right(answer.dns, f"n{number}.test")
            told.append(answer.headers.get("connection"))
        assert told == [None, None, "close"]
        assert web.goodbye() == b""


@pytest.mark.parametrize("kind", KINDS)
def test_half_said_things_take_no_more_memory_than_there_is(stage, chaos, kind):
    """Each client says most of 64 KiB, and waits."""
    half = {"http": f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/dns-message\r\n"
                    "content-length: 65000\r\n\r\n".encode() + bytes(60000),
            "https": bytes(60000)}.get(kind, b"\xff\xff" + bytes(60000))
    house = House(stage, chaos, tcp_buffers="1MiB", tcp_message="60s", tcp_connections_per_client=100)
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(house.open(kind)) for _ in range(40)]
        for stream in crowd:
            with contextlib.suppress(OSError):
                if kind == "https":
                    stream.send(method="POST", headers={"content-type": "application/dns-message"}, body=half,
                                ends=False)
                else:
                    stream.sock.sendall(half)
        until(lambda: house.counted("connections_starved") >= 1, "some of them are cut off")
        assert house.counted("connection_bytes") <= 1 << 20
        assert house.serves("tcp")
    until(lambda: house.counted("connection_bytes") == 0, "nothing is left of it")


def fill(house, stack, words, size):
    """More and more connections of one client, each with as much of `words(size)` as it is left to have."""
    left = 45
    while size and left:
        before, left = house.counted("connections_starved") + house.counted("connections_slow"), left - 1
        stream = stack.enter_context(Stream(Port(port_of(house.rows["tcp"])), source=ONE, receive_buffer=4096))
        stream.sock.sendall(words(size))
        until(lambda: is_taken(stream.sock) or stream.is_closed(), "it was read")
        if house.counted("connections_starved") + house.counted("connections_slow") > before:
            size //= 2


def test_what_one_client_does_not_take_leaves_room_for_all_others(stage, chaos):
    """It asks for as much as there is room for, takes none of it, and half says what would fill the rest."""
    house = House(stage, chaos, tcp_buffers="32MiB", tcp_message="60s", rate="0/s")
    big = framed(query("big-60000.test", "TXT").to_wire())
    with house.open("tcp") as stream:
        assert len(stream.ask(query("big-60000.test", "TXT"))) == 1     # now it is known
    with contextlib.ExitStack() as stack:
        fill(house, stack, lambda count: big * count, 60)
        fill(house, stack, lambda count: b"\xff\xff" + bytes(count), 60000)
        assert [kind for kind in KINDS if not house.serves(kind)] == []
        assert house.counted("overloads") >= 1
        assert house.counted("connections_slow") >= 1


# Who.

@pytest.mark.parametrize("kind", KINDS)
def test_who_may_not_ask_has_no_connection(stage, chaos, kind):
    house = House(stage, chaos, deny=[TWO])
    denied = house.counted("connections_denied")
    assert house.serves(kind, ONE) and not house.serves(kind, TWO)
    with connect(port_of(house.rows[kind]), source=TWO) as sock:
        assert ends(sock) == b""
    stats = tell_json(house.control, "stats")
    assert stats["connections_denied"] - denied == stats["policy_access_enforced"] >= 2
    assert stats["tls_handshakes_failed"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_behind_a_balancer_it_is_the_client_who_counts(stage, chaos, kind):
    house = House(stage, chaos, keys={"proxy_from": ["127.0.0.1"]}, allow=["192.0.2.0/24"], tls_handshakes="1/s",
                  tls_handshakes_burst=3)
    assert house.serves(kind, before=proxy_header("192.0.2.1"))
    assert not house.serves(kind, before=proxy_header("198.51.100.1"))
    with connect(port_of(house.rows[kind])) as sock:
        send_apart(sock, proxy_header("198.51.100.1"))
        assert ends(sock) == b""
    assert house.counted("connections_denied") >= 2
    served = [house.serves(kind, before=proxy_header("192.0.2.9")) for _ in range(9)]
    assert all(served) == (kind not in SECURE)
    assert house.serves(kind, before=proxy_header("192.0.2.10"))


def test_behind_a_reverse_proxy_the_client_is_refused_by_an_answer(stage, chaos):
    """Its connection is that of others, too; and they come though their proxy itself may not ask."""
    row = door("http", path=PATH, forwarded_from=["127.0.0.1"])
    stage.proxy(chaos, listen=[row, door("udp")], limit={"deny": ["192.0.2.66"], "allow": ["192.0.2.0/24"]})
    with dial(row, stage.authority, Http1) as web:
        web.send_query(query("denied.test", edns=1232), headers={"x-forwarded-for": "192.0.2.66"})
        answer = web.receive().dns
        assert answer.rcode() == 5 and extended_errors(answer)[0].text == "access"
        web.send_query(query("other.test"), headers={"x-forwarded-for": "192.0.2.1"})
        assert is_right(web.receive().dns, "other.test")


# Too many of everything.

def test_in_an_overload_idle_connections_end_early_and_what_is_known_is_answered(stage, chaos):
    house = House(stage, chaos, tcp_connections=16, tls_idle="8s", tcp_idle="8s")
    status = tell_json(house.control, "status")
    assert (status["overload"], status["waiting"]) == ("no", 0)
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(house.open("tls", f"127.0.{number}.1")) for number in range(13)]
        assert all(answers(stream, "known.test") for stream in crowd)
        assert tell_json(house.control, "status")["overload"] == "connections"
        assert "overload" in tell(house.control, "status")
        house.proxy.wait_for_log("warning overload:", "scarce=connections")
        assert answers(crowd[0], "known.test")
        until(lambda: house.counted("connections_idle") >= 1, "idle ones go")
        until(lambda: not house.counted("overload"), "until there is room")
        gone = select.select([stream.sock for stream in crowd], [], [], 0)[0]
        assert gone and all(sock.recv(1) == b"" for sock in gone)     # they were told goodbye
        assert house.serves("tcp") and house.serves("https")
    assert len(house.proxy.log_lines("warning overload:")) == 1
    house.proxy.wait_for_log("info overload_end:", "seconds=")
    assert house.counted("overloads") == 1


def test_in_an_overload_who_resumes_a_session_is_let_in_and_others_at_a_rate(stage, chaos):
    house = House(stage, chaos, tcp_connections=16, overload_handshakes="1/s")
    context = trusting(house.authority)

    def shake(session=None):
        sock = connect(port_of(house.rows["tls"]))
        return context.wrap_socket(sock, server_hostname="dns.test", session=session)

    stream = Stream(Port(port_of(house.rows["tls"])))
    stream.sock = shake()
    assert answers(stream, "first.test")
    session = stream.sock.session                # its ticket has come with the answer
    with contextlib.ExitStack() as stack:
        for number in range(13):
            stack.enter_context(house.open("tcp", f"127.0.{number}.1"))
        until(lambda: house.counted("overload") == 1, "it is too much")
        refused = 0
        for _ in range(10):
            try:
                shake().close()
            except (ssl.SSLError, ConnectionError):
                refused += 1
        assert refused >= 5 and house.counted("tls_handshakes_refused") == refused
        stream.sock.close()
        stream.sock = shake(session)
        assert stream.sock.session_reused and answers(stream, "resumed.test")
        stream.sock.close()


def test_explain_tells_of_the_room_and_of_handshakes(stage, chaos):
    house = House(stage, chaos, tls_handshakes="1/s", tls_handshakes_burst=5, waiting=9, waiting_per_client=3)
    assert house.serves("tls", ONE)
    told = tell_json(house.control, "explain", ONE, "www.one.example", "A")
    room, = (rule for rule in told["rules_for_misses"] if rule["rule"] == "waiting")
    assert room["says"] == "pass" and room["all"] == "0 of 9 questions wait"
    shakes, = told["rules_for_handshakes"]
    assert shakes["says"] == "pass" and 4 <= shakes[f"{ONE}/32 proven"]["tokens"] <= 5
    while house.serves("tls", ONE):
        pass
    told = tell_json(house.control, "explain", ONE, "www.one.example", "A")
    assert told["rules_for_handshakes"][0]["says"] in ("drop", "pass")        # a second later there is a token
    assert told["fate"] == "an upstream is asked"                             # over UDP it may come all the same
    assert "handshakes" in tell(house.control, "explain", ONE, "www.one.example", "A")
