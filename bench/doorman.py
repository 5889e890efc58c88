#!/usr/bin/python3
"""doorman.py - what the rules cost: CPU for each query that is let in, and for each that is not.

    bench/doorman.py [ROUNDS] [SECONDS] [RATE]

By default queries come faster than they can be answered, as in a flood. One worker of dotproxy with all its rules, and one without, side by side in a network namespace of their own; the
load goes to one after the other, round by round, so that what else the machine does hits all alike. Prints
medians, and of each round's ratios the median.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOTPROXY = os.environ.get("DOTPROXY", HERE.parent / "build" / "dotproxy")
ROUNDS, SECONDS, RATE = (int(word) for word in (*sys.argv[1:], *(9, 2, 1000000)[len(sys.argv) - 1:]))
NAMES = 10000
KEEN = HERE.parent / "tests" / "functional" / "keen.c"
NEVER = "rate: 1000000/s, burst: 1000000, subdomain_rate: 1000000/s, subdomain_burst: 1000000"
DENIED = "192.0.2.1"       # asks itself: the sender of what goes to an own address is that address


class Proxy:
    def __init__(self, directory, name, port, limit):
        self.control = directory / f"{name}.sock"
        file = directory / f"{name}.yaml"
        file.write_text(f"workers: 1\nlisten: [{{url: dns://127.0.0.1:{port}}}, {{url: dns://{DENIED}:{port}}}]\n"
                        "upstream: [{url: tcp://127.0.0.1:5399}]\ncache: {size: 64MiB}\n"
                        f"limit: {{{limit}}}\ncontrol: {{socket: {self.control}}}\nlog: {{level: error}}\n")
        self.process = subprocess.Popen(["taskset", "-c", "0", DOTPROXY, "run", "-c", file])
        self.port = port

    def cpu_ns(self):
        """Of all its threads: the time on a processor."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def queries(self):
        said = subprocess.run([DOTPROXY, "ctl", "stats", "--json", "--socket", self.control], capture_output=True,
                              check=True).stdout
        return json.loads(said)["queries_udp"]

    def load(self, names, seconds, address, *words):
        with open(names, encoding="ascii") as lines:
            subprocess.run(["taskset", "-c", "1", HERE / "build" / "udpload", "-a", address, "-p", str(self.port),
                            "-c", "16", "-l", str(seconds), "-t", "100", *words], stdin=lines, check=True,
                           stdout=subprocess.DEVNULL)

    def measure(self, names, address):
        """CPU nanoseconds for each query that came."""
        came, before = self.queries(), self.cpu_ns()
        self.load(names, SECONDS, address, "-r", str(RATE))
        spent = self.cpu_ns() - before
        return spent / (self.queries() - came)


def prepare(directory):
    names = directory / "names"
    names.write_text("".join(f"n{number}.known.test A\n" for number in range(NAMES)))
    subprocess.run(["make", "--quiet", "-C", HERE], check=True)
    subprocess.run(["cc", "-O2", "-o", directory / "keen", KEEN], check=True)
    upstream = subprocess.Popen([directory / "keen", "127.0.0.1", "5399"], stdout=subprocess.PIPE)
    upstream.stdout.readline()
    ruled = f"{NEVER}, allow: [127.0.0.0/8], deny: [{DENIED}], denied: drop, mode: enforce"
    late = f"rate: 1/s, burst: 1, over: drop, allow: [127.0.0.0/8], deny: [{DENIED}], mode: enforce"
    proxies = {"rules": Proxy(directory, "rules", 5301, ruled), "none": Proxy(directory, "none", 5302, "mode: off"),
               "late": Proxy(directory, "late", 5303, late)}
    time.sleep(1)
    for name in ("rules", "none"):
        proxies[name].load(names, 2, "127.0.0.1", "-q", "50")
    return names, proxies, upstream


def main():
    if "DOORMAN" not in os.environ:
        os.environ["DOORMAN"] = "inside"
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{DENIED}/32", "dev", "lo"], check=True)
    cases = {"hit, without rules": ("none", "127.0.0.1"), "hit, no rule against it": ("rules", "127.0.0.1"),
             "denied, dropped": ("rules", DENIED), "over the rate, dropped": ("late", "127.0.0.1")}
    with tempfile.TemporaryDirectory() as directory:
        names, proxies, upstream = prepare(Path(directory))
        rounds = []
        try:
            for _ in range(ROUNDS):
                rounds.append({case: proxies[proxy].measure(names, address)
                               for case, (proxy, address) in random.sample(list(cases.items()), len(cases))})
        finally:
            for process in [upstream, *(proxy.process for proxy in proxies.values())]:
                process.kill()
                process.wait()
    for case in cases:
        spent = [one[case] for one in rounds]
        plain = statistics.median(one[case] / one["hit, without rules"] for one in rounds)
        ruled = statistics.median(one[case] / one["hit, no rule against it"] for one in rounds)
        print(f"{case:24} {statistics.median(spent):7.0f} ns ({min(spent):.0f}..{max(spent):.0f})"
              f"  {plain:5.2f} of a hit without rules, {ruled:5.2f} of one with")


main()
