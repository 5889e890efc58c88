"""chaos - the misbehaving upstream over TLS, TCP or UDP, scripted by question and connection.

What it does with a question stands in the question's first label (scripts.py). What it does with a
connection is its mode; one that needs a number has it after a dash:

    serve           handshake, then follow the questions' scripts
    mute            accept and never read
    deaf            read, and never answer the handshake
    alert           answer the handshake with a fatal alert
    garbage         answer the handshake with plain text
    refuse-N        N bytes into the stream, reset
    close-N cut-N reset-N   serve; after N answers close with close_notify, without, or reset
    drop-N abort-N  serve, answer nothing; after N questions close, or reset
    idle-N idlecut-N        serve; once N ms pass without a question after an answer, close or cut

All that arrives is on record: connections (ALPN, SNI, version, resumed, raw bytes), questions.
By hand: python3 chaos.py --help
"""

import asyncio
import collections
import socket
import threading
import time
from dataclasses import dataclass, field

import pipe
import scripts
import wire
from waiting import until

FATAL_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"       # handshake_failure
ENDINGS = {"close": "close", "cut": "cut", "reset": "reset"}
DROPS = {"drop": "close", "abort": "reset"}
SETTLED = 0.1       # seconds until a connection given up for a new one is seen to be closed
IDLES = {"idle": "close", "idlecut": "cut"}


@dataclass
class Question:
    """One question as it came in, and the messages sent because of it."""
    asked: wire.Asked
    connection: "Connection"
    sent: list = field(default_factory=list)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.asked, name)


class Connection:
    """One accepted stream and its record."""

    def __init__(self, server, stream, mode):
        self.server, self.pipe = server, stream
        self.mode, _, number = mode.partition("-")
        self.number = int(number or 0)
        self.questions, self.answered, self.pending = [], 0, 0
        self.shaken, self.is_open = False, True
        self.application_bytes = 0
        self.error = None
        self.last_seen = time.monotonic()
        self.tasks = set()

    version = property(lambda self: self.pipe.version)
    alpn = property(lambda self: self.pipe.alpn)
    sni = property(lambda self: self.pipe.sni)
    resumed = property(lambda self: self.pipe.resumed)
    raw = property(lambda self: bytes(self.pipe.raw))

    @property
    def records(self):
        """Lengths of the application data records received, the handshake's last one included."""
        return pipe.record_lengths(self.raw)

    async def run(self):
        try:
            await getattr(self, f"be_{self.mode}", self.serve)()
        except (OSError, EOFError, ValueError, asyncio.CancelledError) as error:
            self.error = error
        self.is_open = False
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.pipe.sock.close()      # last: nobody may wait for a descriptor that is gone

    # Modes that never come to DNS.

    async def be_mute(self):
        await self.server.stopped.wait()

    async def be_deaf(self):
        while True:
            await self.pipe.fill()

    async def be_alert(self):
        await self.pipe.fill()
        await self.pipe.loop.sock_sendall(self.pipe.sock, FATAL_ALERT)

    async def be_garbage(self):
        await self.pipe.fill()
        await self.pipe.loop.sock_sendall(self.pipe.sock, b"220 mail.test ESMTP\r\n" * 20)

    async def be_refuse(self):
        while len(self.pipe.raw) < self.number:
            await self.pipe.fill()
        self.pipe.make_close_a_reset()

    # Modes that do.

    async def serve(self):
        await self.pipe.handshake()
        self.shaken = True
        if self.mode in IDLES:
            self.start(self.end_when_idle(IDLES[self.mode]))
        buffer = bytearray()
        while self.is_open:
            data = await self.pipe.read()
            self.application_bytes += len(data)
            self.last_seen = time.monotonic()
            buffer += data
            await self.take_messages(buffer)

    async def take_messages(self, buffer):
        while len(buffer) >= 2:
            end = 2 + int.from_bytes(buffer[:2], "big")
            if len(buffer) < end:
                return
            message = bytes(buffer[2:end])
            del buffer[:end]
            await self.take(message)

    async def take(self, message):
        question = self.server.note(message, self)
        self.questions.append(question)
        if self.mode not in DROPS:
            self.start(self.follow(question))
        elif len(self.questions) >= self.number:
            await self.end(DROPS[self.mode])

    async def follow(self, question):
        """Take the steps of the question's script."""
        self.server.count_pending(self, 1)
        try:
            for step in self.server.plan(question.asked):
                await self.take_step(question, step)
        except OSError as error:
            self.error = error
        finally:
            self.server.count_pending(self, -1)

    async def take_step(self, question, step):
        if isinstance(step, scripts.Wait):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, scripts.Send):
            await self.send(question, step.wire)
        elif isinstance(step, scripts.Raw):
            await self.pipe.write(step.data)
        elif isinstance(step, scripts.Drip):
            await self.drip(scripts.framed(step.wire), step.pause)
        elif isinstance(step, scripts.End):
            await self.end(step.how)

    async def send(self, question, message):
        if not self.is_open:
            return
        question.sent.append(message)
        self.answered += 1
        last = self.mode in ENDINGS and self.answered == self.number
        if self.mode in ENDINGS and self.answered > self.number:
            return
        await self.pipe.write(scripts.framed(message))
        if last:
            await self.end(ENDINGS[self.mode])

    async def drip(self, data, pause):
        for byte in data:
            await self.pipe.write(bytes([byte]))
            await asyncio.sleep(pause)

    async def end_when_idle(self, how):
        while (time.monotonic() - self.last_seen < self.number / 1000 or self.pending
               or not self.answered):
            await asyncio.sleep(0.01)
        await self.end(how)

    async def end(self, how):
        """Close with close_notify, cut without, or reset."""
        if not self.is_open:
            return
        self.is_open = False
        if how == "close":
            await self.pipe.goodbye()
        if how == "reset":
            self.pipe.make_close_a_reset()
        # Wakes run(), which closes. SHUT_RD tells the network nothing.
        self.pipe.sock.shutdown(socket.SHUT_RD if how == "reset" else socket.SHUT_RDWR)

    def start(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Datagrams(asyncio.DatagramProtocol):
    """The UDP side: the same scripts, where closing means nothing."""
    is_open = True

    def __init__(self, server):
        self.server, self.pending, self.questions = server, 0, []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, client):
        self.server.datagrams.append(data)
        if self.server.answers_udp:
            question = self.server.note(data, self)
            asyncio.get_running_loop().create_task(self.follow(question, client))

    async def follow(self, question, client):
        for step in self.server.plan(question.asked):
            if isinstance(step, scripts.Wait):
                await asyncio.sleep(step.seconds)
            elif isinstance(step, (scripts.Send, scripts.Drip)):
                question.sent.append(step.wire)
                self.transport.sendto(step.wire, client)


