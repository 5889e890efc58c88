"""The query log: what each record says against what was really asked and answered."""

import random
import ssl
import time

import dns.flags
import pytest
from dns.edns import ECSOption, GenericOption

import scripts
from client import Stream, ask, ask_all, exchange, query
from control import socket_at, tell_json
from front import TlsStream, curl, doh, door, dot, encoded, proxy_header, trusting
from ports import free_port
from proxy import listener
from records import (ALL, FORMATS, ask_from, client_socket, many_queries, one, read, read_taps, read_whole,
                     stream, validator)
from waiting import until
from web import Http1, dial
from wire import address_for, record, response


def test_a_record_says_who_asked_what_and_what_came_back(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, identity="here")])
    message = query("Who.Asks.test", edns=1400, want_dnssec=True, options=[ECSOption("198.51.100.0", 24)])
    message.flags |= dns.flags.AD | dns.flags.CD
    with client_socket(served.port) as sock:
        port = sock.getsockname()[1]
        before = time.time()
        wire = ask_from(sock, message)
        after = time.time()
    served.stop()
    got = one(tmp_path)
    duration = got.pop("duration_us")
    moment = time.strptime(got["time"][:19], "%Y-%m-%dT%H:%M:%S")
    begun = int(time.mktime(moment)) - time.timezone + int(got.pop("time")[20:26]) / 1e6
    assert before - 0.01 <= begun <= after and 0 < duration / 1e6 <= after - before + 0.01
    assert got == {
        "version": 1, "sequence": got["sequence"], "lost": 0, "identity": "here", "client": "127.0.0.1",
        "client_port": port, "transport": "udp", "listener": "127.0.0.1", "listener_port": served.port,
        "id": message.id, "query_flags": "rd ad cd", "query_bytes": len(message.to_wire()),
        "qname": "Who.Asks.test.", "qtype": "A", "qclass": "IN", "edns_version": 0, "edns_udp_size": 1400,
        "dnssec_ok": True, "client_subnet": "198.51.100.0/24", "source": "upstream", "cache": "miss",
        "upstream": chaos.url, "upstream_transport": "tls", "response_flags": "rd ra cd",
        "response_bytes": len(wire), "rcode": "NOERROR",
        "answers": [{"name": "Who.Asks.test.", "type": "A", "ttl": 300, "data": address_for("who.asks.test")}]}


def test_a_client_over_tcp(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path)])
    with Stream(served) as connection:
        port = connection.sock.getsockname()[1]
        connection.ask(query("tcp.test"))
    served.stop()
    got = one(tmp_path)
    assert (got["transport"], got["client_port"], got["qname"]) == ("tcp", port, "tcp.test.")
    assert got["proven"] is True
    assert "tls_version" not in got and "sni" not in got


@pytest.mark.parametrize("version,text", [(ssl.TLSVersion.TLSv1_2, "1.2"), (ssl.TLSVersion.TLSv1_3, "1.3")])
def test_a_client_over_tls(stage, chaos, authority, tmp_path, version, text):
    served = stage.proxy(chaos, listen=[dot(authority["good"])],
                         query_log=[stream(tmp_path, form) for form in FORMATS])
    with TlsStream(served, trusting(authority, minimum_version=version, maximum_version=version)) as connection:
        port = connection.sock.getsockname()[1]
        connection.ask(query("delay-100.test"))     # it has to wait: and TLS is known all the same
    served.stop()
    got = one(tmp_path)
    assert (got["transport"], got["client_port"]) == ("tls", port)
    assert (got["tls_version"], got["sni"]) == ("TLS" + text, "dns.test")
    ecs = one(tmp_path, "ecs")
    assert ecs["tls"] == {"version_protocol": "tls", "version": text, "established": True,
                          "client": {"server_name": "dns.test"}}
    assert ecs["network"]["transport"] == "tcp" and ecs["dotproxy"]["transport"] == "tls"
    assert one(tmp_path, "ocsf")["tls"] == {"version": text, "sni": "dns.test"}


