"""servers - real name servers as upstream, over TLS: unbound and NSD, each in its directory."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from ports import free_port

ZONE = """$ORIGIN real.test.
$TTL 300
@       SOA ns admin 1 3600 900 86400 300
@       NS  ns
@       MX  10 mail
ns      A   192.0.2.1
mail    A   192.0.2.2
www     A   192.0.2.3
www     AAAA 2001:db8::3
alias   CNAME www
text    TXT "two words" "and more"
_sip._tcp SRV 1 2 5060 www
unknown TYPE65280 \\# 4 DEADBEEF
odd\\.label A 192.0.2.4
many    A   192.0.2.100
"""
BIG_RECORDS = 40
NAMES = 500     # n0 .. n499, an address each


def zone_text():
    big = [f'big TXT "{number:03d} {"x" * 200}"' for number in range(BIG_RECORDS)]
    numbered = [f"n{number} A 198.51.{number // 250}.{number % 250 + 1}" for number in range(NAMES)]
    return ZONE + "\n".join(big + numbered) + "\n"


def address_of(number):
    return f"198.51.{number // 250}.{number % 250 + 1}"


class Server:
    """A daemon in the foreground. `program` must be installed."""
    program = ""
    words = ["-d", "-c"]        # stay in front; the file follows

    def __init__(self, directory, certificate):
        self.directory, self.certificate = Path(directory), certificate
        self.port, self.plain_port = free_port(), free_port()
        self.zone = self.directory / "real.zone"
        self.zone.write_text(zone_text())
        self.output = self.directory / "output"

    @classmethod
    def path(cls):
        return shutil.which(cls.program, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

    @property
    def url(self):
        return f"tls://127.0.0.1:{self.port}#dns.test"

    def __enter__(self):
        file = self.directory / f"{self.program}.conf"
        file.write_text(self.config())
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen([self.path(), *self.words, str(file)], stdout=output,
                                            stderr=output, stdin=subprocess.DEVNULL)
        self.wait_until_listening()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_until_listening(self):
        limit = time.monotonic() + 20
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.process.kill()
        raise AssertionError(f"{self.program} does not listen: {self.output.read_text()}")


class Unbound(Server):
    program = "unbound"

    def config(self):
        return f"""server:
  interface: 127.0.0.1@{self.port}
  tls-port: {self.port}
  tls-service-key: "{self.certificate.key}"
  tls-service-pem: "{self.certificate.chain}"
  username: ""
  chroot: ""
  directory: "{self.directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  module-config: "iterator"
  incoming-num-tcp: 200
  access-control: 127.0.0.0/8 allow
  local-zone: "test." nodefault
auth-zone:
  name: "real.test."
  zonefile: "{self.zone}"
  for-downstream: yes
  for-upstream: no
  fallback-enabled: no
remote-control:
  control-enable: no
"""


class Nsd(Server):
    program = "nsd"

    def config(self):
        return f"""server:
  ip-address: 127.0.0.1@{self.port}
  port: {self.plain_port}
  tls-port: {self.port}
  tls-service-key: "{self.certificate.key}"
  tls-service-pem: "{self.certificate.chain}"
  username: ""
  chroot: ""
  zonesdir: "{self.directory}"
  database: ""
  pidfile: "{self.directory}/nsd.pid"
  xfrdfile: "{self.directory}/xfrd.state"
  xfrdir: "{self.directory}"
  zonelistfile: "{self.directory}/zone.list"
  cookie-secret-file: "{self.directory}/cookies"
  server-count: 1
  tcp-count: 200
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: real.test
  zonefile: "{self.zone}"
"""


SERVERS = {server.program: server for server in (Unbound, Nsd)}
