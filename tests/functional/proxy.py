"""proxy - dotproxy itself, started on free ports, watched, stopped, and looked over afterwards."""

import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

from counters import COUNTERS, read_counters
from waiting import until

TOP = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("DOTPROXY", str(TOP / "build" / "dotproxy"))
SANITIZER = re.compile(r"ERROR: \w*Sanitizer|runtime error:|WARNING: ThreadSanitizer")
URL = re.compile(r"(\w+)://\[?(.*?)\]?:(\d+)(?:/.*)?")
STATUS_QUERY = bytes.fromhex("7e57 1000 0000 0000 0000 0000")   # opcode 2: needs no upstream
PATIENT = {"timeout": "8s", "deadline": "15s"}      # where an answer will come
BRIEF = {"timeout": "200ms", "deadline": "300ms"}   # where none will


def to_yaml(value, depth=0):
    """Block YAML of dicts, lists and scalars, as a person would write it."""
    if isinstance(value, dict):
        return "".join(entry(key, item, depth) for key, item in value.items())
    lines = (to_yaml(item, depth + 1) for item in value)
    return "".join("  " * depth + "- " + block.lstrip() for block in lines)


def entry(key, item, depth):
    start = "  " * depth + f"{key}:"
    if isinstance(item, (list, dict)) and not item:
        return start + " []\n"
    if isinstance(item, list) and not isinstance(item[0], dict):
        return start + " [" + ", ".join(f'"{part}"' for part in item) + "]\n"
    if isinstance(item, (list, dict)):
        return start + "\n" + to_yaml(item, depth + 1)
    return start + f" {item}\n"


def upstream(server, ca, **keys):
    """A row of the `upstream` list, for a server object or a URL."""
    url = getattr(server, "url", server)
    return {"url": url, **({"ca": ca} if url.startswith("tls") else {}), **keys}


def listener(port, **keys):
    return {"url": f"dns://127.0.0.1:{port}", **keys}


def config(listen, upstreams, group=None, groups=(), **sections):
    """`group`: keys of the group default; `groups`: names of others, or rows."""
    rows = [{"name": "default", **(group or PATIENT)}]
    rows += [{"name": other, **PATIENT} if isinstance(other, str) else other for other in groups]
    limit = {"rate": "0/s", "subdomain_rate": "0/s", "tls_handshakes": "0/s", "pass": ["test"],
             **sections.pop("limit", {})}
    return {"workers": 1, "listen": listen, "upstream": upstreams, "group": rows, "limit": limit, **sections}


def opening(*ports):
    """The section that lets a reload come to ports which the first configuration does not name."""
    return {"sandbox": {"listen": list(ports), "connect": list(ports)}}


def looks_clean(log):
    found = SANITIZER.search(log)
    assert not found, f"a sanitizer spoke:\n{log[found.start():][:4000]}"


class Proxy:
    """One running dotproxy. `port` is its first listener's."""

    def __init__(self, directory, listen, upstreams, wrapper=(), **sections):
        self.listen = listen
        self.control = sections.get("control", {}).get("socket")
        self.port = int(URL.fullmatch(listen[0]["url"])[3])
        self.file = Path(directory) / f"dotproxy-{self.port}.yaml"
        self.write_config(config(listen, upstreams, **sections))
        self.command = [*wrapper, BINARY, "run", "-c", str(self.file)]
        self.lines = []

    def write_config(self, settings):
        self.file.write_text(settings if isinstance(settings, str) else to_yaml(settings))

    # Running it.

    def start(self, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, **streams):
        self.process = subprocess.Popen(self.command, stderr=stderr, stdout=stdout, **streams)
        if stderr == subprocess.PIPE:
            self.reader = threading.Thread(target=self.collect, daemon=True)
            self.reader.start()
        else:
            self.reader = None
        for row in self.listen:
            if not row["url"].startswith("udp") or "proxy_from" not in row:    # else it is silent to us
                self.wait_until_serving(row["url"])
        if (self.control or "").startswith("/"):
            until(lambda: self.is_alive() and (os.path.exists(self.control) or self.log_lines("control_failed")),
                  "there is a control socket, or it is told that there is none")
        return self

    def collect(self):
        for line in self.process.stderr:
            self.lines.append(line.decode(errors="replace"))

    def wait_until_serving(self, url):
        kind, host, port = URL.fullmatch(url).groups()
        address = ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), int(port))
        if kind in ("dns", "udp"):
            until(lambda: self.is_alive() and answers_datagram(address), f"{url} answers")
        if kind != "udp":
            until(lambda: self.is_alive() and accepts(address), f"{url} accepts")

    def is_alive(self):
        status = self.process.poll()
        assert status is None, f"dotproxy left with {status}: {self.log}"
        return True

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, settings):
        self.write_config(settings)
        self.signal(signal.SIGHUP)

    def stop(self):
        """SIGTERM; the exit status must be 0 and no sanitizer may have spoken. Once only."""
        if self.process.returncode is None:
            self.is_alive()
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"dotproxy did not heed SIGTERM: {self.log}") from None
        if self.reader:
            self.reader.join(10)
        looks_clean(self.log)
        assert self.process.returncode == 0, f"exit status {self.process.returncode}: {self.log}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    # Looking at it.

    @property
    def log(self):
        return "".join(self.lines)

    def log_lines(self, *patterns):
        """Lines in which every pattern is found, whatever the case; the file's name, in which the test's is, is none
        of their words."""
        own_name = f" configuration={self.file}"
        return [line for line in list(self.lines)
                if all(re.search(pattern, line.replace(own_name, ""), re.IGNORECASE) for pattern in patterns)]

    def wait_for_log(self, *patterns):
        try:
            return until(lambda: self.log_lines(*patterns), f"the log says {patterns}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says:\n{self.log}") from None

    def counter(self, what):
        """The final value of a counter of counters.py; stops the proxy first."""
        self.stop()
        return read_counters(self.log).get(COUNTERS[what], 0)


def answers_datagram(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        try:
            sock.connect(address)
            sock.send(STATUS_QUERY)
            return bool(sock.recv(512))
        except OSError:
            return False


def accepts(address):
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def run_to_the_end(*arguments):
    """Run dotproxy expecting it to leave by itself; returns (exit status, standard error)."""
    command = [BINARY, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    looks_clean(done.stderr)
    return done.returncode, done.stderr


def is_sanitized():
    """Whether the binary was built with the address sanitizer, whose memory no test can judge."""
    return b"__asan_init" in Path(BINARY).read_bytes()


def watches_races():
    """Whether it was built with the thread sanitizer."""
    return b"__tsan_init" in Path(BINARY).read_bytes()
