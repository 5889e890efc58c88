"""web - DNS over HTTP as a client asks it: HTTP/1.1 by hand, HTTP/2 by python3-h2, with one face."""

import re
from dataclasses import dataclass, field

import dns.message
import h2.config
import h2.connection
import h2.events
import h2.settings

from client import PATIENCE
from front import MEDIA_TYPE, PATH, connect, encoded, port_of, trusting

PIECE = 16384
AUTHORITY = "dns.test"


@dataclass
class Answer:
    """One response."""
    stream: int = 0
    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    reset: int = None       # the code of RST_STREAM

    @property
    def dns(self):
        assert (self.status, self.headers["content-type"]) == (200, MEDIA_TYPE), self
        return dns.message.from_wire(self.body)

    @property
    def max_age(self):
        return int(re.fullmatch(r"max-age=(\d+)", self.headers["cache-control"])[1])


class Web:
    """What both kinds can do: a request with `fetch`, a DNS query with `ask`, many with `send`."""
    alpn = ()

    def __init__(self, sock):
        self.sock, self.sent = sock, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def fetch(self, *words, **other):
        self.send(*words, **other)
        return self.receive()

    def send_query(self, message, method="POST", **other):
        if method == "POST":
            return self.post(message.to_wire(), **other)
        return self.send(method, f"{PATH}?dns={encoded(message)}", **other)

    def post(self, body, headers=(), **other):
        return self.send("POST", headers={"content-type": MEDIA_TYPE, **dict(headers)}, body=body, **other)

    def ask(self, message, method="POST"):
        self.send_query(message, method)
        return self.receive()


class Http1(Web):
    alpn = ("http/1.1",)

    def __init__(self, sock):
        super().__init__(sock)
        self.heard, self.methods = b"", []

    def send(self, method="GET", target=PATH, headers=(), body=None, chunk=None):
        """chunk: the body goes without its length, in chunks of that size."""
        fields = {"host": AUTHORITY, **dict(headers)}
        if chunk:
            fields["transfer-encoding"] = "chunked"
        elif body is not None:
            fields.setdefault("content-length", len(body))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        head = "\r\n".join([*lines, "", ""]).encode()
        self.sent += 1
        self.methods.append(method)
        self.sock.sendall(head + (in_chunks(body, chunk) if chunk else body or b""))
        return self.sent

    def until(self, is_there):
        while not is_there():
            part = self.sock.recv(65536)
            if not part:
                raise EOFError(f"closed behind {self.heard!r}")
            self.heard += part

    def take_head(self):
        self.until(lambda: b"\r\n\r\n" in self.heard)
        head, _, self.heard = self.heard.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def receive(self):
        """The next response; those of status 100 are passed over."""
        status, headers = self.take_head()
        if status == 100:
            return self.receive()
        length = 0 if self.methods.pop(0) == "HEAD" else int(headers["content-length"])
        self.until(lambda: len(self.heard) >= length)
        body, self.heard = self.heard[:length], self.heard[length:]
        return Answer(0, status, headers, body)

    def goodbye(self):
        """Reads to the end; what was said before it."""
        while part := self.sock.recv(65536):
            self.heard += part
        return self.heard


def in_chunks(body, size):
    parts = [body[at:at + size] for at in range(0, len(body), size)] + [b""]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


class Http2(Web):
    alpn = ("h2",)

    def __init__(self, sock, window=None, first=lambda sock, preface: sock.sendall(preface)):
        """window: the size of each stream's window. first: sends the preface."""
        super().__init__(sock)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        if window is not None:
            size = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window}
            self.h2.local_settings = h2.settings.Settings(client=True, initial_values=size)
        self.answers, self.done, self.goaway, self.acked, self.heard = {}, [], None, False, b""
        self.h2.initiate_connection()
        first(sock, self.h2.data_to_send())

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def send(self, method="GET", target=PATH, headers=(), body=None, chunk=PIECE, ends=True):
        """ends: whether the request is whole then."""
        self.sent = self.h2.get_next_available_stream_id()
        fields = {":method": method, ":scheme": "https", ":authority": AUTHORITY, ":path": target,
                  **dict(headers)}
        self.h2.send_headers(self.sent, [(name, str(value)) for name, value in fields.items()],
                             end_stream=ends and body is None)
        if body is not None:
            self.send_body(self.sent, body, chunk, ends)
        self.flush()
        return self.sent

    def send_body(self, stream, body, chunk=PIECE, ends=True):
        while len(body) > chunk or len(body) > self.h2.local_flow_control_window(stream):
            room = min(chunk, self.h2.local_flow_control_window(stream))
            self.h2.send_data(stream, body[:room])
            body = body[room:]
            self.flush()
            if not self.h2.local_flow_control_window(stream):
                self.pump()
        self.h2.send_data(stream, body, end_stream=ends)
        self.flush()

    def cancel(self, stream):
        self.h2.reset_stream(stream, 8)
        self.flush()

    def ping(self):
        self.h2.ping(b"the ping")
        self.flush()

    def pump(self):
        """Reads once; False at the end of the connection."""
        part = self.sock.recv(65536)
        self.heard += part
        for frame in iter(self.next_frame, b""):      # one by one: h2 would take none behind a GOAWAY
            for event in self.h2.receive_data(frame):
                self.take(event)
        if part:
            self.flush()
        return bool(part)

    def next_frame(self):
        size = 9 + int.from_bytes(self.heard[:3], "big")
        frame = self.heard[:size] if len(self.heard) >= size else b""
        self.heard = self.heard[len(frame):]
        return frame

    def take(self, event):
        number = getattr(event, "stream_id", 0)
        answer = self.answers.setdefault(number, Answer(number))
        if isinstance(event, h2.events.ResponseReceived):
            answer.headers = dict(event.headers)
            answer.status = int(answer.headers[":status"])
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, number)
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = int(event.error_code)
            self.done.append(answer)
        elif isinstance(event, h2.events.StreamEnded):
            self.done.append(answer)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = int(event.error_code)
            self.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN   # answers still come
        elif isinstance(event, h2.events.SettingsAcknowledged):
            self.acked = True

    def receive(self):
        """The next response that is whole."""
        while not self.done:
            if not self.pump():
                raise EOFError(f"closed; GOAWAY: {self.goaway}")
        return self.done.pop(0)

    def settle(self):
        """Until both know of the other's settings."""
        while not self.acked:
            assert self.pump()
        return self

    def goodbye(self):
        """Reads to the end; the code of the GOAWAY before it."""
        while self.pump():
            pass
        return self.goaway


# scheme of the door, kind of HTTP
WAYS = {"https-h2": ("https", Http2), "https-h1": ("https", Http1),
        "http-h2": ("http", Http2), "http-h1": ("http", Http1)}


def dial(row, authority, kind, before=b"", name=AUTHORITY, **other):
    """A connection of this kind to the door that the row of `listen` describes; `before`: what is said
    ahead of TLS. `other`: source, receive_buffer of the socket, and what the kind takes."""
    own = {name: other.pop(name) for name in ("source", "receive_buffer") if name in other}
    sock = connect(port_of(row), **own)
    sock.sendall(before)
    if row["url"].startswith("https"):
        sock = trusting(authority, alpn=kind.alpn).wrap_socket(sock, server_hostname=name)
        sock.settimeout(PATIENCE)
    return kind(sock, **other)
