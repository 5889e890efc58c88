"""DNS over HTTP from clients: who takes too long or too much, who leaves, and how dotproxy itself leaves."""

import contextlib
import os
import signal
import socket
import struct

import pytest

from client import is_right, name_of, named_queries, query
from control import socket_at, tell_json
from front import MEDIA_TYPE, PATH, doh, door, encoded
from waiting import until
from web import WAYS, Http1, Http2, dial

SHORT = {"tls_idle": "1s", "tcp_idle": "1s", "tls_handshake": "1s", "tcp_message": "1s"}
LONG = {"tls_idle": "60s", "tcp_idle": "60s"}
WIRE = query("half.test").to_wire()
HEAD = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: {MEDIA_TYPE}\r\n"


class House:
    """A proxy with a door of each kind, and its counters."""

    def __init__(self, stage, chaos, **limit):
        control = socket_at(stage.directory)
        self.authority, self.control = stage.authority, control["socket"]
        self.rows = {"https": doh(stage.authority["good"]), "http": door("http", path=PATH)}
        self.proxy = stage.proxy(chaos, listen=list(self.rows.values()), limit=limit, control=control)

    def dial(self, way, **other):
        scheme, kind = WAYS[way]
        return dial(self.rows[scheme], self.authority, kind, **other)

    def counted(self, name):
        return tell_json(self.control, "stats")[name]

    def serves(self, name):
        with self.dial("https-h2") as web:
            return is_right(web.ask(query(name)).dns, name)


@pytest.fixture(scope="module")
def strict(shared, chaos):
    return House(shared, chaos, **SHORT)


@pytest.fixture
def house(stage, chaos):
    return House(stage, chaos, **LONG)


def end_of(web):
    """What is said until the end; None when it is a reset."""
    try:
        return web.goodbye()
    except ConnectionError:
        return None


# Idle.

@pytest.mark.parametrize("way", WAYS)
def test_an_idle_client_is_told_goodbye(strict, way):
    before = strict.counted("connections_idle")
    with strict.dial(way) as web:
        assert is_right(web.ask(query("idle.test")).dns, "idle.test")
        assert web.goodbye() == (0 if "h2" in way else b"")     # GOAWAY with NO_ERROR: nothing is lost
    assert strict.counted("connections_idle") == before + 1


def test_a_client_that_only_pings_is_idle(strict):
    with strict.dial("https-h2") as web:
        web.settle()

        def is_over():
            web.ping()
            return not web.pump() or web.goaway == 0
        until(is_over, "the connection is told to end although it pings")
        assert web.goaway == 0


def test_a_client_that_never_speaks_is_not_waited_for(strict):
    with strict.dial("http-h1") as web:
        assert web.goodbye() == b""


# A request must be whole in time, however busy it looks (RFC 9112 section 9.5).

def drip(sock):
    """A byte now and then, until the other side has had enough."""
    def is_over():
        try:
            sock.sendall(b"x")
        except OSError:
            return True
        return False
    until(is_over, "the connection ends although bytes still come")


@pytest.mark.parametrize("words", ["POST /", HEAD, HEAD + "x-field: ", HEAD + "content-length: 40000\r\n\r\n",
                                   HEAD + "transfer-encoding: chunked\r\n\r\nffff\r\n"],
                         ids=["method", "head", "field", "body", "chunk"])
@pytest.mark.parametrize("way", ["https-h1", "http-h1"])
def test_a_request_that_comes_byte_by_byte_is_cut_off(strict, way, words):
    before = strict.counted("connections_late")
    with strict.dial(way) as web:
        web.sock.sendall(words.encode())
        drip(web.sock)
    assert strict.counted("connections_late") == before + 1


@pytest.mark.parametrize("way", ["https-h2", "http-h2"])
def test_a_body_that_does_not_come_in_http2_is_cut_off(strict, way):
    before = strict.counted("connections_late")
    with strict.dial(way) as web:
        web.post(WIRE[:20], ends=False)
        end_of(web)
    assert strict.counted("connections_late") == before + 1


