"""client - asking: single questions, many at once, raw bytes, a TCP stream; dig and kdig."""

import select
import socket
import struct
import subprocess
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode

from scripts import framed

PATIENCE = 20.0
EDE = 15


def query(name, qtype="A", qclass="IN", edns=None, **other):
    """A query; `edns` is the UDP size to offer, or None for no OPT at all."""
    use = {"use_edns": False} if edns is None else {"use_edns": 0, "payload": edns}
    message = dns.message.make_query(name, qtype, qclass, **use, **other)
    return message


def ask(proxy, name, qtype="A", tcp=False, host="127.0.0.1", message=None, **other):
    """One question to the proxy, its response as a dnspython message."""
    message = message or query(name, qtype, **other)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(message, host, timeout=PATIENCE, port=proxy.port)


def exchange(proxy, wire, host="127.0.0.1", timeout=PATIENCE):
    """One datagram there, one back; an unconnected wrong address would never arrive."""
    with datagram_socket(host, proxy.port) as sock:
        sock.settimeout(timeout)
        sock.send(wire)
        return sock.recv(65535)


def datagram_socket(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.connect((host, port))
    return sock


def ask_all(proxy, queries, patience=PATIENCE):
    """Ask all at once over UDP, a socket each; the raw responses by key, None where none came."""
    sockets = {datagram_socket("127.0.0.1", proxy.port): key for key in queries}
    for sock, key in sockets.items():
        sock.send(queries[key].to_wire())
    responses, waiting = dict.fromkeys(queries), set(sockets)
    limit = time.monotonic() + patience
    while waiting and time.monotonic() < limit:
        for sock in select.select(list(waiting), [], [], 0.2)[0]:
            responses[sockets[sock]] = sock.recv(65535)
            waiting.discard(sock)
    for sock in sockets:
        sock.close()
    return responses


def is_right(response, name):
    """Whether a response bears the address that chaos derives from the name, and only that."""
    from wire import address_for
    addresses = [rdata.to_text() for rrset in response.answer for rdata in rrset]
    return response.rcode() == dns.rcode.NOERROR and addresses == [address_for(name)]


def extended_errors(response):
    return [option for option in response.options if option.otype == EDE]


def failed_well(response):
    """SERVFAIL that says why (RFC 8914); the query must have had EDNS."""
    return response.rcode() == dns.rcode.SERVFAIL and bool(extended_errors(response))


class Stream:
    """A TCP connection to the proxy."""

    def __init__(self, proxy, host="127.0.0.1", source=None, receive_buffer=None):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.sock.settimeout(PATIENCE)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect((host, proxy.port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, *messages):
        """All messages in one write."""
        self.sock.sendall(b"".join(framed(message.to_wire()) for message in messages))

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise EOFError(f"closed after {len(data)} of {count} bytes")
            data += part
        return data

    def receive_wire(self):
        return self.exactly(struct.unpack("!H", self.exactly(2))[0])

    def receive(self, count=1):
        """The next `count` responses, in the order they come."""
        return [dns.message.from_wire(self.receive_wire()) for _ in range(count)]

    def ask(self, *messages):
        self.send(*messages)
        return self.receive(len(messages))

    def is_closed(self):
        """Whether the proxy has ended the stream; does not wait and takes no data."""
        if not select.select([self.sock], [], [], 0)[0]:
            return False
        try:
            return self.sock.recv(1, socket.MSG_PEEK) == b""
        except ConnectionError:
            return True


def named_queries(prefix, count, **other):
    """Many queries with ids that are all different."""
    queries = [query(f"{prefix}.n{number}.test", **other) for number in range(count)]
    for number, message in enumerate(queries):
        message.id = number + 1
    return queries


def name_of(message):
    return message.question[0].name.to_text()


def tool(*command):
    """Output of a real client; it must leave with 0."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def dig(proxy, *arguments):
    return tool("dig", "@127.0.0.1", "-p", proxy.port, "+tries=1", "+time=15", *arguments)


def kdig(proxy, *arguments):
    return tool("kdig", "@127.0.0.1", "-p", proxy.port, "+retry=0", "+time=15", *arguments)
