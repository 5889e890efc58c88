"""What monitoring reads: what was asked is what is counted, whoever scrapes, however often."""

import contextlib
import socket
import ssl
import subprocess
import time

import dns.rcode
import pytest

from client import PATIENCE, Stream, ask, is_right, query
from control import socket_at, tell_json
from front import Port, TlsStream, doh, door, dot, port_of, row_of, trusting
from load import Load
from monitoring import Monitor, Prometheus, grows, metrics_at, promtool
from ports import free_port
from proxy import BRIEF, listener
from records import client_socket
from waiting import until
from web import Http1, Http2, dial

HOSTILE = "127.0.0.2"      # a client that is another than the rest


def expect(*rows):
    """Rows of a sample's name, its labels and by how much it grows."""
    return {(name, frozenset(labels.items())): by for name, labels, by in rows}


# What is counted.

def test_queries_and_responses_by_transport(watched, authority):
    listen = [listener(free_port()), dot(authority["good"]), doh(authority["good"]), door("http", path="/dns-query")]
    served, monitor = watched(listen=listen)
    ways = {"udp": 3, "tcp": 2, "tls": 1, "https": 4, "http": 1}
    rows = [(f"{what}_total", {"transport": way}, count) for way, count in ways.items() for what in ("queries", "responses")]
    with grows(monitor, expect(*rows)):
        for number in range(3):
            ask(served, f"udp{number}.test")
        for number in range(2):
            ask(served, f"tcp{number}.test", tcp=True)
        with TlsStream(Port(port_of(row_of(served, "tls"))), trusting(authority)) as stream:
            stream.ask(query("tls.test"))
        for kind in (Http1, Http2):
            with dial(row_of(served, "https"), authority, kind) as web:
                web.ask(query(f"https1.{kind.__name__}.test"))
                web.ask(query(f"https2.{kind.__name__}.test"))
        with dial(row_of(served, "http"), authority, Http1) as web:
            web.ask(query("http.test"))


def test_open_connections_by_transport(watched, authority, tmp_path):
    """Of all workers together; those that the monitoring has are none of a client."""
    listen = [listener(free_port()), dot(authority["good"]), doh(authority["good"]), door("http", path="/dns-query")]
    served, monitor = watched(listen=listen, workers=2, control=socket_at(tmp_path))
    ways = {"tcp": 3, "tls": 2, "https": 1, "http": 1}
    nobody = {frozenset({("transport", way)}): 0 for way in ways}
    until(lambda: monitor.page().all("connections_open") == nobody, "nobody is there")
    with contextlib.ExitStack() as stack:
        for _ in range(ways["tcp"]):
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        for _ in range(ways["tls"]):
            stream = stack.enter_context(TlsStream(Port(port_of(row_of(served, "tls"))), trusting(authority)))
        stream.ask(query("tls.test"))
        stack.enter_context(dial(row_of(served, "https"), authority, Http2)).ask(query("https.test"))
        stack.enter_context(dial(row_of(served, "http"), authority, Http1)).ask(query("http.test"))
        wanted = {frozenset({("transport", way)}): count for way, count in ways.items()}
        until(lambda: monitor.page().all("connections_open") == wanted, "each is told")
        stats = tell_json(tmp_path / "control.sock", "stats")
        assert {way: stats[f"connections_open_{way}"] for way in ways} == ways
        assert stats["connections"] == sum(ways.values())
        assert monitor.page()("connections_max") == 10000
    until(lambda: monitor.page().sum("connections_open") == 0, "all have gone")


@pytest.mark.parametrize("mode", ["enforce", "off"])
def test_queries_that_wait_for_an_upstream(watched, mode):
    served, monitor = watched(limit={"mode": mode}, group=BRIEF)
    with client_socket(served.port) as sock:
        for number in range(5):
            sock.send(query(f"silence.waits{number}.test").to_wire())
        until(lambda: monitor.page()("queries_waiting") == 5, "five wait")
    until(lambda: monitor.page()("queries_waiting") == 0, "nobody waits any more")


