"""Clients behind load balancers that tell who they are: the PROXY protocol, version 2."""

import contextlib
import socket
import struct

import dns.message
import pytest

from client import Stream, exchange, is_right, query
from control import socket_at, tell_json
from front import (PATH, Port, TlsStream, connect, doh, door, dot, ends, port_of, proxy_header, send_apart,
                   trusting)
from waiting import until
from web import Http1, Http2, dial

US, OTHERS = "127.0.0.1", "192.0.2.0/24"
LIMIT = {"allow": ["0.0.0.0/0", "::/0"], "tcp_connections_per_client": 2, "tcp_idle": "60s", "tls_idle": "60s",
         "tls_handshake": "60s"}
SIGNATURE = proxy_header()[:12]
CLIENTS = ["192.0.2.77", "2001:db8::77"]


class House:
    """A proxy with each kind of door, all of which trust balancers at `trusted`; and its counters."""

    def __init__(self, stage, chaos, trusted=US, **limit):
        good, keys = stage.authority["good"], {"proxy_from": [trusted]}
        self.authority, self.control = stage.authority, socket_at(stage.directory)["socket"]
        self.rows = {"udp": door("udp", **keys), "tcp": door("tcp", **keys), "tls": dot(good, **keys),
                     "https": doh(good, **keys), "http": door("http", path=PATH, **keys)}
        self.proxy = stage.proxy(chaos, listen=list(self.rows.values()), limit={**LIMIT, **limit},
                                 control={"socket": self.control})

    def counted(self, name):
        return tell_json(self.control, "stats")[name]

    def open(self, kind, before=b"", **other):
        """A stream that asks and answers, whichever door it goes to."""
        if kind in ("http", "https"):
            return Web(dial(self.rows[kind], self.authority, Http1 if kind == "http" else Http2,
                            before=before, **other))
        served = Port(port_of(self.rows[kind]))
        if kind == "tls":
            return TlsStream(served, trusting(self.authority), before=before, **other)
        stream = Stream(served, **other)
        stream.sock.sendall(before)
        return stream


class Web:
    """A connection over HTTP with the face of a Stream."""

    def __init__(self, web):
        self.web, self.sock = web, web.sock

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def ask(self, message):
        answer = self.web.ask(message)
        if answer.status != 200:
            raise EOFError(answer.status)
        return [answer.dns]


KINDS = ["tcp", "tls", "https", "http"]


@pytest.fixture(scope="module")
def house(shared, chaos):
    return House(shared, chaos)


def is_served(house, kind, before, name="served.test", **other):
    try:
        with house.open(kind, before, **other) as stream:
            return is_right(stream.ask(query(name))[0], name)
    except (EOFError, OSError):
        return False


# The balancer's word is taken for who the client is.

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_behind_a_balancer_is_served(house, kind, client):
    assert is_served(house, kind, proxy_header(client))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("client", CLIENTS)
def test_the_limit_of_a_client_holds_for_whom_the_balancer_names(house, kind, client):
    before = house.counted("connections_refused")
    with house.open(kind, proxy_header(client)) as one, house.open(kind, proxy_header(client)) as two:
        assert is_right(one.ask(query("one.test"))[0], "one.test")
        assert is_right(two.ask(query("two.test"))[0], "two.test")
        for _ in range(5):
            assert not is_served(house, kind, proxy_header(client))
        assert is_served(house, kind, proxy_header("198.51.100.9")), "another client has places of its own"
        assert is_right(one.ask(query("again.test"))[0], "again.test")
    assert house.counted("connections_refused") == before + 5
    until(lambda: is_served(house, kind, proxy_header(client)), "its places are free again")


def test_refused_clients_free_no_places_of_others(stage, chaos):
    """Each connection is counted down once, or a client could get more than there are."""
    house = House(stage, chaos, tcp_connections=4, tcp_connections_per_client=1)
    until(lambda: house.counted("connections_unintroduced") >= len(KINDS), "who only looked has left")
    with house.open("tcp", proxy_header("192.0.2.1")) as greedy:
        assert is_right(greedy.ask(query("greedy.test"))[0], "greedy.test")
        for _ in range(20):
            assert not is_served(house, "tcp", proxy_header("192.0.2.1"))
        crowd = [house.open("tcp", proxy_header(f"192.0.2.{number + 2}")) for number in range(8)]
        served = 0
        for stream in crowd:
            try:
                served += is_right(stream.ask(query("crowd.test"))[0], "crowd.test")
            except (EOFError, OSError):
                pass
        for stream in crowd:
            stream.sock.close()
    assert served == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_balancer_may_speak_for_itself(house, kind):
    local = proxy_header(command=0)
    unknown = SIGNATURE + b"\x20\0\0\0"
    assert is_served(house, kind, local) and is_served(house, kind, unknown)


