"""`dotproxy ctl tail`: queries as they come; and `ctl top`, which a terminal sees again and again."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import threading

import dns.query
import dns.rcode
import pytest

from client import PATIENCE, Stream, ask, is_right, query
from control import connect, ctl, socket_at, tell, tell_json
from load import Load
from proxy import BINARY, BRIEF, config
from scripts import framed
from waiting import until

TAILS = 8       # at once
HEAD = ["time", "(UTC)", "client", "over", "name", "type", "rcode", "from", "ms", "rule"]
CLEAR = b"\x1b[?1049l"      # the second screen of a terminal is left


@pytest.fixture
def path(tmp_path):
    return tmp_path / "control.sock"


@pytest.fixture
def served(stage, chaos, tmp_path):
    return stage.proxy(chaos, control=socket_at(tmp_path))


class Tail:
    """`dotproxy ctl tail` while it runs; it has begun to listen when this is made."""

    def __init__(self, path, *words, stdout=subprocess.PIPE):
        self.json = "--json" in words
        self.process = subprocess.Popen([BINARY, "ctl", "tail", *words, "--socket", str(path)], stdout=stdout,
                                        stderr=subprocess.PIPE)
        self.said = b""
        if stdout == subprocess.PIPE:
            threading.Thread(target=self.collect, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def collect(self):
        while part := os.read(self.process.stdout.fileno(), 65536):
            self.said += part

    def listens(self):
        """Whether its head is out: what is asked from here on is shown."""
        until(lambda: self.lines(), "the head is there")
        return self

    def lines(self):
        return self.said.decode().splitlines() if self.said.endswith(b"\n") else []

    def rows(self):
        return [line.split() for line in self.lines()[1:]]

    def records(self):
        return [json.loads(line) for line in self.lines()]

    def wait_for(self, count):
        counted = self.records if self.json else self.rows
        until(lambda: len(counted()) >= count, f"{count} records are shown")
        return counted()


# What it shows.

def test_a_line_for_each_query(served, path):
    with Tail(path).listens() as tail:
        assert tail.lines()[0].split() == HEAD
        ask(served, "one.test")
        ask(served, "one.test", tcp=True)
        ask(served, "rcode-3.two.test", "AAAA")
        rows = tail.wait_for(3)
    assert [row[1:7] for row in rows] == [
        ["127.0.0.1", "udp", "one.test.", "A", "NOERROR", "upstream"],
        ["127.0.0.1", "tcp", "one.test.", "A", "NOERROR", "cache"],
        ["127.0.0.1", "udp", "rcode-3.two.test.", "AAAA", "NXDOMAIN", "upstream"]]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", row[0]) and 0 < float(row[7]) < 20000 for row in rows)
    columns = {line.index("127.0.0.1") for line in tail.lines()[1:]} | {tail.lines()[0].index("client")}
    assert len(columns) == 1


def test_json_is_the_query_logs(stage, chaos, tmp_path, path):
    log = tmp_path / "queries"
    served = stage.proxy(chaos, control=socket_at(tmp_path), query_log=[{"to": f"file:{log}"}])
    with Tail(path, "--json", "one.test") as tail:
        def is_shown():
            ask(served, "one.test", "TXT", edns=1232)
            return tail.records()
        record = until(is_shown, "the tail has begun")[0]
    assert (record["qname"], record["qtype"], record["rcode"], record["lost"]) == ("one.test.", "TXT", "NOERROR", 0)
    until(lambda: record["time"] in log.read_text(), "the log has it, too")
    logged = next(found for found in map(json.loads, log.read_text().splitlines()) if found["time"] == record["time"])
    own = {"sequence"}
    assert {key: value for key, value in record.items() if key not in own} == {
        key: value for key, value in logged.items() if key not in own}


def test_a_rule_is_named(stage, chaos, tmp_path, path):
    limit = {"deny": ["127.0.0.2"], "rate": "1/s", "burst": 3, "over": "refuse", "shadow": ["rate"]}
    served = stage.proxy(chaos, control=socket_at(tmp_path), limit=limit)
    with Tail(path, "denied").listens() as tail:
        refused = dns.query.udp(query("refused.test"), "127.0.0.1", PATIENCE, served.port, source="127.0.0.2")
        assert refused.rcode() == dns.rcode.REFUSED
        row, = tail.wait_for(1)
        assert row[1:7] == ["127.0.0.2", "udp", "refused.test.", "A", "REFUSED", "error"] and row[8] == "access"
        for number in range(20):
            ask(served, f"much{number}.test")
        until(lambda: any(row[8] == "(rate)" for row in tail.rows()), "a rule in shadow mode stands in brackets")


def test_only_what_was_asked_for(stage, chaos, tmp_path, path):
    served = stage.proxy(chaos, group=BRIEF, control=socket_at(tmp_path), limit={"allow": ["127.0.0.0/8"]})
    with contextlib.ExitStack() as stack:
        wanted = {(): 9, ("127.0.0.2",): 3, ("127.0.0.0/30",): 6, ("inside.test",): 3, ("errors",): 3,
                  ("127.0.0.2", "inside.test"): 1}
        tails = {words: stack.enter_context(Tail(path, *words).listens()) for words in wanted}
        for name in ("x.inside.test", "outside.test", "silence.outside.test"):
            for source in ("127.0.0.1", "127.0.0.2", "127.0.0.9"):
                with Stream(served, source=source) as stream:
                    stream.ask(query(name))
        shown = {words: [(row[1], row[3]) for row in tail.wait_for(wanted[words])] for words, tail in tails.items()}
    assert {words: len(rows) for words, rows in shown.items()} == wanted
    assert set(client for client, _ in shown["127.0.0.2",]) == {"127.0.0.2"}
    assert {name for _, name in shown["inside.test",]} == {"x.inside.test."}
    assert {name for _, name in shown["errors",]} == {"silence.outside.test."}
    assert shown["127.0.0.2", "inside.test"] == [("127.0.0.2", "x.inside.test.")]


@pytest.mark.parametrize("words", [("a..b",), ("192.0.2.1/24",), ("1", "2", "3", "4", "5", "6", "7")])
def test_what_is_no_choice_is_told(served, path, words):
    status, said, errors = ctl(path, "tail", *words)
    assert status in (1, 2) and not said and errors


def test_no_terminal_obeys_a_name(served, path):
    with Tail(path).listens() as tail:
        message = query("x.test")
        wire = message.to_wire().replace(b"\x01x", b"\x01\x1b")
        with socket.create_connection(("127.0.0.1", served.port)) as sock:
            sock.sendall(len(wire).to_bytes(2, "big") + wire)
            sock.recv(4096)
        row, = tail.wait_for(1)
    assert row[3] == "\\027.test." and b"\x1b" not in tail.said


# How it begins and ends.

def test_what_came_before_is_not_shown(served, path):
    for number in range(5):
        ask(served, f"before{number}.test")
    for _ in range(3):
        with Tail(path).listens() as tail:
            ask(served, "now.test")
            assert [row[3] for row in tail.wait_for(1)] == ["now.test."]
        ask(served, "between.test")


def test_several_watch_and_others_are_answered(served, path):
    with contextlib.ExitStack() as stack:
        tails = [stack.enter_context(Tail(path).listens()) for _ in range(TAILS)]
        status, said, errors = ctl(path, "tail")
        assert (status, said) == (1, "") and "as many are watching already as may" in errors
        assert tell_json(path, "status")["pid"] == served.process.pid
        ask(served, "for.all.test")
        assert all([row[3] for row in tail.wait_for(1)] == ["for.all.test."] for tail in tails)

    def has_room():
        with Tail(path) as tail:
            tail.process.stderr.close()
            until(lambda: tail.lines() or tail.process.poll() is not None, "it is decided")
            return bool(tail.lines())
    until(has_room, "who has gone makes room")


def test_it_ends_with_dotproxy(stage, chaos, tmp_path, path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    with Tail(path).listens() as tail:
        served.stop()
        assert tail.process.wait(20) == 1
        assert tail.process.stderr.read() == b"ctl: dotproxy has ended it\n"


def test_it_goes_on_over_a_reload(served, stage, chaos, tmp_path, path):
    with Tail(path).listens() as tail:
        for number in range(1, 5):
            log = [{"to": "stdout"}] if number % 2 else []
            served.reload(config(served.listen, [stage.row(chaos)], control=socket_at(tmp_path), query_log=log))
            until(lambda: len(served.log_lines(" reloaded:")) == number, "it is reloaded")
            ask(served, f"reload{number}.test")
            assert [row[3] for row in tail.wait_for(number)][-1] == f"reload{number}.test."


def test_by_hand(served, path):
    with connect(path) as caller:
        caller.sendall(b"tail --json\n")
        caller.settimeout(0.2)

        def heard():
            ask(served, "byhand.test")
            with contextlib.suppress(TimeoutError):
                return caller.recv(65536)
        assert b'"qname":"byhand.test."' in until(heard, "a record comes")


# Those who are slow, or many.

def ask_much(served, name, size):
    """So many bytes of lines, at least."""
    questions = framed(query(name).to_wire()) * 500
    with Stream(served) as stream:
        for _ in range(size // (500 * len(name)) + 1):
            stream.sock.sendall(questions)
            assert all(stream.receive_wire() for _ in range(500))


def test_who_does_not_read_hears_what_it_has_lost(served, path):
    name = ".".join(["long" * 15] * 4)
    with connect(path) as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        caller.sendall(b"tail\n")
        assert caller.recv(1)
        ask_much(served, name, 4 << 20)
        assert is_right(ask(served, "meanwhile.test"), "meanwhile.test")
        said = b""

        def is_told():
            nonlocal said
            ask(served, "afterwards.test")
            said += caller.recv(1 << 20)
            return re.search(rb"\n(\d+) records were lost: they came faster than they were read\n", said)
        found = until(is_told, "the loss is told", patience=60)
        assert int(found[1]) > 0
        assert b"afterwards.test." in said or until(lambda: b"afterwards.test." in caller.recv(1 << 20), "it goes on")


def test_tails_come_and_go_under_load(served, path):
    def watch(number):
        for round_ in range(5):
            with Tail(path, *(["--json"] if (number + round_) % 2 else [])) as tail:
                until(lambda: len(tail.lines()) > 20, "it shows some")
    with Load(served) as load:
        watchers = [threading.Thread(target=watch, args=(number,), daemon=True) for number in range(4)]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join(60)
        assert not any(watcher.is_alive() for watcher in watchers)
    assert not load.lost


def test_stopping_with_tails_inside(stage, chaos, tmp_path, path):
    served = stage.proxy(chaos, workers=2, control=socket_at(tmp_path), query_log=[{"to": "stdout"}])
    callers = [connect(path) for _ in range(6)]
    for caller in callers:
        caller.sendall(b"tail\n")
    ask(served, "last.test")
    served.stop()
    for caller in callers:
        caller.close()


# A terminal.

class Terminal:
    """A program in a terminal of its own, of 10 rows and 60 columns."""

    def __init__(self, *words):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 60, 0, 0))
        self.ours = ours
        self.process = subprocess.Popen([BINARY, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True, env={**os.environ, "TERM": "xterm"},
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.modes = termios.tcgetattr(theirs)
        os.close(theirs)
        self.said = b""
        threading.Thread(target=self.collect, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def collect(self):
        with contextlib.suppress(OSError):
            while part := os.read(self.ours, 65536):
                self.said += part

    def press(self, keys):
        os.write(self.ours, keys)

    def frames(self):
        """What was shown, one after the other."""
        return [frame.decode() for frame in self.said.split(b"\x1b[H")[1:]]


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_top_is_shown_again_until_a_key(served, path, key):
    with Terminal("ctl", "top", "names", "--socket", path) as terminal:
        until(lambda: terminal.frames(), "it is shown")
        assert "queries/s" in terminal.frames()[0]

        def shows_news():
            ask(served, "topmost.test")
            return any("topmost.test." in frame for frame in terminal.frames()[1:])
        until(shows_news, "what is asked meanwhile is shown")
        assert CLEAR not in terminal.said
        terminal.press(key)
        assert terminal.process.wait(20) == 0
        until(lambda: terminal.said.endswith(CLEAR), "the terminal is as it was")


def test_top_takes_no_more_than_the_terminal_has(served, path):
    for number in range(30):
        ask(served, f"{'long' * 12}.n{number}.test")
    with Terminal("ctl", "top", "names", "--socket", path) as terminal:
        until(lambda: len(terminal.frames()) > 1 and "long" in terminal.frames()[-2], "it is shown", patience=60)
        frame = re.sub(r"\x1b\[\??[0-9]*[A-Za-z]", "", terminal.frames()[-2])
    rows = frame.split("\r\n")
    assert len(rows) == 10 and max(map(len, rows)) == 60


def test_top_is_shown_once_where_that_is_wanted(served, path):
    for words in (["--once"], ["--json"]):
        with Terminal("ctl", "top", *words, "--socket", path) as terminal:
            assert terminal.process.wait(20) == 0
            until(lambda: terminal.said, "it is shown")
            assert b"\x1b" not in terminal.said
    assert "\x1b" not in tell(path, "top")


def test_top_ends_when_dotproxy_does(stage, chaos, tmp_path, path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    with Terminal("ctl", "top", "--socket", path) as terminal:
        until(lambda: terminal.frames(), "it is shown")
        served.stop()
        assert terminal.process.wait(20) == 1
        until(lambda: b"ctl: cannot connect to" in terminal.said.partition(CLEAR)[2], "it is told why")


def test_a_wrong_word_is_told_in_the_terminal_itself(served, path):
    with Terminal("ctl", "top", "nonsense", "--socket", path) as terminal:
        assert terminal.process.wait(20) == 1
        until(lambda: b"there is no top nonsense" in terminal.said.partition(CLEAR)[2], "it is told")


def test_tail_ends_by_an_interrupt(served, path):
    with Terminal("ctl", "tail", "--socket", path) as terminal:
        until(lambda: b"client" in terminal.said, "it has begun")
        terminal.press(b"\x03")
        assert terminal.process.wait(20) == -signal.SIGINT
