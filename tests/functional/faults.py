"""faults - what goes wrong with a whole server, from one moment to another and back.

    none                all is right
    silent[-N]          read, answer nothing; with N: once a connection has had N answers
    unread              do not even read; a handshake is not answered either
    away                nobody listens, and every connection is reset
    reset[-N]           reset every connection, and each new one at its Nth question (1)
    close[-N] cut[-N]   the same with close_notify, or with a bare FIN
    halfclose           a FIN on every connection, then nothing
    alert               a fatal TLS alert: sealed on every connection, plain on each new one
    expired             every connection is cut, new ones get an expired certificate
    idle[-MS]           close a connection that has had no question for so long (200)
    idlerace[-MS]       close it too late: the next question has left, and is not answered
    drip[-MS]           a byte at a time, so far apart (1)
    delay-fixed-MS, delay-uniform-MS-MS, delay-exponential-MEAN, delay-lognormal-MEDIAN-SIGMA
    wrongid             answers with other ids, never the right one
    duplicate           each answer twice
    reorder[-MS]        answers overtake each other by up to so long (5)
    servfail[-MS] refused[-MS]  that RCODE for every question; with MS: in bursts so long, as far apart

A fault is an object with hooks, each called on the server's loop. What happens below the server (a
stopped process, dropped packets) is no fault of its own: tests/chaos/ does that from outside.
"""

import asyncio
import contextlib
import math
import random
import socket
import time

from scripts import WRONG, Drip, End, Send, Wait, with_rcode
from wire import right

FATAL_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"       # handshake_failure
LONGEST_DELAY = 10.0                                # seconds; a distribution's tail has to end
SERVFAIL, REFUSED = 2, 5


class Fault:
    """All is right; and what a fault may do otherwise."""

    async def begin(self, server):
        pass

    async def end(self, server):
        pass

    async def meet(self, connection):
        """A connection was accepted, and nothing was said."""

    async def settle(self, connection):
        """Its handshake is done."""

    async def heard(self, connection):
        """It has sent something; returns whether the connection goes on."""
        return True

    def steps(self, question):
        """What to do with a question; None is what its own script says."""
        return None


async def strike(connections, action):
    for connection in connections:
        with contextlib.suppress(OSError):      # the client was faster
            await action(connection)


async def end_all(server, how):
    """Those in their handshake too: they would serve on, untouched by the fault."""
    await strike(server.open_connections(), lambda connection: connection.end(how))


async def settle_all(server, fault):
    """What a fault does to a new connection once its handshake is done, to all that have done it."""
    await strike([seen for seen in server.open_connections() if seen.shaken], fault.settle)


class Silent(Fault):
    def __init__(self, after=0):
        self.after = int(after)

    def steps(self, question):
        return [] if question.connection.answered >= self.after else None


class Unread(Fault):
    def __init__(self):
        self.is_over = asyncio.Event()

    async def end(self, server):
        self.is_over.set()

    async def meet(self, connection):
        await self.is_over.wait()

    async def heard(self, connection):
        await self.is_over.wait()
        return True


class Away(Fault):
    async def begin(self, server):
        await server.stop_listening()
        await end_all(server, "reset")

    async def end(self, server):
        server.listen()


class Ending(Fault):
    """Every connection ends, and each new one at its `number`th question."""

    def __init__(self, how, number=1):
        self.how, self.number = how, int(number)

    async def begin(self, server):
        await end_all(server, self.how)

    def steps(self, question):
        return [End(self.how)] if question.connection.asked >= self.number else None


class HalfClose(Fault):
    async def begin(self, server):
        await settle_all(server, self)

    async def end(self, server):
        await end_all(server, "cut")

    async def settle(self, connection):
        connection.pipe.sock.shutdown(socket.SHUT_WR)

    def steps(self, question):
        return []