def test_responses_by_rcode_and_by_source(stage, watched):
    served, monitor = watched(stage.chaos("udp"), group=BRIEF, cache={"stale_after": "100ms"})
    rows = [("responses_by_rcode_total", {"rcode": rcode}, count)
            for rcode, count in {"NOERROR": 5, "NXDOMAIN": 1, "SERVFAIL": 1, "REFUSED": 1, "NOTIMP": 0}.items()]
    rows += [("query_duration_seconds_count", {"source": source}, count)
             for source, count in {"upstream": 2, "cache": 3, "stale": 0, "local": 1, "error": 2}.items()]
    with grows(monitor, expect(*rows)):
        for _ in range(4):
            ask(served, "good.test")
        ask(served, "rcode-3.test")             # from the upstream
        ask(served, "silence.test")             # an error of our own
        ask(served, "transfer.test", "AXFR", tcp=True)      # the same
        ask(served, "any.test", "ANY")


def test_a_wide_rcode_of_an_upstream_is_told_whole(watched):
    """RFC 6891: its upper bits are in the OPT record."""
    served, monitor = watched()
    with monitor.grows("responses_by_rcode_total", 0, rcode="NOERROR"):
        assert ask(served, "rcode-17.test", edns=1232).rcode() == dns.rcode.BADKEY
    assert monitor.page()("responses_by_rcode_total", rcode="BADKEY") == 1


def test_stale_answers_are_a_source_of_their_own(stage, watched):
    server = stage.chaos("tcp")
    served, monitor = watched(server, group=BRIEF, cache={"max_ttl": "1s", "stale_after": "100ms"})
    assert is_right(ask(served, "ttl-1.old.test"), "ttl-1.old.test")
    server.switch("silent")

    def is_stale():
        ask(served, "ttl-1.old.test")
        return monitor.page()("query_duration_seconds_count", source="stale") > 0
    until(is_stale, "a response that has expired is given")
    page = monitor.page()
    assert page("cache_stale_total") == page("query_duration_seconds_count", source="stale")


def test_latency_is_what_clients_waited(watched):
    served, monitor = watched()
    before = monitor.page()
    ask(served, "delay-300.slow.test")
    ask(served, "delay-300.slow.test")
    page = monitor.page()
    took = page("query_duration_seconds_sum", source="upstream") - before("query_duration_seconds_sum", source="upstream")
    assert 0.3 <= took < 20
    buckets = {float(dict(labels)["le"]): value for labels, value in page.all("query_duration_seconds_bucket").items()
               if dict(labels)["source"] == "upstream"}
    assert list(buckets) == sorted(buckets) and list(buckets.values()) == sorted(buckets.values())
    assert buckets[float("inf")] == 1 and max(le for le, value in buckets.items() if value == 0) >= 0.25
    assert page("query_duration_seconds_count", source="cache") == 1