def test_a_client_over_https(stage, chaos, authority, tmp_path):
    row = doh(authority["good"])
    served = stage.proxy(chaos, listen=[row], query_log=[stream(tmp_path)])
    host = row["url"].split("/")[2].replace("127.0.0.1", "dns.test")
    message = query("https.test")
    for version in ("--http1.1", "--http2"):
        curl(authority.ca, version, "--resolve", f"dns.test:{served.port}:127.0.0.1", "--output", "/dev/null",
             f"https://{host}/dns-query?dns={encoded(message)}")
    served.stop()
    for got in read(tmp_path / "json"):
        assert (got["transport"], got["tls_version"], got["sni"]) == ("https", "TLS1.3", "dns.test")
        assert (got["id"], got["query_bytes"]) == (message.id, len(message.to_wire()))
    assert len(read(tmp_path / "json")) == 2


def test_a_client_behind_a_balancer_has_its_own_address(stage, chaos, tmp_path):
    row = listener(free_port(), proxy_from=["127.0.0.0/8"])
    served = stage.prepare(chaos, listen=[row], query_log=[stream(tmp_path)])
    served.wait_until_serving = lambda url: served.wait_for_log("listening")
    stage.run(served)
    message = query("balanced.test")
    exchange(served, proxy_header("192.0.2.77", 4711, kind=2) + message.to_wire())
    served.stop()
    got = one(tmp_path)
    assert (got["client"], got["client_port"]) == ("192.0.2.77", 4711)
    assert got["query_bytes"] == len(message.to_wire())


def test_a_client_over_udp_is_proven_by_a_cookie_of_ours(stage, chaos, tmp_path):
    """Without one its address may be forged, and an investigation has to know."""
    served = stage.proxy(chaos, query_log=[stream(tmp_path, form) for form in FORMATS])
    mine = b"8 bytes!"
    first = ask(served, "first.test", edns=1232, options=[GenericOption(scripts.COOKIE, mine)])
    ours = next(option.data for option in first.options if option.otype == scripts.COOKIE)
    ask(served, "second.test", edns=1232, options=[GenericOption(scripts.COOKIE, ours)])
    served.stop()
    places = {"json": lambda got: got, "ecs": lambda got: got["dotproxy"], "ocsf": lambda got: got["unmapped"]}
    for form, place in places.items():
        assert [place(got).get("proven") for got in read(tmp_path / form)] == [None, True], form
        for got in read(tmp_path / form):
            validator(form).validate(got)


def test_a_client_that_a_reverse_proxy_names_has_no_port(stage, chaos, authority, tmp_path):
    """It is not known, and no record makes one up."""
    log = [stream(tmp_path, form) for form in ALL]
    limit = {"allow": ["192.0.2.0/24", "127.0.0.0/8"]}
    row = door("http", path="/dns-query", forwarded_from=["127.0.0.0/8"])
    served = stage.proxy(chaos, listen=[listener(free_port()), row], query_log=log, limit=limit)
    with dial(row, authority, Http1) as web:
        web.post(query("forwarded.test").to_wire(), headers={"x-forwarded-for": "192.0.2.77"})
    served.stop()
    plain, ecs, ocsf = (one(tmp_path, form) for form in FORMATS)
    assert plain["client"] == ecs["source"]["ip"] == ocsf["src_endpoint"]["ip"] == "192.0.2.77"
    assert "client_port" not in plain and "port" not in ecs["source"] | ecs["client"] | ocsf["src_endpoint"]
    assert {tap.query_port for tap in read_taps(tmp_path / "dnstap") if tap.query_address} == {None}
    for form, got in zip(FORMATS, (plain, ecs, ocsf)):
        validator(form).validate(got)


def test_a_listener_on_all_addresses_tells_which_a_datagram_was_sent_to(stage, chaos, tmp_path):
    port = free_port()
    served = stage.proxy(chaos, listen=[{"url": f"dns://0.0.0.0:{port}"}], query_log=[stream(tmp_path)],
                         limit={"allow": ["127.0.0.0/8"]})
    ask(served, "where.test", host="127.0.0.5")
    served.stop()
    got = one(tmp_path)
    assert (got["listener"], got["listener_port"]) == ("127.0.0.5", port)


