"""The query log: what each record says against what was really asked and answered, in all formats."""

import random
import socket
import ssl
import struct
import time

import dns.edns
import dns.flags
import dns.message
import pytest
from dns.edns import ECSOption, GenericOption

import scripts
from client import Stream, ask, ask_all, exchange, name_of, query
from control import socket_at, tell_json
from front import TlsStream, curl, doh, dot, encoded, proxy_header, trusting
from ports import free_port
from proxy import BINARY, listener
from records import (CLIENT_QUERY, CLIENT_RESPONSE, DOH, DOT, FORMATS, FORWARDER_QUERY, FORWARDER_RESPONSE, TCP,
                     UDP, number_of, rdata_bytes, read, read_taps, read_whole, schema_of, stream, validator,
                     wire_name)
from waiting import until
from wire import address_for, record, response

KEY = "1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202"      # Crypto-PAn's own sample
ALL = [*FORMATS, "dnstap"]


def client_socket(port, source="127.0.0.1"):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    sock.settimeout(20)
    sock.connect(("127.0.0.1", port))
    return sock


def ask_from(sock, message):
    """The response's bytes."""
    sock.send(message if isinstance(message, bytes) else message.to_wire())
    return sock.recv(65535)


def one(directory, form="json"):
    """The only record there is."""
    records = read(directory / form)
    assert len(records) == 1, records
    return records[0]


def seconds_of(text):
    return time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"), int(text[20:26])


# What a record says.

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


# Any name, any type, any data.

def odd_names():
    """Every byte in some label, labels of all lengths."""
    rng = random.Random(9)
    whole = [bytes((first + n) % 256 for n in range(50)) for first in range(0, 256, 25)]
    mixed = [bytes(rng.randrange(256) for _ in range(rng.randrange(1, 64))) for _ in range(150)]
    return [bytes([len(label)]) + label + b"\4odd\xff\4test\0" for label in whole + mixed]


def wire_query(number, qname, qtype):
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + qname + struct.pack("!2H", qtype, 1)


def test_names_of_any_bytes_are_read_back_as_they_were(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, form) for form in FORMATS])
    names = dict(enumerate(odd_names(), 1))
    with client_socket(served.port) as sock:
        for number, name in names.items():
            assert ask_from(sock, wire_query(number, name, 16))[:2] == struct.pack("!H", number)
    served.stop()
    places = {"json": lambda got: (got["qname"], got["answers"][0]["name"]),
              "ecs": lambda got: (got["dns"]["question"]["name"], got["related"]["hosts"][0],
                                  got["dns"]["answers"][0]["name"]),
              "ocsf": lambda got: (got["query"]["hostname"], got["observables"][1]["value"])}
    for form in FORMATS:
        check, records = validator(form), read(tmp_path / form)
        assert len(records) == len(names)
        for got in records:
            check.validate(got)
            assert {wire_name(text) for text in places[form](got)} == {names[number_of(got)]}


NAME = b"\3a\"\\\4test\0"
TYPES = {
    "A": bytes(4), "NS": NAME, "CNAME": NAME, "SOA": NAME + NAME + bytes(20), "PTR": NAME, "HINFO": b"\3\0\"\\\0",
    "MX": b"\0\1" + NAME, "TXT": b"\x04\0\"\\\xff\0", "RP": NAME + NAME, "AAAA": bytes(16), "SRV": bytes(6) + NAME,
    "NAPTR": b"\0\1\0\2\1s\1\"\2\\\x07" + NAME, "DNAME": NAME, "DS": b"\0\1\5\2" + bytes(32),
    "SSHFP": b"\1\1" + bytes(20), "RRSIG": b"\0\1\5\2" + bytes(8) + b"\x5e\0\0\0" + b"\0\1" + NAME + bytes(40),
    "NSEC": NAME + b"\0\4\x40\0\0\1", "DNSKEY": b"\1\0\3\5" + bytes(64),
    "NSEC3": b"\1\0\0\1\2\xab\xcd\x14" + bytes(20) + b"\0\1\x40", "NSEC3PARAM": b"\1\0\0\1\0",
    "TLSA": b"\3\1\1" + bytes(32), "CAA": b"\0\5issue\x22\\;\1", "URI": b"\0\1\0\2https://x/\"",
    "HTTPS": b"\0\1\0" + b"\0\1\0\3\2h2", "SVCB": b"\0\1" + NAME + b"\0\3\0\2\1\xbb", "OPENPGPKEY": bytes(9),
    "EUI48": bytes(6), "EUI64": bytes(8), "TYPE65280": bytes(range(256)), "TYPE62": None,
}


