"""hello - what a TLS ClientHello offers to resume a session with, read from the raw bytes of a stream."""

SESSION_TICKET, PRE_SHARED_KEY = 35, 41


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        assert self.at <= len(self.data), "the ClientHello is cut off"
        return self.data[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def block(self, size):
        """Bytes behind their length, which takes `size` bytes."""
        return self.take(self.number(size))

    def is_done(self):
        return self.at == len(self.data)


def handshake_bytes(raw):
    """What the first records of a stream carry (RFC 8446 section 5.1), up to one that is no handshake."""
    records, carried = Cursor(raw), b""
    while not records.is_done() and records.number(1) == 22:
        records.take(2)
        carried += records.block(2)
    return carried


def extensions(raw):
    """The extensions of the ClientHello by their numbers: RFC 8446 section 4.1.2."""
    message = Cursor(handshake_bytes(raw))
    assert message.number(1) == 1, "the stream does not begin with a ClientHello"
    hello = Cursor(message.block(3))
    hello.take(2 + 32)
    for size in (1, 2, 1):      # session id, suites, compression
        hello.block(size)
    found, rest = {}, Cursor(hello.block(2))
    while not rest.is_done():
        number = rest.number(2)
        found[number] = rest.block(2)
    return found


def offered_tickets(raw):
    """TLS 1.3: the identities of pre-shared keys (RFC 8446 section 4.2.11); TLS 1.2: the ticket (RFC 5077)."""
    found = extensions(raw)
    tickets = [found[SESSION_TICKET]] if found.get(SESSION_TICKET) else []
    if PRE_SHARED_KEY in found:
        identities = Cursor(Cursor(found[PRE_SHARED_KEY]).block(2))
        while not identities.is_done():
            tickets.append(identities.block(2))
            identities.take(4)
    return tickets
