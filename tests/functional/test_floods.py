"""Floods with forged senders, over a cable between two networks of our own: whoever asks honestly notices nothing, no
memory is lost, and the log stays short. Ten queries of the flood come for each honest one."""

import os
import subprocess
from pathlib import Path

import pytest

from control import socket_at, tell_json
from namespaces import Namespace, cable, ip
from proxy import is_sanitized

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes networks of its own: needs root")
HERE = Path(__file__).resolve().parent
SLOWER = 5 if is_sanitized() else 1
MAY_BE_LOST = 0.02 if is_sanitized() else 0.001     # a sanitizer's build may be late on a busy machine
HONEST_RATE, SECONDS = 1000 // SLOWER, 3
FLOOD_RATE = 10 * HONEST_RATE
FORGED, MANY = "10.64.0.1", 10000           # 40 networks of 256
US, THEM = "10.9.0.1", "10.9.0.2"
COOKIES, PLAIN = "10.9.1.1", "10.9.2.1"     # the first of ten clients each
LIMIT = {"allow": ["10.0.0.0/8"]}
LOG_LINES = 60


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    directory = tmp_path_factory.mktemp("programs")
    for name in ("flood", "honest", "keen"):
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", directory / name, HERE / f"{name}.c"], check=True)
    return directory


class Site:
    """dotproxy in a network of its own; everybody else is in another one."""

    def __init__(self, stage, programs, **limit):
        self.programs, self.control = programs, socket_at(stage.directory)
        self.here, self.there = Namespace(stage.stack), Namespace(stage.stack)
        cable(self.here, self.there, f"{US}/30", f"{THEM}/30")
        with self.here:
            ip(f"route add default via {THEM}")
        with self.there:
            for client in range(10):
                ip(f"address add 10.9.1.{1 + client}/32 dev lo")
                ip(f"address add 10.9.2.{1 + client}/32 dev lo")
        keen = self.start("keen", THEM, 5399)
        stage.stack.callback(keen.wait)
        stage.stack.callback(keen.kill)
        assert keen.stdout.readline() == "ready\n"
        with self.here:
            self.proxy = stage.proxy({"url": f"tcp://{THEM}:5399"}, listen=[{"url": f"dns://{US}:5300"}],
                                     limit={**LIMIT, "rate": "1000/s", **limit}, control=self.control,
                                     group={"timeout": "1s", "deadline": "1500ms"})

    def start(self, program, *words):
        with self.there:
            return subprocess.Popen([self.programs / program, *map(str, words)], stdout=subprocess.PIPE, text=True)

    def flood(self, name, source=FORGED, count=MANY, rate=FLOOD_RATE, domains=1):
        return self.start("flood", US, 5300, source, count, rate, SECONDS, name, domains)

    def ask(self, kind, rate=HONEST_RATE // 2):
        source = COOKIES if kind == "cookies" else PLAIN
        return self.start("honest", US, 5300, source, 10, rate, SECONDS, kind)

    def endure(self, *names, **other):
        """Floods for each name at once, while both kinds of honest clients ask. What became of their questions."""
        floods = [self.flood(name, rate=FLOOD_RATE // len(names), **other) for name in names]
        honest = [self.ask("cookies"), self.ask("plain")]
        asked = [dict(pair.split("=") for pair in one.communicate(timeout=60)[0].split()) for one in honest]
        for flood in floods:
            assert int(flood.communicate(timeout=60)[0].split()[1]) == FLOOD_RATE // len(names) * SECONDS
        return [{name: int(count) for name, count in one.items()} for one in asked]

    def stats(self):
        return tell_json(self.control["socket"], "stats")

    def resident_kib(self):
        status = Path(f"/proc/{self.proxy.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])


def lost_little(asked):
    lost = asked["asked"] - asked["right"]
    return asked["asked"] == HONEST_RATE // 2 * SECONDS and lost < MAY_BE_LOST * asked["asked"]


@pytest.fixture
def site(stage, programs):
    return Site(stage, programs)


def test_a_flood_of_what_is_known_harms_nobody(site):
    assert all(map(lost_little, site.endure("n1.known.test")))
    assert len(site.proxy.lines) < LOG_LINES


def test_random_names_below_a_silent_domain_harm_no_other_names(site):
    """They wait, and nobody answers; but only so many of them."""
    before = site.stats()
    cookies, plain = site.endure("*.dead")
    assert lost_little(cookies) and lost_little(plain)
    stats = site.stats()
    assert stats["policy_waiting_enforced"] > before["policy_waiting_enforced"]
    assert stats["upstream_timeouts"] + stats["waiting"] > 0
    assert len(site.proxy.lines) < LOG_LINES


def test_random_names_that_are_answered_harm_nobody(site):
    assert all(map(lost_little, site.endure("*.alive")))
    assert len(site.proxy.lines) < LOG_LINES


def test_random_names_below_many_silent_domains_make_room_for_others(site):
    """The oldest go, before connections to the upstream carry no more."""
    assert all(map(lost_little, site.endure("*.dead", domains=100)))
    stats = site.stats()
    assert stats["upstream_given_up"] > 0 and stats["waiting"] < 2048
    assert len(site.proxy.lines) < LOG_LINES


def test_the_room_is_as_large_as_it_is_set(stage, programs):
    site = Site(stage, programs, waiting=300)
    assert all(map(lost_little, site.endure("*.dead", domains=100)))
    assert site.stats()["waiting"] <= 300
    site.proxy.wait_for_log("warning overload:", "scarce=waiting")


def test_a_flood_under_a_client_s_own_address_takes_nothing_from_it(stage, programs):
    """With a cookie it is told apart, and without one it comes over TCP."""
    site = Site(stage, programs, rate=f"{HONEST_RATE}/s", burst=2 * HONEST_RATE)
    cookies, plain = site.endure("n1.known.test", source="10.9.1.1", count=20 + 256)
    assert lost_little(cookies) and lost_little(plain)
    cookies, plain = site.endure("*.dead", source=PLAIN, count=1)
    assert lost_little(cookies) and lost_little(plain) and plain["tcp"] > 0
    assert site.stats()["policy_rate_enforced"] > 0
    site.proxy.wait_for_log("limited:", "rule=rate", f"prefix={PLAIN}/32")


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer's memory grows")
def test_memory_does_not_grow(site):
    names = ["n1.known.test", "*.dead", "*.alive"]
    site.endure(*names)
    before = site.resident_kib()
    for _ in range(2):
        site.endure(*names)
    assert site.resident_kib() - before < 8 << 10          # the cache is not full yet