def test_data_of_every_type_is_read_back_as_it_was(stage, tmp_path):
    numbers = {dns.rdatatype.from_text(name): rdata for name, rdata in TYPES.items() if rdata is not None}
    server = stage.chaos()
    server.plan = lambda asked: [scripts.Send(response(asked, [record(asked.qtype, numbers[asked.qtype])]))]
    served = stage.proxy(server, query_log=[stream(tmp_path, form) for form in FORMATS])
    for rtype in numbers:
        assert ask(served, "data.test", rtype, tcp=True).answer
    served.stop()
    data = {"json": lambda got: (got["qtype"], got["answers"][0]["data"]),
            "ecs": lambda got: (got["dns"]["question"]["type"], got["dns"]["answers"][0]["data"]),
            "ocsf": lambda got: (got["query"]["type"], got["answers"][0]["rdata"])}
    for form in FORMATS:
        check, seen = validator(form), set()
        for got in read(tmp_path / form):
            check.validate(got)
            rtype, text = data[form](got)
            seen.add(dns.rdatatype.from_text(rtype))
            assert rdata_bytes(rtype, text) == numbers[dns.rdatatype.from_text(rtype)], (form, rtype, text)
        assert seen == set(numbers)


# Thousands of records against the schemas that are published.

def many_queries(rng, count):
    kinds = ["", "rcode-3.", "rcode-2.", "chain-3.", "ede-5.", "ad.", "big-900.", "options."]
    types = ["A", "AAAA", "TXT", "MX", "SOA", "HTTPS", "NS", "PTR", "TYPE65300", "CNAME"]
    for number in range(count):
        message = query(f"{rng.choice(kinds)}n{rng.randrange(count // 3)}.test", rng.choice(types),
                        edns=rng.choice([None, 512, 1232, 4096]))
        if message.edns == 0 and rng.random() < 0.3:
            message.use_edns(0, payload=1232, ednsflags=dns.flags.DO if number % 2 else 0,
                             options=[ECSOption("2001:db8::", 48), GenericOption(65001, b"mac")])
        message.id = number + 1
        yield message


def test_thousands_of_records_are_valid(stage, chaos, tmp_path):
    log = [stream(tmp_path, form) for form in FORMATS]
    served = stage.proxy(chaos, workers=2, query_log=log)
    messages = list(many_queries(random.Random(5), 1500))
    for start in range(0, len(messages), 100):
        responses = ask_all(served, {one.id: one for one in messages[start:start + 100]})
        assert all(responses.values())
    served.stop()
    for form in FORMATS:
        check, records = validator(form), read_whole(tmp_path / form)
        for got in records:
            check.validate(got)
        assert sorted(number_of(got) for got in read(tmp_path / form)) == sorted(one.id for one in messages)