def test_the_cache_and_who_answers(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path)])
    ask(served, "cached.test")
    ask(served, "cached.test")
    ask(served, "cached.test", flags=0)         # without RD the cache is not asked
    exchange(served, query("x.test").to_wire()[:12] + b"\xff")
    served.stop()
    said = [(got["source"], got.get("cache"), got.get("upstream")) for got in read(tmp_path / "json")]
    assert said == [("upstream", "miss", chaos.url), ("cache", "hit", None), ("upstream", None, chaos.url),
                    ("error", None, None)]


def test_an_expired_answer_says_so(stage, tmp_path):
    server = stage.chaos()
    server.plan = lambda asked: [scripts.Send(response(asked, [record(1, bytes(4), ttl=1)]))]
    served = stage.proxy(server, query_log=[stream(tmp_path)], group={"timeout": "200ms", "deadline": "300ms"})
    ask(served, "old.test")
    server.plan = lambda asked: []

    def stale_ones():
        ask(served, "old.test")
        return [got for got in read(tmp_path / "json") if got["source"] == "stale"]
    got = until(stale_ones, "an expired answer is served, and recorded")[0]
    served.stop()
    assert got["cache"] == "expired" and "upstream" not in got
    assert got["answers"][0]["data"] == "0.0.0.0"


def test_an_error_says_why(stage, tmp_path):
    served = stage.proxy(stage.chaos(mode="deaf"), group={"timeout": "200ms", "deadline": "300ms"},
                         query_log=[stream(tmp_path, form) for form in FORMATS])
    ask(served, "why.test", edns=1232)
    ask(served, "why.test", edns=1232)      # remembered for a moment
    served.stop()
    first, second = read(tmp_path / "json")
    assert (first["rcode"], first["source"], first["cache"]) == ("SERVFAIL", "error", "miss")
    assert first["extended_error"] in (22, 23) and first["extended_error_text"].startswith("no upstream could be")
    assert first["duration_us"] >= 300000
    assert (second["extended_error"], second["cache"]) == (13, "hit")
    ecs, ocsf = read(tmp_path / "ecs")[0], read(tmp_path / "ocsf")[0]
    assert ecs["event"]["outcome"] == "failure" and ecs["dns"]["response_code"] == "SERVFAIL"
    assert ecs["dotproxy"]["extended_error"]["code"] == first["extended_error"]
    assert (ocsf["status"], ocsf["rcode_id"]) == ("Failure", 2)
    assert ocsf["status_detail"] == first["extended_error_text"]


def test_an_upstreams_own_error_is_told(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path)])
    ask(served, "ede-6.test", edns=1232)
    ask(served, "rcode-3.test")
    served.stop()
    failed, absent = read(tmp_path / "json")
    assert (failed["rcode"], failed["extended_error"]) == ("SERVFAIL", 6)
    assert failed["extended_error_text"] == "said by the upstream"
    assert absent["rcode"] == "NXDOMAIN" and "answers" not in absent


def test_a_truncated_response_is_recorded_as_the_client_got_it(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path)])
    got = ask(served, "big-3000.test", "TXT", edns=1232)
    assert got.flags & dns.flags.TC
    ask(served, "big-3000.test", "TXT", tcp=True)
    served.stop()
    short, whole = read(tmp_path / "json")
    assert "tc" in short["response_flags"].split() and "answers" not in short
    assert whole["response_bytes"] == 3000 and len(whole["answers"]) > 10


