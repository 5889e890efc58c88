"""sections - HTTP/2 by its rules (RFC 9113, RFC 7541): for each section what a client says, what must come.

The cases are those that h2spec is known for. Frames of streams that have ended are passed over, as
section 5.1 allows.
"""

import struct

from client import query
from frames import (ACK, COMPRESSION_ERROR, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR,
                    FRAME_SIZE, FRAME_SIZE_ERROR, GOAWAY, HEADERS, PADDED, PING, PING_WORDS, PRIORITY,
                    PROTOCOL_ERROR, PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED,
                    UNKNOWN, WINDOW, WINDOW_UPDATE, WITH_PRIORITY, block, continuation, data, frame, headers,
                    open_post, ping, priority, rst_stream, settings, window_update)
from front import PATH, encoded

BIG, LAST_WINDOW = 16384, 2**31 - 1
QUERY = query("post.test").to_wire()
SLOW = block(path=f"{PATH}?dns={encoded(query('delay-300.h2.test'))}")


# What must come.

class Answered:
    """The request on `stream` gets status 200, whatever else was sent."""

    def __init__(self, stream=1, but_not=None):
        self.stream, self.but_not = stream, but_not

    def check(self, wire):
        head = wire.wait_for(lambda: wire.find(HEADERS, self.stream))
        assert head and head.payload[:1] == b"\x88", wire.frames          # the indexed ":status: 200"
        assert wire.wait_for(lambda: any(one.flags & END_STREAM for one in wire.frames
                                         if one.stream == self.stream and one.kind in (DATA, HEADERS)))
        assert not wire.find(HEADERS, self.but_not or -1), wire.frames


class Ends:
    """The connection ends, with one of these codes in GOAWAY."""

    def __init__(self, *codes):
        self.codes = codes

    def check(self, wire):
        assert wire.to_the_end() in self.codes, wire.frames


class Resets:
    """The stream is reset with one of these codes; or the connection ends with one of them."""

    def __init__(self, *codes, stream=1):
        self.codes, self.stream = codes, stream

    def check(self, wire):
        found = wire.wait_for(lambda: wire.find(RST_STREAM, self.stream) or wire.find(GOAWAY))
        assert found, wire.frames
        code = found.number if found.kind == RST_STREAM else struct.unpack("!I", found.payload[4:8])[0]
        assert code in self.codes, wire.frames


class Pongs:
    """Nothing bad happens: a PING is answered."""

    def check(self, wire):
        wire.send(ping(b"and now?"))
        wire.wait_for(lambda: any(pong.payload == b"and now?" for pong in wire.pongs))
        assert wire.pongs, wire.frames