def ask_from(source, served, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.bind((source, 0))
        sock.sendto(query(name).to_wire(), ("127.0.0.1", served.port))
        return sock.recv(4096)


def test_rules_by_mode_and_prefixes_by_length(watched):
    limit = {"rate": "1/s", "burst": 2, "over": "refuse", "prefix4": [32, 24], "deny": [HOSTILE], "shadow": ["access"]}
    served, monitor = watched(limit=limit)
    before = monitor.page()
    refused = sum(ask(served, f"much{number}.test").rcode() == dns.rcode.REFUSED for number in range(20))
    ask_from(HOSTILE, served, "denied.test")
    page = monitor.page()

    def grown(name, **labels):
        return page.sum(name, **labels) - before.sum(name, **labels)
    assert refused > 10
    assert grown("policy_decisions_total", rule="rate", mode="enforce") == refused
    assert grown("policy_prefix_decisions_total", mode="enforce") == refused
    assert page.sum("policy_prefix_decisions_total", prefix="ipv4/32", mode="enforce") > 0
    assert grown("policy_decisions_total", rule="access", mode="shadow") == 1
    assert grown("policy_decisions_total", rule="access", mode="enforce") == 0


def test_upstreams_by_their_urls(stage, watched, chaos):
    second = stage.chaos("tcp")
    second.switch("silent")
    served, monitor = watched(stage.row(chaos, group="default"), stage.row(second, group="other"),
                              groups=[{"name": "other", **BRIEF}], route=[{"suffix": ["other.test"], "group": "other"}])
    first = {"upstream": chaos.url, "group": "default"}
    other = {"upstream": second.url, "group": "other"}
    untried = monitor.page()
    assert untried("upstream_up", **first) == untried("upstream_up", **other) == 1
    assert untried("upstream_workers", **first, state="untried") == 1
    rows = [("upstream_events_total", {**first, "event": event}, count)
            for event, count in {"queries": 5, "answers": 5, "opened": 1, "timeouts": 0}.items()]
    with grows(monitor, expect(*rows)):
        for number in range(5):
            ask(served, f"counted{number}.test")

    def is_down():
        ask(served, f"lost{time.monotonic_ns()}.other.test", edns=1232)
        return monitor.page()("upstream_up", **other) == 0
    until(is_down, "it is down")
    page = monitor.page()
    assert page("upstream_up", **first) == 1 and page("upstream_workers", **first, state="up") == 1
    assert page("upstream_up", **other) == 0 and page("upstream_workers", **other, state="down") == 1
    assert page("upstream_events_total", **other, event="answers") == 0
    assert page("upstream_events_total", **other, event="timeouts") > 0
    assert page("upstream_connections", **first) == 1 and page("upstream_in_flight", **first) == 0
    phases = {phase: page("upstream_duration_seconds_count", **first, phase=phase)
              for phase in ("connect", "handshake", "answer")}
    assert phases == {"connect": 1, "handshake": 1, "answer": 5}


def test_an_upstream_that_is_written_twice_is_told_twice(stage, watched, chaos):
    served, monitor = watched(stage.row(chaos), stage.row(chaos), stage.row(chaos, group="more"), groups=["more"])
    assert is_right(ask(served, "twice.test"), "twice.test")
    told = {(dict(labels)["upstream"], dict(labels)["group"]) for labels in monitor.page().all("upstream_up")}
    assert told == {(chaos.url, "default"), (f"{chaos.url} (2)", "default"), (chaos.url, "more")}


def test_records_of_the_query_log(watched):
    served, monitor = watched(query_log=[{"to": "stdout"}])
    for number in range(7):
        ask(served, f"noted{number}.test")
    asked = monitor.page().sum("queries_total")
    until(lambda: monitor.page()("query_log_written_total", to="stdout") == asked >= 7, "a record for each query")
    assert monitor.page()("query_log_lost_total", to="stdout") == 0


def test_records_that_are_lost(stage, chaos):
    """Nobody reads what is written, and there is an end to what can wait."""
    port = free_port()
    served = stage.run(stage.prepare(chaos, metrics=metrics_at(port), query_log=[{"to": "stdout"}]), stdout=subprocess.PIPE)
    with Monitor(port) as monitor:
        while monitor.page()("query_log_lost_total", to="stdout") < 3:
            assert len(ask(served, "big-60000.test", "TXT", tcp=True).to_wire()) == 60000
        page = monitor.page()
        told = page("query_log_lost_total", to="stdout") + page("query_log_written_total", to="stdout")
        assert 0 < told <= page.sum("queries_total")
    served.process.stdout.close()


def test_certificates_by_their_expiry(watched, authority):
    served, monitor = watched(listen=[listener(free_port()), dot(authority["good"])])
    url = row_of(served, "tls")["url"]
    expires = monitor.page()("certificate_expiry_timestamp_seconds", listener=url)
    text = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", authority["good"].chain],
                          capture_output=True, text=True, check=True).stdout
    assert expires == ssl.cert_time_to_seconds(text.strip().partition("=")[2])


def test_the_cache_and_the_process(watched):
    served, monitor = watched(cache={"size": "8MiB"}, workers=2)
    rows = [("cache_hits_total", {}, 2), ("cache_misses_total", {}, 1), ("cache_insertions_total", {}, 1),
            ("cache_entries", {}, 1)]
    with grows(monitor, expect(*rows)):
        for _ in range(3):
            ask(served, "kept.test")
    page = monitor.page()
    assert page("cache_size_bytes") == 8 << 20 and 0 < page("cache_bytes") < 4096
    assert page("workers") == 2 and page("uptime_seconds") > 0
    assert page("cpu_seconds_total", mode="user") + page("cpu_seconds_total", mode="system") > 0
    assert [value for labels, value in page.all("build_info").items() if dict(labels)["version"]] == [1]


