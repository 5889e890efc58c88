"""DNS over TLS to the upstream (RFC 7858, 8310, 8467): who is trusted, and what is said to him."""

import dns.message
import pytest

from client import Stream, ask, ask_all, failed_well, is_right, named_queries, query
from proxy import BRIEF

REASONS = {
    "expired": "expired",
    "not_yet_valid": "not yet|valid yet|activat",
    "wrong_name": "name|owner|does not match",
    "client_only": "purpose|not for a server",
    "self_signed": "issuer|signer|trusted|authority|unknown|self",
    "other_authority": "issuer|signer|trusted|authority|unknown",
}


def by_address(server):
    return server.url.partition("#")[0]


def test_it_says_dot_and_the_name_and_prefers_tls_1_3(proxy, chaos):
    assert is_right(ask(proxy, "hello.test"), "hello.test")
    seen = chaos.connections[0]
    assert (seen.alpn, seen.sni, seen.version) == ("dot", "dns.test", "TLSv1.3")


def test_tls_1_2_is_good_enough(stage):
    old = stage.chaos(versions=("TLSv1_2", "TLSv1_2"))
    assert is_right(ask(stage.proxy(old), "old.test"), "old.test")
    assert old.connections[0].version == "TLSv1.2"


def test_tls_1_1_is_not(stage):
    ancient = stage.chaos(versions=("TLSv1_1", "TLSv1_1"))
    served = stage.proxy(ancient, group=BRIEF)
    assert failed_well(ask(served, "ancient.test", edns=1232))
    assert ancient.connections and not any(seen.shaken for seen in ancient.connections)


def test_a_server_without_alpn_is_good_enough(stage):
    plain = stage.chaos(alpn=())
    assert is_right(ask(stage.proxy(plain), "noalpn.test"), "noalpn.test")


def test_a_certificate_is_good_by_its_address(stage, chaos):
    server = stage.chaos()
    assert is_right(ask(stage.proxy(stage.row(by_address(server))), "byip.test"), "byip.test")
    assert server.connections[0].sni is None        # RFC 6066: no addresses in SNI


def test_a_certificate_without_the_address_is_not_good_for_it(stage):
    server = stage.chaos(certificate="name_only")
    refused(stage, server, stage.row(by_address(server)))


def test_a_certificate_without_the_address_is_good_by_its_name(stage):
    server = stage.chaos(certificate="name_only")
    assert is_right(ask(stage.proxy(server), "byname.test"), "byname.test")


def refused(stage, server, row):
    """The proxy answers SERVFAIL with a reason, and tells the server nothing."""
    served = stage.proxy(row, group=BRIEF)
    assert failed_well(ask(served, "secret.test", edns=1232))
    assert server.connections, "it was never tried"
    assert server.questions == [] and not any(seen.application_bytes for seen in server.connections)
    return served


@pytest.mark.parametrize("certificate", REASONS)
def test_nothing_is_told_to_a_server_whose_certificate_is(stage, certificate):
    server = stage.chaos(certificate=certificate)
    served = refused(stage, server, stage.row(server))
    served.wait_for_log(f":{server.port}", REASONS[certificate])


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_bad_certificate_is_refused_in_every_version(stage, version):
    server = stage.chaos(certificate="other_authority", versions=(version, version))
    refused(stage, server, stage.row(server))


def test_the_system_s_store_does_not_trust_the_throw_away_authority(stage):
    server = stage.chaos()
    refused(stage, server, {"url": server.url})


def test_a_bad_certificate_is_logged_once_not_once_a_query(stage):
    server = stage.chaos(certificate="expired")
    served = stage.proxy(server, group=BRIEF)
    for number in range(4):
        assert failed_well(ask(served, f"again{number}.test", edns=1232))
    names = [f"more{number}.test" for number in range(20)]
    for response in ask_all(served, {name: query(name, edns=1232) for name in names}).values():
        assert failed_well(dns.message.from_wire(response))
    served.wait_for_log("handshake|verif|certificate", "expired")       # names the phase
    lines = served.log_lines(f":{server.port}", "expired")
    assert len(lines) == 1, lines


# Pins.

def test_a_pin_that_matches_is_trusted(stage, authority):
    server = stage.chaos()
    row = stage.row(server, pin=[authority["expired"].pin(), authority["good"].pin()])
    assert is_right(ask(stage.proxy(row), "pinned.test"), "pinned.test")


def test_a_pin_that_does_not_match_is_refused_for_all_its_good_certificate(stage, authority):
    server = stage.chaos()
    served = refused(stage, server, stage.row(server, pin=[authority["expired"].pin()]))
    served.wait_for_log(f":{server.port}", "pin")


def test_a_pin_that_matches_does_not_excuse_an_expired_certificate(stage, authority):
    server = stage.chaos(certificate="expired")
    refused(stage, server, stage.row(server, pin=[authority["expired"].pin()]))


# What leaves.

def test_queries_are_padded_to_multiples_of_128(proxy, chaos):
    names = [f"{'x' * length}.padded.test" for length in range(1, 60, 7)]
    names.append("a." * 100 + "long.test")
    for name in names:
        assert is_right(ask(proxy, name), name)
        assert is_right(ask(proxy, name, edns=4096, want_dnssec=True), name)
    for name in names:
        for seen in chaos.asked_about(name):
            assert len(seen.wire) % 128 == 0
            assert 12 in {option.otype for option in dns.message.from_wire(seen.wire).options}


def test_ids_towards_the_upstream_are_not_the_client_s(proxy, chaos):
    messages = named_queries("ids", 64)
    with Stream(proxy) as stream:
        stream.ask(*messages)
    seen = [chaos.asked_about(message.question[0].name.to_text())[0].id for message in messages]
    assert len(set(seen)) == 64 and seen != [message.id for message in messages]


def test_queries_that_come_together_leave_in_few_records(stage):
    server = stage.chaos()
    served = stage.proxy(stage.row(server, connections=1))
    assert is_right(ask(served, "first.test"), "first.test")
    before = len(server.connections[0].records)
    with Stream(served) as stream:
        stream.ask(*named_queries("together", 200))
    assert len(server.connections[0].records) - before <= 50


def test_an_alert_of_the_server_ends_in_servfail_and_a_line_in_the_log(stage):
    server = stage.chaos(mode="alert")
    served = stage.proxy(server, group=BRIEF)
    assert failed_well(ask(served, "alert.test", edns=1232))
    served.wait_for_log(f":{server.port}", "alert|handshake")
