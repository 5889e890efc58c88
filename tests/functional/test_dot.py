"""DNS over TLS from clients (RFC 7858): the handshake, pipelining, padding, keepalive, limits."""

import contextlib
import socket
import ssl
import struct
import subprocess

import dns.edns
import dns.message
import pytest

from client import Stream, exchange, is_right, name_of, named_queries, query, tool
from control import socket_at, tell_json
from front import Port, TlsStream, connect, door, dot, ends, port_of, row_of, trusting
from scripts import COOKIE, EDE, KEEPALIVE, PADDING, framed
from waiting import until

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def served(shared, chaos, authority):
    return shared.proxy(chaos, listen=[dot(authority["good"])], workers=2)


def option(response, number):
    return [one for one in response.options if one.otype == number]


def padded(name):
    return query(name, edns=1232, options=[dns.edns.GenericOption(PADDING, bytes(20))])


def kdig(served, authority, *words):
    return tool("kdig", "@127.0.0.1", "-p", served.port, f"+tls-ca={authority.ca}",
                "+tls-hostname=dns.test", *words)


def test_kdig_verifies_us_and_gets_its_answer(served, authority):
    said = kdig(served, authority, "kdig.test", "+short")
    assert said.strip()


def test_kdig_does_not_believe_another_name(served, authority):
    words = ["kdig", "@127.0.0.1", "-p", str(served.port), f"+tls-ca={authority.ca}",
             "+tls-hostname=other.test", "+timeout=2", "+retry=0", "x.test"]
    assert subprocess.run(words, capture_output=True, timeout=60).returncode != 0


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_both_versions_of_tls_serve(served, authority, version):
    context = trusting(authority, minimum_version=version, maximum_version=version)
    with TlsStream(served, context) as stream:
        assert is_right(stream.ask(query("version.test"))[0], "version.test")
        assert stream.sock.selected_alpn_protocol() == "dot"


def test_a_client_without_alpn_is_served_and_one_that_means_something_else_is_not(served, authority):
    context = ssl.create_default_context(cafile=authority.ca)
    with TlsStream(served, context) as stream:
        assert is_right(stream.ask(query("plain.test"))[0], "plain.test")
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        TlsStream(served, trusting(authority, alpn=["h2"]))


def test_queries_in_one_write_are_all_answered(served, authority):
    queries = named_queries("pipeline", 300)
    with TlsStream(served, trusting(authority)) as stream:
        responses = {response.id: response for response in stream.ask(*queries)}
    assert all(is_right(responses[one.id], name_of(one)) for one in queries)


def test_a_slow_answer_does_not_hold_up_the_others(served, authority):
    slow, quick = query("delay-600.test"), query("quick.test")
    with TlsStream(served, trusting(authority)) as stream:
        responses = stream.ask(slow, quick)
    assert [response.id for response in responses] == [quick.id, slow.id]


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_session_is_resumed_whichever_worker_takes_it(served, authority, version):
    context = trusting(authority, minimum_version=version, maximum_version=version)
    session, resumed = None, 0
    for number in range(12):
        with TlsStream(served, context, session=session) as stream:
            assert is_right(stream.ask(query(f"resume{number}.test"))[0], f"resume{number}.test")
            resumed += stream.sock.session_reused
            session = stream.sock.session
    assert resumed == 11


def test_what_is_padded_is_padded_in_return_and_nothing_else(served, authority):
    with TlsStream(served, trusting(authority)) as stream:
        stream.send(padded("padded.test"), query("bare.test"), query("edns.test", edns=1232))
        wires = {len(wire): dns.message.from_wire(wire)
                 for wire in (stream.receive_wire() for _ in range(3))}
    assert [length % 468 == 0 for length in sorted(wires)] == [False, False, True]


@pytest.mark.parametrize("policy,lengths", [("always", [True, True, False]),
                                            ("never", [False, False, False])])
