"""Who reads the metrics, and what tells an orchestrator that dotproxy is alive and ready."""

import concurrent.futures
import contextlib
import http.client
import socket
import threading

import pytest

import injection
from client import ask, is_right
from control import socket_at, tell_json
from injection import WORKER
from load import Load
from monitoring import Monitor, metrics_at
from ports import free_port
from proxy import BRIEF, config, opening, run_to_the_end
from waiting import until

HOSTILE = "127.0.0.2"      # a scraper that is another than the rest
CONNECTIONS = 32            # scrapers at once, and half of them from one address


@pytest.fixture
def watched_and_injected(stage, chaos, tmp_path):
    """A dotproxy of one worker that does what it is told, who scrapes it, and the line to it."""
    port = free_port()
    with contextlib.closing(injection.Injection(injection.build(tmp_path))) as line, Monitor(port) as monitor:
        served = stage.prepare(chaos, workers=1, metrics=metrics_at(port), control=socket_at(tmp_path))
        yield stage.run(served, **line.streams), monitor, line


# Alive and ready.

def test_health_needs_nothing(watched, stage):
    server = stage.chaos("tcp")
    server.switch("silent")
    _, monitor = watched(server, group=BRIEF)
    assert monitor.get("/health")[::2] == (200, "alive\n")


def test_health_notices_a_worker_that_does_not_go_on(watched_and_injected, tmp_path):
    served, monitor, line = watched_and_injected
    assert is_right(ask(served, "before.test"), "before.test")
    assert monitor.get("/health")[::2] == (200, "alive\n")
    line.order(served, "hang", thread=WORKER)
    until(lambda: monitor.status("/health") == 503, "it is noticed")
    assert "a worker has been at one thing" in monitor.get("/health")[2]
    assert monitor.page()("workers_stuck") == 1
    assert tell_json(tmp_path / "control.sock", "status")["workers_stuck"] == 1
    served.wait_for_log("error worker_stuck", "worker=0")
    line.line.send(f"{WORKER} goes on".encode())
    until(lambda: monitor.status("/health") == 200, "it goes on")
    assert is_right(ask(served, "after.test"), "after.test")
    assert monitor.page()("workers_stuck") == 0


def test_ready_asks_the_upstreams_by_itself(watched, stage):
    """Who is not ready may get no queries: it must not wait for one."""
    server = stage.chaos()
    _, monitor = watched(server)
    assert monitor.get("/ready")[0] == 503
    until(lambda: monitor.status("/ready") == 200, "it is ready")
    assert len(server.asked_about(".")) == 1


def test_not_ready_while_no_upstream_answers(watched, stage):
    server = stage.chaos("tcp")
    server.switch("silent")
    served, monitor = watched(server, group=BRIEF)
    assert monitor.status("/ready") == 503
    ask(served, "failed.test", edns=1232)
    page = monitor.page()
    assert page("cache_entries") > 0, "a failure is remembered"
    status, _, text = monitor.get("/ready")
    assert status == 503 and "no upstream answers" in text
    server.heal()
    until(lambda: monitor.status("/ready") == 200, "an upstream answers")


def test_ready_from_a_saved_cache(stage, watched, tmp_path):
    server = stage.chaos("tcp")
    sections = {"group": BRIEF, "cache": {"file": tmp_path / "cache"}}
    served, _ = watched(server, **sections)
    assert is_right(ask(served, "saved.test"), "saved.test")
    served.stop()
    server.switch("silent")
    served, monitor = watched(server, **sections)
    served.wait_for_log("cache_loaded")
    assert monitor.get("/ready")[::2] == (200, "ready\n")


def test_ready_again_after_a_reload(watched, stage, tmp_path):
    """The new upstreams have not answered yet, and what the old ones said is forgotten."""
    first, second = stage.chaos("udp"), stage.chaos("udp")
    served, monitor = watched(first, control=socket_at(tmp_path), **opening(second.port))
    assert is_right(ask(served, "before.test"), "before.test")
    assert monitor.status("/ready") == 200
    served.reload(config(served.listen, [stage.row(second)], metrics=metrics_at(monitor.port),
                         control=socket_at(tmp_path), **opening(second.port)))
    served.wait_for_log(" reloaded:")
    until(lambda: monitor.status("/ready") == 200, "it is ready")
    assert second.asked_about(".")


def test_healthcheck_reads_the_pages(watched, stage):
    server = stage.chaos("tcp")
    server.switch("silent")
    _, monitor = watched(server, group=BRIEF)
    at = f"http://127.0.0.1:{monitor.port}"
    assert run_to_the_end("healthcheck", f"{at}/health") == (0, "")
    assert run_to_the_end("healthcheck", f"{at}/ready") == (
        1, f"healthcheck: {at}/ready: it answers with status 503\n")
    server.heal()
    until(lambda: run_to_the_end("healthcheck", f"{at}/ready") == (0, ""), "it is ready")


