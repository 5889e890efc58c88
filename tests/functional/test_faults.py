"""Whatever the upstream does, the client gets SERVFAIL that says why, within the deadline."""

import contextlib
import time

import dns.message
import pytest

from blackhole import blackhole
from chaos import Chaos
from client import Stream, ask, ask_all, failed_well, is_right, query
from ports import free_port
from proxy import BRIEF
from waiting import MARGIN, until

DEADLINE = 0.3      # of BRIEF

CONNECTIONS = ["mute", "deaf", "alert", "garbage", "refuse-0", "refuse-200", "drop-1", "abort-1",
               "drop-99999"]
ANSWERS = ["silence", "closemid", "cutmid", "resetmid", "hangmid", "close", "cut", "reset",
           "emptyframe", "nonsense", "drip-300"]


def servfail_in_time(served, name, tcp=False):
    start = time.monotonic()
    response = ask(served, name, tcp=tcp, edns=1232)
    assert time.monotonic() - start < DEADLINE + MARGIN
    assert failed_well(response), response.to_text()


@pytest.mark.parametrize("mode", CONNECTIONS)
def test_servfail_when_every_connection_is(stage, mode):
    server = stage.chaos(mode=mode)
    served = stage.proxy(server, group=BRIEF)
    servfail_in_time(served, "fault.test")
    assert server.connections, "it was never tried"


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_servfail_when_a_plain_upstream_is_silent(stage, kind):
    servfail_in_time(stage.proxy(stage.chaos(kind), group=BRIEF), "silence.plain.test")


@pytest.mark.parametrize("kind", ["tls", "tcp", "udp"])
def test_servfail_when_nothing_listens_at_the_upstream(stage, kind):
    served = stage.proxy(f"{kind}://127.0.0.1:{free_port()}", group=BRIEF)
    servfail_in_time(served, "nobody.test")
    servfail_in_time(served, "nobody.test", tcp=True)


def test_servfail_when_the_upstream_answers_no_syn(stage):
    with blackhole() as port:
        servfail_in_time(stage.proxy(f"tls://127.0.0.1:{port}#dns.test", group=BRIEF), "hole.test")


@pytest.fixture(scope="module")
def in_turn(shared, chaos):
    """A proxy that has had every bad answer at once; with what it said to each."""
    served = shared.proxy(chaos, group=BRIEF)
    queries = {kind: query(f"{kind}.fault.test", edns=1232) for kind in ANSWERS}
    return ask_all(served, queries), served


@pytest.mark.parametrize("kind", ANSWERS)
def test_servfail_when_the_answer_is(stage, chaos, kind):
    server = stage.chaos()
    servfail_in_time(stage.proxy(server, group=BRIEF), f"{kind}.fault.test")
    assert server.questions, "the question never reached the upstream"


def test_all_faults_at_once_end_in_a_response_each(in_turn):
    responses, served = in_turn
    assert [kind for kind in ANSWERS if responses[kind] is None] == []
    assert all(failed_well(dns.message.from_wire(responses[kind])) for kind in ANSWERS)
    until(lambda: is_right(ask(served, "recovered.test"), "recovered.test"), "it recovers")


def test_a_question_s_deadline_is_not_pushed_out_by_other_traffic(stage, chaos):
    served = stage.proxy(chaos, group=BRIEF)
    with Stream(served) as waiting, Stream(served) as busy:
        waiting.send(query("silence.starved.test", edns=1232))
        limit = time.monotonic() + DEADLINE + MARGIN
        waiting.sock.setblocking(False)
        while time.monotonic() < limit:
            busy.ask(query(f"busy{time.monotonic_ns()}.test"))
            with contextlib.suppress(BlockingIOError):
                if waiting.sock.recv(1, 2):     # MSG_PEEK
                    break
        waiting.sock.settimeout(1)
        assert failed_well(waiting.receive()[0])


def test_five_hundred_questions_to_a_dead_upstream_are_all_answered(stage):
    served = stage.proxy(stage.chaos(mode="deaf"), group=BRIEF)
    with Stream(served) as stream:
        queries = [query(f"dead{number}.test", edns=1232) for number in range(500)]
        for number, message in enumerate(queries):
            message.id = number
        responses = stream.ask(*queries)
    assert {response.id for response in responses} == set(range(500))
    assert all(failed_well(response) for response in responses)


def test_an_upstream_that_comes_back_is_used_again(stage, authority):
    port = free_port()
    served = stage.proxy(f"tls://127.0.0.1:{port}#dns.test", group=BRIEF)
    servfail_in_time(served, "away.test")
    with Chaos(authority["good"], port=port):
        until(lambda: is_right(ask(served, "back.test"), "back.test"), "the upstream is used again")


def test_a_slow_answer_within_the_deadline_is_awaited(stage, chaos):
    served = stage.proxy(chaos, group={"timeout": "8s", "deadline": "15s"})
    assert is_right(ask(served, "delay-1500.test"), "delay-1500.test")


def test_a_dripping_answer_within_the_deadline_is_awaited(stage, chaos):
    assert is_right(ask(stage.proxy(chaos), "drip-10.test"), "drip-10.test")