def leaves(schema, defs, path=""):
    """The paths of all members that a schema knows."""
    schema = defs[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    for name, member in schema.get("properties", {}).items():
        yield f"{path}{name}"
        yield from leaves(member, defs, f"{path}{name}.")
    if "items" in schema:
        yield from leaves(schema["items"], defs, path)


def paths(value, path=""):
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{path}{name}"
            yield from paths(member, f"{path}{name}.")
    if isinstance(value, list):
        for member in value:
            yield from paths(member, path)


@pytest.fixture(scope="module")
def every_member(shared, chaos, authority, tmp_path_factory):
    """Files of records in which, together, every member has been written."""
    directory = tmp_path_factory.mktemp("members")
    extra = tmp_path_factory.mktemp("hidden")
    log = [stream(directory, form, identity="me") for form in FORMATS]
    log += [stream(extra, form, clients="hashed", sample=2) for form in FORMATS]
    served = shared.proxy(chaos, listen=[listener(free_port()), dot(authority["good"])], query_log=log,
                          limit={"rate": "1/s", "burst": 3, "over": "truncate", "shadow": ["access"],
                                 "deny": ["127.0.0.3/32"]})
    ask(served, "ede-5.test", edns=1232, want_dnssec=True, options=[ECSOption("198.51.100.0", 24)])
    ask(served, "chain-1.below.test")
    exchange(served, b"\x12\x34\x28\0\0\1\0\0\0\0\0\0\xff")
    for number in range(8):
        ask(served, f"over{number}.test")
    with client_socket(served.port, "127.0.0.3") as sock:
        for number in range(10):
            ask_from(sock, query(f"shadow{number}.test"))
    served.port = int(served.listen[1]["url"].rsplit(":", 1)[1])
    with TlsStream(served, trusting(authority)) as connection:
        connection.ask(query("tls.test"))
    served.stop()
    return directory, extra


@pytest.mark.parametrize("form", FORMATS)
def test_every_member_of_the_schema_is_written_and_no_other(every_member, form):
    schema = schema_of(form)
    known = set(leaves(schema, schema.get("$defs", {})))
    written = {path for directory in every_member for got in read(directory / form) for path in paths(got)}
    # These need a response of 64 KB (unit tests), or a class that no upstream answers with.
    rare = {path for path in known if path.endswith("answers_cut") or path == "answers.class" and form == "json"}
    assert (written - known, known - rare - written) == (set(), set())


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


# dnstap.

def test_dnstap_has_what_came_and_what_was_sent(stage, chaos, authority, tmp_path):
    served = stage.proxy(chaos, listen=[listener(free_port()), dot(authority["good"]), doh(authority["good"])],
                         query_log=[stream(tmp_path, "dnstap", identity="tap-1")])
    waited, hit = query("Tap.test", edns=1232, options=[ECSOption("198.51.100.0", 24)]), query("tap.test", edns=1232)
    with client_socket(served.port) as sock:
        port = sock.getsockname()[1]
        sent = [(waited.to_wire(), ask_from(sock, waited)), (hit.to_wire(), ask_from(sock, hit))]
    served.stop()
    taps = read_taps(tmp_path / "dnstap")
    assert [tap.type for tap in taps] == [FORWARDER_QUERY, FORWARDER_RESPONSE, CLIENT_QUERY, CLIENT_RESPONSE,
                                         CLIENT_QUERY, CLIENT_RESPONSE]
    for tap in taps:
        assert (tap.identity, tap.family) == (b"tap-1", 1) and tap.version.startswith(b"dotproxy ")
    asked, answered = taps[:2]
    assert (asked.protocol, asked.response_address, asked.response_port) == (DOT, b"\x7f\0\0\1", chaos.port)
    seen = chaos.asked_about("tap.test")[-1]
    assert read_question_of(asked.query) == read_question_of(seen.wire)     # but for what a stream adds
    assert answered.response == seen.sent[0] and asked.query[:2] == answered.response[:2]
    assert answered.query_sec <= answered.response_sec
    for number, (query_wire, response_wire) in enumerate(sent):
        question, answer = taps[2 + 2 * number:4 + 2 * number]
        assert (question.query, answer.response) == (query_wire, response_wire)
        for tap in (question, answer):
            assert (tap.protocol, tap.query_address, tap.query_port) == (UDP, b"\x7f\0\0\1", port)
            assert (tap.response_address, tap.response_port) == (b"\x7f\0\0\1", served.port)
        assert abs(question.query_sec - time.time()) < 100
        assert (answer.response_sec, answer.response_nsec) >= (answer.query_sec, answer.query_nsec)


def read_question_of(wire):
    end = wire.index(b"\0", 12) + 5
    return wire[:2], wire[2:4], wire[12:end].lower()


def test_dnstap_knows_the_transports(stage, chaos, authority, tmp_path):
    plain, tls, https = listener(free_port()), dot(authority["good"]), doh(authority["good"])
    served = stage.proxy(chaos, listen=[plain, tls, https], query_log=[stream(tmp_path, "dnstap")])
    ask(served, "one.test", tcp=True)
    served.port = int(tls["url"].rsplit(":", 1)[1])
    with TlsStream(served, trusting(authority)) as connection:
        connection.ask(query("two.test"))
    port = https["url"].split(":")[2].split("/")[0]
    curl(authority.ca, "--resolve", f"dns.test:{port}:127.0.0.1", "--output", "/dev/null",
         f"https://dns.test:{port}/dns-query?dns={encoded(query('three.test'))}")
    served.stop()
    taps = [tap for tap in read_taps(tmp_path / "dnstap") if tap.type == CLIENT_QUERY]
    assert [tap.protocol for tap in taps] == [TCP, DOT, DOH]


def test_questions_that_share_an_answer_share_its_exchange(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, "dnstap"), stream(tmp_path)])
    ask_all(served, {number: query("delay-200.shared.test") for number in range(5)})
    served.stop()
    kinds = [tap.type for tap in read_taps(tmp_path / "dnstap")]
    assert kinds.count(CLIENT_QUERY) == 5 and kinds.count(FORWARDER_RESPONSE) == 1
    records = read(tmp_path / "json")
    assert len(records) == 5 and {got["upstream"] for got in records} == {chaos.url}


