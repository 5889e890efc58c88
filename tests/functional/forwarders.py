"""forwarders - resolvers that forward to dotproxy by DNS over TLS: unbound, stubby, systemd-resolved.

Each verifies dotproxy's certificate against one authority and one name, and asks in no other way.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from client import datagram_socket, query
from ports import free_port
from waiting import until

PLACES = "/usr/sbin:/usr/bin:/usr/lib/systemd:/lib/systemd"


class Forwarder:
    """A daemon in the foreground: `with Unbound(directory, port, ca, name) as forwarder:`.

    directory   of its own, for its files
    to          the port of dotproxy's tls:// listener on 127.0.0.1
    ca, name    the authority to trust and the name to insist on
    """
    program, file = "", "conf"

    def __init__(self, directory, to, ca, name="dns.test"):
        self.directory, self.to, self.ca, self.name = Path(directory), to, ca, name
        self.port = free_port()
        self.output = self.directory / "output"

    @classmethod
    def path(cls):
        found = shutil.which(cls.program, path=PLACES)
        assert found, f"{cls.program} is not installed: scripts/setup.sh test"
        return found

    def __enter__(self):
        file = self.directory / self.file
        file.write_text(self.config())
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(self.command(file), stdout=output, stderr=output,
                                            stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            until(self.answers, f"{self.program} answers")
        except AssertionError as error:
            self.__exit__()
            raise AssertionError(f"{error}; it said:\n{self.said}") from None
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def said(self):
        return self.output.read_text(errors="replace")

    def answers(self):
        """Whether a query brings any response."""
        assert self.process.poll() is None, f"{self.program} has left"
        with datagram_socket("127.0.0.1", self.port) as sock:
            sock.settimeout(0.5)
            try:
                sock.send(query("are-you.test").to_wire())
                return bool(sock.recv(512))
            except OSError:
                return False


class Unbound(Forwarder):
    program = "unbound"

    def command(self, file):
        return [self.path(), "-d", "-c", str(file)]

    def config(self):
        return f"""server:
  interface: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  directory: "{self.directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  local-zone: "test." nodefault
  tls-cert-bundle: "{self.ca}"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: 127.0.0.1@{self.to}#{self.name}
"""


class Stubby(Forwarder):
    program, file = "stubby", "stubby.yml"

    def command(self, file):
        return [self.path(), "-C", str(file), "-l"]

    def config(self):
        return f"""resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list: [GETDNS_TRANSPORT_TLS]
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_query_padding_blocksize: 128
edns_client_subnet_private: 1
idle_timeout: 10000
tls_ca_file: "{self.ca}"
listen_addresses: [127.0.0.1@{self.port}]
appdata_dir: "{self.directory}"
upstream_recursive_servers:
  - address_data: 127.0.0.1
    tls_port: {self.to}
    tls_auth_name: "{self.name}"
"""


class Resolved(Forwarder):
    """In a view of the file system of its own: it knows no other place for its files and its
    trust, and no other bus to look for than the machine's. Needs root."""
    program = "systemd-resolved"

    def command(self, file):
        steps = ["mount -t tmpfs tmpfs /run",
                 "install -d -o systemd-resolve -g systemd-resolve /run/systemd/resolve",
                 f"install -m 644 '{self.ca}' /run/ca.pem",
                 f"mount --bind '{file}' /etc/systemd/resolved.conf",
                 f"exec '{self.path()}'"]
        environment = ["SSL_CERT_FILE=/run/ca.pem", "SYSTEMD_LOG_TARGET=console"]
        return ["unshare", "--mount", "env", *environment, "sh", "-ec", "\n".join(steps)]

    def config(self):
        return f"""[Resolve]
DNS=127.0.0.1:{self.to}#{self.name}
FallbackDNS=
Domains=~.
DNSOverTLS=yes
DNSSEC=no
LLMNR=no
MulticastDNS=no
DNSStubListener=no
DNSStubListenerExtra=127.0.0.1:{self.port}
"""


FORWARDERS = {kind.program: kind for kind in (Unbound, Stubby, Resolved)}
NEED_ROOT = {Resolved.program}


def has_network():
    """systemd-resolved asks nobody while no link but the loopback is up."""
    links = subprocess.run(["ip", "-o", "link", "show", "up"], capture_output=True, text=True, check=True).stdout
    return any("LOOPBACK" not in link for link in links.splitlines())
