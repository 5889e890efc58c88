"""The control socket and `dotproxy ctl`."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import stat
import time
from pathlib import Path

import pytest

from chaos import Chaos
from client import Stream, ask, failed_well, is_right, query
from control import await_socket, call, connect, ctl, read_to_end, socket_at, tell, tell_json
from ports import free_port
from proxy import BRIEF, accepts, answers_datagram, config, listener, opening, run_to_the_end
from waiting import until

CALLERS = 8     # at once, without those who watch


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def proxy(shared, chaos, home):
    return shared.proxy(chaos, control=socket_at(home))


@pytest.fixture(scope="module")
def path(proxy, home):
    return home / "control.sock"


def settings(proxy, rows, path, **sections):
    return config(proxy.listen, rows, control={"socket": str(path)}, **sections)


# What it tells.

def test_status_tells_what_runs_and_where(proxy, chaos, path):
    told = tell_json(path, "status")
    assert told["configuration"] == str(proxy.file)
    assert told["pid"] == proxy.process.pid and told["workers"] == 1 and told["uptime"] < 600
    assert told["listeners"] == [f"{kind}://127.0.0.1:{proxy.port}" for kind in ("udp", "tcp")]
    assert told["upstreams"] == [chaos.url]
    assert told["cache_size"] == 64 << 20
    lines = tell(path, "status").splitlines()
    assert lines[0].split() == ["version", told["version"]]
    assert any(line.split()[:2] == ["upstreams", chaos.url] for line in lines)


def test_stats_count_questions_and_what_is_remembered(proxy, path):
    before = tell_json(path, "stats")
    assert is_right(ask(proxy, "counted.test"), "counted.test")
    assert is_right(ask(proxy, "counted.test", tcp=True), "counted.test")
    now = tell_json(path, "stats")
    grown = {name: now[name] - before[name] for name in now if now[name] != before[name]}
    assert grown["queries_udp"] == grown["queries_tcp"] == grown["responses_udp"] == 1
    assert grown["cache_hits"] == grown["cache_misses"] == grown["cache_insertions"] == 1
    assert now["cache_entries"] > 0 and now["cache_bytes"] > 0
    lines = dict(line.split() for line in tell(path, "stats").splitlines())
    assert set(lines) == set(now) and int(lines["queries_udp"]) == now["queries_udp"]


def test_the_last_line_of_the_log_counts_the_cache_too(stage, chaos):
    served = stage.proxy(chaos)
    assert is_right(ask(served, "lastline.test"), "lastline.test")
    served.stop()
    assert served.log_lines("counters", "queries_udp=", "cache_entries=1 cache_bytes=[1-9]")


# Upstreams.

def test_upstreams_are_untried_while_nobody_asks(stage, chaos, tmp_path):
    second = stage.chaos("udp")
    stage.proxy(chaos, second, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    nothing = {"group": "default", "state": "untried", "workers": 1, "workers_in_state": 1,
               "connections": 0, "in_flight": 0, "latency_ms": {}, "counts": {}}
    assert tell_json(path, "upstreams") == {"upstreams": [{"url": chaos.url, **nothing},
                                                          {"url": second.url, **nothing}]}
    blocks = tell(path, "upstreams").split("\n\n")
    assert [dict(line.split() for line in block.splitlines()) for block in blocks] == [
        {"url": server.url, "group": "default", "state": "untried", "connections": "0",
         "in_flight": "0"} for server in (chaos, second)]
    assert f"{second.url}  untried\n" in tell(path, "status")


def seen(path, server):
    """What `ctl upstreams --json` tells of this server."""
    return next(told for told in tell_json(path, "upstreams")["upstreams"]
                if told["url"] == server.url)


def ask_until_down(client, path, server):
    """Asks for one name after the other, and in vain; what is then told of the server."""
    def is_down():
        response, = client.ask(query(f"vain{time.monotonic_ns()}.test", edns=1232))
        return failed_well(response) and seen(path, server)["state"] == "down"
    until(is_down, "it is down")
    until(lambda: seen(path, server)["connections"] == 0, "no connection is open any more")
    return seen(path, server)


@pytest.mark.parametrize("kind", ["tls", "tcp", "udp"])
def test_upstreams_count_questions_and_answers(stage, tmp_path, kind):
    server = stage.chaos(kind)
    served = stage.proxy(server, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    for number in range(7):
        assert is_right(ask(served, f"counted{number}.test"), f"counted{number}.test")
    told = seen(path, server)
    assert told["state"] == "up" and told["since_seconds"] < 600
    assert not {"phase", "reason"} & set(told)
    assert told["connections"] >= 1 and told["in_flight"] == 0
    assert told["counts"]["queries"] == told["counts"]["answers"] == 7
    assert told["counts"]["opened"] >= told["connections"]
    assert f"{server.url}  up\n" in tell(path, "status")


def test_upstreams_tell_latency_by_phase(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    for name in ("quick1.test", "quick2.test", "delay-300.test"):
        assert is_right(ask(served, name), name)
    latency = seen(path, chaos)["latency_ms"]
    assert {"connect", "handshake", "answer"} <= set(latency)
    assert all(0 < row["p50"] <= row["p95"] <= row["p99"] for row in latency.values())
    assert latency["answer"]["p99"] >= 300      # of three the 99th percentile is the slowest
    rows = [line.split() for line in tell(path, "upstreams").splitlines()]
    answer = latency["answer"]
    assert ["answer", "p50", f"{answer['p50']:.3f}", "p95", f"{answer['p95']:.3f}", "p99",
            f"{answer['p99']:.3f}"] in rows


def test_upstreams_show_questions_in_flight(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    with Stream(served) as client:
        for number in range(3):
            client.send(query(f"silence.flight{number}.test"))
        until(lambda: seen(path, chaos)["in_flight"] == 3, "three questions are in flight")


def test_a_stopped_upstream_is_down_and_the_phase_and_reason_are_told(stage, authority, tmp_path):
    port = free_port()
    with Chaos(authority["good"], port=port) as server:
        served = stage.proxy(server, group=BRIEF, control=socket_at(tmp_path))
        path = tmp_path / "control.sock"
        until(lambda: is_right(ask(served, "there.test"), "there.test"), "it is asked")
        server.hang_up("cut")
    with Stream(served) as client:
        told = ask_until_down(client, path, server)
    assert (told["phase"], told["reason"]) == ("connect", "Connection refused")
    assert told["since_seconds"] < 600
    assert told["counts"]["failed_connect"] >= 1 and told["counts"]["lost"] >= 1
    block = [line.split(maxsplit=1) for line in tell(path, "upstreams").splitlines()]
    assert ["state", "down"] in block and ["reason", "Connection refused"] in block
    assert f"{server.url}  down\n" in tell(path, "status")
    with Chaos(authority["good"], port=port):
        until(lambda: is_right(ask(served, "back.test"), "back.test"), "it is asked again")
        told = seen(path, server)
        assert told["state"] == "up" and not {"phase", "reason"} & set(told)


def test_a_wrong_certificate_is_the_reason(stage, tmp_path):
    server = stage.chaos(certificate="expired")
    served = stage.proxy(server, group=BRIEF, control=socket_at(tmp_path))
    with Stream(served) as client:
        told = ask_until_down(client, tmp_path / "control.sock", server)
    assert told["phase"] == "handshake" and "expired" in told["reason"]
    assert told["counts"]["failed_handshake"] >= 1 and "queries" not in told["counts"]


def test_an_upstream_may_be_down_in_one_of_two_workers(stage, tmp_path):
    server = stage.chaos(mode="refuse-0")
    served = stage.proxy(server, group=BRIEF, workers=2, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    with Stream(served) as client:      # one connection is one worker's
        told = ask_until_down(client, path, server)
    assert (told["workers"], told["workers_in_state"]) == (2, 1)
    assert "down in 1 of 2 workers" in tell(path, "upstreams")


def test_a_reload_counts_upstreams_anew(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    assert is_right(ask(served, "before.test"), "before.test")
    assert seen(path, chaos)["counts"]["queries"] == 1
    tell(path, "reload")
    assert seen(path, chaos)["state"] == "untried" and seen(path, chaos)["counts"] == {}


# Flushing.

def asks_upstream(proxy, chaos, name):
    before = len(chaos.asked_about(name))
    assert is_right(ask(proxy, name), name)
    return len(chaos.asked_about(name)) > before


def test_flush_of_a_name_forgets_it_and_what_is_below(proxy, chaos, path):
    names = ["zone.test", "www.zone.test", "a.b.zone.test", "otherzone.test", "test2.test"]
    for name in names:
        ask(proxy, name)
        assert not asks_upstream(proxy, chaos, name)
    assert tell_json(path, "flush", "ZONE.test.") == {"flushed": 3}
    assert [asks_upstream(proxy, chaos, name) for name in names] == [True] * 3 + [False] * 2
    assert "1 response was forgotten: www.zone.test. and below" in tell(path, "flush", "www.zone.test")
    proxy.wait_for_log("flushed", "responses=3 of=ZONE.test")


def test_flush_forgets_all(proxy, chaos, path):
    names = ["one.test", "two.test"]
    for name in names:
        ask(proxy, name)
    entries = tell_json(path, "status")["cache_entries"]
    assert entries >= 2 and tell_json(path, "flush") == {"flushed": entries}
    assert tell_json(path, "status")["cache_entries"] == 0
    assert all(asks_upstream(proxy, chaos, name) for name in names)


def test_flush_without_a_cache_forgets_nothing(stage, chaos, tmp_path):
    stage.proxy(chaos, cache={"size": 0}, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    assert tell_json(path, "flush") == tell_json(path, "flush", "any.test") == {"flushed": 0}
    assert tell_json(path, "status")["cache_size"] == 0


def test_flush_wants_a_name(path):
    status, said, errors = ctl(path, "flush", "a..b")
    assert status == 1 and not said and "a..b" in errors


# Reloading.

def test_reload_puts_the_new_file_in_force(stage, chaos, tmp_path):
    path, second = tmp_path / "control.sock", ("127.0.0.1", free_port())
    served = stage.proxy(chaos, control=socket_at(tmp_path), **opening(second[1]))
    changed = settings(served, [stage.row(chaos)], path, workers=2, **opening(second[1]))
    changed["listen"] = [listener(served.port), listener(second[1])]
    served.write_config(changed)
    told = tell(path, "reload")
    assert answers_datagram(second) and accepts(second)     # at once: the answer came afterwards
    assert "4 listeners, 1 upstreams" in told and told.splitlines()[-1] == "workers"
    assert tell_json(path, "reload") == {"listeners": 4, "upstreams": 1,
                                         "needs_restart": ["workers"]}
    served.wait_for_log("reloaded", "listeners=4")


def test_reload_of_a_wrong_file_says_all_that_is_wrong_and_changes_nothing(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    served.write_config("workers: none\nlissten:\n  - url: dns://127.0.0.1:1\ncache:\n  size: x\n")
    status, said, errors = ctl(path, "reload")
    places = [line.partition(f"{served.file}:")[2][:4] for line in errors.splitlines()[1:]]
    assert status == 1 and not said and places == ["1:10", "2:1:", "5:9:"], errors
    assert "listen" in errors
    served.wait_for_log("reload_failed", ":2:1:")
    status, said, errors = ctl(path, "reload", "--json")
    assert status == 1 and not said and '"problems":["' in errors
    assert is_right(ask(served, "kept.test"), "kept.test")


def test_reload_that_cannot_open_a_port_says_so(stage, chaos, tmp_path):
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        taken = holder.getsockname()[1]
        served = stage.proxy(chaos, control=socket_at(tmp_path), **opening(taken))
        changed = settings(served, [stage.row(chaos)], path)
        served.write_config({**changed, "listen": [listener(taken)]})
        status, _, errors = ctl(path, "reload")
    assert status == 1 and f"127.0.0.1:{taken}" in errors
    assert is_right(ask(served, "kept.test"), "kept.test")


def test_a_changed_socket_needs_a_restart(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    served.write_config(settings(served, [stage.row(chaos)], tmp_path / "other.sock"))
    assert tell_json(path, "reload")["needs_restart"] == ["control.socket"]
    assert tell_json(path, "status") and not (tmp_path / "other.sock").exists()


# The words of ctl.

def test_ctl_finds_the_socket_in_the_file_even_in_a_wrong_one(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    status, errors = run_to_the_end("ctl", "status", "-c", served.file)
    assert status == 0, errors
    served.write_config(settings(served, ["nowhere"], tmp_path / "control.sock") | {"bogus": 1})
    status, errors = run_to_the_end("ctl", "reload", "-c", served.file)
    assert status == 1 and f"{served.file}:" in errors and "bogus" in errors


def test_ctl_says_when_nobody_is_there(tmp_path):
    status, said, errors = ctl(tmp_path / "nobody.sock", "status")
    assert status == 1 and not said
    assert "nobody.sock: No such file" in errors and "is dotproxy running?" in errors


@pytest.mark.parametrize("words, hint", [
    ([], "flush [NAME]"), (["statsu"], "did you mean status"), (["status", "now"], "now"),
    (["flush", "a", "b"], "b is not"), (["flush", "a b"], "a b"), (["--jsn"], "--json"),
    (["flush", "x" * 2000], "too long"), (["status", "--socket"], "--socket"),
    (["flush", "caf\u00e9"], "ASCII"), (["status", "-c", "nosuchfile"], "nosuchfile")])
def test_ctl_says_what_is_wrong_with_its_words(words, hint):
    status, errors = run_to_the_end("ctl", *words)
    assert status == 2 and hint in errors


# The socket itself.

def test_only_the_user_may_connect(stage, chaos, tmp_path):
    before = os.umask(0)
    try:
        stage.proxy(chaos, control=socket_at(tmp_path))
    finally:
        os.umask(before)
    there = os.stat(tmp_path / "control.sock")
    assert stat.S_ISSOCK(there.st_mode) and stat.S_IMODE(there.st_mode) == 0o600


def test_the_socket_goes_with_the_service(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    assert (tmp_path / "control.sock").exists()
    served.stop()
    assert not (tmp_path / "control.sock").exists()


def test_the_socket_of_a_dead_instance_is_replaced(stage, chaos, tmp_path):
    path = tmp_path / "control.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    assert tell_json(path, "status")["pid"] == served.process.pid
    assert not served.log_lines("control_failed")


def test_a_second_instance_leaves_the_socket_to_the_first(stage, chaos, tmp_path):
    path = tmp_path / "control.sock"
    first = stage.proxy(chaos, control=socket_at(tmp_path))
    second = stage.proxy(chaos, control=socket_at(tmp_path))
    second.wait_for_log("warning control_failed", str(path), "in use")
    second.stop()
    assert tell_json(path, "status")["pid"] == first.process.pid


@pytest.mark.parametrize("where", ["missing/control.sock", "file", "x" * 200])
def test_without_a_socket_dns_is_served_and_the_log_says_why(stage, chaos, tmp_path, where):
    (tmp_path / "file").write_text("precious")
    served = stage.proxy(chaos, control=socket_at(tmp_path, where))
    served.wait_for_log("warning control_failed", "control.socket", "reason=")
    assert is_right(ask(served, "served.test"), "served.test")
    assert (tmp_path / "file").read_text() == "precious"


def test_an_empty_socket_is_none(stage, chaos):
    served = stage.proxy(chaos, control={"socket": '""'})
    assert is_right(ask(served, "none.test"), "none.test")
    assert not served.log_lines("control")


# Callers who misbehave.

@pytest.mark.parametrize("request_bytes, said", [
    (b"statsu\n", b"did you mean status"), (b"nonsense\n", b"lists what there is"),
    (b"\n", b"one line"), (b"status\0\n", b"one line"), (b"\xff\n", b"one line"),
    (b"x" * 5000, b"1024"), (b"status now\n", b"now is not expected"),
    (b"a b c d e f g h i\n", b"8 words"), (b"flush \x1b[2J\n", b"one line")])
def test_nonsense_is_answered_with_an_error(path, request_bytes, said):
    response = call(path, request_bytes)
    assert response.startswith(b"error: ") and said in response and response.endswith(b"\n")
    assert all(32 <= byte < 127 or byte == 10 for byte in response)


def test_errors_are_json_where_json_is_asked_for(path):
    assert call(path, b"statsu --json\n") == \
        b'{"error":"there is no request statsu; did you mean status?"}\n'


def test_a_line_may_come_in_pieces_and_end_as_terminals_end_it(path):
    with connect(path) as caller:
        for byte in b"  status \t--json\r\n":
            caller.send(bytes([byte]))
        assert read_to_end(caller).startswith(b'{"version":')


def test_a_line_without_its_newline_is_one_when_the_caller_closes(path):
    with connect(path) as caller:
        caller.send(b"status")
        caller.shutdown(socket.SHUT_WR)
        assert read_to_end(caller).startswith(b"version")


def test_callers_who_go_away_do_no_harm(proxy, path):
    for request in (b"", b"sta", b"stats --json\n") * 20:
        with connect(path) as caller:
            caller.send(request)
    assert tell_json(path, "status")
    assert is_right(ask(proxy, "unharmed.test"), "unharmed.test")


def test_half_a_request_is_cut_off_and_others_wait_no_longer(proxy, path):
    silent = [connect(path) for _ in range(20)]     # more than are let in at once
    for caller in silent:
        caller.send(b"sta")
    assert is_right(ask(proxy, "meanwhile.test"), "meanwhile.test")
    began = time.monotonic()
    assert read_to_end(silent[0]) == b""
    assert 8 < time.monotonic() - began < 18
    for caller in silent:
        caller.close()
    assert tell_json(path, "status")


def test_a_hundred_at_once_are_answered(proxy, path):
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        responses = list(pool.map(lambda _: call(path, b"stats --json\n"), range(100)))
    assert all(response.startswith(b'{"queries_udp":') for response in responses)
    assert is_right(ask(proxy, "afterwards.test"), "afterwards.test")


def test_one_who_has_watched_leaves_no_room_for_more_callers(stage, chaos, tmp_path):
    """There are as many as may be when a `tail` ends, which is not one of them."""
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    path = tmp_path / "control.sock"
    descriptors = Path(f"/proc/{served.process.pid}/fd")

    def count():
        return len(list(descriptors.iterdir()))
    await_socket(path)
    with contextlib.ExitStack() as stack:
        watcher = connect(path)
        watcher.sendall(b"tail\n")
        assert watcher.recv(1)
        before = count()
        callers = [stack.enter_context(contextlib.closing(connect(path))) for _ in range(CALLERS)]
        until(lambda: count() == before + CALLERS, "all of them have been let in")
        watcher.close()
        until(lambda: count() == before + CALLERS - 1, "the watcher has gone")
        for _ in range(20):
            stack.enter_context(contextlib.closing(connect(path)))
        callers[0].sendall(b"status\n")       # whose response takes its turns
        assert b"uptime" in read_to_end(callers[0])
        assert count() <= before + CALLERS - 1


def test_callers_who_do_not_read_hold_nobody_up(proxy, path):
    slow = [connect(path) for _ in range(20)]
    for caller in slow:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        caller.send(b"stats --json\n")
    assert tell_json(path, "status")
    assert is_right(ask(proxy, "fast.test"), "fast.test")
    for caller in slow:
        caller.close()


def test_questions_are_answered_while_the_socket_is_busy(proxy, chaos, path):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(lambda: [call(path, b"flush\n") for _ in range(50)]) for _ in range(4)]
        for number in range(50):
            assert is_right(ask(proxy, f"busy{number}.test"), f"busy{number}.test")
        assert all(said.endswith(b"all\n") for future in busy for said in future.result())


def test_stopping_with_callers_inside(stage, chaos, tmp_path):
    path = tmp_path / "control.sock"
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    inside = [connect(path) for _ in range(12)]
    for caller in inside[::2]:
        caller.send(b"status\n")
    served.stop()
    for caller in inside:
        read_to_end(caller)
        caller.close()
    assert not path.exists()


def test_stray_signals_do_nothing(stage, chaos, tmp_path):
    served = stage.proxy(chaos, control=socket_at(tmp_path))
    for number in (signal.SIGUSR1, signal.SIGUSR2) * 5:
        served.signal(number)
    until(lambda: tell_json(tmp_path / "control.sock", "status"), "it answers")
    assert is_right(ask(served, "stray.test"), "stray.test")