def test_exchanges_with_upstreams_are_no_records_of_queries(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, form) for form in ALL])
    for number in range(5):
        ask(served, f"n{number}.test")
    served.stop()
    records = read(tmp_path / "json")
    assert len(records) == 5
    assert [got["sequence"] - records[0]["sequence"] for got in records] == list(range(5))


# Which records, and what they hide.

def test_filters_choose_records(stage, chaos, tmp_path):
    wanted = {"only": {"only": "errors"}, "names": {"names": ["in.test"]}, "rcodes": {"rcodes": ["NXDOMAIN"]},
              "clients": {"clients_from": ["127.0.0.8/31"]},
              "two": {"clients_from": ["127.0.0.8/31"], "names": ["in.test"]}}
    served = stage.proxy(chaos, query_log=[{"to": f"file:{tmp_path / name}", **keys}
                                           for name, keys in wanted.items()])
    for source in ("127.0.0.1", "127.0.0.9"):
        with client_socket(served.port, source) as sock:
            for name in ("rcode-2.out.test", "rcode-3.in.test", "fine.IN.test", "fine.out.test"):
                ask_from(sock, query(name))
    served.stop()

    def seen(name):
        return [(got["client"][-1], got["qname"].lower()) for got in read(tmp_path / name)]
    assert seen("only") == [(last, "rcode-2.out.test.") for last in "19"]
    assert seen("names") == [(last, name) for last in "19" for name in ("rcode-3.in.test.", "fine.in.test.")]
    assert seen("rcodes") == [(last, "rcode-3.in.test.") for last in "19"]
    assert [last for last, _ in seen("clients")] == ["9"] * 4
    assert seen("two") == [("9", "rcode-3.in.test."), ("9", "fine.in.test.")]
    sequences = [got["sequence"] for got in read_whole(tmp_path / "two")]
    assert sequences == [1, 2]      # what a filter leaves out is not missing