def test_header_fields_that_do_not_come_in_http2_are_cut_off(strict):
    before = strict.counted("connections_late")
    with strict.dial("http-h2") as web:
        web.settle()
        web.sock.sendall(b"\0\0\1\1\0\0\0\0\1\x82")         # HEADERS that do not end: ":method: GET"
        end_of(web)
    assert strict.counted("connections_late") == before + 1


def test_other_requests_buy_no_time_for_one_that_does_not_come(strict):
    before = strict.counted("connections_late")
    with strict.dial("https-h2") as web:
        web.post(WIRE[:20], ends=False)

        def is_over():
            try:
                web.ask(query("busy.test"))
            except (EOFError, OSError):
                return True
            return False
        until(is_over, "the connection ends although other requests are served")
    assert strict.counted("connections_late") == before + 1


# Responses that are not taken.

def test_a_client_of_http2_that_opens_no_window_is_idle_then(strict):
    before = strict.counted("connections_slow")
    with strict.dial("https-h2", window=0) as web:
        web.settle()
        web.send_query(query("window.test"))
        end_of(web)
    assert strict.counted("connections_slow") == before + 1


@pytest.mark.parametrize("way", ["https-h1", "http-h1"])
def test_a_client_of_http1_that_reads_nothing_is_cut_off(strict, way):
    before = strict.counted("connections_slow")
    with strict.dial(way, receive_buffer=4096) as web:
        web.sock.setblocking(False)
        wire = query("big-60000.slow.test", "TXT").to_wire()
        request = f"{HEAD}content-length: {len(wire)}\r\n\r\n".encode() + wire

        def is_cut():
            with contextlib.suppress(BlockingIOError, InterruptedError, OSError):
                web.sock.send(request)
            return strict.counted("connections_slow") > before
        until(is_cut, "the slow reader is cut off")
    assert strict.serves("meanwhile.test")


def test_a_client_of_http2_that_takes_its_responses_slowly_gets_them(house):
    with house.dial("https-h2", window=1000, receive_buffer=4096) as web:
        web.settle()
        streams = [web.send_query(query(f"big-30000.slow{number}.test", "TXT")) for number in range(8)]
        answers = [web.receive() for _ in streams]
    assert sorted(answer.stream for answer in answers) == streams
    assert {len(answer.body) for answer in answers} == {30000}


# Too much.

@pytest.mark.parametrize("way", WAYS)
def test_a_client_has_no_more_connections_than_its_limit(stage, chaos, way):
    house = House(stage, chaos, tcp_connections_per_client=2, **LONG)
    with house.dial(way, source="127.0.0.2") as one, house.dial(way, source="127.0.0.2") as two:
        assert is_right(one.ask(query("one.test")).dns, "one.test")
        assert is_right(two.ask(query("two.test")).dns, "two.test")
        with pytest.raises((EOFError, OSError)), house.dial(way, source="127.0.0.2") as three:
            three.ask(query("three.test"))
        assert is_right(one.ask(query("again.test")).dns, "again.test")
    assert house.counted("connections_refused") == 1


def test_bodies_that_do_not_end_take_no_more_memory_than_there_is(stage, chaos):
    house = House(stage, chaos, tcp_buffers="1MiB", **LONG)
    with house.dial("https-h2") as web:
        web.settle()
        with pytest.raises((EOFError, OSError)):
            for _ in range(100):
                web.post(bytes(60000), ends=False)
            web.receive()
    assert house.counted("connections_starved") == 1
    assert house.serves("meanwhile.test")


def test_header_fields_of_requests_that_do_not_end_are_counted_too(stage, chaos):
    house = House(stage, chaos, tcp_buffers="1MiB", **LONG)
    with house.dial("https-h2") as web:
        web.settle()
        with pytest.raises((EOFError, OSError)):
            for _ in range(100):
                web.send("POST", headers={"x-forwarded-for": "x" * 15000}, ends=False, body=b"x")
            web.receive()
    assert house.counted("connections_starved") == 1