CASES = [
    # 3.4 HTTP/2 Connection Preface
    ("3.4 a request after the preface", [headers(1)], Answered()),
    # 4.1 Frame Format
    ("4.1 a frame of unknown type", [frame(UNKNOWN, 0, bytes(8)), headers(1)], Answered()),
    ("4.1 flags that mean nothing", [ping(flags=0x16), headers(1)], Answered()),
    ("4.1 the reserved bit", [frame(PING, 0, PING_WORDS, reserved=1), headers(1)], Answered()),
    # 4.2 Frame Size
    ("4.2 DATA as long as can be", [open_post(1), data(1, bytes(BIG), 0), data(1, bytes(9))], Pongs()),
    ("4.2 DATA that is too long", [open_post(1), data(1, bytes(BIG + 1))], Resets(FRAME_SIZE_ERROR)),
    ("4.2 HEADERS that are too long", [headers(1, block(("x-long", "x" * BIG)))], Ends(FRAME_SIZE_ERROR)),
    # 4.3 Field Section Compression and Decompression
    ("4.3 a block that is none", [headers(1, b"\x40\xff\xff\xff\xff\xff\xff")], Ends(COMPRESSION_ERROR)),
    ("4.3 PRIORITY amid a block", [headers(1, flags=END_STREAM), priority(1)], Ends(PROTOCOL_ERROR)),
    ("4.3 another stream amid a block", [headers(1, flags=END_STREAM), headers(3)], Ends(PROTOCOL_ERROR)),
    # 5.1 Stream States
    ("5.1 idle: DATA", [data(1, QUERY)], Ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    ("5.1 idle: RST_STREAM", [rst_stream(1)], Ends(PROTOCOL_ERROR)),
    ("5.1 idle: WINDOW_UPDATE", [window_update(1, 100)], Ends(PROTOCOL_ERROR)),
    ("5.1 idle: CONTINUATION", [continuation(1, block())], Ends(PROTOCOL_ERROR)),
    ("5.1 half-closed: DATA", [headers(1, SLOW), data(1, QUERY)], Resets(STREAM_CLOSED)),
    ("5.1 half-closed: HEADERS", [headers(1, SLOW), headers(1)], Resets(STREAM_CLOSED)),
    ("5.1 half-closed: CONTINUATION", [headers(1), continuation(1, block())],
     Ends(PROTOCOL_ERROR, STREAM_CLOSED)),
    ("5.1 reset: DATA", [open_post(1), rst_stream(1), data(1, QUERY), headers(3)], Answered(3)),
    ("5.1 reset: HEADERS", [open_post(1), rst_stream(1), headers(1), headers(3)], Answered(3)),
    ("5.1 reset: CONTINUATION", [open_post(1), rst_stream(1), continuation(1)],
     Ends(STREAM_CLOSED, PROTOCOL_ERROR)),
    ("5.1 closed: DATA", [headers(1), Answered(), data(1, QUERY), headers(3)], Answered(3)),
    ("5.1 closed: HEADERS", [headers(1), Answered(), headers(1), headers(3)], Answered(3)),
    ("5.1 closed: CONTINUATION", [headers(1), Answered(), continuation(1)],
     Ends(STREAM_CLOSED, PROTOCOL_ERROR)),
    ("5.1 closed: late WINDOW_UPDATE", [headers(1), Answered(), window_update(1, 9), headers(3)], Answered(3)),
    ("5.1 closed: late RST_STREAM", [headers(1), Answered(), rst_stream(1), headers(3)], Answered(3)),
    # 5.1.1 Stream Identifiers
    ("5.1.1 an even number", [headers(2)], Ends(PROTOCOL_ERROR)),
    ("5.1.1 a smaller number", [headers(5), headers(3), headers(7)], Answered(7, but_not=3)),
    # 5.1.2 Stream Concurrency
    ("5.1.2 more streams than allowed", [open_post(number) for number in range(1, 2 * 130, 2)],
     Resets(PROTOCOL_ERROR, REFUSED_STREAM, stream=257)),
    # 5.3.1 Stream Dependencies (RFC 7540)
    ("5.3.1 HEADERS that depend on themselves",
     [headers(1, struct.pack("!IB", 1, 9) + block(), END_STREAM | END_HEADERS | WITH_PRIORITY)],
     Resets(PROTOCOL_ERROR)),
    ("5.3.1 PRIORITY that depends on itself", [priority(1, 1)], Resets(PROTOCOL_ERROR)),
    # 5.4.1 Connection Error Handling
    ("5.4.1 GOAWAY tells the last stream", [headers(1), Answered(), ping(stream=3)], Ends(PROTOCOL_ERROR)),
    # 5.5 Extending HTTP/2
    ("5.5 an unknown frame", [frame(UNKNOWN, 1, bytes(99)), headers(1)], Answered()),
    ("5.5 an unknown frame amid a block", [headers(1, flags=END_STREAM), frame(UNKNOWN, 1), continuation(1)],
     Ends(PROTOCOL_ERROR)),
    # 6.1 DATA
    ("6.1 on stream 0", [data(0, QUERY)], Ends(PROTOCOL_ERROR)),
    ("6.1 on a stream that has ended", [headers(1, SLOW), data(1, QUERY)], Resets(STREAM_CLOSED)),
    ("6.1 padding", [open_post(1), frame(DATA, 1, b"\5" + QUERY + bytes(5), END_STREAM | PADDED)], Answered()),
    ("6.1 more padding than frame", [open_post(1), frame(DATA, 1, b"\6" + bytes(5), END_STREAM | PADDED)],
     Ends(PROTOCOL_ERROR)),
    # 6.2 HEADERS
    ("6.2 padding and priority",
     [headers(1, b"\3" + struct.pack("!IB", 0, 9) + block() + bytes(3),
              END_STREAM | END_HEADERS | PADDED | WITH_PRIORITY)], Answered()),
    ("6.2 on stream 0", [headers(0)], Ends(PROTOCOL_ERROR)),
    ("6.2 more padding than frame", [headers(1, b"\xff" + block(), END_STREAM | END_HEADERS | PADDED)],
     Ends(PROTOCOL_ERROR)),
    # 6.3 PRIORITY
    ("6.3 on stream 0", [priority(0)], Ends(PROTOCOL_ERROR)),
    ("6.3 of another length", [frame(PRIORITY, 1, bytes(4))], Resets(FRAME_SIZE_ERROR)),
    # 6.4 RST_STREAM
    ("6.4 on stream 0", [rst_stream(0)], Ends(PROTOCOL_ERROR)),
    ("6.4 of another length", [open_post(1), frame(RST_STREAM, 1, bytes(3))], Ends(FRAME_SIZE_ERROR)),
    # 6.5 SETTINGS
    ("6.5 an acknowledgement with words", [settings((1, 1), flags=ACK)], Ends(FRAME_SIZE_ERROR)),
    ("6.5 on a stream", [settings(stream=1)], Ends(PROTOCOL_ERROR)),
    ("6.5 of another length", [frame(SETTINGS, 0, bytes(3))], Ends(FRAME_SIZE_ERROR)),
    ("6.5.2 neither push nor no push", [settings((ENABLE_PUSH, 2))], Ends(PROTOCOL_ERROR)),
    ("6.5.2 a window too large", [settings((WINDOW, 2**31))], Ends(FLOW_CONTROL_ERROR)),
    ("6.5.2 frames too short", [settings((FRAME_SIZE, BIG - 1))], Ends(PROTOCOL_ERROR)),
    ("6.5.2 frames too long", [settings((FRAME_SIZE, 2**24))], Ends(PROTOCOL_ERROR)),
    ("6.5.2 an unknown setting", [settings((0xFF, 1)), headers(1)], Answered()),
    ("6.5.3 the last of several holds", [settings((WINDOW, 0), (WINDOW, 65535)), headers(1)], Answered()),
    # 6.6 PUSH_PROMISE, 8.4 Server Push
    ("6.6 from a client", [frame(PUSH_PROMISE, 1, struct.pack("!I", 2) + block(), END_HEADERS)],
     Ends(PROTOCOL_ERROR)),
    # 6.7 PING
    ("6.7 is answered", [ping()], Pongs()),
    ("6.7 an answer is not", [ping(flags=ACK)], Pongs()),
    ("6.7 on a stream", [ping(stream=1)], Ends(PROTOCOL_ERROR)),
    ("6.7 of another length", [ping(b"short")], Ends(FRAME_SIZE_ERROR)),
    # 6.8 GOAWAY
    ("6.8 on a stream", [frame(GOAWAY, 1, bytes(8))], Ends(PROTOCOL_ERROR)),
    ("6.8 what was asked before is answered", [headers(1), frame(GOAWAY, 0, bytes(8))], Answered()),
    # 6.9 WINDOW_UPDATE
    ("6.9 by nothing", [window_update(0, 0)], Ends(PROTOCOL_ERROR)),
    ("6.9 by nothing on a stream", [open_post(1), window_update(1, 0)], Resets(PROTOCOL_ERROR)),
    ("6.9 of another length", [frame(WINDOW_UPDATE, 0, bytes(3))], Ends(FRAME_SIZE_ERROR)),
    ("6.9.1 beyond all windows", [window_update(0, LAST_WINDOW)] * 2, Ends(FLOW_CONTROL_ERROR)),
    ("6.9.1 beyond all windows of a stream", [open_post(1), *[window_update(1, LAST_WINDOW)] * 2],
     Resets(FLOW_CONTROL_ERROR)),
    ("6.9.2 beyond all windows by settings",
     [open_post(1), window_update(1, LAST_WINDOW - 65535), settings((WINDOW, 65536))],
     Resets(FLOW_CONTROL_ERROR)),
    # 6.10 CONTINUATION
    ("6.10 several", [headers(1, block()[:5], END_STREAM), continuation(1, block()[5:9], 0),
                      continuation(1, block()[9:])], Answered()),
    ("6.10 then another frame", [headers(1, block()[:5], END_STREAM), continuation(1, block()[5:9], 0),
                                 data(1, QUERY)], Ends(PROTOCOL_ERROR)),
    ("6.10 on stream 0", [headers(1, block()[:5], END_STREAM), continuation(0, block()[5:])],
     Ends(PROTOCOL_ERROR)),
    ("6.10 of a block that has ended", [open_post(1), continuation(1)], Ends(PROTOCOL_ERROR)),
    ("6.10 of one that ended in another", [headers(1, block()[:5], 0), continuation(1, block()[5:]),
                                           continuation(1)], Ends(PROTOCOL_ERROR)),
    ("6.10 behind DATA", [open_post(1), data(1, QUERY, 0), continuation(1)], Ends(PROTOCOL_ERROR)),
    # 7 Error Codes
    ("7 GOAWAY with an unknown code", [headers(1), frame(GOAWAY, 0, struct.pack("!II", 0, 255))], Answered()),
    ("7 RST_STREAM with an unknown code", [open_post(1), rst_stream(1, 255), headers(3)], Answered(3)),
    # 8.1 HTTP Message Framing
    ("8.1 fields amid the body", [open_post(1), headers(1, block(), END_HEADERS)], Resets(PROTOCOL_ERROR)),
    ("8.1 fields behind the body", [open_post(1), data(1, QUERY, 0), headers(1, b"\0\3x-y\1z")], Answered()),
    ("8.1.1 a body shorter than its length", [open_post(1, ("content-length", "99")), data(1, QUERY)],
     Resets(PROTOCOL_ERROR)),
    ("8.1.1 a body longer than its length", [open_post(1, ("content-length", "1")), data(1, QUERY)],
     Resets(PROTOCOL_ERROR)),
    ("8.1.1 the sum of several", [open_post(1, ("content-length", str(len(QUERY) + 1))), data(1, QUERY, 0),
                                  data(1, b"ab")], Resets(PROTOCOL_ERROR)),
    # 8.2 HTTP Fields, 8.3 HTTP Control Data
    ("8.2 a name in upper case", [headers(1, block(("X-Name", "x")))], Resets(PROTOCOL_ERROR)),
    ("8.2.1 a line break in a value", [headers(1, block(("x-name", "a\r\nb: c")))], Resets(PROTOCOL_ERROR)),
    ("8.2.2 a field of the connection", [headers(1, block(("connection", "keep-alive")))],
     Resets(PROTOCOL_ERROR)),
    ("8.2.2 a transfer coding", [headers(1, block(("transfer-encoding", "chunked")))], Resets(PROTOCOL_ERROR)),
    ("8.2.2 TE of another kind", [headers(1, block(("te", "trailers, deflate")))], Resets(PROTOCOL_ERROR)),
    ("8.2.2 TE of the only kind", [headers(1, block(("te", "trailers")))], Answered()),
    ("8.3 an unknown pseudo-field", [headers(1, block((":test", "x")))], Resets(PROTOCOL_ERROR)),
    ("8.3 a pseudo-field of responses", [headers(1, block((":status", "200")))], Resets(PROTOCOL_ERROR)),
    ("8.3 a pseudo-field behind the body", [open_post(1), data(1, QUERY, 0), headers(1)],
     Resets(PROTOCOL_ERROR)),
    ("8.3 a pseudo-field behind others", [headers(1, block(("x", "y"), (":path", PATH), without=["path"]))],
     Resets(PROTOCOL_ERROR)),
    ("8.3.1 an empty path", [headers(1, block(path=""))], Resets(PROTOCOL_ERROR)),
    ("8.3.1 no path", [headers(1, block(without=["path"]))], Resets(PROTOCOL_ERROR)),
    ("8.3.1 no method", [headers(1, block(without=["method"]))], Resets(PROTOCOL_ERROR)),
    ("8.3.1 no scheme", [headers(1, block(without=["scheme"]))], Resets(PROTOCOL_ERROR)),
    ("8.3.1 two methods", [headers(1, block((":method", "GET")))], Resets(PROTOCOL_ERROR)),
    ("8.3.1 two schemes", [headers(1, block((":scheme", "http")))], Resets(PROTOCOL_ERROR)),
    ("8.3.1 two paths", [headers(1, block((":path", PATH)))], Resets(PROTOCOL_ERROR)),
    # RFC 7541
    ("hpack 2.3.3 an index of nothing", [headers(1, block() + b"\xff\x00")], Ends(COMPRESSION_ERROR)),
    ("hpack 2.3.3 a name of nothing", [headers(1, block() + b"\x7f\x80\x01\x01x")], Ends(COMPRESSION_ERROR)),
    ("hpack 4.2 a new size at the end", [headers(1, block() + b"\x21")], Ends(COMPRESSION_ERROR)),
    ("hpack 5.1 a number without end", [headers(1, block() + b"\xff" + b"\x80" * 20)],
     Ends(COMPRESSION_ERROR)),
    ("hpack 5.2 filled with more than 7 bits", [headers(1, block() + b"\0\x85\xf2\xb2\x4a\x84\xff\x84I\x50\x9f\xff")],
     Ends(COMPRESSION_ERROR)),
    ("hpack 5.2 filled with zeroes", [headers(1, block() + b"\0\x85\xf2\xb2\x4a\x84\xff\x83I\x50\x90")],
     Ends(COMPRESSION_ERROR)),
    ("hpack 5.2 the end of strings", [headers(1, block() + b"\0\x85\xf2\xb2\x4a\x84\xff\x87I\x51\xff\xff\xff\xfa\x7f")],
     Ends(COMPRESSION_ERROR)),
    ("hpack 6.1 index 0", [headers(1, block() + b"\x80")], Ends(COMPRESSION_ERROR)),
    ("hpack 6.3 a table larger than allowed", [headers(1, b"\x3f\xe1\xff\x03" + block())],
     Ends(COMPRESSION_ERROR)),
]
