"""control - talking to the control socket: with `dotproxy ctl`, and by hand."""

import json
import socket
import subprocess

from proxy import BINARY, looks_clean
from waiting import until


def socket_at(directory, name="control.sock"):
    """The section for a proxy whose socket is there."""
    return {"socket": str(directory / name)}


def ctl(socket_path, *words):
    """(exit status, standard output, standard error)"""
    command = [BINARY, "ctl", *words, "--socket", str(socket_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    looks_clean(done.stderr)
    return done.returncode, done.stdout, done.stderr


def tell(socket_path, *words):
    """The response to what must succeed."""
    status, said, errors = ctl(socket_path, *words)
    assert status == 0 and not errors, errors
    return said


def tell_json(socket_path, *words):
    return json.loads(tell(socket_path, *words, "--json"))


def connect(socket_path, timeout=20):
    caller = socket.socket(socket.AF_UNIX)
    caller.settimeout(timeout)
    caller.connect(str(socket_path))
    return caller


def await_socket(socket_path):
    """The socket comes a moment after the listeners."""
    def is_there():
        try:
            connect(socket_path).close()
        except OSError:
            return False
        return True
    until(is_there, "the control socket is there")


def read_to_end(caller):
    """All that comes; a reset at the end is one, too."""
    said = b""
    try:
        while part := caller.recv(65536):
            said += part
    except ConnectionResetError:
        pass
    return said


def call(socket_path, request):
    with connect(socket_path) as caller:
        caller.sendall(request)
        return read_to_end(caller)
