"""injection - makes dotproxy's own threads do what an intruder would, by a library that is preloaded.

`inject.c` is built once for each session. What it can do are the acts there.
"""

import ctypes
import errno
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

from proxy import TOP, answers_datagram, is_sanitized

HERE = Path(__file__).parent
ROOM = TOP / "src" / "sandbox"
MAIN, WORKER = "dotproxy", "dotproxy-0"
OK = 0


def build(directory):
    library = directory / "inject.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "inject.c", "-ldl"], check=True)
    return library


class Injection:
    """The environment for a Proxy, and the line to it. `kernel`: LANDLOCK=version, SECCOMP=0."""

    def __init__(self, library, **kernel):
        self.line, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.settimeout(10)
        self.environment = {
            "LD_PRELOAD": str(library), "INJECT_FD": str(self.theirs.fileno()),
            **{f"INJECT_{name}": str(value) for name, value in kernel.items()}}
        if is_sanitized():      # which wants to be the first library of all
            options = os.environ.get("ASAN_OPTIONS", "")
            self.environment["ASAN_OPTIONS"] = f"{options}:verify_asan_link_order=0"
        self.streams = {"env": {**os.environ, **self.environment}, "pass_fds": [self.theirs.fileno()]}

    def close(self):
        self.line.close()
        self.theirs.close()

    def order(self, proxy, act, number=0, text="-", thread=MAIN):
        self.line.send(f"{thread} {act} {number} {text}".encode())
        if thread == MAIN:
            proxy.signal(signal.SIGUSR1)
        else:
            answers_datagram(("127.0.0.1", proxy.port))

    def do(self, proxy, act, *what, **how):
        """What came of it: OK or the name of the error."""
        self.order(proxy, act, *what, **how)
        number = int(self.line.recv(64))
        return number and errno.errorcode[number]


# What the room says of system calls.

def calls(row):
    """Names in the rows ALLOW, ALLOW_IF or KILL of this build."""
    text = (ROOM / "syscalls.def").read_text()
    if is_sanitized():
        text += (ROOM / "sanitized_code.c").read_text()
    return sorted(set(re.findall(rf"^\s*{row}\((\w+)[,)]", text, re.MULTILINE)))


def number_of(call):
    """None for one that this machine does not have."""
    library = ctypes.CDLL("libseccomp.so.2")
    number = library.seccomp_syscall_resolve_name(call.encode())
    return number if number >= 0 else None
