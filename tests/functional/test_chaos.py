"""The chaos upstream: what its faults look like to a client, and the tool that runs them under load."""

import os
import socket
import ssl
import struct
import subprocess
import sys
import time

import dns.message
import pytest

from certs import NAME
from client import query
from proxy import BINARY, TOP
from scripts import framed
from waiting import until
from wire import address_for

RUN = TOP / "tests" / "chaos" / "run"
BRIEF = 0.3         # seconds; what has not come by then counts as silence
PATIENCE = 10.0


class Caller:
    """A TLS client of the upstream itself; TLS runs over memory, so that a FIN and a reset differ."""

    def __init__(self, server, ca, patience):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=ca)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=NAME)
        self.sock = socket.create_connection((server.host, server.port), timeout=patience)
        self.data = b""
        self.step(self.tls.do_handshake)

    def step(self, action):
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                pass
            finally:
                self.sock.sendall(self.outgoing.read())
            received = self.sock.recv(65536)
            if not received:
                raise EOFError
            self.incoming.write(received)

    def send(self, *messages):
        self.step(lambda: self.tls.write(b"".join(framed(message.to_wire()) for message in messages)))

    def receive(self):
        """The next message, or None after close_notify."""
        while len(self.data) < 2 or len(self.data) < 2 + struct.unpack_from("!H", self.data)[0]:
            part = self.step(lambda: self.tls.read(65536))
            if not part:
                return None
            self.data += part
        end = 2 + struct.unpack_from("!H", self.data)[0]
        message, self.data = self.data[2:end], self.data[end:]
        return dns.message.from_wire(message)

    def ask(self, name="www.test"):
        self.send(query(name))
        return self.receive()


def is_right(response, name="www.test"):
    return response and [a.to_text() for rrset in response.answer for a in rrset] == [address_for(name)]


def seen(action):
    """In a word, what becomes of waiting for a response."""
    try:
        response = action()
    except ssl.SSLCertVerificationError:
        return "untrusted"
    except EOFError:
        return "cut"
    except ssl.SSLError as error:
        return "alert" if "ALERT" in str(error.reason) else f"TLS: {error.reason}"
    except TimeoutError:
        return "silence"
    except ConnectionError as error:
        return type(error).__name__
    if response is None:
        return "closed"
    return "right" if is_right(response) else f"rcode {int(response.rcode())}"


@pytest.fixture(scope="module")
def server(shared, authority):
    return shared.chaos(expired=authority["expired"])


@pytest.fixture
def call(server, authority):
    yield lambda patience=PATIENCE: Caller(server, authority.ca, patience)
    server.heal()


@pytest.mark.parametrize("fault, met", [
    ("silent", "silence"), ("silent-1", "right"), ("unread", "silence"), ("away", "ConnectionRefusedError"),
    ("reset", "ConnectionResetError"), ("reset-2", "right"), ("close", "closed"), ("cut", "cut"),
    ("halfclose", "cut"), ("alert", "alert"), ("expired", "untrusted"), ("drip", "right"),
    ("delay-fixed-1", "right"), ("delay-uniform-0-2", "right"), ("delay-exponential-1", "right"),
    ("delay-lognormal-1-0.5", "right"), ("delay-fixed-5000", "silence"), ("wrongid", "rcode 0"),
    ("duplicate", "right"), ("reorder", "right"), ("servfail", "rcode 2"), ("refused", "rcode 5"),
    ("idle-100", "right"), ("idlerace-1000", "right")])
def test_a_new_connection_meets_the_fault_and_after_it_all_is_right(server, call, fault, met):
    server.switch(fault)
    patience = BRIEF if met == "silence" else PATIENCE
    assert seen(lambda: call(patience).ask()) == met
    server.heal()
    assert seen(lambda: call().ask()) == "right"


@pytest.mark.parametrize("fault, met", [
    ("away", "ConnectionResetError"), ("reset", "ConnectionResetError"), ("close", "closed"), ("cut", "cut"),
    ("halfclose", "cut"), ("alert", "alert"), ("expired", "cut"), ("idle-50", "closed")])
def test_a_fault_strikes_open_connections(server, call, fault, met):
    caller = call()
    assert seen(caller.ask) == "right"
    server.switch(fault)
    assert seen(caller.receive) == met


@pytest.mark.parametrize("fault", ["away", "reset", "close", "cut", "alert", "expired"])
def test_a_fault_strikes_connections_before_their_handshake(server, call, fault):
    with socket.create_connection((server.host, server.port), timeout=PATIENCE) as sock:
        until(lambda: any(not seen.shaken for seen in server.open_connections()), "it is accepted")
        server.switch(fault)
        try:
            while sock.recv(100):       # an alert may come first
                pass
        except ConnectionResetError:
            pass


