"""front - the encrypted front door: rows of `listen`, a client's TLS, DNS over HTTP by curl."""

import base64
import socket
import ssl
import struct

from client import PATIENCE, Stream, query, tool
from ports import free_port
from waiting import until

PATH = "/dns-query"
MEDIA_TYPE = "application/dns-message"


def door(scheme, certificate=None, path="", **keys):
    """A row of the `listen` list on a free port."""
    row = {"url": f"{scheme}://127.0.0.1:{free_port()}{path}"}
    if certificate:
        pairs = certificate if isinstance(certificate, list) else [certificate]
        row["certificate"] = [str(pair.chain) for pair in pairs]
        row["key"] = [str(pair.key) for pair in pairs]
    return {**row, **keys}


def dot(certificate, **keys):
    return door("tls", certificate, **keys)


def doh(certificate, **keys):
    return door("https", certificate, PATH, **keys)


def row_of(proxy, scheme):
    """The first row of its `listen` list with this scheme."""
    return next(row for row in proxy.listen if row["url"].startswith(scheme + ":"))


def trusting(authority, alpn=("dot",), **limits):
    """A client's TLS context that verifies. limits: minimum_version, maximum_version."""
    context = ssl.create_default_context(cafile=authority.ca)
    context.set_alpn_protocols(list(alpn))
    for name, value in limits.items():
        setattr(context, name, value)
    return context


class TlsStream(Stream):
    """A DoT connection."""

    def __init__(self, proxy, context, name="dns.test", session=None, before=b"", **other):
        super().__init__(proxy, **other)
        self.sock.sendall(before)
        self.sock = context.wrap_socket(self.sock, server_hostname=name, session=session)


class Port:
    """As much of a proxy as a Stream wants to know: another port than its first."""

    def __init__(self, port):
        self.port = port


def port_of(row):
    return int(row["url"].split(":")[2].partition("/")[0])


def connect(port, source=None, receive_buffer=None):
    sock = socket.socket()
    sock.settimeout(PATIENCE)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        sock.bind((source, 0))
    sock.connect(("127.0.0.1", port))
    return sock


def is_taken(sock):
    """Whether dotproxy has read all that was sent."""
    ours, theirs = (f":{end[1]:04X}" for end in (sock.getsockname(), sock.getpeername()))
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[1].endswith(theirs) and fields[2].endswith(ours):
                return fields[4].endswith(":00000000")
    return False


def send_apart(sock, *pieces):
    """Each piece is read before the next is sent."""
    for piece in pieces:
        sock.sendall(piece)
        until(lambda: is_taken(sock), "what was sent is read")


def ends(sock):
    """Reads to the end; a reset is one too. What was said before."""
    said = b""
    try:
        while part := sock.recv(65536):
            said += part
    except ConnectionError:
        pass
    return said


def encoded(message):
    wire = message if isinstance(message, bytes) else message.to_wire()
    return base64.urlsafe_b64encode(wire).rstrip(b"=").decode()


def url_for(row, name=None, qtype="A", scheme=None, message=None):
    """The row's URL; with the question `name` as a GET has it."""
    url = row["url"] if scheme is None else row["url"].replace(row["url"].split(":")[0], scheme, 1)
    if name:
        message = query(name, qtype)
        message.id = 0
    return f"{url}?dns={encoded(message)}" if message else url


def proxy_header(client="192.0.2.77", port=4711, command=1, kind=1):
    """A PROXY protocol header of version 2; `kind` 1 is a stream, 2 a datagram."""
    family = 2 if ":" in client else 1
    pack = socket.inet_pton(socket.AF_INET6 if family == 2 else socket.AF_INET, client)
    body = pack + pack + struct.pack("!HH", port, 53)
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, family << 4 | kind]) +
            struct.pack("!H", len(body)) + body)


def curl(ca, *words):
    return tool("curl", "--silent", "--show-error", "--max-time", 30, "--cacert", ca, *words)


def status_of(ca, *words):
    """(HTTP status, HTTP version) of one request by curl."""
    status, version = curl(ca, "--output", "/dev/null", "--write-out",
                           "%{http_code} %{http_version}", *words).split()
    return int(status), version
