"""figures - what came of a load: questions by outcome, latencies by phase, and the verdict."""

from dataclasses import dataclass

LEAST_HEDGE = 0.010     # seconds; a hedge is never sent earlier
RECOVERY = 1.0          # seconds after one upstream is back until questions may not fail any more
WARM_UP = 1 / 3         # of the healthy time: its first connections are nobody's latency
STALE = (3, 19)         # RFC 8914: Stale Answer, Stale NXDOMAIN Answer


@dataclass(frozen=True)
class Settled:
    """One question: when it was due, how long it took, what became of it."""
    due: float
    took: float
    outcome: str
    ede: int
    known: bool = False     # asked before the fault too, so that an expired answer is at hand


def percentile(settled, share):
    """In milliseconds; a question without an answer counts with the time it was waited for."""
    ordered = sorted(question.took for question in settled)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 if ordered else float("nan")


class Run:
    """All questions of one load, parted by the times at which the fault began and was healed."""

    def __init__(self, settled, began, healed):
        self.settled, self.began, self.healed = settled, began, healed
        # One that was in the air when the fault struck has met it.
        self.before = [question for question in settled if question.due + question.took < began]
        self.after = [question for question in settled if question.due >= healed]
        met = set(map(id, self.before)) | set(map(id, self.after))
        self.during = [question for question in settled if id(question) not in met]

    def count(self, outcome):
        return sum(question.outcome == outcome for question in self.settled)

    def warm(self):
        return [question for question in self.before if question.due >= self.began * WARM_UP]

    def limit(self):
        """Milliseconds that the 99th percentile may reach during the fault."""
        warm = self.warm()
        return 3 * percentile(warm, .99) + max(percentile(warm, .95), LEAST_HEDGE * 1e3)

    def failed(self):
        return len(self.settled) - self.count("right")

    def verdict(self):
        if self.failed():
            return "FAILED"
        return "ok" if percentile(self.during, .99) <= self.limit() else "slow"

    def latencies(self):
        return [latencies(phase) for phase in (self.warm(), self.during, self.after)]


def latencies(phase):
    return " ".join(f"{percentile(phase, share):7.1f}" for share in (.50, .95, .99))


class BothRun(Run):
    """Both upstreams failed. What was known is answered all the same; the rest fails well."""

    def has_failed(self, question):
        if question.outcome == "right":
            return False
        if question.known or question.outcome != "servfail" or question.ede < 0:
            return True
        return question not in self.during and not self.healed <= question.due < self.healed + RECOVERY

    def failed(self):
        return sum(map(self.has_failed, self.settled))

    def recovered_after(self):
        """Seconds from one being back to the first answer that only an upstream can have given."""
        times = [question.due + question.took for question in self.settled
                 if not question.known and question.outcome == "right"]
        return min((time - self.healed for time in times if time >= self.healed), default=float("inf"))

    def verdict(self):
        if self.failed():
            return "FAILED"
        return "ok" if self.recovered_after() <= RECOVERY else "slow"

    def story(self):
        known = [question for question in self.during if question.known]
        other = [question for question in self.during if not question.known]
        refused = [question for question in other if question.outcome == "servfail"]
        return [
            f"known names: {len(known)} asked, {sum(one.outcome == 'right' for one in known)} right, "
            f"{sum(one.ede in STALE for one in known)} of them expired; ms {latencies(known)}",
            f"other names: {len(other)} asked, {len(refused)} SERVFAIL, {sum(one.ede >= 0 for one in refused)} "
            f"of them with an extended error, the last after {max((one.took for one in refused), default=0):.2f} s",
            f"first right answer {self.recovered_after() * 1e3:.0f} ms after one was back",
        ]