def test_a_sample_has_all_of_some_and_nothing_of_others(stage, chaos, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    served = stage.proxy(chaos, query_log=[stream(tmp_path, sample=4, client_key=key)])
    for _ in range(3):
        ask_all(served, {number: query(f"s{number}.test") for number in range(60)})
    served.stop()
    records = [got for got in read(tmp_path / "json")]
    counts = {got["qname"]: 0 for got in records}
    for got in records:
        assert got["sample"] == 4
        counts[got["qname"]] += 1
    assert set(counts.values()) == {3} and 5 <= len(counts) <= 30


@pytest.mark.parametrize("mode,clients,subnet",
                         [("prefix", "127.0.0.0", "198.51.100.0/32"), ("hashed", None, None)])
def test_hidden_clients_show_nowhere(stage, chaos, authority, tmp_path, mode, clients, subnet):
    key = tmp_path / "key"
    key.write_text(KEY + "\n")
    log = [stream(tmp_path, form, clients=mode, client_key=key) for form in ALL]
    served = stage.proxy(chaos, listen=[listener(free_port()), dot(authority["good"])], query_log=log)
    message = query("hide.test", edns=1232, options=[ECSOption("198.51.100.77", 32), GenericOption(10, b"cookie01"),
                                                     GenericOption(65001, b"\xde\xad\xbe\xef\0\1")])
    ports = []
    with client_socket(served.port, "127.0.0.77") as sock:
        ports.append(sock.getsockname()[1])
        for wire in (message.to_wire(), message.to_wire(), b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\xffsecret"):
            ask_from(sock, wire)
    served.port = int(served.listen[1]["url"].rsplit(":", 1)[1])
    with TlsStream(served, trusting(authority), source="127.0.0.77") as connection:
        ports.append(connection.sock.getsockname()[1])
        connection.ask(message)
    served.stop()
    for form in FORMATS:
        text = (tmp_path / form).read_text()
        for secret in ("127.0.0.77", "198.51.100.77", "sni", "server_name", *(f":{port}" for port in ports)):
            assert secret not in text, (form, secret)
        for got in read(tmp_path / form):
            validator(form).validate(got)
    raw = (tmp_path / "dnstap").read_bytes()
    for secret in (b"\x7f\0\0\x4d", b"\xc6\x33\x64\x4d", b"cookie01", b"\xde\xad\xbe\xef", b"secret"):
        assert secret not in raw
    taps = read_taps(tmp_path / "dnstap")
    assert [tap for tap in taps if tap.query_port] == []
    assert len([tap for tap in taps if tap.type == CLIENT_QUERY and tap.query]) == 3
    records = read(tmp_path / "json")
    assert {got["clients"] for got in records} == {mode}
    assert len({got["client"] for got in records}) == 1
    assert {len(got.get("client_subnet", "")) > 0 for got in records if "qname" in got} == {True}
    if clients:
        assert records[0]["client"] == clients and records[0]["client_subnet"] == subnet
        assert "127.0.0.0" in one_of(read(tmp_path / "ecs"))["related"]["ip"]


def one_of(records):
    return records[0]


def test_pseudonyms_are_those_of_the_key_and_a_new_key_takes_over(stage, chaos, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    row = listener(free_port(), proxy_from=["127.0.0.0/8"])
    served = stage.prepare(chaos, listen=[row], limit={"allow": ["0.0.0.0/0"]},
                           query_log=[stream(tmp_path, clients="hashed", client_key=key)])
    served.wait_until_serving = lambda url: served.wait_for_log("listening")
    stage.run(served)

    def pseudonym_of(client):
        exchange(served, proxy_header(client, 4711, kind=2) + query("who.test").to_wire())
        count = len(seen)
        until(lambda: len(read(tmp_path / "json")) > count, "a record more")
        seen[:] = read(tmp_path / "json")
        return seen[-1]["client"]
    seen = []
    assert pseudonym_of("128.11.68.132") == "135.242.180.132"       # as Crypto-PAn's own sample has it
    assert pseudonym_of("129.118.74.4") == "134.136.186.123"
    fresh = tmp_path / "key.new"
    fresh.write_text("0" * 63 + "1")
    fresh.rename(key)
    served.wait_for_log("query_log_key_loaded")
    assert pseudonym_of("128.11.68.132") != "135.242.180.132"
    key.write_text("no key")
    served.wait_for_log("query_log_key_failed", "no key; write 64 hexadecimal digits")
    served.stop()


@pytest.mark.parametrize("keys,problem", [
    ({"clients_from": ["192.0.2.1/24"]}, "192.0.2.1/24 is no prefix; write 192.0.2.0/24, or one address"),
    ({"names": ["a..b"]}, "a..b is no name"),
    ({"rcodes": ["NOSUCH"]}, "NOSUCH is no RCODE; write NXDOMAIN or the like, or none for queries without a response"),
    ({"sample": 0}, "sample: 0 is below 1"),
    ({"clients": "some"}, "clients: some is none of: full, prefix, hashed"),
])
def test_what_is_wrong_with_a_stream_is_told(stage, chaos, tmp_path, keys, problem):
    import subprocess
    served = stage.prepare(chaos, query_log=[stream(tmp_path, **keys)])
    done = subprocess.run([BINARY, "check", "-c", served.file], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and problem in done.stderr


def test_a_key_that_cannot_be_read_is_told_at_the_start(stage, chaos, tmp_path):
    import subprocess
    served = stage.prepare(chaos, query_log=[stream(tmp_path, clients="hashed", client_key=tmp_path / "absent")])
    done = subprocess.run(served.command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "absent: No such file or directory" in done.stderr
