"""Upstreams that are written by name: who resolves them, and what when that fails."""

import subprocess

import pytest

from client import ask, is_right
from names import Names
from ports import free_port, has_ipv6
from proxy import BINARY, config, opening
from sniffer import Sniffer, may_sniff

HERE = "127.0.77.8"     # the bootstrap server's address where the wire is watched
LABEL = "topsecretname"
needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="needs ::1")


def open_names(stage, addresses, certificate="good", **other):
    return stage.stack.enter_context(
        Names(stage.authority[certificate], addresses=addresses, **other))


def asks(names, authority, url=None):
    return {"bootstrap": [url or names.url], "bootstrap_ca": authority.ca}


def by_name(server):
    return f"tls://dns.test:{server.port}"


def test_an_upstream_is_found_by_its_name_and_must_bear_it(stage, authority):
    server = stage.chaos(certificate="name_only")
    names = open_names(stage, {"dns.test": ["127.0.0.1"]})
    served = stage.proxy(by_name(server), **asks(names, authority))
    assert is_right(ask(served, "www.n.test"), "www.n.test")
    assert {seen.sni for seen in server.connections} == {"dns.test"}
    assert {question.name for question in names.questions} == {"dns.test."}


def test_an_upstream_that_bears_another_name_is_not_asked(stage, authority):
    server = stage.chaos(certificate="wrong_name")
    names = open_names(stage, {"dns.test": ["127.0.0.1"]})
    served = stage.proxy(by_name(server), group={"timeout": "2s", "deadline": "3s"},
                         **asks(names, authority))
    ask(served, "www.n.test")
    assert server.connections and not server.questions
    served.wait_for_log("upstream_failed", "phase=handshake")


@needs_ipv6
def test_dead_ipv6_is_not_felt(stage, authority):
    server = stage.chaos()
    names = open_names(stage, {"dns.test": ["127.0.0.1", "::1"]})
    served = stage.proxy(by_name(server), **asks(names, authority))
    assert is_right(ask(served, "www.n.test"), "www.n.test")
    assert not served.log_lines("upstream_failed")


@needs_ipv6
def test_ipv6_is_preferred(stage, authority):
    first = stage.chaos(host="::1")
    second = stage.chaos(port=first.port)
    names = open_names(stage, {"dns.test": ["127.0.0.1", "::1"]})
    served = stage.proxy(by_name(first), **asks(names, authority))
    assert is_right(ask(served, "www.n.test"), "www.n.test")
    assert first.questions and not second.questions


def test_all_workers_resolve_a_name_once(stage, authority):
    server = stage.chaos()
    names = open_names(stage, {"dns.test": ["127.0.0.1"]})
    served = stage.proxy(by_name(server), workers=4, **asks(names, authority))
    for number in range(40):
        assert is_right(ask(served, f"www.n{number}.test"), f"www.n{number}.test")
    assert sorted(question.qtype for question in names.questions) == [1, 28]


def test_bootstrap_may_come_up_later(stage, authority):
    server = stage.chaos()
    port = free_port()
    served = stage.proxy(by_name(server),
                         **asks(None, authority, f"tls://127.0.0.1:{port}#dns.test"))
    served.wait_for_log("upstream_unresolved", "name=dns.test")
    names = open_names(stage, {"dns.test": ["127.0.0.1"]}, port=port)
    served.wait_for_log("upstream_resolved", "name=dns.test")
    assert is_right(ask(served, "www.n.test"), "www.n.test")
    assert len(served.log_lines("upstream_unresolved")) == 1
    assert names.questions


def test_a_name_that_is_unknown_is_told_of_and_asked_for_again(stage, authority):
    server = stage.chaos()
    names = open_names(stage, {})
    served = stage.proxy(by_name(server), **asks(names, authority))
    served.wait_for_log("upstream_unresolved", "answered with an error")
    names.addresses["dns.test"] = ["127.0.0.1"]
    served.wait_for_log("upstream_resolved")
    assert is_right(ask(served, "www.n.test"), "www.n.test")


def test_a_reload_forgets_no_address(stage, authority):
    server = stage.chaos()
    names = open_names(stage, {"dns.test": ["127.0.0.1"]})
    silent = free_port()
    served = stage.proxy(by_name(server), **asks(names, authority), **opening(silent))
    assert is_right(ask(served, "www.n1.test"), "www.n1.test")
    nobody = asks(None, authority, f"tls://127.0.0.1:{silent}#dns.test")
    served.reload(config(served.listen, [stage.row(by_name(server))], **nobody))
    served.wait_for_log("reloaded")
    assert is_right(ask(served, "www.n2.test"), "www.n2.test")
    assert len(names.questions) == 2


def test_query_resolves_the_name_too(stage, authority):
    server = stage.chaos(certificate="name_only")
    names = open_names(stage, {"dns.test": ["127.0.0.1"]})
    done = subprocess.run(
        [BINARY, "query", "www.n.test", "--via", by_name(server),
         "--set", f"upstream.ca={authority.ca}", "--set", f"bootstrap={names.url}",
         "--set", f"bootstrap_ca={authority.ca}"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "status: NOERROR" in done.stdout


def test_nobody_is_asked_where_every_upstream_has_an_address(stage, authority):
    server = stage.chaos()
    names = open_names(stage, {})
    served = stage.proxy(server, **asks(names, authority))
    assert is_right(ask(served, "www.n.test"), "www.n.test")
    assert not names.connections


@pytest.mark.skipif(not may_sniff(), reason="needs CAP_NET_RAW to watch the wire")
@pytest.mark.parametrize("what", [{}, {"certificate": "expired"}, {"mode": "garbage"}])
def test_no_packet_to_a_bootstrap_server_bears_the_name(stage, authority, what):
    nobody = f"tls://{LABEL}.test:{free_port()}"
    names = open_names(stage, {f"{LABEL}.test": [HERE]}, host=HERE, **what)
    with Sniffer(HERE) as seen:
        served = stage.proxy(nobody, group={"timeout": "200ms", "deadline": "300ms"},
                             **asks(names, authority))
        ask(served, "www.n.test")
    assert seen.packets and names.connections
    assert not seen.saw(LABEL.encode())
