"""frames - HTTP/2 by hand: right frames and every wrong one, and what comes in return."""

import struct
from dataclasses import dataclass

from hpack import Encoder

from front import MEDIA_TYPE, PATH, connect, encoded
from client import query

(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
UNKNOWN = 0xBE
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 1, 1, 4, 8, 32
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR,
 ENHANCE_YOUR_CALM) = range(12)
TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, WINDOW, FRAME_SIZE = 1, 2, 3, 4, 5
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PING_WORDS = b"are you?"


@dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def number(self):
        """The first four bytes: an error code, a window."""
        return int.from_bytes(self.payload[:4], "big")


def frame(kind, stream=0, payload=b"", flags=0, length=None, reserved=0):
    """`length`: what the frame says of itself."""
    size = len(payload) if length is None else length
    return struct.pack("!I", size)[1:] + struct.pack("!BBI", kind, flags, stream | reserved << 31) + payload


def block(*fields, without=(), method="GET", **other):
    """A header block: a request for a DNS answer. fields: more of them; other: method, path..."""
    wanted = {"method": method, "scheme": "http", "path": f"{PATH}?dns={encoded(query('h2.test'))}",
              "authority": "dns.test", **other}
    pairs = [(f":{name}", value) for name, value in wanted.items() if name not in without]
    return Encoder().encode([*pairs, *fields], huffman=False)


def post_block(*fields):
    return block(("content-type", MEDIA_TYPE), *fields, method="POST", path=PATH)


def headers(stream, payload=None, flags=END_STREAM | END_HEADERS):
    return frame(HEADERS, stream, block() if payload is None else payload, flags)


def continuation(stream, payload=b"", flags=END_HEADERS):
    return frame(CONTINUATION, stream, payload, flags)


def open_post(stream, *fields):
    """A request whose body is still to come."""
    return headers(stream, post_block(*fields), END_HEADERS)


def data(stream, payload=b"", flags=END_STREAM):
    return frame(DATA, stream, payload, flags)


def settings(*pairs, flags=0, stream=0):
    return frame(SETTINGS, stream, b"".join(struct.pack("!HI", *pair) for pair in pairs), flags)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, stream, struct.pack("!I", increment))


def rst_stream(stream, code=CANCEL):
    return frame(RST_STREAM, stream, struct.pack("!I", code))


def ping(words=PING_WORDS, flags=0, stream=0):
    return frame(PING, stream, words, flags)


def priority(stream, depends_on=0, weight=15):
    return frame(PRIORITY, stream, struct.pack("!IB", depends_on, weight))


class Wire:
    """A connection to http:// on which both have said their first words."""

    def __init__(self, port, words=None, first=(), **other):
        """first: the client's own settings. words: what is said in place of preface and settings."""
        self.sock = connect(port, **other)
        self.heard, self.frames, self.is_over = b"", [], False
        self.sock.sendall(words or PREFACE + settings(*first) + settings(flags=ACK))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, *frames):
        try:
            self.sock.sendall(b"".join(frames))
        except (BrokenPipeError, ConnectionResetError):
            pass            # it is over; what was said before still can be read
        return self

    def pump(self):
        """Reads once; a reset is an end, too."""
        try:
            part = self.sock.recv(65536)
        except ConnectionResetError:
            part = b""
        self.is_over |= not part
        self.heard += part
        while len(self.heard) >= 9 + (size := int.from_bytes(self.heard[:3], "big")) and len(self.heard) >= 9:
            kind, flags, stream = struct.unpack("!BBI", self.heard[3:9])
            self.frames.append(Frame(kind, flags, stream & 0x7FFFFFFF, self.heard[9:9 + size]))
            self.heard = self.heard[9 + size:]

    def find_all(self, kind, stream=None):
        return [one for one in self.frames
                if one.kind == kind and stream in (None, one.stream) and not is_ack(one)]

    def find(self, kind, stream=None):
        return next(iter(self.find_all(kind, stream)), None)

    @property
    def pongs(self):
        return [one for one in self.frames if one.kind == PING and is_ack(one)]

    def wait_for(self, is_there):
        """The first true value of is_there(), or what it is when the connection has ended."""
        while not (found := is_there()) and not self.is_over:
            self.pump()
        return found

    def to_the_end(self):
        """The code of GOAWAY at the end of the connection."""
        self.wait_for(lambda: self.is_over)
        last = self.find(GOAWAY)
        return last and struct.unpack("!I", last.payload[4:8])[0]


def is_ack(one):
    return one.kind in (SETTINGS, PING) and one.flags & ACK
