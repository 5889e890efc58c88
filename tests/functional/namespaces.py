"""namespaces - networks of our own: two of them and a cable between, which carries whatever sender it says."""

import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
SELF = "/proc/thread-self/ns/net"
libc = ctypes.CDLL(None, use_errno=True)


def call(what, *arguments):
    if what(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Namespace:
    """`with namespace:` this thread, and what it starts, is in there. It lasts as long as somebody is."""

    def __init__(self, stack):
        with contextlib.closing(Descriptor()) as before:
            call(libc.unshare, CLONE_NEWNET)
            self.inside, self.before = Descriptor(), []
            self.holder = subprocess.Popen(["sleep", "infinity"])
            call(libc.setns, before.number, CLONE_NEWNET)
        stack.callback(self.end)
        with self:
            ip("link set lo up")

    def end(self):
        self.holder.kill()
        self.holder.wait()
        self.inside.close()

    def __enter__(self):
        self.before.append(Descriptor())
        call(libc.setns, self.inside.number, CLONE_NEWNET)
        return self

    def __exit__(self, *_):
        before = self.before.pop()
        call(libc.setns, before.number, CLONE_NEWNET)
        before.close()


class Descriptor:
    """The network that this thread is in now."""

    def __init__(self):
        self.number = os.open(SELF, os.O_RDONLY)

    def close(self):
        os.close(self.number)


def ip(words):
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)


def cable(here, there, near, far):
    """Networks `here` with the address `near` and `there` with `far`, each with its length of prefix."""
    with here:
        ip(f"link add near type veth peer name far netns {there.holder.pid}")
        ip(f"address add {near} dev near")
        ip("link set near up")
    with there:
        ip(f"address add {far} dev far")
        ip("link set far up")
