"""Limits: connections, bytes that nobody reads, file descriptors."""

import contextlib
import subprocess

from client import Stream, ask, is_right, named_queries, query
from proxy import is_sanitized
from waiting import until

MANY = 12


def open_streams(stack, served, count, source=None):
    return [stack.enter_context(Stream(served, source=source)) for _ in range(count)]


def still_open(streams):
    return [stream for stream in streams if not stream.is_closed()]


def answers(stream, name):
    try:
        return is_right(stream.ask(query(name))[0], name)
    except (EOFError, OSError):
        return False


def test_a_client_has_no_more_connections_than_its_limit(stage, chaos):
    limit = {"tcp_connections_per_client": 3, "tcp_idle": "60s"}
    served = stage.proxy(chaos, workers=2, limit=limit)
    with contextlib.ExitStack() as stack:
        greedy = open_streams(stack, served, MANY, source="127.0.0.2")
        until(lambda: 1 <= len(still_open(greedy)) <= 3, "the greedy client is down to three")
        assert all(answers(stream, "greedy.test") for stream in still_open(greedy))
        other = open_streams(stack, served, 1, source="127.0.0.3")[0]
        assert answers(other, "other.test")


def test_all_clients_together_have_no_more_connections_than_the_limit(stage, chaos):
    served = stage.proxy(chaos, workers=2, limit={"tcp_connections": 4, "tcp_idle": "60s"})
    with contextlib.ExitStack() as stack:
        crowd = [open_streams(stack, served, 1, source=f"127.0.0.{n + 2}")[0] for n in range(MANY)]
        until(lambda: 1 <= len(still_open(crowd)) <= 4, "the crowd is down to four")
        assert all(answers(stream, "crowd.test") for stream in still_open(crowd))
        assert is_right(ask(served, "udp.test"), "udp.test")


def test_a_connection_that_ends_makes_room_for_another(stage, chaos):
    served = stage.proxy(chaos, limit={"tcp_connections": 2, "tcp_idle": "60s"})
    with contextlib.ExitStack() as stack:
        open_streams(stack, served, 2)

    def gets_in():
        with Stream(served) as stream:
            return answers(stream, "room.test")
    until(gets_in, "a new connection is served once the old ones are gone")


def resident_kib(served):
    status = open(f"/proc/{served.process.pid}/status", encoding="ascii").read()
    return int(status.partition("VmRSS:")[2].split()[0])


def test_a_client_that_reads_nothing_is_bounded_while_others_are_served(stage, chaos):
    served = stage.proxy(chaos, limit={"tcp_buffers": "1MiB"})
    assert is_right(ask(served, "before.test"), "before.test")
    before = resident_kib(served)
    with Stream(served, receive_buffer=4096) as deaf:
        deaf.sock.settimeout(0.5)
        with contextlib.suppress(OSError):      # it may be cut off, or its own sending may stall
            deaf.send(*named_queries("big-60000", 1000, qtype="TXT"))
        for number in range(20):
            assert is_right(ask(served, f"tcp{number}.test", tcp=True), f"tcp{number}.test")
            assert is_right(ask(served, f"udp{number}.test"), f"udp{number}.test")
        until(lambda: chaos.pending == 0, "the upstream has sent what it was asked for")
        grown = resident_kib(served) - before
    assert is_sanitized() or grown < 24 * 1024, f"{grown} KiB held for a client that reads nothing"


def test_a_client_that_reads_slowly_gets_everything_in_the_end(proxy):
    with Stream(proxy, receive_buffer=4096) as slow:
        queries = named_queries("big-30000", 30, qtype="TXT")
        slow.send(*queries)
        wires = [slow.receive_wire() for _ in queries]
    ids = {int.from_bytes(wire[:2], "big") for wire in wires}
    assert ids == {message.id for message in queries}
    assert {len(wire) for wire in wires} == {30000}


def test_out_of_descriptors_it_keeps_serving_what_it_has(stage, chaos):
    served = stage.prepare(chaos, wrapper=["prlimit", "--nofile=48:48"], limit={"tcp_idle": "60s"})
    stage.run(served)
    with contextlib.ExitStack() as stack:
        early = open_streams(stack, served, 1)[0]
        assert answers(early, "early.test")
        open_streams(stack, served, 80)
        for number in range(20):
            assert is_right(ask(served, f"udp{number}.test"), f"udp{number}.test")
        assert answers(early, "again.test")

    def serves_anew():
        with Stream(served) as stream:
            return answers(stream, "anew.test")
    until(serves_anew, "new connections are served once descriptors are free again")
    assert len(served.lines) < 500, "the log must not fill up while descriptors are short"


def test_no_descriptor_is_lost_over_many_connections(stage, chaos):
    served = stage.proxy(chaos)
    for number in range(50):
        with Stream(served) as stream:
            assert answers(stream, f"count{number}.test")

    def descriptors():
        return len(subprocess.run(["ls", f"/proc/{served.process.pid}/fd"], capture_output=True,
                                  text=True, check=True).stdout.split())
    until(lambda: descriptors() < 40, "the descriptors of closed connections are closed")
