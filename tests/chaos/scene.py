"""scene - what stands on the stage: a network of its own, two upstreams, dotproxy, and the load."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FUNCTIONAL = HERE.parent / "functional"
sys.path.insert(0, str(FUNCTIONAL))

from ports import free_port                                     # noqa: E402
from proxy import Proxy, listener, upstream                     # noqa: E402

PATIENCE_MS = 6000      # a question without an answer for so long is lost
DEADLINE = "5s"         # of dotproxy: less than that patience
PRIVATE = "CHAOS_NETWORK"
TABLE = "dotproxy_chaos"


# A network of its own, where packets may be dropped.

def enter_private_network():
    """Start this program anew in a network namespace, where that is allowed; else just go on."""
    if PRIVATE in os.environ:
        if os.environ[PRIVATE] == "private":
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    for unshare in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if shutil.which("ip") and subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
            os.environ[PRIVATE] = "private"
            os.execvp("unshare", [*unshare, "--", sys.executable, *sys.argv])
    os.environ[PRIVATE] = "shared"


def why_no_blackhole():
    """What keeps packets from being dropped here, or nothing."""
    if os.environ.get(PRIVATE) != "private":
        return "no network namespace can be made: run it as root"
    if not shutil.which("nft"):
        return "there is no nft: scripts/setup.sh chaos"
    done = subprocess.run(["nft", "add", "table", "ip", TABLE], capture_output=True, text=True)
    return done.stderr.strip()


def drop_packets(address):
    """Those of an address are taken from the sender and never arrive, in both directions."""
    rules = f"""table ip {TABLE} {{
        chain lost {{
            type filter hook input priority 0; policy accept
            ip daddr {address} drop
            ip saddr {address} drop
        }}
    }}"""
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def let_packets_through():
    subprocess.run(["nft", "delete", "chain", "ip", TABLE, "lost"], check=True)


# Who takes part.

class Upstream:
    """A chaos upstream in a process of its own."""

    def __init__(self, address, certificates):
        self.address = address
        self.process = subprocess.Popen(
            [sys.executable, FUNCTIONAL / "chaos.py", "--host", address, "--port", str(free_port()),
             "--forget", "--control", "--certificates", certificates],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = ""
        while not said.startswith("listening: "):
            said = self.hear()
        self.url = said.split()[1]

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the upstream at {self.address} has left")
        return line

    def tell(self, command):
        """Returns the number of questions so far."""
        print(command, file=self.process.stdin, flush=True)
        return int(self.hear())

    def begin(self, fault):
        if fault == "frozen":
            self.process.send_signal(signal.SIGSTOP)
        elif fault == "blackhole":
            drop_packets(self.address)
        else:
            self.tell(f"fault {fault}")

    def heal(self, fault):
        if fault == "frozen":
            self.process.send_signal(signal.SIGCONT)
        elif fault == "blackhole":
            let_packets_through()
        else:
            self.tell("fault none")

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_proxy(directory, ca, servers, cache, settings):
    """dotproxy before the servers, all else at its default; `settings` are `--set` arguments."""
    proxy = Proxy(directory, [listener(free_port())], [upstream(server, ca) for server in servers],
                  workers="auto", group={"deadline": DEADLINE}, cache=cache, control={"socket": '""'},
                  limit={"mode": "off"})     # who asks all this is one client, about one domain
    for setting in settings:
        proxy.command += ["--set", setting]
    return proxy.start()


# The load.

def build_load(directory):
    program = Path(directory) / "load"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", program, HERE / "load.c"], check=True)
    return program


class Load:
    """The load generator at work; `schedule` has (seconds after the start, name, address)."""

    def __init__(self, program, port, schedule, directory):
        self.schedule = schedule
        file = Path(directory) / "schedule"
        file.write_text("".join(f"{int(due * 1e6)} {name} {address}\n" for due, name, address in schedule))
        with file.open() as rows:
            self.process = subprocess.Popen([program, "127.0.0.1", str(port), str(PATIENCE_MS)],
                                            stdin=rows, stdout=subprocess.PIPE, text=True)
        self.start = int(self.process.stdout.readline().split()[1]) / 1e9    # on time.monotonic()

    def finish(self):
        """(due, seconds until it was settled, outcome, extended error or -1) of each question."""
        rows = [line.split() for line in self.process.communicate()[0].splitlines()]
        if self.process.returncode or len(rows) != len(self.schedule):
            raise RuntimeError("the load generator has left early")
        return [(int(due) / 1e6, int(latency) / 1e6 if outcome != "lost" else PATIENCE_MS / 1e3,
                 outcome, int(ede)) for due, latency, outcome, ede in rows]

    def stop(self):
        self.process.kill()
        self.process.wait()