def test_bad_queries_are_recorded_too(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, form) for form in FORMATS])
    bad = {"FORMERR": b"\x11\x11\x01\0\0\1\0\0\0\0\0\0\xff", "NOTIMP": b"\x22\x22\x28\0" + bytes(8)}
    for wire in bad.values():
        exchange(served, wire)
    version = query("version.test", edns=1232)
    version.use_edns(1)
    exchange(served, version.to_wire())
    with client_socket(served.port) as sock:
        sock.send(b"\x33")                      # no header: no response
        sock.send(response_wire := b"\x44\x44\x84\0" + bytes(8))
        ask_from(sock, query("last.test"))
    served.stop()
    records = read(tmp_path / "json")
    said = {got["rcode"]: got for got in records if "rcode" in got}
    for rcode, wire in bad.items():
        assert bytes.fromhex(said[rcode]["message"]) == wire
        assert said[rcode]["query_bytes"] == len(wire) and "qname" not in said[rcode]
    assert said["NOTIMP"]["opcode"] == "UPDATE"
    assert said["BADVERS"]["edns_version"] == 1 and said["BADVERS"]["qname"] == "version.test."
    silent = [bytes.fromhex(got["message"]) for got in records if got["source"] == "none"]
    assert silent == [b"\x33", response_wire]
    for form in FORMATS:
        assert len(read_whole(tmp_path / form)) == len(read_whole(tmp_path / "json"))
    flags = {got["rcode"]: got["unmapped"]["response_flags"] for got in read(tmp_path / "ocsf") if "rcode" in got}
    assert {"NotImp": said["NOTIMP"]["response_flags"], "BADSIG_VERS": "rd ra"}.items() <= flags.items()


def test_a_rule_is_named_in_force_and_in_shadow(stage, chaos, tmp_path):
    log = [stream(tmp_path, form) for form in ALL]
    served = stage.proxy(chaos, limit={"deny": ["127.0.0.2/32"], "allow": ["127.0.0.0/8"]}, query_log=log)
    ask(served, "allowed.test")
    with client_socket(served.port, "127.0.0.2") as sock:
        sock.settimeout(0.5)
        sock.send(query("denied.test").to_wire())
        until(lambda: len(read(tmp_path / "json")) == 2, "both are recorded")
    served.stop()
    fine, denied = read(tmp_path / "json")
    assert "rule" not in fine and "action" not in fine
    assert (denied["action"], denied["rule"]) in (("drop", "access"), ("refuse", "access"))
    assert denied["client"] == "127.0.0.2"
    ecs, ocsf = read(tmp_path / "ecs")[1], read(tmp_path / "ocsf")[1]
    assert ecs["rule"] == {"name": "access"} and "denied" in ecs["event"]["type"]
    assert (ocsf["action"], ocsf["firewall_rule"]) == ("Denied", {"name": "access"})
    tap = [tap for tap in read_taps(tmp_path / "dnstap") if tap.policy][0]
    assert b"access" in tap.policy


def test_shadow_mode_is_told_from_what_is_in_force(stage, chaos, tmp_path):
    served = stage.proxy(chaos, limit={"deny": ["127.0.0.1/32"], "mode": "shadow"},
                         query_log=[stream(tmp_path, form) for form in FORMATS])
    ask(served, "shadow.test")
    served.stop()
    got = one(tmp_path)
    assert got["shadow_rule"] == "access" and "rule" not in got and got["rcode"] == "NOERROR"
    assert one(tmp_path, "ecs")["dotproxy"]["shadow_rule"] == "access"
    assert one(tmp_path, "ocsf")["action"] == "Observed"


# The sum: what was written and what was lost is what was asked.

def test_every_query_has_its_record_and_its_number(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    served = stage.proxy(chaos, workers=2, query_log=[stream(tmp_path)], control=control)
    messages = list(many_queries(random.Random(6), 2000))
    for start in range(0, len(messages), 100):
        ask_all(served, {one.id: one for one in messages[start:start + 100]})
    counted = sum(value for name, value in tell_json(control["socket"], "stats").items()
                  if name in ("queries_udp", "queries_tcp"))
    served.stop()
    records = read_whole(tmp_path / "json")
    assert (len(records), records[-1]["lost"]) == (counted, 0)
    assert [got["sequence"] for got in records] == list(range(1, len(records) + 1))


def test_queries_of_a_stop_are_recorded(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path)])
    sockets = [client_socket(served.port) for _ in range(20)]
    for number, sock in enumerate(sockets):
        sock.send(query(f"delay-300.n{number}.test").to_wire())
    until(lambda: sum("delay-300.n" in asked.name for asked in chaos.questions) >= 20, "all are asked")
    served.signal(15)
    for sock in sockets:
        assert sock.recv(512)
        sock.close()
    served.stop()
    assert len(read(tmp_path / "json")) == 20