@pytest.mark.parametrize("kind", KINDS)
def test_a_balancer_has_no_limit_of_its_own(house, kind):
    streams = [house.open(kind, proxy_header(f"203.0.113.{number}")) for number in range(6)]
    for stream in streams:
        with stream:
            assert is_right(stream.ask(query("many.test"))[0], "many.test")


# The header.

def with_tlvs(header, count):
    """More than addresses: a type, a length and bytes each (section 2.2)."""
    tlvs = b"".join(struct.pack("!BH", 0xE0 + number % 16, 9) + bytes(9) for number in range(count))
    size = struct.unpack("!H", header[14:16])[0] + len(tlvs)
    return header[:14] + struct.pack("!H", size) + header[16:] + tlvs


@pytest.mark.parametrize("count", [1, 100])
def test_what_else_the_balancer_tells_is_passed_over(house, count):
    assert is_served(house, "tls", with_tlvs(proxy_header(), count))


def test_a_header_may_come_in_pieces_and_with_what_follows(house):
    header, message = with_tlvs(proxy_header("192.0.2.5"), 3), query("pieces.test")
    for cut in (1, 11, 13, 16, 20, len(header) - 1):
        with house.open("tcp") as stream:
            send_apart(stream.sock, header[:cut])
            stream.sock.sendall(header[cut:] + b"\0" + bytes([len(message.to_wire())]) + message.to_wire())
            assert is_right(stream.receive()[0], "pieces.test")


WRONG = {
    "version 1": b"PROXY TCP4 192.0.2.77 127.0.0.1 4711 853\r\n",
    "none": b"\0\x1d" + query("none.test").to_wire(),
    "another signature": proxy_header()[:11] + b"\0" + proxy_header()[12:],
    "version 3": SIGNATURE + b"\x31\x11" + proxy_header()[14:],
    "version 1 in binary": SIGNATURE + b"\x11\x11" + proxy_header()[14:],
    "another command": SIGNATURE + b"\x22\x11" + proxy_header()[14:],
    "too short for IPv4": SIGNATURE + b"\x21\x11\0\x0b" + bytes(11),
    "too short for IPv6": SIGNATURE + b"\x21\x21\0\x23" + bytes(35),
    "as long as can be": SIGNATURE + b"\x21\x11\xff\xff" + bytes(65535),
    "nothing": b"",
    "half": proxy_header()[:20],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_without_a_good_header_the_connection_is_closed_and_counted(house, kind, words):
    before = house.counted("connections_unintroduced")
    with connect(port_of(house.rows[kind])) as sock:
        with contextlib.suppress(OSError):      # it may be closed before all is said
            sock.sendall(words)
            sock.shutdown(socket.SHUT_WR)
        assert ends(sock) == b""
    assert house.counted("connections_unintroduced") == before + 1


def test_a_header_is_not_waited_for_without_end(stage, chaos):
    house = House(stage, chaos, tls_handshake="1s")
    before = house.counted("connections_unintroduced")
    with connect(port_of(house.rows["tcp"])) as one, connect(port_of(house.rows["tls"])) as two:
        two.sendall(proxy_header()[:20])
        assert ends(one) == ends(two) == b""
    assert house.counted("connections_unintroduced") == before + 2


@pytest.mark.parametrize("kind", KINDS)
def test_strangers_are_not_believed(stage, chaos, kind):
    """From where no balancer is expected a header is what it looks like: nonsense."""
    house = House(stage, chaos, trusted=OTHERS, tcp_message="1s")
    assert is_served(house, kind, b"", source="127.0.0.2")
    assert not is_served(house, kind, proxy_header(), source="127.0.0.2")


# Datagrams.

def ask_datagram(house, header, name):
    wire = exchange(Port(port_of(house.rows["udp"])), header + query(name).to_wire())
    return is_right(dns.message.from_wire(wire), name)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_datagram_is_answered_to_the_balancer_and_without_a_header(house, client):
    assert ask_datagram(house, proxy_header(client, kind=2), "datagram.test")
    assert ask_datagram(house, with_tlvs(proxy_header(client, kind=2), 2), "tlvs.test")
    assert ask_datagram(house, proxy_header(command=0, kind=2), "local.test")


def test_datagrams_without_a_good_header_are_dropped_and_counted(house):
    before = house.counted("queries_dropped_unintroduced")
    port = port_of(house.rows["udp"])
    wrong = [words + query("wrong.test").to_wire() for name, words in WRONG.items()
             if name not in ("half", "as long as can be")]     # which would take what follows for the rest
    wrong += [proxy_header()[:20], proxy_header()[:13]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for words in wrong:
            sock.sendto(words, ("127.0.0.1", port))
        until(lambda: house.counted("queries_dropped_unintroduced") == before + len(wrong), "all are dropped")
    assert ask_datagram(house, proxy_header(), "after.test")
