"""pipe - one accepted stream, plain or TLS, in the hands of the misbehaving upstream.

TLS runs over memory, so that close_notify, resets and single bytes are ours to send or not.
"""

import asyncio
import socket
import ssl
import struct

CHUNK = 65536
# More than any record, so that half a true one before them is filled up, too.
UNSEALED = (b"\x17\x03\x03\x00\x40" + bytes(64)) * 300


class PlainPipe:
    """A TCP connection as it is."""
    version = alpn = sni = None
    resumed = False

    def __init__(self, sock):
        self.sock = sock
        self.loop = asyncio.get_running_loop()
        self.raw = bytearray()      # every byte that arrived, as it was on the network
        self.keeps_raw = True
        self.order = asyncio.Lock()

    async def fill(self):
        data = await self.loop.sock_recv(self.sock, CHUNK)
        if self.keeps_raw:
            self.raw += data
        if not data:
            raise EOFError
        return data

    async def handshake(self):
        return

    async def read(self):
        return await self.fill()

    async def write(self, data):
        async with self.order:
            await self.loop.sock_sendall(self.sock, data)

    async def goodbye(self):
        return

    async def alarm(self):
        return

    def make_close_a_reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class TlsPipe(PlainPipe):
    """A TLS connection over one."""

    def __init__(self, sock, context):
        super().__init__(sock)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    async def flush(self):
        async with self.order:
            data = self.outgoing.read()
            if data:
                await self.loop.sock_sendall(self.sock, data)

    async def step(self, action):
        """Run one TLS operation, feeding it from the network for as long as it wants more."""
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                await self.flush()
                self.incoming.write(await self.fill())
            finally:
                await self.flush()

    async def handshake(self):
        await self.step(self.tls.do_handshake)
        self.version = self.tls.version()
        self.alpn = self.tls.selected_alpn_protocol()
        self.resumed = self.tls.session_reused
        self.sni = getattr(self.tls, "asked_for", None)

    async def read(self):
        data = await self.step(lambda: self.tls.read(CHUNK))
        if not data:
            raise EOFError
        return data

    async def write(self, data):
        self.tls.write(data)
        await self.flush()

    async def goodbye(self):
        """Send close_notify."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        await self.flush()

    async def alarm(self):
        """Send a fatal alert: the library does when it is fed records that nobody sealed."""
        self.incoming.write(UNSEALED)
        try:
            while self.tls.read(CHUNK):
                pass
        except ssl.SSLError:
            pass
        await self.flush()


def record_lengths(raw, kind=23):
    """Lengths of the TLS records of a kind (23: application data) in what arrived."""
    lengths, at = [], 0
    while at + 5 <= len(raw):
        length = struct.unpack_from("!H", raw, at + 3)[0]
        if raw[at] == kind:
            lengths.append(length)
        at += 5 + length
    return lengths


def server_context(certificate, versions=("TLSv1_2", "TLSv1_3"), alpn=("dot",)):
    """A server's TLS settings; old versions need the security level lowered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    if versions[0] in ("TLSv1", "TLSv1_1"):
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion[versions[0]]
    context.maximum_version = ssl.TLSVersion[versions[-1]]
    if alpn:
        context.set_alpn_protocols(list(alpn))
    context.sni_callback = lambda tls, name, _: setattr(tls, "asked_for", name)
    return context