def test_the_padding_policy_is_followed(stage, chaos, authority, policy, lengths):
    served = stage.proxy(chaos, listen=[dot(authority["good"], padding=policy)])
    wires = []
    with TlsStream(served, trusting(authority)) as stream:
        for message in (padded("a.test"), query("b.test", edns=1232), query("c.test")):
            stream.send(message)
            wires.append(stream.receive_wire())
    assert [len(wire) % 468 == 0 for wire in wires] == lengths


def test_a_client_that_asks_is_told_how_long_it_may_be_idle(stage, chaos, authority):
    served = stage.proxy(chaos, listen=[dot(authority["good"])], limit={"tls_idle": "42s"})
    message = query("idle.test", edns=1232, options=[dns.edns.GenericOption(KEEPALIVE, b"")])
    with TlsStream(served, trusting(authority)) as stream:
        found = option(stream.ask(message)[0], KEEPALIVE)
    timeout = found[0].data if hasattr(found[0], "data") else found[0].to_wire()
    assert int.from_bytes(timeout, "big") == 420


@pytest.mark.parametrize("scheme", ["tls", "tcp", "udp"])
def test_all_that_a_response_says_of_itself_stands_in_one_that_is_padded(stage, chaos, authority, scheme):
    served = stage.proxy(chaos, listen=[door("udp"), door("tcp"), dot(authority["good"])])
    asks = [dns.edns.GenericOption(code, data)
            for code, data in ((KEEPALIVE, b""), (COOKIE, bytes(8)), (PADDING, bytes(20)))]
    message, port = query("some.onion", edns=1232, options=asks), Port(port_of(row_of(served, scheme)))
    if scheme == "udp":
        wire = exchange(port, message.to_wire())
    else:
        with TlsStream(port, trusting(authority)) if scheme == "tls" else Stream(port) as stream:
            stream.send(message)
            wire = stream.receive_wire()
    response = dns.message.from_wire(wire)
    said = {number: len(option(response, number)) for number in (KEEPALIVE, COOKIE, PADDING, EDE)}
    assert said == {KEEPALIVE: scheme != "udp", COOKIE: 1, PADDING: scheme == "tls", EDE: 1}
    assert (len(wire) % 468 == 0) == (scheme == "tls")


@pytest.fixture
def strict(stage, chaos, authority, tmp_path):
    """A proxy whose patience is short: (proxy, its control socket)."""
    control = socket_at(tmp_path)
    limit = {"tls_idle": "1s", "tls_handshake": "1s", "tcp_message": "1s"}
    served = stage.proxy(chaos, listen=[dot(authority["good"])], limit=limit, control=control)
    return served, control["socket"]


def counted(path, name):
    return tell_json(path, "stats")[name]


@pytest.mark.parametrize("words", [b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00"])
def test_a_handshake_that_never_ends_is_cut_off(strict, words):
    served, control = strict
    with connect(served.port) as sock:
        sock.sendall(words)
        assert ends(sock) == b""
    assert counted(control, "tls_handshakes_late") >= 1


def client_hello():
    said = ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), said, server_hostname="dns.test")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return said.read()


@pytest.mark.parametrize("linger", [False, True], ids=["ends", "resets"])
def test_a_handshake_that_a_client_gives_up_is_counted(strict, linger):
    served, control = strict
    with connect(served.port):
        pass        # who only looks whether somebody is there has begun none
    for _ in range(3):
        with connect(served.port) as sock:
            sock.sendall(client_hello())
            sock.recv(1)
            if linger:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    until(lambda: counted(control, "tls_handshakes_abandoned") == 3, "they are counted")
    assert counted(control, "tls_handshakes_failed") == counted(control, "tls_handshakes") == 0


@pytest.mark.parametrize("words", [b"GET / HTTP/1.1\r\n\r\n", b"\0\x1d" + bytes(29), b"\xff" * 64])
def test_what_is_no_tls_is_closed_and_counted(strict, words):
    served, control = strict
    with connect(served.port) as sock:
        sock.sendall(words)
        ends(sock)
    assert counted(control, "tls_handshakes_failed") == 1


def test_an_idle_client_is_told_goodbye(strict, authority):
    served, control = strict
    with TlsStream(served, trusting(authority)) as stream:
        stream.ask(query("idle.test"))
        assert stream.sock.recv(1) == b""     # close_notify: an end without it would be an error
    assert counted(control, "connections_idle") == 1