class Alert(Fault):
    async def begin(self, server):
        await strike(server.open_connections(), self.cry)

    async def cry(self, connection):
        await connection.pipe.alarm()
        await connection.end("cut")

    async def meet(self, connection):
        await connection.pipe.fill()
        await connection.pipe.loop.sock_sendall(connection.pipe.sock, FATAL_ALERT)
        raise EOFError


class Expired(Fault):
    async def begin(self, server):
        server.context, server.expired = server.expired, server.context
        await end_all(server, "cut")

    async def end(self, server):
        server.context, server.expired = server.expired, server.context


class Idle(Fault):
    def __init__(self, milliseconds=200):
        self.limit = float(milliseconds) / 1000

    async def begin(self, server):
        await settle_all(server, self)

    async def settle(self, connection):
        connection.start(self.watch(connection))

    async def watch(self, connection):
        while connection.server.fault is self:
            idle = time.monotonic() - connection.last_seen
            if idle >= self.limit:
                await connection.end("close")
                return
            await asyncio.sleep(self.limit - idle)


class IdleRace(Idle):
    """As if the close had been on its way when the question came."""

    async def settle(self, connection):
        pass

    async def heard(self, connection):
        if time.monotonic() - connection.last_seen < self.limit:
            return True
        await connection.end("close")
        return False


class Dripping(Fault):
    def __init__(self, milliseconds=1):
        self.pause = float(milliseconds) / 1000

    def steps(self, question):
        return [Drip(right(question.asked), self.pause)]


DISTRIBUTIONS = {       # milliseconds
    "fixed": lambda delay: delay,
    "uniform": random.uniform,
    "exponential": lambda mean: random.expovariate(1 / mean),
    "lognormal": lambda median, sigma: random.lognormvariate(math.log(median), sigma),
}


class Delay(Fault):
    def __init__(self, distribution="none", *numbers):
        if distribution not in DISTRIBUTIONS:
            raise ValueError(f"no distribution {distribution}; there are: {' '.join(DISTRIBUTIONS)}")
        self.draw, self.numbers = DISTRIBUTIONS[distribution], [float(number) for number in numbers]
        self.draw(*self.numbers)        # wrong numbers are found here, not by a question

    def steps(self, question):
        delay = min(self.draw(*self.numbers) / 1000, LONGEST_DELAY)
        return [Wait(delay), Send(right(question.asked))]


class WrongId(Fault):
    def steps(self, question):
        return [Send(WRONG["wrongid"](question.asked, None))]


class Duplicate(Fault):
    def steps(self, question):
        return [Send(right(question.asked))] * 2


class Rcode(Fault):
    def __init__(self, rcode, burst=0):
        self.rcode, self.burst = rcode, float(burst) / 1000
        self.began = time.monotonic()

    def steps(self, question):
        if self.burst and int((time.monotonic() - self.began) / self.burst) % 2:
            return None
        return [Send(with_rcode(question.asked, self.rcode))]


FAULTS = {
    "none": Fault,
    "silent": Silent,
    "unread": Unread,
    "away": Away,
    "reset": lambda *number: Ending("reset", *number),
    "close": lambda *number: Ending("close", *number),
    "cut": lambda *number: Ending("cut", *number),
    "halfclose": HalfClose,
    "alert": Alert,
    "expired": Expired,
    "idle": Idle,
    "idlerace": IdleRace,
    "drip": Dripping,
    "delay": Delay,
    "wrongid": WrongId,
    "duplicate": Duplicate,
    "reorder": lambda window=5: Delay("uniform", 0, window),
    "servfail": lambda *burst: Rcode(SERVFAIL, *burst),
    "refused": lambda *burst: Rcode(REFUSED, *burst),
}


def named(text):
    """The fault of a name with its numbers, as in "delay-uniform-0-400"."""
    name, *numbers = text.split("-")
    if name not in FAULTS:
        raise ValueError(f"no fault {name}; there are: {' '.join(FAULTS)}")
    return FAULTS[name](*numbers)
