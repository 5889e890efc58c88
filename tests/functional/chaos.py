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

What goes wrong with a running server from one moment to another is its fault (faults.py): switch()
sets it, heal() ends it. All that arrives is on record: connections (ALPN, SNI, version, resumed, raw
bytes), questions. By hand: python3 chaos.py --help
"""

import asyncio
import collections
import gc
import socket
import sys
import threading

import faults
import pipe
import scripts
import wire
from connection import Connection, Question
from waiting import until

SETTLED = 0.1       # seconds until a connection given up for a new one is seen to be closed


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
    expired the certificate that the fault of this name shows
    forgets keeps no record of what arrives, for much load
    """

    def __init__(self, certificate=None, kind="tls", host="127.0.0.1", port=0, mode="serve",
                 expired=None, forgets=False, **tls):
        self.kind, self.host, self.port, self.mode = kind, host, port, mode
        self.context = pipe.server_context(certificate, **tls) if kind == "tls" else None
        self.expired = pipe.server_context(expired, **tls) if expired else None
        self.forgets, self.asked, self.fault = forgets, 0, faults.Fault()
        self.answers_udp = kind == "udp"
        self.connections, self.questions, self.datagrams = [], [], []
        self.pending = self.peak_pending = self.peak_open = 0
        self.scheduled, self.running = collections.deque(), set()
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
        for connection in self.open_connections():
            asyncio.run_coroutine_threadsafe(connection.end(how), self.loop).result(10)

    def switch(self, fault):
        """From now on this goes wrong, in place of what did before: a name of faults.py."""
        asyncio.run_coroutine_threadsafe(self.change(faults.named(fault)), self.loop).result(10)

    def heal(self):
        """From now on all is right."""
        self.switch("none")

    def open_connections(self):
        return [seen for seen in list(self.connections) if seen.is_open]

    # For faults; on the loop.

    async def change(self, fault):
        before, self.fault = self.fault, fault
        await before.end(self)
        await fault.begin(self)

    def listen(self):
        self.listener = self.listener or self.bind(socket.SOCK_STREAM)
        self.accepting = self.loop.create_task(self.accept())

    async def stop_listening(self):
        self.accepting.cancel()
        await asyncio.gather(self.accepting, return_exceptions=True)
        self.listener.close()
        self.listener = None

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
        self.listen()
        self.started.set()
        await self.stopped.wait()
        if self.listener:
            await self.stop_listening()

    async def accept(self):
        while True:
            sock, _ = await self.loop.sock_accept(self.listener)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            mode = self.scheduled.popleft() if self.scheduled else self.mode
            if self.kind == "sink":
                mode = "deaf"
            stream = pipe.TlsPipe(sock, self.context) if self.context else pipe.PlainPipe(sock)
            stream.keeps_raw = not self.forgets
            connection = Connection(self, stream, mode)
            self.connections.append(connection)
            task = self.loop.create_task(connection.run())
            self.running.add(task)
            task.add_done_callback(lambda task, connection=connection: self.left(task, connection))
            self.loop.call_later(SETTLED, self.count_open)

    def left(self, task, connection):
        self.running.discard(task)
        if self.forgets:
            self.connections.remove(connection)

    def count_open(self):
        self.peak_open = max(self.peak_open, sum(seen.is_open for seen in self.connections))

    def note(self, message, connection):
        question = Question(wire.read_question(message), connection)
        self.asked += 1
        if not self.forgets:
            self.questions.append(question)
            connection.questions.append(question)
        return question

    def count_pending(self, connection, change):
        connection.pending += change
        self.pending += change
        self.peak_pending = max(self.peak_pending, self.pending)


def obey(server):
    """Take commands from standard input, a line each, and answer each with a line."""
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        if command == "fault":
            server.switch(argument)
        print(server.asked, flush=True)


def arguments():
    import argparse
    parser = argparse.ArgumentParser(description=f"{__doc__}\n\n{faults.__doc__}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default="tls", choices=["tls", "tcp", "udp", "sink"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8853)
    parser.add_argument("--mode", default="serve", help="of every connection")
    parser.add_argument("--fault", default="none", help="of the server, from the start")
    parser.add_argument("--certificates", metavar="DIRECTORY",
                        help="of throw-away certificates; without it they are made")
    parser.add_argument("--forget", action="store_true", help="keep no record, for much load")
    parser.add_argument("--control", action="store_true",
                        help='obey standard input: "fault NAME", "count"; each line is answered '
                        'with the number of questions so far, and its end ends the server')
    return parser.parse_args()


def main():
    options = arguments()
    authority = certificates(options.certificates)
    print(f"trust: {authority.ca}")
    gc.freeze()     # what is there stays there: no collection has to look at it again
    with Chaos(authority["good"], options.kind, options.host, options.port, options.mode,
               authority["expired"], options.forget) as server:
        server.switch(options.fault)
        print(f"listening: {server.url}", flush=True)
        try:
            obey(server) if options.control else server.thread.join()
        except KeyboardInterrupt:
            print(f"{len(server.connections)} connections, {server.asked} questions")


def certificates(directory):
    import tempfile
    from certs import Authority
    return Authority.found_in(directory) if directory else Authority(tempfile.mkdtemp(prefix="chaos-"))


if __name__ == "__main__":
    main()