class Chaos:
    """The server, on a thread of its own.

    kind    "tls", "tcp", "udp" (which takes TCP too), or "sink": takes both, answers neither
    mode    of every connection that next_connections() did not speak for
    """

    def __init__(self, certificate=None, kind="tls", host="127.0.0.1", port=0, mode="serve", **tls):
        self.kind, self.host, self.port, self.mode = kind, host, port, mode
        self.context = pipe.server_context(certificate, **tls) if kind == "tls" else None
        self.answers_udp = kind == "udp"
        self.connections, self.questions, self.datagrams = [], [], []
        self.pending = self.peak_pending = self.peak_open = 0
        self.scheduled = collections.deque()
        self.started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.main()), daemon=True)

    # For tests.

    def __enter__(self):
        self.listener = self.bind(socket.SOCK_STREAM)
        self.port = self.listener.getsockname()[1]
        self.udp = self.bind(socket.SOCK_DGRAM) if self.kind in ("udp", "sink") else None
        self.thread.start()
        self.started.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join(10)

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        name = "#dns.test" if self.kind in ("tls", "sink") else ""
        return f"{'tls' if self.kind == 'sink' else self.kind}://{host}:{self.port}{name}"

    def next_connections(self, *modes):
        """Modes of the connections to come, one each; then self.mode again."""
        self.scheduled.extend(modes)

    def wait_for(self, count):
        until(lambda: len(self.questions) >= count, f"{count} questions at the upstream")

    def asked_about(self, name):
        """The questions received for a name, whatever their letter case."""
        wanted = name.rstrip(".").lower() + "."
        return [question for question in self.questions if question.name.lower() == wanted]

    def hang_up(self, how="close"):
        """End every open connection: "close", "cut" or "reset"."""
        alive = [connection for connection in self.connections if connection.is_open]
        for connection in alive:
            asyncio.run_coroutine_threadsafe(connection.end(how), self.loop).result(10)

    # The machinery.

    def plan(self, asked):
        """The steps to take for a question; a server with other manners overrides this."""
        return scripts.plan(asked)

    def bind(self, kind):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family, kind)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((self.host, self.port))
        sock.setblocking(False)
        if kind == socket.SOCK_STREAM:
            sock.listen(512)
        return sock

    async def main(self):
        self.loop, self.stopped = asyncio.get_running_loop(), asyncio.Event()
        if self.udp:
            await self.loop.create_datagram_endpoint(lambda: Datagrams(self), sock=self.udp)
        accepting = self.loop.create_task(self.accept())
        self.started.set()
        await self.stopped.wait()
        accepting.cancel()
        self.listener.close()

    async def accept(self):
        running = set()
        while True:
            sock, _ = await self.loop.sock_accept(self.listener)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            mode = self.scheduled.popleft() if self.scheduled else self.mode
            if self.kind == "sink":
                mode = "deaf"
            stream = pipe.TlsPipe(sock, self.context) if self.context else pipe.PlainPipe(sock)
            connection = Connection(self, stream, mode)
            self.connections.append(connection)
            task = self.loop.create_task(connection.run())
            running.add(task)
            task.add_done_callback(running.discard)
            self.loop.call_later(SETTLED, self.count_open)

    def count_open(self):
        self.peak_open = max(self.peak_open, sum(seen.is_open for seen in self.connections))

    def note(self, message, connection):
        question = Question(wire.read_question(message), connection)
        self.questions.append(question)
        return question

    def count_pending(self, connection, change):
        connection.pending += change
        self.pending += change
        self.peak_pending = max(self.peak_pending, self.pending)


def main():
    import argparse
    from certs import Certificate
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default="tls", choices=["tls", "tcp", "udp", "sink"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8853)
    parser.add_argument("--mode", default="serve", help="of every connection")
    parser.add_argument("--certificate", help="PEM file; without it a throw-away one is made")
    parser.add_argument("--key", help="PEM file")
    options = parser.parse_args()
    pair = Certificate(options.certificate, options.key) if options.certificate else throw_away()
    with Chaos(pair, options.kind, options.host, options.port, options.mode) as server:
        print(f"listening: {server.url}", flush=True)
        try:
            server.thread.join()
        except KeyboardInterrupt:
            print(f"{len(server.connections)} connections, {len(server.questions)} questions")


def throw_away():
    import tempfile
    from certs import Authority
    authority = Authority(tempfile.mkdtemp(prefix="chaos-"))
    print(f"trust: {authority.ca}")
    return authority["good"]


if __name__ == "__main__":
    main()
