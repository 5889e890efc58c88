"""collectors - who takes query records: rsyslog and fstrm_capture, and a collector that can be told what to do.

Each is a context manager; what it has received stays after its end.
"""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from ports import free_port
from waiting import until

RSYSLOG = "/usr/sbin/rsyslogd"
CONTENT = b"protobuf:dnstap.Dnstap"
HEADER = re.compile(r"<(\d+)>1 (\S+) (\S+) (\S+) (\S+) (\S+) ((?:\[[^\]]*\])+) +(.*)", re.DOTALL)


class Message:
    """One message of RFC 5424."""

    def __init__(self, text):
        found = HEADER.fullmatch(text)
        assert found, f"this is no message of syslog: {text[:300]!r}"
        priority, self.time, self.host, self.app, self.process, self.kind, self.data, self.text = found.groups()
        self.facility, self.severity = divmod(int(priority), 8)
        self.number = int(re.search(r'\[meta sequenceId="(\d+)"\]', self.data)[1])
        self.record = json.loads(self.text)


class Process:
    """A program in the foreground."""

    def run(self, *command, **streams):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, **streams)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.stop()


class Rsyslog(Process):
    """`kind`: tcp, tls or udp. A message is a line of `file`: what was sent, as rsyslog has parsed it."""

    TEMPLATE = ('template(name="all" type="string" string="<%pri%>1 %timestamp:::date-rfc3339% %hostname% '
                '%app-name% %procid% %msgid% %structured-data% %msg%\\n")')

    def __init__(self, directory, kind="tcp", certificate=None, ca=None, client=None, port=None):
        self.directory, self.kind = Path(directory), kind
        self.certificate, self.ca, self.client = certificate, ca, client
        self.port = port or free_port()
        self.file = self.directory / f"rsyslog-{kind}.received"
        self.url = f"{kind}://127.0.0.1:{self.port}" + ("#dns.test" if kind == "tls" else "")

    def input(self):
        if self.kind == "udp":
            return (f'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{self.port}" '
                    'rcvbufSize="4m" ruleset="keep")')
        secret = ""
        if self.kind == "tls":
            mode = f'"x509/name" PermittedPeer=["{self.client}"]' if self.client else '"anon"'
            secret = f' StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode={mode}'
        return (f'module(load="imtcp"{secret})\n'
                f'input(type="imtcp" address="127.0.0.1" port="{self.port}" ruleset="keep")')

    def config(self):
        secret = ""
        if self.kind == "tls":
            secret = (f' defaultNetstreamDriverCAFile="{self.ca}"'
                      f' defaultNetstreamDriverCertFile="{self.certificate.chain}"'
                      f' defaultNetstreamDriverKeyFile="{self.certificate.key}"')
        return (f'global(workDirectory="{self.directory}" maxMessageSize="64k"{secret})\n{self.TEMPLATE}\n'
                f'ruleset(name="keep") {{ action(type="omfile" file="{self.file}" template="all") }}\n{self.input()}\n')

    def start(self):
        config = self.directory / f"rsyslog-{self.kind}.conf"
        config.write_text(self.config())
        (self.directory / f"rsyslog-{self.kind}.pid").unlink(missing_ok=True)
        with open(self.directory / f"rsyslog-{self.kind}.output", "ab") as output:
            self.run(RSYSLOG, "-n", "-f", config, "-i", self.directory / f"rsyslog-{self.kind}.pid",
                     stdout=output, stderr=output)
        until(self.listens, "rsyslog listens")
        return self

    __enter__ = start

    def listens(self):
        assert self.process.poll() is None, "rsyslog has ended"
        if self.kind == "udp":
            wanted = f":{self.port:04X} "
            return any(wanted in line for line in Path("/proc/net/udp").read_text().splitlines())
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def messages(self):
        if not self.file.exists():
            return []
        lines = self.file.read_bytes().decode("utf-8").split("\n")
        return [Message(line) for line in lines[:-1]]


class Capture(Process):
    """fstrm_capture at a socket that is a file, or at a TCP port. It writes to `file`."""

    def __init__(self, directory, at="unix", name="capture"):
        self.directory, self.at = Path(directory), at
        self.path, self.port = self.directory / f"{name}.sock", free_port()
        self.url = f"unix:{self.path}" if at == "unix" else f"tcp://127.0.0.1:{self.port}"
        self.files = []
        self.name = name

    @property
    def file(self):
        return self.files[-1]

    def start(self):
        place = ["-u", self.path] if self.at == "unix" else ["-a", "127.0.0.1", "-p", self.port]
        self.files.append(self.directory / f"{self.name}-{len(self.files)}.fstrm")
        self.path.unlink(missing_ok=True)
        self.run("fstrm_capture", "-t", CONTENT.decode(), *place, "-w", self.file,
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.path.exists() if self.at == "unix" else accepts(self.port), "fstrm_capture listens")
        return self

    __enter__ = start


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Collector:
    """A collector of syslog over TCP or TLS that keeps what is whole, in the order it comes.

    `pause()` reads no more, `vanish()` breaks all connections and listens no more, `come_back()` listens.
    """

    def __init__(self, certificate=None, client_ca=None, port=None):
        self.port = port or free_port()
        self.url = f"{'tls' if certificate else 'tcp'}://127.0.0.1:{self.port}" + ("#dns.test" if certificate else "")
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate.chain, certificate.key)
            if client_ca:
                self.context.verify_mode = ssl.CERT_REQUIRED
                self.context.load_verify_locations(client_ca)
        self.texts, self.names, self.raw = [], [], []
        self.lock = threading.Lock()
        self.reads = threading.Event()
        self.reads.set()
        self.listener, self.connections, self.count, self.ended = None, [], 0, 0

    def __enter__(self):
        self.come_back()
        return self

    def __exit__(self, *_):
        self.vanish()
        self.reads.set()

    def come_back(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def vanish(self):
        """Takes what has come and nothing more, and listens no more: whoever goes on sending hears of it."""
        listener, self.listener = self.listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self.lock:
            connections, self.connections = self.connections, []
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def pause(self):
        self.reads.clear()

    def go_on(self):
        self.reads.set()

    def accept(self, listener):
        while self.listener is listener:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
                self.names.append(connection.getpeercert())
            with self.lock:
                self.connections.append(connection)
            self.read(connection)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()
            with self.lock:
                self.ended += 1

    def read(self, connection):
        data = b""
        while True:
            self.reads.wait()
            part = connection.recv(65536)
            if not part:
                return
            self.raw.append(part[:64])
            data += part
            data = self.take(data)

    def take(self, data):
        """Keeps what is whole: a count of octets, a space, so many octets (RFC 6587 section 3.4.1)."""
        at, whole = 0, []
        while True:
            space = data.find(b" ", at, at + 8)
            if space < 0:
                break
            length = int(data[at:space])
            if len(data) < space + 1 + length:
                break
            whole.append(data[space + 1:space + 1 + length].decode("utf-8"))
            at = space + 1 + length
        with self.lock:
            self.texts += whole
        return data[at:]

    def is_done(self):
        """Whether all who were connected have ended, and what they sent was read."""
        return self.count > 0 and self.ended == self.count

    def messages(self):
        with self.lock:
            texts = list(self.texts)
        return [Message(text) for text in texts]


def dnstap_read(file):
    """What BIND's reader makes of a file: one line a frame."""
    done = subprocess.run(["dnstap-read", file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def pause(process):
    os.kill(process.process.pid, signal.SIGSTOP)


def go_on(process):
    os.kill(process.process.pid, signal.SIGCONT)
