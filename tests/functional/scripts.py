"""scripts - what the misbehaving upstream does with a question, read from its first label.

    BEHAVIOUR[-NUMBER].[then.]anything.test

`wrongid.x.test` gets an answer with another id and nothing else; `wrongid.then.x.test` gets the
right answer after it. A first label that is no behaviour gets the right answer. A script is a list
of steps; it knows neither sockets nor clocks.
"""

import struct
from dataclasses import dataclass

from wire import (A, AAAA, AD, CNAME, MX, NS, POINTER_TO_QNAME, QR, SOA, TC, TXT, name_wire, opt,
                  rdata_for, record, response, right)

PADDING, COOKIE, SUBNET, EDE, KEEPALIVE = 12, 10, 8, 15, 11
EDE_TEXT = b"said by the upstream"
UPSTREAM_COOKIE = bytes(range(0xA0, 0xB8))


@dataclass(frozen=True)
class Send:
    """A whole message."""
    wire: bytes


@dataclass(frozen=True)
class Raw:
    """Bytes put on the stream without a length before them."""
    data: bytes


@dataclass(frozen=True)
class Drip:
    """A whole message, a byte at a time."""
    wire: bytes
    pause: float


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class End:
    """Close the connection: "close" (with close_notify), "cut" (without) or "reset"."""
    how: str


# Right answers in unusual shapes.

def big(asked, size):
    """One TXT RRset that makes the message exactly `size` bytes long."""
    records, room = [], size - len(response(asked))
    while room:
        length = room if room <= 268 else 268 if room >= 281 else room - 100
        text = f"{len(records):05d}".encode().ljust(length - 13, b"x")[:length - 13]
        records.append(record(TXT, bytes([len(text)]) + text))
        room -= length
    return response(asked, records)


def chain(asked, count):
    """A CNAME, then `count` addresses of its target: two RRsets."""
    target = b"\x06target" + POINTER_TO_QNAME
    addresses = [record(A, struct.pack("!I", 0x0A000000 + n), owner=target) for n in range(count)]
    return response(asked, [record(CNAME, target), *addresses])


def with_ttl(asked, seconds):
    """The answer may be kept for so long, what stands beside it for longer."""
    server = record(NS, b"\x02ns" + POINTER_TO_QNAME, ttl=seconds + 100)
    answer = record(asked.qtype, rdata_for(asked), ttl=seconds)
    return response(asked, [answer], authority=[server])


def with_rcode(asked, rcode):
    numbers = struct.pack("!5I", *range(5))
    soa = record(SOA, name_wire("ns.test") + name_wire("admin.test") + numbers)
    wide = [opt(ttl=rcode >> 4 << 24)] if rcode > 15 else []
    return response(asked, authority=[soa], additional=wide, rcode=rcode & 15)


def with_options(asked, _):
    """Everything an upstream may say in EDNS that is no business of the client."""
    options = [(PADDING, bytes(100)), (COOKIE, UPSTREAM_COOKIE), (SUBNET, b"\0\1\x18\x18\xc0\0\2")]
    return response(asked, [record(asked.qtype, rdata_for(asked))], additional=[opt(options)])


def with_keepalive(asked, tenths):
    """RFC 7828: the connection may be idle for so many tenths of a second."""
    keepalive = opt([(KEEPALIVE, struct.pack("!H", tenths))])
    return response(asked, [record(asked.qtype, rdata_for(asked))], additional=[keepalive])


def with_ede(asked, code):
    error = opt([(EDE, struct.pack("!H", code) + EDE_TEXT)])
    return response(asked, additional=[error], rcode=2)


def opt_in_the_middle(asked, _):
    """The OPT between two other records of the additional section."""
    glue = [record(A, bytes([192, 0, 2, n]), owner=name_wire(f"glue{n}.test")) for n in (1, 2)]
    extra = [glue[0], opt([(PADDING, bytes(50))]), glue[1]]
    return response(asked, [record(asked.qtype, rdata_for(asked))], additional=extra)


def lower_case(asked, _):
    return right(asked, question=asked.qname.lower() + asked.question[-4:])


UNUSUAL = {
    "big": big,
    "chain": chain,
    "ttl": with_ttl,
    "loopback": lambda asked, _: response(
        asked, [record(A, bytes([127, 0, 0, 1]))] if asked.qtype == A else []),
    "rcode": with_rcode,
    "options": with_options,
    "keepalive": with_keepalive,
    "ede": with_ede,
    "optmiddle": opt_in_the_middle,
    "lower": lower_case,
    "ad": lambda asked, _: right(asked, flags=QR | AD | asked.flags & 0x0110),
    "tc": lambda asked, _: response(asked, flags=QR | TC | asked.flags & 0x0110),
}


# Answers that no client may ever see.