@pytest.mark.parametrize("fault, met", [
    ("silent-2", "silence"), ("reset-3", "ConnectionResetError"), ("close-3", "closed"), ("cut-3", "cut")])
def test_a_fault_waits_for_its_number_of_questions(server, call, fault, met):
    server.switch(fault)
    caller = call(BRIEF if met == "silence" else PATIENCE)
    assert [seen(caller.ask) for _ in range(3)] == ["right", "right", met]


def test_what_was_not_read_during_a_fault_is_answered_after_it(server, call):
    caller = call()
    server.switch("unread")
    caller.sock.settimeout(BRIEF)
    assert seen(caller.ask) == "silence"
    server.heal()
    caller.sock.settimeout(PATIENCE)
    assert seen(caller.receive) == "right"


def test_a_duplicate_is_a_second_answer(server, call):
    server.switch("duplicate")
    caller = call()
    assert caller.ask().id == caller.receive().id


def test_a_wrong_id_is_not_the_questions(server, call):
    server.switch("wrongid")
    message = query("www.test")
    caller = call()
    caller.send(message)
    assert caller.receive().id != message.id


def test_a_reordered_answer_is_overtaken(server, call):
    server.switch("reorder-100")
    caller = call()
    asked = [query(f"n{number}.test") for number in range(30)]
    caller.send(*asked)
    heard = [caller.receive().id for _ in asked]
    assert sorted(heard) == sorted(message.id for message in asked)
    assert heard != [message.id for message in asked]


def test_bursts_of_servfail_pass(server, call):
    server.switch("servfail-100")
    caller, met, limit = call(), set(), time.monotonic() + PATIENCE
    while len(met) < 2 and time.monotonic() < limit:
        met.add(seen(caller.ask))
    assert met == {"rcode 2", "right"}


def test_a_question_that_crosses_the_close_of_an_idle_connection_is_not_answered(server, call):
    caller = call()
    assert seen(caller.ask) == "right"
    server.switch("idlerace-0")
    assert seen(caller.ask) == "closed"


@pytest.mark.parametrize("fault, said", [
    ("nonsense", "no fault nonsense"), ("delay", "no distribution"), ("delay-even-1", "no distribution even")])
def test_a_fault_that_does_not_exist_is_refused(server, fault, said):
    with pytest.raises(ValueError, match=said):
        server.switch(fault)


# The tool.

OUTCOMES = [        # name, the address that is awaited or None for its own, outcome, extended error
    ("www.test", None, "right", -1), ("www.test", "10.0.0.1", "wrong", -1), ("delay-50.test", None, "right", -1),
    ("silence.test", None, "lost", -1), ("rcode-2.test", None, "servfail", -1), ("ede-22.test", None, "servfail", 22),
    ("rcode-5.test", None, "wrong", -1), ("wrongname.test", None, "wrong", -1), ("qr0.test", None, "wrong", -1),
    ("chain-0.test", None, "wrong", -1), ("short.test", None, "lost", -1), ("counts.test", None, "wrong", -1),
    ("loop.test", None, "wrong", -1), ("wrongid.then.test", None, "right", -1)]


def test_the_load_generator_judges_each_answer(stage, tmp_path):
    server = stage.chaos("udp")
    subprocess.run(["cc", "-o", tmp_path / "load", RUN.parent / "load.c"], check=True)
    asked = "".join(f"{number * 1000} {name} {address or address_for(name)}\n"
                    for number, (name, address, *_) in enumerate(OUTCOMES))
    done = subprocess.run([tmp_path / "load", "127.0.0.1", str(server.port), "2000"], input=asked,
                          capture_output=True, text=True, check=True)
    heard = [line.split()[2:] for line in done.stdout.splitlines()[1:]]
    assert heard == [[outcome, str(ede)] for _, _, outcome, ede in OUTCOMES]


def run_chaos(faults, **settings):
    """A brief and slow run; returns its exit status and what it printed."""
    environment = {**os.environ, "DOTPROXY": BINARY, "CHAOS_FAULTS": faults, "CHAOS_SECONDS": "1",
                   "CHAOS_RATE": "100", **settings}
    done = subprocess.run([sys.executable, RUN], env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_the_tool_asks_through_a_fault_and_counts():
    status, said = run_chaos("reset,duplicate")
    assert status == 0 and "no question failed" in said, said
    rows = {line.split()[0]: line.split()[1:6] for line in said.splitlines() if "  ok" in line or "  slow" in line}
    assert rows == {fault: ["220", "220", "0", "0", "0"] for fault in ("reset", "duplicate")}


def test_the_tool_tells_when_questions_fail():
    status, said = run_chaos("servfail", CHAOS_UPSTREAMS="1")
    assert status == 1 and "questions failed with: servfail" in said, said


def test_the_tool_expects_stale_answers_and_extended_errors_when_both_fail():
    status, said = run_chaos("both-away")
    assert status == 0 and "first right answer" in said, said