def test_healthcheck_is_ill_where_there_is_no_page(chaos):
    nobody, dns = (f"http://127.0.0.1:{port}/ready" for port in (free_port(), chaos.port))
    assert run_to_the_end("healthcheck", nobody) == (1, f"healthcheck: {nobody}: Connection refused\n")
    assert run_to_the_end("healthcheck", dns) == (1, f"healthcheck: {dns}: it does not answer in HTTP\n")
    assert run_to_the_end("healthcheck", "http://localhost/ready")[0] == 1
    assert run_to_the_end("healthcheck", "http://[::1/ready")[0] == 2


# Who scrapes.

def test_scrapers_who_do_not_go_on_hold_up_nobody(watched):
    served, monitor = watched()
    with contextlib.ExitStack() as stack:
        for words in (b"", b"GET /metrics HT", b"GET /metrics HTTP/1.1\r\n", b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"):
            for _ in range(4):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", monitor.port)))
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                sock.sendall(words * 50 if words.endswith(b"\r\n\r\n") else words)
        with Monitor(monitor.port, source=HOSTILE) as other:
            assert other.page()
        assert is_right(ask(served, "meanwhile.test"), "meanwhile.test")


def test_one_address_does_not_take_all_connections(watched):
    _, monitor = watched()
    assert monitor.page()
    with contextlib.ExitStack() as stack:
        greedy = [stack.enter_context(socket.create_connection(("127.0.0.1", monitor.port), source_address=(HOSTILE, 0)))
                  for _ in range(CONNECTIONS)]
        with Monitor(monitor.port, source="127.0.0.3") as other:
            assert other.status("/health") == 200
        ended = 0
        for sock in greedy:
            sock.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                ended += sock.recv(1) == b""
        assert ended == CONNECTIONS // 2

    def has_room():
        with Monitor(monitor.port, source=HOSTILE) as again, contextlib.suppress(OSError, http.client.HTTPException):
            return again.status("/health") == 200
    until(has_room, "there is room again")


def test_many_scrape_at_once(watched):
    served, monitor = watched(workers=2)

    def scrape(number):
        with Monitor(monitor.port, source=f"127.0.0.{number + 2}") as other:
            return [(other.openmetrics if number % 2 else other.page)() for _ in range(10)]
    with Load(served) as load, concurrent.futures.ThreadPoolExecutor(8) as pool:
        pages = [page for pages in pool.map(scrape, range(8)) for page in pages]
        until(lambda: load.done > 50, "there is load")
    assert len(pages) == 80 and not load.lost


def test_scraping_during_reloads(stage, watched):
    servers = [stage.chaos("udp") for _ in range(3)]
    served, monitor = watched(servers[0], workers=2, query_log=[{"to": "stdout"}], **opening(*(s.port for s in servers)))
    over, pages = threading.Event(), []

    def scrape():
        with Monitor(monitor.port) as other:
            while not over.is_set():
                pages.append(other.page())
                other.get("/ready")
    scraper = threading.Thread(target=scrape, daemon=True)
    scraper.start()
    with Load(served, threads=1) as load:
        for number in range(1, 10):
            server = servers[number % 3]
            served.reload(config(served.listen, [stage.row(server)], metrics=metrics_at(monitor.port), workers=2,
                                 query_log=[{"to": "stdout"}] if number % 2 else [], **opening(*(s.port for s in servers))))
            until(lambda: len(served.log_lines(" reloaded:")) == number, "it is reloaded")
            until(lambda: pages and pages[-1].values_of("upstream") == {server.url}, "the page has the new upstream")
    over.set()
    scraper.join(30)
    assert not load.lost and not scraper.is_alive()
    assert all(len(page.values_of("upstream")) == 1 for page in pages)


def test_stopping_with_scrapers_inside(watched):
    served, monitor = watched()
    with contextlib.ExitStack() as stack:
        for number in range(12):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", monitor.port)))
            sock.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n" * (number % 3))
        served.stop()


# Where it listens.

def test_a_port_in_use_is_told_and_nothing_runs(stage, chaos):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        served = stage.prepare(chaos, metrics=metrics_at(taken.getsockname()[1]))
        status, said = run_to_the_end("run", "-c", served.file)
        assert status == 1
        assert f"metrics.listen: cannot listen on 127.0.0.1:{taken.getsockname()[1]}: Address already in use" in said


@pytest.mark.parametrize("listen", ["9153", "localhost:9153", "127.0.0.1", "127.0.0.1:99999"])
def test_no_address_is_told_with_its_place(stage, chaos, listen):
    served = stage.prepare(chaos, metrics={"listen": f'"{listen}"'})
    status, said = run_to_the_end("run", "-c", served.file)
    assert status == 2 and f"{listen} is no address with a port; write 127.0.0.1:9153" in said
    assert said.startswith(f"{served.file}:")


def test_another_port_needs_a_restart(stage, watched, chaos):
    other = free_port()
    served, monitor = watched(**opening(other))
    served.reload(config(served.listen, [stage.row(chaos)], metrics=metrics_at(other), **opening(other)))
    assert served.wait_for_log("reload_partly", "metrics.listen")
    assert monitor.page()


def test_over_ipv6(stage, chaos):
    port = free_port()
    stage.proxy(chaos, metrics=metrics_at(port, "[::1]"))
    with socket.create_connection(("::1", port)) as sock:
        sock.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert sock.makefile("rb").read().endswith(b"alive\n")
