#!/usr/bin/env python3
"""Measure encrypted-DNS forwarding proxies side by side.  See README.md."""
import argparse
import bisect
import fcntl
import glob
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS_DIR = os.environ.get("PEERS_DIR", "/opt/peers")
BUILD = os.path.join(HERE, "build")
RESULTS = os.environ.get("BENCH_RESULTS", os.path.join(HERE, "results"))
DATA = os.path.join(tempfile.gettempdir(), "dnsbench-data")
LOCK = os.environ.get("BENCH_LOCK", "/tmp/bench.lock")
ADDR = "127.0.0.1"
PORTS = dict(dns=5300, dot=8530, doh=8443, up=8853)
ZONE = "bench.example.net"      # not special-cased by any resolver
NHIT = 10000
CACHE = 200000                  # cache entries for every run but "mem"

# tool: dnsperf, or our own udpload / conns (src/); mode: transport; c: sockets or
# connections; q: outstanding; data: hit (zipf over NHIT) | uni | miss | mixed;
# delay: upstream delay in ms; rate: queries per second (open loop), else as fast
# as it goes (200 outstanding: about what a socket buffer of the default size
# holds).  conns makes one query per connection.
WORKLOADS = {
    "hit-udp":       dict(tool="udpload", mode="udp", c=16, q=200, data="hit"),
    "hit-udp-uni":   dict(tool="udpload", mode="udp", c=16, q=200, data="uni"),
    "hit-udp-dnsperf": dict(tool="dnsperf", mode="udp", c=16, q=200, data="hit"),
    "miss-udp":      dict(tool="udpload", mode="udp", c=16, q=200, data="miss"),
    "miss-tcp":      dict(tool="dnsperf", mode="tcp", c=16, q=512, data="miss"),
    "miss-udp-dnsperf": dict(tool="dnsperf", mode="udp", c=16, q=200, data="miss"),
    "hit-tcp1":      dict(tool="conns", mode="tcp", c=64, data="hit"),
    "hit-tcp":       dict(tool="dnsperf", mode="tcp", c=16, q=512, data="hit"),
    "hit-dot":       dict(tool="dnsperf", mode="dot", c=16, q=512, data="hit"),
    "dot-handshake": dict(tool="conns", mode="dot", c=32, data="hit"),
    "dot-resume":    dict(tool="conns", mode="dot", c=32, data="hit", resume=True),
    "hit-doh":       dict(tool="dnsperf", mode="doh", c=16, q=512, data="hit"),
    "mixed":         dict(tool="udpload", mode="udp", c=16, data="mixed", rate=20000, delay=5),
    "lat-hit":       dict(tool="udpload", mode="udp", c=16, data="hit", rate=5000),
    "lat-miss":      dict(tool="udpload", mode="udp", c=16, data="miss", rate=5000, delay=5),
}
NOISY = 0.2      # a run is disturbed when others used more than this many cores meanwhile
YARDSTICKS = ["reflector", "tlspump"]
SPECIAL = ["startup", "mem", "idle", "lat-dot"]
LAT_DOT = dict(clients=(16, 10000), rate=5000)
# the two yardsticks only where they mean something; stubby has no cache
SKIP = {w: ["tlspump", "stubby17"] for w in WORKLOADS if "hit" in w}
SKIP.update({w: ["reflector"] for w in list(WORKLOADS) + SPECIAL if "miss" in w or w in ("mixed", "startup", "idle")})
TRANSPORT = dict(udp="udp", tcp="tcp", dot="dot", doh="doh")


# ---------------------------------------------------------------- DNS helpers
def fnv(name):
    h = 2166136261
    for label in name.lower().rstrip(".").split("."):
        for b in bytes([len(label)]) + label.encode():
            h = ((h ^ b) * 16777619) & 0xFFFFFFFF
    # dns_answer() hashes the length byte as is
    return h


def query(name, qid, qtype=1):
    q = struct.pack(">6H", qid, 0x0100, 1, 0, 0, 0)
    for label in name.split("."):
        q += bytes([len(label)]) + label.encode()
    return q + b"\0" + struct.pack(">2H", qtype, 1)


def right_answer(msg, name, qid):
    """True when msg is NOERROR for our question with the one right A record."""
    if len(msg) < 12:
        return False
    rid, flags, qd, an, _, _ = struct.unpack(">6H", msg[:12])
    if rid != qid or not flags & 0x8000 or flags & 15 or qd != 1 or an < 1:
        return False
    h = fnv(name)
    return bytes([198, 18, h >> 8 & 255, h & 255]) in msg[12 + len(name) + 6:]


