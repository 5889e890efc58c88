"""blackhole - an address on loopback that answers no SYN, as a firewall that drops packets does."""

import contextlib
import socket


@contextlib.contextmanager
def blackhole():
    """Yields the port of a listener whose queue is full: connecting to it hangs."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
