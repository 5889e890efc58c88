"""handshake - a TLS ClientHello by hand, and what the server says to it, before any key is agreed on."""

import struct
from dataclasses import dataclass

from front import connect
from hello import Cursor

SSL30, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
X25519, P256, P384 = 0x001D, 0x0017, 0x0018
MAX_FRAGMENT, GROUPS, POINT_FORMATS, SIGNATURES, HEARTBEAT, MASTER_SECRET = 1, 10, 11, 13, 15, 23
VERSIONS, KEY_SHARE, RENEGOTIATION = 43, 51, 0xFF01
SIGNS_WELL = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501]
STRONG12 = {0xC02B: "ECDHE-ECDSA-AES128-GCM", 0xC02C: "ECDHE-ECDSA-AES256-GCM",
            0xCCA9: "ECDHE-ECDSA-CHACHA20", 0xC02F: "ECDHE-RSA-AES128-GCM",
            0xC030: "ECDHE-RSA-AES256-GCM", 0xCCA8: "ECDHE-RSA-CHACHA20"}
STRONG13 = {0x1301: "AES128-GCM", 0x1302: "AES256-GCM", 0x1303: "CHACHA20"}

HANDSHAKE, ALERT = 22, 21
SERVER_HELLO = 2


@dataclass(frozen=True)
class Alert:
    """RFC 8446 section 6."""
    code: int


@dataclass(frozen=True)
class ServerHello:
    version: int
    random: bytes
    suite: int
    compression: int
    extensions: dict


def numbers(*values):
    return b"".join(struct.pack("!H", value) for value in values)


def block(size, data):
    return len(data).to_bytes(size, "big") + data


def client_hello(suites, version=TLS12, compression=b"\0", groups=(X25519, P256),
                 signatures=SIGNS_WELL, **others):
    """`others`: more extensions, by their names here, in place of those that are always there."""
    found = {GROUPS: block(2, numbers(*groups)), SIGNATURES: block(2, numbers(*signatures)),
             POINT_FORMATS: b"\x01\x00"}
    if version == TLS13:
        share = numbers(groups[0]) + block(2, (9).to_bytes(32, "little"))
        found |= {VERSIONS: block(1, numbers(TLS13)), KEY_SHARE: block(2, share)}
    found |= {globals()[name.upper()]: data for name, data in others.items()}
    extensions = b"".join(numbers(number) + block(2, data) for number, data in found.items())
    body = (numbers(min(version, TLS12)) + bytes(range(32)) + block(1, bytes(32)) +
            block(2, numbers(*suites)) + block(1, compression))
    if version > SSL30:
        body += block(2, extensions)
    return b"\x16\x03\x01" + block(2, b"\x01" + block(3, body))


def read_server_hello(body):
    hello = Cursor(body)
    version, random = hello.number(2), hello.take(32)
    hello.block(1)
    suite, compression = hello.number(2), hello.number(1)
    extensions, rest = {}, Cursor(hello.block(2) if not hello.is_done() else b"")
    while not rest.is_done():
        number = rest.number(2)
        extensions[number] = rest.block(2)
    return ServerHello(version, random, suite, compression, extensions)


def says(port, hello):
    """The server's first word: an Alert or a ServerHello."""
    with connect(port) as sock, sock.makefile("rb") as stream:
        sock.sendall(hello)
        carried = b""
        while len(carried) < 4 or len(carried) < 4 + int.from_bytes(carried[1:4], "big"):
            kind, _, length = struct.unpack("!BHH", stream.read(5))
            data = stream.read(length)
            if kind == ALERT:
                return Alert(data[1])
            assert kind == HANDSHAKE
            carried += data
        assert carried[0] == SERVER_HELLO
        return read_server_hello(carried[4:4 + int.from_bytes(carried[1:4], "big")])
