"""records - the query log as its readers see it: JSON against its schemas, names and data turned back
to bytes, dnstap taken apart."""

import json
import re
import socket
import struct
from dataclasses import dataclass, field

import dns.flags
import dns.name
import dns.rdata
import jsonschema
from dns.edns import ECSOption, GenericOption

from client import PATIENCE, query
from proxy import TOP

FORMATS = ("json", "ecs", "ocsf")
ALL = (*FORMATS, "dnstap")
SCHEMAS = {"json": "query-log.schema.json", "ecs": "query-log.ecs.schema.json",
           "ocsf": "query-log.ocsf.schema.json"}
STATUS_ID = 0x7e57      # of the queries that ask whether the proxy serves already


def schema_of(form):
    schema = json.loads((TOP / "docs" / "reference" / SCHEMAS[form]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def validator(form):
    return jsonschema.Draft202012Validator(schema_of(form), format_checker=jsonschema.FormatChecker())


def stream(directory, form="json", **keys):
    """An item of `query_log` that writes to a file called like its format."""
    return {"to": f"file:{directory / form}", "format": form, **keys}


def number_of(record):
    """The query's id in a record of any of the formats."""
    if "qname" in record or "id" in record:
        return record["id"]
    if "dns" in record:
        return int(record["dns"]["id"])
    return record["query"]["packet_uid"] if "query" in record else record["unmapped"]["id"]


def read(file):
    """The records of a file, without those of the start."""
    lines = file.read_bytes().decode("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [record for record in records if number_of(record) != STATUS_ID]


def read_whole(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def one(directory, form="json"):
    """The only record there is."""
    records = read(directory / form)
    assert len(records) == 1, records
    return records[0]


# Asking.

def client_socket(port, source="127.0.0.1"):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", port))
    return sock


def ask_from(sock, message):
    """The response's bytes."""
    sock.send(message if isinstance(message, bytes) else message.to_wire())
    return sock.recv(65535)


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


# Back to bytes.

def wire_name(text):
    """The bytes that a name in presentation format stands for (RFC 1035 section 5.1)."""
    labels, label = [], bytearray()
    parts = re.findall(r"\\(\d{3})|\\(.)|(\.)|(.)", "" if text == "." else text, re.DOTALL)
    for number, escaped, dot, plain in parts:
        if dot:
            labels.append(bytes(label))
            label.clear()
        else:
            label.append(int(number) if number else ord(escaped or plain))
    if label:
        labels.append(bytes(label))
    return b"".join(bytes([len(one)]) + one for one in labels) + b"\0"


def rdata_bytes(rtype, text):
    """The RDATA that a text in presentation format stands for, without compression."""
    return dns.rdata.from_text("IN", rtype, text, origin=dns.name.root, relativize=False).to_wire()


# dnstap: protobuf's wire format, and the numbers of dnstap.info.

CLIENT_QUERY, CLIENT_RESPONSE, FORWARDER_QUERY, FORWARDER_RESPONSE = 5, 6, 7, 8
UDP, TCP, DOT, DOH = 1, 2, 3, 4
NAMES = {1: "type", 2: "family", 3: "protocol", 4: "query_address", 5: "response_address", 6: "query_port",
         7: "response_port", 8: "query_sec", 9: "query_nsec", 10: "query", 12: "response_sec",
         13: "response_nsec", 14: "response", 15: "policy"}


@dataclass
class Tap:
    """One frame."""
    identity: bytes = b""
    version: bytes = b""
    extra: bytes = b""
    message: dict = field(default_factory=dict)

    def __getattr__(self, name):
        return self.message.get(name)


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def members(data, at=0):
    """(number, value, where the next begins) of each field."""
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 5:
            value, at = struct.unpack_from("<I", data, at)[0], at + 4
        else:
            assert kind == 2, f"no field of this schema has wire type {kind}"
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        yield key >> 3, value, at


def read_frames(file):
    """The frames of a file: in Frame Streams, or bare ones, of which the type is the last field."""
    data = file.read_bytes()
    if data[:4] == bytes(4):
        at, frames = 0, []
        while at < len(data):
            length, = struct.unpack_from("!I", data, at)
            if length == 0:         # a control frame
                at += 8 + struct.unpack_from("!I", data, at + 4)[0]
            else:
                frames.append(data[at + 4:at + 4 + length])
                at += 4 + length
        return frames
    frames, start = [], 0
    for number, _, end in members(data):
        if number == 15:
            frames.append(data[start:end])
            start = end
    return frames


def read_taps(file):
    taps = []
    for frame in read_frames(file):
        tap = Tap()
        for number, value, _ in members(frame):
            if number == 14:
                tap.message = {NAMES[key]: inner for key, inner, _ in members(value)}
            elif number != 15:
                setattr(tap, {1: "identity", 2: "version", 3: "extra"}[number], value)
        taps.append(tap)
    return [tap for tap in taps if (tap.query or tap.response or b"")[:2] != struct.pack("!H", STATUS_ID)]