def test_half_a_query_is_not_waited_for_without_end(strict, authority):
    served, control = strict
    with TlsStream(served, trusting(authority)) as stream:
        stream.sock.sendall(b"\0\x20half")
        ends(stream.sock)
    assert counted(control, "connections_late") == 1


def test_a_client_that_takes_no_responses_is_cut_off(strict, authority):
    served, control = strict
    with TlsStream(served, trusting(authority), receive_buffer=4096) as stream:
        stream.send(*named_queries("big-60000", 200, qtype="TXT"))
        until(lambda: counted(control, "connections_slow") == 1, "the slow reader is cut off")


def test_a_client_has_no_more_connections_than_its_limit(stage, chaos, authority):
    served = stage.proxy(chaos, listen=[dot(authority["good"])],
                         limit={"tcp_connections_per_client": 2})
    context = trusting(authority)
    us = {"source": "127.0.0.2"}        # from elsewhere somebody looked whether the proxy is there
    with TlsStream(served, context, **us) as one, TlsStream(served, context, **us) as two:
        with pytest.raises((EOFError, OSError)):
            with TlsStream(served, context, **us) as three:
                three.ask(query("three.test"))
        assert is_right(one.ask(query("one.test"))[0], "one.test")
        assert is_right(two.ask(query("two.test"))[0], "two.test")


def test_a_stop_answers_what_is_in_flight(stage, chaos, authority):
    served = stage.proxy(chaos, listen=[dot(authority["good"])])
    with TlsStream(served, trusting(authority)) as stream:
        stream.send(query("delay-800.test"))
        until(lambda: any("delay-800" in question.name for question in chaos.questions),
              "the question has reached the upstream")
        served.signal(15)
        assert is_right(stream.receive()[0], "delay-800.test")
        assert stream.sock.recv(1) == b""
    served.stop()


def test_old_versions_are_refused(served, authority):
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{served.port}", "-tls1_1",
             "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(words, input=b"", capture_output=True, timeout=60)
    assert b"alert protocol version" in done.stderr


def test_a_half_closed_client_gets_its_answer(served, authority):
    with TlsStream(served, trusting(authority)) as stream:
        stream.send(query("delay-300.test"))
        raw = stream.sock
        assert raw.version()
        socket.socket.shutdown(raw, socket.SHUT_WR)
        assert is_right(stream.receive()[0], "delay-300.test")


class ByteByByte:
    """A client of TLS that hands the kernel one byte at a time, and may say goodbye and still listen."""

    def __init__(self, port, context):
        self.sock, self.incoming, self.outgoing = connect(port), ssl.MemoryBIO(), ssl.MemoryBIO()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="dns.test")

    def do(self, what, *words):
        """What `what` returns once enough was heard."""
        while True:
            try:
                return what(*words)
            except ssl.SSLWantReadError:
                self.flush()
                self.incoming.write(self.sock.recv(65536))

    def flush(self):
        for byte in self.outgoing.read():
            self.sock.sendall(bytes([byte]))

    def say_goodbye(self):
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.flush()

    def exactly(self, count):
        data = b""
        while len(data) < count:
            data += self.do(self.tls.read, count - len(data))
        return data


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_client_that_says_goodbye_gets_the_answers_it_waits_for(served, authority, version):
    client = ByteByByte(served.port, trusting(authority, minimum_version=version, maximum_version=version))
    client.do(client.tls.do_handshake)
    queries = named_queries("delay-300", 5)
    client.tls.write(b"".join(framed(message.to_wire()) for message in queries))
    client.say_goodbye()
    wires = [client.exactly(int.from_bytes(client.exactly(2), "big")) for _ in queries]
    assert {name_of(dns.message.from_wire(wire)) for wire in wires} == {name_of(message) for message in queries}
    with pytest.raises(ssl.SSLZeroReturnError):     # we say goodbye, too
        client.do(client.tls.read, 1)
    client.sock.close()
