"""conftest - the fixtures every functional test builds on."""

import contextlib
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from certs import Authority                                     # noqa: E402
from chaos import Chaos                                         # noqa: E402
from monitoring import Monitor, metrics_at                      # noqa: E402
from ports import free_port                                     # noqa: E402
from proxy import BINARY, Proxy, listener, upstream             # noqa: E402


def pytest_sessionstart(session):
    if not session.config.option.collectonly and not os.access(BINARY, os.X_OK):
        pytest.exit(f"no dotproxy at {BINARY}: build it, or name it in DOTPROXY", returncode=2)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


class Stage:
    """Sets up upstreams and proxies and takes them down; a proxy that ends badly fails the test."""

    def __init__(self, stack, authority, directory):
        self.stack, self.authority, self.directory = stack, authority, directory

    def chaos(self, kind="tls", certificate="good", **other):
        return self.stack.enter_context(Chaos(self.authority[certificate], kind, **other))

    def row(self, server, **keys):
        """An `upstream` row that trusts the throw-away authority."""
        return upstream(server, keys.pop("ca", self.authority.ca), **keys)

    def prepare(self, *servers, listen=None, **sections):
        """A proxy not yet started. Servers are Chaos objects, URLs or whole rows."""
        rows = [server if isinstance(server, dict) else self.row(server) for server in servers]
        return Proxy(self.directory, listen or [listener(free_port())], rows, **sections)

    def proxy(self, *servers, **sections):
        """A running proxy; stopped and looked over when the test is done."""
        return self.run(self.prepare(*servers, **sections))

    def run(self, proxy, **streams):
        self.stack.callback(self.end, proxy)
        return proxy.start(**streams)

    @staticmethod
    def end(proxy):
        try:
            proxy.stop()
        finally:
            proxy.kill()


@contextlib.contextmanager
def open_stage(authority, directory):
    with contextlib.ExitStack() as stack:
        yield Stage(stack, authority, directory)


@pytest.fixture
def stage(authority, tmp_path):
    with open_stage(authority, tmp_path) as ready:
        yield ready


@pytest.fixture(scope="module")
def shared(authority, tmp_path_factory):
    """A stage for what a whole file of tests shares."""
    with open_stage(authority, tmp_path_factory.mktemp("shared")) as ready:
        yield ready


@pytest.fixture(scope="module")
def chaos(shared):
    """The file's own upstream, over TLS, all modes by name."""
    return shared.chaos()


@pytest.fixture(scope="module")
def proxy(shared, chaos):
    """The file's own proxy before that upstream."""
    return shared.proxy(chaos)


@pytest.fixture
def watched(stage, chaos):
    """Starts a dotproxy and who scrapes it: (proxy, monitor)."""
    with contextlib.ExitStack() as stack:
        def start(*servers, **sections):
            port = free_port()
            served = stage.proxy(*(servers or [chaos]), metrics=metrics_at(port), **sections)
            return served, stack.enter_context(Monitor(port))
        yield start