def test_the_control_socket_counts_the_same(watched, tmp_path):
    served, monitor = watched(control=socket_at(tmp_path))
    for number in range(5):
        ask(served, f"same{number}.test")
    page, stats = monitor.page(), tell_json(tmp_path / "control.sock", "stats")
    assert page("queries_total", transport="udp") == stats["queries_udp"] > 5
    assert page("responses_notimp_total") == stats["responses_notimp"] > 0
    assert page("policy_decisions_total", rule="rate", mode="enforce") == stats["policy_rate_enforced"]


def test_labels_are_of_a_known_number(watched, chaos):
    """Neither names nor clients become labels, whatever is asked."""
    served, monitor = watched()
    ask(served, "first.test")
    ask(served, "rcode-3.test")
    before = set(monitor.page().samples)
    for number in range(50):
        ask(served, f"name{number}.test", f"TYPE{1000 + number}")
        with Stream(served, source=f"127.0.1.{number + 1}") as stream:
            stream.ask(query(f"client{number}.test"))
    page = monitor.page()
    assert set(page.samples) == before
    assert page.values_of("upstream") == {chaos.url}
    assert "name1" not in page.text and "127.0.1." not in page.text


# How it is told.

def test_openmetrics_is_the_same_page(watched):
    served, monitor = watched()
    ask(served, "both.test")
    text, open_page = monitor.page(), monitor.openmetrics()
    changing = {"dotproxy_uptime_seconds", "dotproxy_cpu_seconds_total"}
    assert {key: value for key, value in text.samples.items() if key[0] not in changing} == {
        key: value for key, value in open_page.samples.items() if key[0] not in changing}
    assert open_page.text.endswith("\n# EOF\n") and "# EOF" not in text.text
    for family in open_page.families:
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name


def test_promtool_is_content_with_a_page_under_load(stage, watched, chaos, authority):
    served, monitor = watched(stage.row(chaos), stage.chaos("udp"), query_log=[{"to": "stdout"}],
                              listen=[listener(free_port()), dot(authority["good"])])
    with Load(served) as load:
        until(lambda: load.done > 200, "there is load")
        for _ in range(3):
            assert promtool("check", "metrics", text=monitor.get("/metrics")[2]) == ""
    assert not load.lost


def test_prometheus_scrapes_it(watched, tmp_path):
    served, monitor = watched()
    with Prometheus(tmp_path, monitor.port) as prometheus:
        until(lambda: prometheus.number("up{job='dotproxy'}") == 1, "it is scraped")
        before = monitor.page()("queries_total", transport="udp")
        for number in range(10):
            ask(served, f"scraped{number}.test")
        until(lambda: prometheus.number("dotproxy_queries_total{transport='udp'}") == before + 10,
              "Prometheus has counted them")
        assert prometheus.number("sum(dotproxy_upstream_up)") == 1
        until(lambda: prometheus.number("dotproxy_query_duration_seconds_count{source='upstream'}") == 10,
              "a histogram arrives")
        assert prometheus.number("count(dotproxy_query_duration_seconds_bucket{source='upstream'})") > 20


def test_connections_are_kept(watched):
    _, monitor = watched()
    for path in ("/metrics", "/health", "/ready", "/nowhere", "/metrics?x=1"):
        monitor.get(path)
        assert monitor.connection.sock, f"the connection is open after {path}"


def test_what_is_not_there_or_not_done_is_told(watched):
    served, monitor = watched()
    status, headers, text = monitor.get("/metrics", "HEAD")
    assert status == 200 and not text and int(headers["content-length"]) > 1000
    status, _, text = monitor.get("/")
    assert status == 404 and "/metrics" in text
    status, headers, _ = monitor.get("/metrics", "POST", body=b"x" * 100)
    assert status == 405 and headers["allow"] == "GET, HEAD"
    with Monitor(monitor.port) as other:
        assert other.get("/metrics", "DELETE")[0] == 405
    with Monitor(monitor.port) as other, pytest.raises(Exception):
        other.get("/metrics", body=b"x" * 100)
    assert is_right(ask(served, "unharmed.test"), "unharmed.test")
    assert monitor.page()
