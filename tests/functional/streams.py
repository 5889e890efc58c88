"""streams - what becomes of query records: the sum that must hold to the last one, and who makes many of them."""

import signal
import subprocess

from client import ask_all, named_queries
from control import tell_json
from waiting import until


def count_of(control, to):
    """What `ctl stats` says of one stream."""
    return next(told for told in tell_json(control["socket"], "stats")["query_log"] if told["to"] == to)


def queries_of(control):
    return sum(value for name, value in tell_json(control["socket"], "stats").items()
               if name in ("queries_udp", "queries_tcp"))


def is_sum_right(control, to):
    """Whether nothing is on its way to the stream any more; then all queries are accounted for."""
    count, asked = count_of(control, to), queries_of(control)
    known = sum(count.get(name, 0) for name in ("written", "lost", "waiting", "spooled", "skipped"))
    return count if known - count.get("inherited", 0) == asked else None


def settled(control, to):
    """The counts of a stream once it has written what there was, or lost it."""
    def look():
        count = is_sum_right(control, to)
        return count if count and count["waiting"] == count.get("spooled", 0) == 0 else None
    return until(look, f"all records for {to} are written or lost, and all queries are counted")


def ask_many(served, count, prefix="s"):
    """So many queries, each with a name of its own; returns when all are answered."""
    for first in range(0, count, 100):
        some = named_queries(f"{prefix}{first}", min(100, count - first))
        assert all(ask_all(served, {one.id: one for one in some}).values())


def lost_on_the_way(count):
    """Without what the thread that writes was too slow for, which a slow machine makes it be."""
    return count["lost"] - count.get("overrun", 0)


def are_all(numbers, count):
    """Whether those are the numbers of all records of a stream, each once and in order, with gaps for what was lost."""
    return (len(numbers) == count["written"] and all(one < other for one, other in zip(numbers, numbers[1:]))
            and numbers[0] >= 1 and numbers[-1] <= count["written"] + count["lost"])


class Perf:
    """dnsperf, asking for what needs no upstream: `rate` queries a second for some `seconds`, or until the end."""

    def __init__(self, directory, served, seconds=None, rate=20000):
        questions = directory / "questions"
        questions.write_text("localhost A\n" * 100)
        self.is_endless = seconds is None
        self.process = subprocess.Popen(
            ["dnsperf", "-s", "127.0.0.1", "-p", str(served.port), "-d", str(questions), "-l", str(seconds or 100),
             "-Q", str(rate), "-c", "4", "-q", "1000"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_endless:
            self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, said
