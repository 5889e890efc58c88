"""Signals under load: nothing accepted is lost. And a log that nobody reads."""

import fcntl
import os
import select
import signal
import socket

import dns.message
import pytest

from client import Stream, ask, datagram_socket, is_right, name_of, named_queries, query
from load import Load
from ports import free_port
from proxy import accepts, answers_datagram, config, listener, opening
from waiting import until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_every_accepted_question_is_answered_before_leaving(stage, chaos, number):
    served = stage.proxy(chaos, workers=2)
    before = len(chaos.questions)
    by_udp, by_tcp = named_queries("delay-1000.udp", 50), named_queries("delay-1000.tcp", 150)
    with Stream(served) as stream, datagram_socket("127.0.0.1", served.port) as sock:
        sock.settimeout(20)
        stream.send(*by_tcp)
        for message in by_udp:
            sock.send(message.to_wire())
        chaos.wait_for(before + 200)
        served.signal(number)
        answers = [dns.message.from_wire(sock.recv(4096)) for _ in by_udp] + stream.receive(150)
    assert all(is_right(answer, name_of(answer)) for answer in answers)
    assert {name_of(answer) for answer in answers} == {name_of(asked) for asked in by_udp + by_tcp}
    assert served.process.wait(20) == 0


def test_new_connections_are_not_accepted_while_leaving(stage, chaos):
    served = stage.proxy(chaos)
    with Stream(served) as stream:
        stream.send(query("delay-2000.leaving.test"))
        until(lambda: chaos.asked_about("delay-2000.leaving.test"), "the question is under way")
        served.signal(signal.SIGTERM)
        until(lambda: not accepts(("127.0.0.1", served.port)), "the door is closed")
        assert is_right(stream.receive()[0], "delay-2000.leaving.test")
    assert served.process.wait(20) == 0


def test_leaving_does_not_wait_for_an_upstream_that_never_answers(stage, chaos):
    served = stage.proxy(chaos, group={"timeout": "1m", "deadline": "1m"})
    with Stream(served) as stream:
        stream.send(query("silence.leaving.test"))
        until(lambda: chaos.asked_about("silence.leaving.test"), "the question is under way")
        served.signal(signal.SIGTERM)
        assert served.process.wait(20) == 0


def test_a_reload_under_load_loses_nothing_and_takes_the_new_upstream(stage):
    old, new = stage.chaos(), stage.chaos()
    served = stage.proxy(old, workers=2, **opening(new.port))
    with Load(served) as load:
        for server in (new, old, new):
            seen = len(server.questions)
            served.reload(config(served.listen, [stage.row(server)]))
            server.wait_for(seen + 50)
        done = load.done
        until(lambda: load.done > done + 20, "the load goes on")
    assert load.lost == []
    settled = len(old.questions)
    assert is_right(ask(served, "settled.test"), "settled.test") and len(old.questions) == settled


def test_questions_in_flight_at_a_reload_are_answered(stage):
    old, new = stage.chaos(), stage.chaos()
    served = stage.proxy(old, **opening(new.port))
    with Stream(served) as stream:
        stream.send(*named_queries("delay-1000", 100))
        old.wait_for(100)
        served.reload(config(served.listen, [stage.row(new)]))
        served.wait_for_log("reloaded")
        answers = stream.receive(100)
    assert all(is_right(answer, name_of(answer)) for answer in answers)


def test_a_bad_file_keeps_the_old_one_in_force_and_says_why(stage):
    server = stage.chaos()
    served = stage.proxy(server)
    served.reload("workers: 1\nlissten:\n  - url: dns://127.0.0.1:1\n")
    served.wait_for_log(r"\.yaml:2:", "lissten")
    assert is_right(ask(served, "still.test"), "still.test")
    assert is_right(ask(served, "still.test", tcp=True), "still.test")


def test_a_file_that_is_gone_at_reload_keeps_the_old_one_in_force(stage):
    served = stage.proxy(stage.chaos())
    served.file.unlink()
    served.signal(signal.SIGHUP)
    served.wait_for_log(served.file.name)
    assert is_right(ask(served, "gone.test"), "gone.test")


def test_a_reload_adds_and_removes_listeners(stage, chaos):
    second = ("127.0.0.1", free_port())
    served = stage.proxy(chaos, **opening(second[1]))
    first = ("127.0.0.1", served.port)
    served.reload(config([listener(first[1]), listener(second[1])], [stage.row(chaos)]))
    until(lambda: answers_datagram(second) and accepts(second), "the new listener answers")
    assert answers_datagram(first) and accepts(first)
    served.reload(config([listener(second[1])], [stage.row(chaos)]))
    until(lambda: not accepts(first) and not answers_datagram(first), "the old listener is gone")
    assert answers_datagram(second) and accepts(second)


def test_a_reload_that_cannot_open_a_port_keeps_the_old_listeners(stage, chaos):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        taken = holder.getsockname()[1]
        served = stage.proxy(chaos, **opening(taken))
        served.reload(config([listener(served.port), listener(taken)], [stage.row(chaos)]))
        served.wait_for_log(f":{taken}")
        assert is_right(ask(served, "kept.test"), "kept.test")


# A log that nobody reads.

def stalled_pipe():
    """A pipe that is full: whoever writes to it waits for a reader that never comes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    for size in (4096, 1):
        try:
            while True:
                os.write(writing, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(writing, True)      # the flag is the pipe's, not ours alone
    assert not select.select([], [writing], [], 0)[1]
    return reading, writing


@pytest.mark.parametrize("level", ["info", "debug"])
def test_service_goes_on_while_nobody_reads_the_log(stage, level):
    reading, writing = stalled_pipe()
    try:
        server = stage.chaos()
        dead = f"tls://127.0.0.1:{free_port()}#dns.test"
        served = stage.prepare(server, dead, log={"level": level})
        stage.run(served, stderr=writing)
        for number in range(100):
            assert is_right(ask(served, f"stalled{number}.test"), f"stalled{number}.test")
            server.hang_up("reset")
        served.signal(signal.SIGHUP)
        assert is_right(ask(served, "after.test", tcp=True), "after.test")
        served.stop()
    finally:
        os.close(reading)
        os.close(writing)


def test_service_goes_on_when_the_log_s_reader_has_gone(stage):
    reading, writing = os.pipe()
    os.close(reading)
    served = stage.prepare(stage.chaos(), log={"level": "debug"})
    try:
        stage.run(served, stderr=writing)
        assert is_right(ask(served, "nolog.test"), "nolog.test")
        served.stop()
    finally:
        os.close(writing)


def test_a_pipe_can_be_made_that_blocks_its_writer():
    reading, writing = stalled_pipe()
    assert not fcntl.fcntl(writing, fcntl.F_GETFL) & os.O_NONBLOCK
    os.close(reading)
    os.close(writing)
