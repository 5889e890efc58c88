"""connection - one accepted stream in the hands of the misbehaving upstream: modes, scripts, faults."""

import asyncio
import socket
import time
from dataclasses import dataclass, field

import faults
import pipe
import scripts
import wire

ENDINGS = {"close": "close", "cut": "cut", "reset": "reset"}
DROPS = {"drop": "close", "abort": "reset"}
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
        self.questions, self.asked, self.answered, self.pending = [], 0, 0, 0
        self.shaken, self.is_open = False, True
        self.application_bytes = 0
        self.error = None
        self.last_seen = time.monotonic()
        self.tasks = set()
        self.due = bytearray()
        self.speaking = asyncio.Lock()      # held for one whole message, however slowly it leaves

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
            await self.server.fault.meet(self)
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
        await self.pipe.loop.sock_sendall(self.pipe.sock, faults.FATAL_ALERT)

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
        await self.server.fault.settle(self)
        buffer = bytearray()
        while self.is_open:
            data = await self.pipe.read()
            if not await self.server.fault.heard(self):
                return
            self.application_bytes += len(data)
            self.last_seen = time.monotonic()
            buffer += data
            await self.take_messages(buffer)

    async def take_messages(self, buffer):
        """Take every whole message; what can be answered at once leaves in one write."""
        replies = bytearray()
        while len(buffer) >= 2:
            end = 2 + int.from_bytes(buffer[:2], "big")
            if len(buffer) < end:
                break
            message = bytes(buffer[2:end])
            del buffer[:end]
            replies += await self.take(message)
        if replies and self.speaking.locked():
            self.start(self.say(replies))       # reading goes on behind a slow message
        elif replies:
            await self.say(replies)

    async def take(self, message):
        """Returns what is to be said at once; the rest is under way."""
        question = self.server.note(message, self)
        self.asked += 1
        if self.mode in DROPS:
            if self.asked >= self.number:
                await self.end(DROPS[self.mode])
            return b""
        steps = self.server.fault.steps(question)
        if steps is None:
            steps = self.server.plan(question.asked)
        if self.mode not in ENDINGS and [type(step) for step in steps] == [scripts.Wait, scripts.Send]:
            self.server.count_pending(self, 1)
            self.pipe.loop.call_later(steps[0].seconds, self.say_with_others, question, steps[1].wire)
            return b""
        if self.mode in ENDINGS or not all(isinstance(step, scripts.Send) for step in steps):
            self.start(self.follow(question, steps))
            return b""
        question.sent += [step.wire for step in steps]
        self.answered += len(steps)
        return b"".join(scripts.framed(step.wire) for step in steps)

    async def follow(self, question, steps):
        self.server.count_pending(self, 1)
        try:
            for step in steps:
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
            await self.drip(question, step)
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
        await self.say(scripts.framed(message))
        if last:
            await self.end(ENDINGS[self.mode])

    async def say(self, data):
        async with self.speaking:
            await self.pipe.write(data)

    def say_with_others(self, question, message):
        """All that is due in one turn of the loop leaves in one write, so that a delay costs little."""
        self.server.count_pending(self, -1)
        if not self.is_open:
            return
        question.sent.append(message)
        self.answered += 1
        if not self.due:
            self.start(self.say_due())
        self.due += scripts.framed(message)

    async def say_due(self):
        data, self.due = self.due, bytearray()
        await self.say(data)

    async def drip(self, question, step):
        """A byte at a time; once the fault that asked for it is over, the rest at once."""
        fault, data = self.server.fault, scripts.framed(step.wire)
        async with self.speaking:
            while data and fault is self.server.fault:
                await self.pipe.write(data[:1])
                await asyncio.sleep(step.pause)
                data = data[1:]
            await self.pipe.write(data)
        question.sent.append(step.wire)
        self.answered += 1

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
        task.add_done_callback(self.land)

    def land(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.error = task.exception()       # the client was faster