def ask_udp(name, timeout=2.0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        qid = random.randrange(65536)
        s.sendto(query(name, qid), (ADDR, PORTS["dns"]))
        try:
            return right_answer(s.recv(4096), name, qid)
        except OSError:
            return False


def ask_stream(name, tls, timeout=3.0):
    qid = random.randrange(65536)
    m = query(name, qid)
    try:
        s = socket.create_connection((ADDR, PORTS["dot" if tls else "dns"]), timeout)
        if tls:
            c = ssl.create_default_context(cafile=tls)
            s = c.wrap_socket(s, server_hostname="dns.test")
        with s:
            s.sendall(struct.pack(">H", len(m)) + m)
            b = b""
            while len(b) < 2 or len(b) < 2 + struct.unpack(">H", b[:2])[0]:
                d = s.recv(4096)
                if not d:
                    return False
                b += d
            return right_answer(b[2:], name, qid)
    except OSError:
        return False


# ------------------------------------------------------------- process helpers
class Cgroup:
    """CPU time of a process and all its children, in seconds."""

    def __init__(self):
        self.dir = None
        for base, kind in (("/sys/fs/cgroup/cpuacct", 1), ("/sys/fs/cgroup", 2)):
            probe = "cpuacct.usage" if kind == 1 else "cgroup.controllers"
            if os.path.exists(os.path.join(base, probe)):
                d = os.path.join(base, f"dnsbench-{os.getpid()}-{random.randrange(1 << 30)}")
                try:
                    os.mkdir(d)
                except OSError:
                    continue
                self.dir, self.kind = d, kind
                return

    def enter(self):                       # in the child, before exec
        if self.dir:
            with open(os.path.join(self.dir, "cgroup.procs"), "w") as f:
                f.write(str(os.getpid()))

    def pids(self, root):
        if self.dir:
            with open(os.path.join(self.dir, "cgroup.procs")) as f:
                return [int(x) for x in f]
        out = [root]
        for p in out:
            for t in glob.glob(f"/proc/{p}/task/*/children"):
                with open(t) as f:
                    out += [int(x) for x in f.read().split()]
        return out

    def cpu(self, root):
        if self.dir and self.kind == 1:
            with open(os.path.join(self.dir, "cpuacct.usage")) as f:
                return int(f.read()) / 1e9
        if self.dir:
            with open(os.path.join(self.dir, "cpu.stat")) as f:
                return int(re.search(r"usage_usec (\d+)", f.read())[1]) / 1e6
        return sum(proc_cpu(p) for p in self.pids(root))

    def remove(self):
        if self.dir:
            for _ in range(50):
                try:
                    os.rmdir(self.dir)
                    return
                except OSError:
                    time.sleep(0.02)


def proc_cpu(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            v = f.read().rsplit(")", 1)[1].split()
        return (int(v[11]) + int(v[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def machine_busy():
    """(busy, steal) CPU seconds of the whole machine."""
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:]]
    hz = os.sysconf("SC_CLK_TCK")
    return (v[0] + v[1] + v[2] + v[5] + v[6]) / hz, v[7] / hz


def rss_kib(pids):
    rss = pss = 0
    for p in pids:
        try:
            with open(f"/proc/{p}/smaps_rollup") as f:
                t = f.read()
            rss += int(re.search(r"^Rss:\s+(\d+)", t, re.M)[1])
            pss += int(re.search(r"^Pss:\s+(\d+)", t, re.M)[1])
        except (OSError, TypeError):
            pass
    return rss, pss


def pin(cmd, core):
    return cmd if core is None else ["taskset", "-c", str(core)] + cmd


def real_time(cmd):
    """Before all other work on the machine, which would be most of a 99th percentile."""
    return ["chrt", "--fifo", "10"] + cmd


class Upstream:
    def __init__(self, tls, delay=0, ttl=3600, core=None, threads=1, cert="srv"):
        self.stats = os.path.join(tempfile.gettempdir(), f"dnsbench-up-{os.getpid()}")
        cmd = [f"{BUILD}/upstream", "-p", str(PORTS["up"]), "-c", f"{tls}/{cert}.pem",
               "-k", f"{tls}/{cert}.key", "-t", str(threads), "-T", str(ttl),
               "-d", str(delay), "-s", self.stats]
        self.p = subprocess.Popen(pin(cmd, core))
        deadline = time.time() + 3
        while time.time() < deadline:
            try:
                socket.create_connection((ADDR, PORTS["up"]), 0.2).close()
                break
            except OSError:
                time.sleep(0.01)
        time.sleep(0.05)

    def read(self):
        with open(self.stats, "rb") as f:
            return dict(zip(("conns", "handshakes", "resumed", "queries"), struct.unpack("4Q", f.read(32))))

    def stop(self):
        self.p.kill()
        self.p.wait()
        os.unlink(self.stats)


class Peer:
    """One proxy under test, run through its launcher."""

    def __init__(self, name, tls):
        self.name, self.tls = name, tls
        self.script = name if os.path.exists(name) else os.path.join(HERE, "peers", name + ".sh")
        if not os.path.exists(self.script):
            sys.exit(f"no launcher {self.script}")
        if os.path.exists(name):
            self.name = os.path.basename(name).removesuffix(".sh")
        self.p = None

    def call(self, verb, **env):
        """What the launcher prints; nothing when its program is not there."""
        return subprocess.run(["bash", f"{HERE}/lib/peer.sh", self.script, verb], env=dict(os.environ, **env),
                              capture_output=True, text=True).stdout.strip()

    def info(self):
        env = dict(PEERS_DIR=PEERS_DIR, BUILD=BUILD, RUN="/nonexistent")
        self.features = self.call("features", **env).split()
        self.version = self.call("version", **env)
        self.installed = bool(self.version)
        return self

    def start(self, threads=1, core=None, cache=CACHE, wait=True, conns=1000, wrap=list):
        self.run = tempfile.mkdtemp(prefix="dnsbench-")
        os.chmod(self.run, 0o755)
        shutil.copytree(self.tls, self.run + "/tls")
        env = dict(os.environ, PEERS_DIR=PEERS_DIR, BUILD=BUILD, RUN=self.run, ADDR=ADDR,
                   PORT_DNS=str(PORTS["dns"]), PORT_DOT=str(PORTS["dot"]), PORT_DOH=str(PORTS["doh"]),
                   UP_ADDR=ADDR, UP_PORT=str(PORTS["up"]), UP_NAME="dns.test",
                   CA=self.run + "/tls/ca.pem", CERT=self.run + "/tls/srv.pem", KEY=self.run + "/tls/srv.key",
                   THREADS=str(threads), CACHE=str(cache), CONNS=str(conns))
        self.cg = Cgroup()
        subprocess.run(["bash", f"{HERE}/lib/peer.sh", self.script, "conf"], env=env, check=True)
        self.log = open(self.run + "/log", "w")
        self.t0 = time.time()

        def child():
            os.setsid()
            self.cg.enter()
        self.p = subprocess.Popen(wrap(pin(["bash", f"{HERE}/lib/peer.sh", self.script, "start"], core)), env=env,
                                  stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, preexec_fn=child)
        if wait:
            self.wait_answer()
        return self

    def wait_answer(self, limit=20):
        """Seconds from launch to the first right answer."""
        n, qid = f"start{random.randrange(1 << 30)}.{ZONE}", random.randrange(65536)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.003)
            s.connect((ADDR, PORTS["dns"]))     # connected: refused at once while nothing listens
            while time.time() < self.t0 + limit and self.p.poll() is None:
                try:
                    s.send(query(n, qid))
                    if right_answer(s.recv(4096), n, qid):
                        return time.time() - self.t0
                except ConnectionRefusedError:
                    time.sleep(0.0005)
                except OSError:
                    pass
        with open(self.run + "/log") as f:
            tail = f.read()[-1500:]
        raise RuntimeError(f"{self.name}: no right answer within {limit} s\n{tail}")

    def cpu(self):
        return self.cg.cpu(self.p.pid)

    def pids(self):
        return self.cg.pids(self.p.pid)

    def stop(self):
        if not self.p:
            return
        for sig in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids():        # only what this launcher started
                try:
                    os.kill(pid, sig)
                except OSError:
                    pass
            for _ in range(100):
                self.p.poll()
                if not self.pids() or (not self.cg.dir and self.p.poll() is not None):
                    break
                time.sleep(0.02)
        self.p.wait()
        self.cg.remove()
        self.log.close()
        self.call("clean", RUN=self.run, PEERS_DIR=PEERS_DIR)
        shutil.rmtree(self.run, ignore_errors=True)
        self.p = None


# ----------------------------------------------------------------------- data
def make_tls():
    """Throw-away CA, a good server certificate for dns.test, and one from another CA."""
    d = tempfile.mkdtemp(prefix="dnsbench-tls-")

    def sh(*a):
        subprocess.run(["openssl", *a], check=True, cwd=d, capture_output=True)
    with open(f"{d}/ext", "w") as f:
        f.write("subjectAltName=DNS:dns.test,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
                "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")
    for ca, srv in (("ca", "srv"), ("otherca", "bad")):
        sh("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
           "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN=dnsbench {ca}",
           "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        sh("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{srv}.key",
           "-out", f"{srv}.csr", "-subj", "/CN=dns.test")
        sh("x509", "-req", "-in", f"{srv}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial",
           "-days", "825", "-extfile", "ext", "-out", f"{srv}.crt")
        with open(f"{d}/{srv}.pem", "w") as o:
            for part in (f"{srv}.crt", f"{ca}.pem"):
                with open(f"{d}/{part}") as i:
                    o.write(i.read())
        os.chmod(f"{d}/{srv}.key", 0o644)   # some peers drop privileges first
    os.chmod(d, 0o755)
    return d


def hit_name(i):
    return f"h{i:05d}.{ZONE}"


def data_file(kind, seconds):
    os.makedirs(DATA, exist_ok=True)
    rnd = random.Random(7)
    fixed = os.path.join(DATA, f"{kind}.txt")
    if kind in ("all", "hit", "uni") and os.path.exists(fixed):
        return fixed
    names = [hit_name(i) for i in range(NHIT)]
    if kind == "all":
        lines = names
    elif kind == "uni":
        lines = names * 50
        rnd.shuffle(lines)
    else:
        ranked = names[:]
        rnd.shuffle(ranked)
        cum = list(itertools.accumulate(1 / (k + 1) for k in range(NHIT)))
        if kind == "hit":
            lines = rnd.choices(ranked, cum_weights=cum, k=1000000)
        else:
            tag = f"{time.time_ns() & 0xFFFFFFFFFF:x}"
            fixed = os.path.join(DATA, f"{kind}-{os.getpid()}.txt")
            if kind == "miss":
                lines = [f"m{i}.{tag}.{ZONE}" for i in range(int(250000 * seconds))]
            else:                          # mixed: 4 of 5 are zipf hits, in random places
                hits = rnd.choices(ranked, cum_weights=cum, k=int(250000 * seconds))
                lines = [f"m{i}.{tag}.{ZONE}" if rnd.random() < 0.2 else h for i, h in enumerate(hits)]
    with open(fixed + ".new", "w") as f:
        f.write(" A\n".join(lines) + " A\n")
    os.rename(fixed + ".new", fixed)
    return fixed


def dnsperf_cmd():
    root = os.path.join(PEERS_DIR, "sid")
    if os.path.exists(root + "/usr/bin/dnsperf"):
        return ["chroot", root, "dnsperf"]
    return ["dnsperf"]


def dnsperf(mode, path, seconds=None, c=16, q=512, rate=0, once=False, core=None, verbose=False):
    port = PORTS[{"udp": "dns", "tcp": "dns"}.get(mode, mode)]
    cmd = dnsperf_cmd() + ["-s", ADDR, "-p", str(port), "-m", mode, "-c", str(c), "-q", str(q), "-T", "1",
                           "-t", "2", "-O", "suppress=timeout,sendfailed,unexpected"]
    if mode == "udp":
        cmd += ["-b", "4096"]
    if mode == "doh":
        cmd += ["-O", f"doh-uri=https://dns.test/dns-query", "-O", "doh-method=POST"]
    if rate:
        cmd += ["-Q", str(rate), "-O", "qps-threshold-wait=0"]   # wait, do not spin
    if seconds:
        cmd += ["-l", str(seconds)]
    if once:
        cmd += ["-n", "1"]
    if verbose:
        cmd += ["-v"]
    with open(path) as data, tempfile.TemporaryFile("w+") as out:
        p = subprocess.Popen(pin(cmd, core), stdin=data, stdout=out, stderr=subprocess.STDOUT)
        killer = time.time() + (seconds or 120) + 20
        while True:
            pid, _, ru = os.wait4(p.pid, os.WNOHANG)
            if pid:
                p.returncode = 0
                break
            if time.time() > killer:
                p.kill()
            time.sleep(0.01)
        out.seek(0)
        lats, text = [], []
        for line in out:
            if line.startswith("> "):
                f = line.split()
                if f[1] != "T":
                    lats.append(float(f[-1]))
            else:
                text.append(line)
    text = "".join(text)

    def num(pat):
        m = re.search(pat, text)
        return float(m[1]) if m else 0.0
    r = dict(sent=num(r"Queries sent:\s+(\d+)"), done=num(r"Queries completed:\s+(\d+)"),
             lost=num(r"Queries lost:\s+(\d+)"), secs=num(r"Run time \(s\):\s+([\d.]+)"),
             qps=num(r"Queries per second:\s+([\d.]+)"), noerror=num(r"NOERROR (\d+)"),
             avg_us=num(r"Average Latency \(s\):\s+([\d.]+)") * 1e6, load_cpu=ru.ru_utime + ru.ru_stime,
             reconnects=num(r"Reconnections:\s+(\d+)"))
    if lats:
        lats.sort()
        for k, v in (("p50", .5), ("p99", .99), ("p999", .999)):
            r[k + "_us"] = lats[min(len(lats) - 1, int(len(lats) * v))] * 1e6
    if not r["sent"]:
        r["error"] = text[-400:]
    return r


def own_load(w, path, seconds, core):
    """udpload or conns; the same result keys as dnsperf()."""
    port = str(PORTS["dot" if w["mode"] == "dot" else "dns"])
    if w["tool"] == "udpload":
        cmd = [f"{BUILD}/udpload", "-p", port, "-c", str(w["c"]), "-l", str(seconds)]
        cmd += ["-r", str(w["rate"])] if w.get("rate") else ["-q", str(w["q"])]
        cmd += ["-1"] if w["data"] in ("miss", "mixed") else []
    else:
        cmd = [f"{BUILD}/conns", "-p", port, "-l", str(seconds), "-b", str(w["c"])]
        cmd += ["-P"] if w["mode"] == "tcp" else []
        cmd += ["-R"] if w.get("resume") else []
    with open(path) as data:
        p = subprocess.Popen(pin(cmd, core), stdin=data, stdout=subprocess.PIPE, text=True)
        killer = threading.Timer(seconds + 30, p.kill)
        killer.start()
        text = p.stdout.read()
        _, _, ru = os.wait4(p.pid, 0)
        p.returncode = 0
        killer.cancel()
    r = {k: float(v) for k, v in (x.split("=") for x in text.split())}
    r["load_cpu"] = r.pop("cpu", ru.ru_utime + ru.ru_stime)
    r["noerror"] = r["done"] - r.pop("wrong")     # each answer was compared with its question
    return r


class Lock:
    def __enter__(self):
        self.f = open(LOCK, "a")
        fcntl.flock(self.f, fcntl.LOCK_EX)

    def __exit__(self, *a):
        self.f.close()


# ------------------------------------------------------------------ measuring
def one_run(peer, wname, seconds, cores, tls):
    w = WORKLOADS[wname]
    pc, lc = (0, 1) if cores == 1 else (None, None)
    path = data_file(w["data"], seconds if not w.get("rate") else seconds * w["rate"] / 250000 * 1.2)
    up = Upstream(tls, w.get("delay", 0), core=lc, threads=cores)
    try:
        with Lock():
            peer.start(threads=cores, core=pc)
            if w["data"] != "miss":
                for _ in range(2):
                    dnsperf("udp", data_file("all", 0), c=4, q=50, once=True, core=lc)
                if w["mode"] != "udp":
                    dnsperf(w["mode"], data_file("all", 0), c=4, q=50, once=True, core=lc)
            u0, c0, uc0 = up.read(), peer.cpu(), proc_cpu(up.p.pid)
            (b0, s0), t0 = machine_busy(), time.time()
            r = own_load(w, path, seconds, lc) if w["tool"] != "dnsperf" else dnsperf(
                w["mode"], path, seconds, w["c"], w["q"], rate=w.get("rate", 0),
                once=w["data"] in ("miss", "mixed"), core=lc, verbose=bool(w.get("rate")))
            t = time.time() - t0
            b1, s1 = machine_busy()
            cpu, uc, u1 = peer.cpu() - c0, proc_cpu(up.p.pid) - uc0, up.read()
            rss, pss = rss_kib(peer.pids())
    finally:
        peer.stop()
        up.stop()
    r.update(peer=peer.name, version=peer.version, workload=wname, cores=cores, time=time.time(),
             cpu_us=cpu / r["done"] * 1e6 if r["done"] else None,
             loss_pct=100 * r["lost"] / r["sent"] if r["sent"] else None,
             wrong=r["done"] - r["noerror"], wall=t, proxy_util=cpu / max(0.1, r["secs"]),
             load_util=(r["load_cpu"] + uc) / max(0.1, r["secs"]),
             noise=max(0.0, b1 - b0 - cpu - r["load_cpu"] - uc) / t, steal=(s1 - s0) / t,
             up_queries=u1["queries"] - u0["queries"], up_conns=u1["conns"] - 1,
             up_new_conns=u1["conns"] - u0["conns"], rss_kib=rss, pss_kib=pss)
    return r


def startup_run(peer, tls):
    up = Upstream(tls)
    try:
        with Lock():
            t = peer.start(wait=False).wait_answer()
            time.sleep(1.0)
            rss, pss = rss_kib(peer.pids())
    finally:
        peer.stop()
        up.stop()
    return dict(peer=peer.name, version=peer.version, workload="startup", cores=1, time=time.time(),
                startup_ms=t * 1e3, rss_kib=rss, pss_kib=pss)


def mem_run(peer, tls, n=1000000):
    """RSS with n distinct names in the cache; how many of them are really there."""
    os.makedirs(DATA, exist_ok=True)
    path, probe = os.path.join(DATA, f"fill-{n}.txt"), os.path.join(DATA, f"probe-{n}.txt")
    if not os.path.exists(probe):
        for p, idx in ((path, range(n)), (probe, random.Random(3).sample(range(n), 10000))):
            with open(p, "w") as f:
                f.writelines(f"c{i:07d}.{ZONE} A\n" for i in idx)
    up = Upstream(tls, ttl=86400)
    try:
        with Lock():
            peer.start(cache=int(n * 1.3))
            time.sleep(0.5)
            r0, p0 = rss_kib(peer.pids())
            c0 = peer.cpu()
            f = dnsperf("udp", path, 100, c=8, q=100, once=True)
            cpu = peer.cpu() - c0
            time.sleep(1)
            r1, p1 = rss_kib(peer.pids())
            u0 = up.read()["queries"]
            g = dnsperf("udp", probe, 20, c=4, q=50, once=True)
            again = up.read()["queries"] - u0
    finally:
        peer.stop()
        up.stop()
    return dict(peer=peer.name, version=peer.version, workload="mem", cores=2, time=time.time(), filled=f["done"],
                lost=f["lost"], fill_secs=f["secs"], fill_cpu_us=cpu / max(1, f["done"]) * 1e6, rss0_kib=r0,
                rss_kib=r1, pss0_kib=p0, pss_kib=p1, cached_pct=100 * (1 - again / max(1, g["done"])),
                bytes_per_name=(p1 - p0) * 1024 / max(1, f["done"]))


def idle_run(peer, tls, n):
    up = Upstream(tls)
    p = None
    try:
        with Lock():
            peer.start(conns=n)
            time.sleep(0.5)
            r0, p0 = rss_kib(peer.pids())
            c0, t0 = peer.cpu(), time.time()
            p = subprocess.Popen([f"{BUILD}/conns", "-p", str(PORTS["dot"]), "-n", str(n)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
            opened = p.stdout.readline().split()
            cpu, t1 = peer.cpu() - c0, time.time()
            time.sleep(2)
            p.stdin.write("\n")
            p.stdin.flush()
            alive = int(p.stdout.readline().split()[1])
            r1, p1 = rss_kib(peer.pids())
            c1 = peer.cpu()
            time.sleep(2)
            idle_cpu = (peer.cpu() - c1) / 2
    finally:
        if p:
            p.kill()
            p.wait()
        peer.stop()
        up.stop()
    return dict(peer=peer.name, version=peer.version, workload="idle", cores=2, time=time.time(),
                opened=int(opened[1]), alive=alive, rss0_kib=r0, rss_kib=r1, pss0_kib=p0, pss_kib=p1,
                bytes_per_conn=(p1 - p0) * 1024 / max(1, alive), cpu_us_per_conn=cpu / n * 1e6, open_secs=t1 - t0,
                idle_cpu=idle_cpu)


def lat_dot_part(peer, clients, seconds):
    """The latencies of hits that so many connected clients ask for, and what they cost."""
    cmd = [f"{BUILD}/streamload", "-p", str(PORTS["dot"]), "-c", str(clients), "-l", str(seconds), "-r", str(LAT_DOT["rate"])]
    p = subprocess.Popen(real_time(pin(cmd, 1)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        p.stdout.readline()
        time.sleep(1)
        c0, (b0, _), t0 = peer.cpu(), machine_busy(), time.time()
        p.stdin.write("\n")
        p.stdin.flush()
        r = {k: float(v) for k, v in (x.split("=") for x in p.stdout.readline().split())}
        cpu, (b1, _), t = peer.cpu() - c0, machine_busy(), time.time() - t0
    finally:
        p.kill()
        p.wait()
    return dict(p50=r["p50_us"], p99=r["p99_us"], usual=r["usual_p99_us"], cpu=cpu / max(1, r["done"]) * 1e6, done=r["done"],
                bad=r["wrong"] + r["lost"] + r["failed"], noise=max(0.0, b1 - b0 - cpu - r["cpu"]) / t)


def lat_dot_run(peer, tls, seconds):
    """Few and many clients of one proxy, one after the other."""
    up = Upstream(tls, core=1)
    try:
        with Lock():
            peer.start(core=0, conns=LAT_DOT["clients"][-1], wrap=real_time)
            dnsperf("udp", data_file("all", 0), c=4, q=50, once=True, core=1)
            few, many = (lat_dot_part(peer, n, seconds) for n in LAT_DOT["clients"])
    finally:
        peer.stop()
        up.stop()
    return dict(peer=peer.name, version=peer.version, workload="lat-dot", cores=1, time=time.time(),
                **{f"{k}_{name}": v for name, part in (("few", few), ("many", many)) for k, v in part.items()},
                p99_ratio=many["p99"] / few["p99"], usual_ratio=many["usual"] / few["usual"], noise=max(few["noise"], many["noise"]))


def verify(peer, tls):
    """Right answers on each transport, misses over TLS, hits not upstream, upstream authenticated."""
    out = dict(peer=peer.name, version=peer.version, workload="verify", time=time.time(), cores=1)
    up = Upstream(tls)
    try:
        peer.start()
        tag = f"{random.randrange(1 << 30):x}"
        names = [f"v{i}.{tag}.{ZONE}" for i in range(200)]
        u0 = up.read()
        out["udp_miss_right"] = sum(ask_udp(n) for n in names)
        u1 = up.read()
        out["miss_upstream"] = u1["queries"] - u0["queries"]
        out["tls_handshakes"] = u1["handshakes"]
        out["udp_hit_right"] = sum(ask_udp(n) for n in names)
        out["hit_upstream"] = up.read()["queries"] - u1["queries"]
        if "tcp" in peer.features:
            out["tcp_right"] = sum(ask_stream(n, None) for n in names[:50])
        if "dot" in peer.features:
            out["dot_right"] = sum(ask_stream(n, tls + "/ca.pem") for n in names[:50])
        if "doh" in peer.features:
            with open(os.path.join(DATA, "v.txt"), "w") as f:
                f.writelines(n + " A\n" for n in names[:50])
            out["doh_noerror"] = dnsperf("doh", f.name, c=1, q=1, once=True)["noerror"]
    finally:
        peer.stop()
        up.stop()
    up = Upstream(tls, cert="bad")          # right name, wrong CA: must not be answered
    try:
        peer.start(wait=False)
        time.sleep(2)
        out["refuses_wrong_ca"] = not ask_udp(f"bad{random.randrange(1 << 30)}.{ZONE}", 3)
    finally:
        peer.stop()
        up.stop()
    return out


# --------------------------------------------------------------------- report
def load_results():
    rows = []
    for p in sorted(glob.glob(RESULTS + "/*.jsonl")):
        with open(p) as f:
            rows += [json.loads(x) for x in f]
    return rows


def med(rows, key):
    v = [r[key] for r in rows if r.get(key) is not None]
    return statistics.median(v) if v else None


def fmt(x, d=0):
    return "-" if x is None else f"{x:,.{d}f}"


def matrix(groups, peers, ws, cores, title, key, digits, low):
    """Peers x workloads; the best proxy (yardsticks aside) of each column in bold."""
    print(f"\n### {title}: {'one core' if cores == 1 else 'both cores'}\n")
    print("| peer | " + " | ".join(ws) + " |\n|---|" + "---:|" * len(ws))
    v = {(w, p): med(groups[w, cores, p], key) for w in ws for p in peers if (w, cores, p) in groups}
    best = {}
    for w in ws:
        c = [x for (ww, p), x in v.items() if ww == w and p not in YARDSTICKS and x]
        best[w] = (min if low else max)(c) if c else None
    for p in sorted(peers, key=lambda p: (p not in YARDSTICKS, p)):
        cells = []
        for w in ws:
            x = v.get((w, p))
            t = fmt(x, digits)
            if key == "qps" and x and cores == 1 and med(groups[w, cores, p], "proxy_util") < 0.9:
                t += "*"
            cells.append(f"**{t}**" if x is not None and x == best[w] and p not in YARDSTICKS else t)
        print(f"| {p} | " + " | ".join(cells) + " |")


def report(rows):
    groups = {}
    for r in rows:
        groups.setdefault((r["workload"], r["cores"], r["peer"]), []).append(r)
    for k, v in groups.items():             # runs disturbed by others only where there are no quiet ones
        groups[k] = [r for r in v if r.get("noise", 0) <= NOISY] or v
    peers = sorted({r["peer"] for r in rows})
    print("| peer | version |\n|---|---|")
    for p in peers:
        print(f"| {p} | {next(r['version'] for r in reversed(rows) if r['peer'] == p)} |")
    for title, key, d, low in (("CPU microseconds per answered query", "cpu_us", 2, True),
                               ("queries per second (* = the proxy did not fill its core)", "qps", 0, False)):
        for cores in (1, 2):
            ws = [w for w in WORKLOADS if any(k[:2] == (w, cores) for k in groups) and (key != "qps" or not WORKLOADS[w].get("rate"))]
            if ws:
                matrix(groups, peers, ws, cores, title, key, d, low)
    for w in list(WORKLOADS):
        for cores in (1, 2):
            g = [(p, groups[w, cores, p]) for p in peers if (w, cores, p) in groups]
            if not g:
                continue
            print(f"\n### {w}, {'proxy on core 0, load + upstream on core 1' if cores == 1 else 'both cores, nothing pinned'}\n")
            print("| peer | runs | cpu us/q | min..max | qps | loss % | avg us | p50 us | p99 us | p99.9 us | proxy util | load util | "
                  "upstream q/q | upstream conns | wrong | noise |")
            print("|---|" + "---:|" * 15)
            g.sort(key=lambda x: med(x[1], "cpu_us") or 1e9)
            for p, v in g:
                c = [r["cpu_us"] for r in v if r.get("cpu_us")]
                print(f"| {p} | {len(v)} | {fmt(med(v, 'cpu_us'), 2)} | {fmt(min(c, default=None), 2)}..{fmt(max(c, default=None), 2)} "
                      f"| {fmt(med(v, 'qps'))} | {fmt(med(v, 'loss_pct'), 2)} | {fmt(med(v, 'avg_us'))} "
                      f"| {fmt(med(v, 'p50_us'))} | {fmt(med(v, 'p99_us'))} | {fmt(med(v, 'p999_us'))} "
                      f"| {fmt(med(v, 'proxy_util'), 2)} | {fmt(med(v, 'load_util'), 2)} "
                      f"| {fmt(statistics.median([r['up_queries'] / max(1, r['done']) for r in v]), 3)} "
                      f"| {fmt(med(v, 'up_conns'))} | {fmt(sum(r['wrong'] for r in v))} | {fmt(med(v, 'noise'), 2)} |")
    for w, keys in (("startup", ("startup_ms", "rss_kib", "pss_kib")),
                    ("mem", ("filled", "lost", "cached_pct", "rss0_kib", "rss_kib", "pss_kib", "bytes_per_name", "fill_cpu_us")),
                    ("idle", ("opened", "alive", "rss0_kib", "rss_kib", "pss_kib", "bytes_per_conn", "cpu_us_per_conn", "idle_cpu")),
                    ("lat-dot", ("p50_few", "p50_many", "p99_few", "p99_many", "p99_ratio", "usual_few", "usual_many", "usual_ratio",
                                 "cpu_few", "cpu_many", "bad_few", "bad_many"))):
        g = [(p, v) for (ww, _, p), v in sorted(groups.items()) if ww == w]
        if g:
            print(f"\n### {w}\n\n| peer | runs | " + " | ".join(keys) + " |\n|---|" + "---:|" * (len(keys) + 1))
            for p, v in g:
                print(f"| {p} | {len(v)} | " + " | ".join(fmt(med(v, k), 2 if k in ("idle_cpu", "p99_ratio", "usual_ratio") else 1) for k in keys) + " |")
    g = [v[-1] for (w, _, p), v in sorted(groups.items()) if w == "verify"]
    if g:
        keys = ["udp_miss_right", "miss_upstream", "tls_handshakes", "udp_hit_right", "hit_upstream", "tcp_right",
                "dot_right", "doh_noerror", "refuses_wrong_ca"]
        print("\n### verify (200 names; 50 per stream transport)\n\n| peer | " + " | ".join(keys) + " |\n|---|" + "---:|" * len(keys))
        for r in g:
            print(f"| {r['peer']} | " + " | ".join(str(r.get(k, "-")) for k in keys) + " |")


def enter_netns():
    """Own network namespace: own loopback, own ports, nothing leaves the machine."""
    if os.environ.get("DNSBENCH_NS") != "1":
        os.environ["DNSBENCH_NS"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, os.path.abspath(__file__)] + sys.argv[1:])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:     # lo up
        req = struct.pack("16sh14x", b"lo", 0x49)
        fcntl.ioctl(s, 0x8914, req)
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as f:
        f.write("10000 65535")


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("what", choices=["run", "verify", "report", "list", "shell"])
    a.add_argument("-p", "--peers", default="all", help="comma list of launcher names or paths; 'all'")
    a.add_argument("-w", "--workloads", default="all", help=",".join(list(WORKLOADS) + SPECIAL))
    a.add_argument("-n", "--repeat", type=int, default=3)
    a.add_argument("-l", "--seconds", type=float, default=5)
    a.add_argument("-c", "--cores", default="1", help="1, 2 or 1,2")
    a.add_argument("--idle", type=int, default=10000, help="connections of the idle workload")
    a.add_argument("-f", "--fill", action="store_true", help="only what has fewer than REPEAT undisturbed results")
    a.add_argument("-o", "--out", default="results", help="name of the result file (without .jsonl)")
    o = a.parse_args()
    names = sorted(os.path.basename(x)[:-3] for x in glob.glob(HERE + "/peers/*.sh")) if o.peers == "all" else o.peers.split(",")
    if o.what == "report":
        return report(load_results())
    if o.what == "list":
        for n in names:
            p = Peer(n, None).info()
            print(f"{n:22} {' '.join(p.features):28} {p.version or 'not installed'}")
        return print("workloads:", ", ".join(list(WORKLOADS) + SPECIAL))
    enter_netns()
    absent = [n for n in names if not Peer(n, None).info().installed]
    if absent:
        print(f"left out, not installed: {' '.join(absent)}", flush=True)
    names = [n for n in names if n not in absent]
    os.makedirs(RESULTS, exist_ok=True)
    os.makedirs(DATA, exist_ok=True)
    tls = make_tls()
    try:
        if o.what == "shell":               # one peer and the upstream running, to look at by hand
            p, up = Peer(names[0], tls).info(), Upstream(tls)
            try:
                print(p.start().run, tls)
                subprocess.call(["bash", "-i"])
                print(up.read())
            finally:
                p.stop()
                up.stop()
            return None
        ws = list(WORKLOADS) + SPECIAL if o.workloads == "all" else o.workloads.split(",")
        if o.what == "verify":
            ws = ["verify"]
        for rep in range(1 if o.what == "verify" else o.repeat):
            for w, n in itertools.product(ws, names):
                p = Peer(n, tls).info()
                need = TRANSPORT[WORKLOADS[w]["mode"]] if w in WORKLOADS else "dot" if w in ("idle", "lat-dot") else "cache" if w == "mem" else "udp"
                if need not in p.features or (n in SKIP.get(w, ())):
                    continue
                for cores in [int(x) for x in o.cores.split(",")] if w in WORKLOADS else [1]:
                    if o.fill and sum(r["peer"] == p.name and r["workload"] == w and r["cores"] == cores and
                                      r.get("noise", 0) <= NOISY for r in load_results()) >= o.repeat:
                        continue
                    try:
                        r = (verify(p, tls) if w == "verify" else startup_run(p, tls) if w == "startup" else
                             mem_run(p, tls) if w == "mem" else idle_run(p, tls, o.idle) if w == "idle" else
                             lat_dot_run(p, tls, o.seconds) if w == "lat-dot" else
                             one_run(p, w, o.seconds, cores, tls))
                    except (RuntimeError, subprocess.CalledProcessError) as e:
                        print(f"!! {n} {w}: {e}", flush=True)
                        continue
                    with open(f"{RESULTS}/{o.out}.jsonl", "a") as f:
                        f.write(json.dumps(r) + "\n")
                    keep = ("peer", "version", "time", "workload", "cores")
                    print(f"{n} {w} c{cores} " + " ".join(
                        f"{k}={v:.2f}" if isinstance(v, float) else f"{k}={v}" for k, v in r.items() if k not in keep), flush=True)
    finally:
        shutil.rmtree(tls, ignore_errors=True)
        for f in glob.glob(f"{DATA}/*-{os.getpid()}.txt"):
            os.unlink(f)


if __name__ == "__main__":
    main()
