"""cookie_servers - name servers of others that give DNS cookies, in plain DNS, with a secret of ours."""

import re
import shutil
import subprocess
from pathlib import Path

import dns.message

from client import tool
from ports import free_port
from proxy import answers_datagram
from waiting import until

ZONE = "$ORIGIN cookies.test.\n$TTL 300\n@ SOA ns admin 1 3600 900 86400 300\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.3\n"


class CookieServer:
    """A daemon in the foreground; `port` is all that a client needs to know."""
    program, flags = "", ()
    refuses = True      # BADCOOKIE for who has no good cookie

    def __init__(self, directory, secret):
        self.directory, self.secret, self.port = Path(directory), secret, free_port()
        self.zone = self.directory / "cookies.zone"

    @classmethod
    def path(cls):
        return shutil.which(cls.program, path="/usr/sbin:/usr/bin")

    def __enter__(self):
        self.zone.write_text(ZONE)
        file = self.directory / f"{self.program}.conf"
        file.write_text(self.config())
        self.output = self.directory / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen([self.path(), *self.flags, "-c", str(file)], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output)
        until(self.serves, f"{self.program} answers: {self.output}")
        return self

    def serves(self):
        assert self.process.poll() is None, self.output.read_text()
        return answers_datagram(("127.0.0.1", self.port))

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Named(CookieServer):
    program, flags = "named", ("-g",)

    def config(self):
        return f"""options {{
    directory "{self.directory}"; pid-file none; session-keyfile none; managed-keys-directory "{self.directory}";
    listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion no; minimal-responses yes; dnssec-validation no;
    cookie-algorithm siphash24; cookie-secret "{self.secret}"; require-server-cookie yes;
}};
controls {{ }};
zone "cookies.test" {{ type primary; file "{self.zone}"; }};
"""


class Knotd(CookieServer):
    program = "knotd"

    def config(self):
        return f"""server:
    listen: 127.0.0.1@{self.port}
    rundir: {self.directory}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: {self.directory}
mod-cookies:
  - id: ours
    secret: 0x{self.secret}
    badcookie-slip: 1
template:
  - id: default
    storage: {self.directory}
    global-module: mod-cookies/ours
zone:
  - domain: cookies.test
    file: {self.zone}
"""


class Nsd(CookieServer):
    program, flags = "nsd", ("-d",)
    refuses = False

    def config(self):
        return f"""server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  zonesdir: "{self.directory}"
  database: ""
  pidfile: "{self.directory}/nsd.pid"
  xfrdfile: "{self.directory}/xfrd.state"
  xfrdir: "{self.directory}"
  zonelistfile: "{self.directory}/zone.list"
  server-count: 1
  rrl-ratelimit: 0
  answer-cookie: yes
  cookie-secret: "{self.secret}"
  cookie-secret-file: "{self.directory}/none"
remote-control:
  control-enable: no
zone:
  name: cookies.test
  zonefile: "{self.zone}"
"""


SERVERS = {server.program: server for server in (Named, Knotd, Nsd)}


class Dug:
    """What dig was told: status, cookie, whether over TCP."""

    def __init__(self, server, *words, name="www.cookies.test"):
        names = [] if "+header-only" in words else [name, "A"]
        self.said = tool("dig", "@127.0.0.1", "-p", server.port, "+tries=1", "+time=15", "+qr", *words, *names)
        self.answer = self.said.rpartition("Got answer")[2]

    @property
    def status(self):
        return re.search(r"status: (\w+)", self.answer)[1]

    @property
    def cookie(self):
        """In hexadecimal digits; dig looks at its own half. None when there is none."""
        found = re.search(r"^; COOKIE: (\w+)(.*)$", self.answer, re.M)
        assert not found or found[2] == " (good)", self.answer
        return found[1] if found else None

    @property
    def made_at(self):
        return int(self.cookie[24:32], 16)

    @property
    def is_over_tcp(self):
        return "(TCP)" in self.answer
