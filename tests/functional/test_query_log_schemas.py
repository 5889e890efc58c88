"""The query log: any name, any type and any data, read back to its bytes; thousands of records against
the schemas that are published."""

import random
import struct

import dns.rdatatype
import pytest
from dns.edns import ECSOption

import scripts
from client import ask, ask_all, exchange, query
from front import TlsStream, dot, trusting
from ports import free_port
from proxy import listener
from records import (FORMATS, ask_from, client_socket, many_queries, number_of, rdata_bytes, read, read_whole,
                     schema_of, stream, validator, wire_name)
from wire import record, response


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