def other_question(asked, qname=None, qtype=None, qclass=None):
    kind = struct.pack("!HH", qtype or asked.qtype, qclass or asked.qclass)
    question = (qname or asked.qname) + kind
    return response(asked, [lie()], question=question)


def lie(**bent):
    """A record that shows in a client's hands that a wrong answer was handed on."""
    return record(A, bytes([66, 66, 66, 66]), **bent)


WRONG = {
    "wrongid": lambda asked, _: response(asked, [lie()], id=asked.id ^ 0x5555),
    "wrongname": lambda asked, _: other_question(asked, qname=name_wire("evil.test")),
    "wrongtype": lambda asked, _: other_question(asked, qtype=AAAA),
    "wrongclass": lambda asked, _: other_question(asked, qclass=3),
    "longername": lambda asked, _: other_question(asked, qname=b"\x01a" + asked.qname),
    "qr0": lambda asked, _: response(asked, [lie()], flags=0x0100),
    "opcode": lambda asked, _: response(asked, [lie()], flags=QR | 0x1000),
    "qd0": lambda asked, _: response(asked, [lie()], counts=(0, 1, 0, 0), question=b""),
    "qd2": lambda asked, _: response(
        asked, [lie()], counts=(2, 1, 0, 0), question=asked.question * 2),
    "headeronly": lambda asked, _: response(asked, counts=(1, 0, 0, 0), question=b""),
    "short": lambda asked, _: response(asked)[:7],
    "loop": lambda asked, _: response(asked, [lie(owner=loop_at(asked))]),
    "forward": lambda asked, _: response(asked, [lie(owner=b"\xff\xff")]),
    "badlabel": lambda asked, _: response(asked, [lie(owner=b"\x41x\0")]),
    "longname": lambda asked, _: response(asked, [lie(owner=(b"\x3f" + b"x" * 63) * 4 + b"\0")]),
    "rdataloop": lambda asked, _: response(asked, [record(MX, b"\0\1" + loop_at(asked, 14))]),
    "rdlength": lambda asked, _: response(asked, [lie(rdlength=400)]),
    "counts": lambda asked, _: response(asked, [lie()], counts=(1, 9, 0, 0)),
    "manyadditional": lambda asked, _: response(asked, [lie()], counts=(1, 1, 0, 65535)),
    "trailing": lambda asked, _: response(asked, [lie()]) + b"trailing bytes",
    "twoopts": lambda asked, _: response(asked, [lie()], additional=[opt(), opt()]),
    "cutoption": lambda asked, _: response(
        asked, [lie()], additional=[record(41, b"\x00\x0f\x00\x63x", owner=b"\0", rclass=1232)]),
}


def loop_at(asked, skip=0):
    """A pointer to itself, when it starts `skip` bytes into the first answer record."""
    return struct.pack("!H", 0xC000 | 12 + len(asked.question) + skip)


# Ways to misuse the connection.

def flood(asked, count):
    """Wrong answers of many kinds, `count` in all."""
    kinds = ["wrongid", "wrongname", "qr0", "trailing", "loop"]
    return [Send(WRONG[kinds[n % len(kinds)]](asked, None)) for n in range(count)]


def framed(message):
    return struct.pack("!H", len(message)) + message


def half(asked):
    return framed(right(asked))[:20]


MISUSE = {
    "silence": lambda asked, _: [],
    "delay": lambda asked, ms: [Wait(ms / 1000), Send(right(asked))],
    "slowbig": lambda asked, size: [Wait(0.3), Send(big(asked, size))],
    "twice": lambda asked, _: [Send(right(asked)), Send(right(asked))],
    "flood": flood,
    "drip": lambda asked, ms: [Drip(right(asked), ms / 1000)],
    "closemid": lambda asked, _: [Raw(half(asked)), End("close")],
    "cutmid": lambda asked, _: [Raw(half(asked)), End("cut")],
    "resetmid": lambda asked, _: [Raw(half(asked)), End("reset")],
    "hangmid": lambda asked, _: [Raw(half(asked))],
    "close": lambda asked, _: [End("close")],
    "cut": lambda asked, _: [End("cut")],
    "reset": lambda asked, _: [End("reset")],
    "emptyframe": lambda asked, _: [Raw(b"\0\0")],
    "nonsense": lambda asked, _: [Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 40)],
}


def plan(asked):
    """The steps to take for a question."""
    labels = [label.lower() for label in asked.labels] + ["", ""]
    kind, _, number = labels[0].partition("-")
    amount = int(number) if number.isdigit() else 0
    steps = steps_for(kind, asked, amount)
    return steps + [Send(right(asked))] if labels[1] == "then" else steps


def steps_for(kind, asked, amount):
    if kind in MISUSE:
        return MISUSE[kind](asked, amount)
    if kind in WRONG:
        return [Send(WRONG[kind](asked, amount))]
    if kind in UNUSUAL:
        return [Send(UNUSUAL[kind](asked, amount))]
    return [Send(right(asked))]