# A client who leaves.

@pytest.mark.parametrize("way", WAYS)
def test_a_client_who_leaves_amid_its_request_or_its_answer_harms_nobody(house, chaos, way):
    with house.dial(way) as web:
        if isinstance(web, Http1):
            web.sock.sendall(f"{HEAD}content-length: {len(WIRE)}\r\n\r\n".encode() + WIRE[:9])
        else:
            web.post(WIRE[:9], ends=False)
    with house.dial(way) as web:
        web.send_query(query("delay-300.left.test"))
        until(lambda: chaos.asked_about("delay-300.left.test"), "the question is on its way")
    assert house.serves("others.test")


def test_the_answer_to_a_cancelled_request_finds_nobody(house, chaos):
    with house.dial("https-h2") as web:
        web.cancel(web.send_query(query("delay-300.cancelled.test")))
        until(lambda: house.counted("responses_gone") == 1, "the answer finds nobody")
        assert is_right(web.ask(query("after.test")).dns, "after.test")


def test_a_client_that_says_no_more_gets_its_answers(house):
    with house.dial("http-h1") as web:
        for number in (1, 2, 3):
            web.send_query(query(f"delay-100.half{number}.test"))
        web.sock.shutdown(1)
        assert all(is_right(web.receive().dns, f"delay-100.half{number}.test") for number in (1, 2, 3))
        assert web.goodbye() == b""


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("leave", [lambda sock: sock.close(), lambda sock: reset(sock)], ids=["close", "reset"])
def test_clients_that_leave_at_our_last_words_cost_nothing(stage, chaos, leave):
    house = House(stage, chaos, tcp_connections_per_client=4, **LONG)
    before = cpu_seconds(house.proxy.process)
    for _ in range(20):
        with house.dial("http-h1", source="127.0.0.2") as web:
            assert web.fetch("GET", PATH, {"host": "x", "content-length": "-1"}).status == 400
            leave(web.sock)
        until(lambda: is_gone(house, "127.0.0.2"), "its place is free again")
    assert cpu_seconds(house.proxy.process) - before < 1


def test_a_client_that_leaves_its_responses_behind_a_closed_window_frees_its_place(stage, chaos):
    house = House(stage, chaos, tcp_connections_per_client=1, **LONG)
    with house.dial("http-h2", source="127.0.0.2", window=0) as web:
        stream = web.send_query(query("behind.test"))
        until(lambda: stream in web.answers or not web.pump(), "its response has begun")
        assert web.answers[stream].status == 200
    until(lambda: is_gone(house, "127.0.0.2"), "its place is free again")


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def is_gone(house, source):
    with house.dial("http-h1", source=source) as web:
        try:
            return web.ask(query("place.test")).status == 200
        except (EOFError, OSError):
            return False


# dotproxy leaves, or changes.

@pytest.mark.parametrize("way", WAYS)
def test_a_stop_answers_what_is_in_flight_and_says_goodbye(house, chaos, way):
    name = f"delay-600.{way}.test"
    with house.dial(way) as web:
        web.send_query(query(name))
        until(lambda: chaos.asked_about(name), "the question has reached the upstream")
        house.proxy.signal(signal.SIGTERM)
        answer = web.receive()
        assert is_right(answer.dns, name)
        assert web.goodbye() == (0 if "h2" in way else b"")
        assert "h2" in way or answer.headers["connection"] == "close"
    house.proxy.stop()


@pytest.mark.parametrize("way", WAYS)
def test_a_reload_keeps_connections(house, way):
    with house.dial(way) as web:
        assert is_right(web.ask(query("before.test")).dns, "before.test")
        house.proxy.signal(signal.SIGHUP)
        house.proxy.wait_for_log("the new configuration is in force")
        assert is_right(web.ask(query("behind.test")).dns, "behind.test")
