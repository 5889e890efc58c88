"""No response is trusted: what does not match or does not walk never reaches a client."""

import dns.message
import dns.rcode
import pytest

from client import Stream, ask, ask_all, failed_well, is_right, named_queries, query
from proxy import BRIEF
from scripts import WRONG
from waiting import until

LIE = bytes([66, 66, 66, 66])
KINDS = sorted(WRONG)


def ask_every_kind(served, label):
    """The raw response by kind of wrong answer; None where none came."""
    return ask_all(served, {kind: query(f"{kind}.{label}.test", edns=1232) for kind in KINDS})


@pytest.fixture(scope="module")
def followed(proxy):
    """Every wrong answer with the right one after it, asked in one go."""
    return ask_every_kind(proxy, "then")


@pytest.fixture(scope="module")
def brief(shared, chaos):
    return shared.proxy(chaos, group=BRIEF)


@pytest.fixture(scope="module")
def alone(brief):
    """Every wrong answer with nothing after it."""
    return ask_every_kind(brief, "alone")


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_answer_is_ignored_and_the_right_one_awaited(followed, kind):
    assert followed[kind] is not None, "silence"
    assert is_right(dns.message.from_wire(followed[kind]), f"{kind}.then.test")


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_answer_alone_ends_in_servfail_with_an_extended_error(alone, kind):
    assert alone[kind] is not None, "silence"
    assert failed_well(dns.message.from_wire(alone[kind])) and LIE not in alone[kind]


def test_wrong_answers_do_not_cost_the_connection(stage, chaos):
    served = stage.proxy(chaos, workers=1)
    first = len(chaos.connections)
    for kind in KINDS:
        assert is_right(ask(served, f"{kind}.then.once.test"), f"{kind}.then.once.test")
    assert len(chaos.connections) == first + 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_wrong_answer_passes_over_a_plain_tcp_upstream(tcp_followed, kind):
    assert is_right(dns.message.from_wire(tcp_followed[kind]), f"{kind}.then.test")


@pytest.mark.parametrize("kind", KINDS)
def test_no_wrong_answer_passes_over_a_udp_upstream(udp_followed, kind):
    assert is_right(dns.message.from_wire(udp_followed[kind]), f"{kind}.then.test")


@pytest.fixture(scope="module")
def tcp_followed(shared):
    return ask_every_kind(shared.proxy(shared.chaos("tcp")), "then")


@pytest.fixture(scope="module")
def udp_followed(shared):
    return ask_every_kind(shared.proxy(shared.chaos("udp")), "then")


def test_an_answer_in_another_letter_case_is_right_and_shown_in_the_client_s(proxy):
    response = ask(proxy, "lower.ANSWER.Test")
    assert is_right(response, "lower.ANSWER.Test")
    assert response.question[0].name.to_text() == "lower.ANSWER.Test."


def test_wrong_answers_are_counted(stage, chaos):
    served = stage.proxy(chaos)
    for number in range(5):
        assert is_right(ask(served, f"wrongid.then.{number}.test"), f"wrongid.then.{number}.test")
        assert is_right(ask(served, f"trailing.then.{number}.test"), f"trailing.then.{number}.test")
    assert served.counter("wrong answers") == 5
    assert served.counter("malformed answers") == 5


def test_right_answers_are_not_counted_as_wrong(stage, chaos):
    served = stage.proxy(chaos)
    for number in range(5):
        assert is_right(ask(served, f"quiet{number}.test"), f"quiet{number}.test")
    assert served.counter("wrong answers") == served.counter("malformed answers") == 0


def test_a_repeated_answer_reaches_the_client_once(proxy):
    with Stream(proxy) as stream:
        first, second = stream.ask(query("twice.test")) + stream.ask(query("after.test"))
    assert is_right(first, "twice.test") and is_right(second, "after.test")


def test_a_repeated_answer_is_never_taken_for_the_next_question_s(proxy):
    for number in range(100):
        assert is_right(ask(proxy, f"twice.{number}.test"), f"twice.{number}.test")


def test_a_flood_of_wrong_answers_does_no_harm(stage, chaos):
    served = stage.proxy(chaos)
    with Stream(served) as flooded, Stream(served) as other:
        flooded.send(query("flood-20000.then.test"))
        for number in range(10):
            name = f"meanwhile{number}.test"
            assert is_right(other.ask(query(name))[0], name)
        assert is_right(flooded.receive()[0], "flood-20000.then.test")


def test_a_flood_with_nothing_right_in_it_ends_in_servfail(brief):
    assert failed_well(ask(brief, "flood-500.alone.test", edns=1232))
    until(lambda: is_right(ask(brief, "unharmed.test"), "unharmed.test"), "it recovers")


def test_among_many_questions_each_gets_its_own_answer_whatever_the_order(proxy):
    queries = [query(f"delay-{(37 * n) % 400}.order{n}.test") for n in range(100)]
    for number, message in enumerate(queries):
        message.id = number
    with Stream(proxy) as stream:
        for response in stream.ask(*queries):
            asked = queries[response.id]
            assert asked.is_response(response)
            assert is_right(response, asked.question[0].name.to_text())


def test_a_wrong_answer_to_one_question_does_not_touch_the_others(stage, chaos):
    """Two hundred in flight on one connection, every tenth never rightly answered."""
    bad = {message.id for message in named_queries("wrongname", 200)[::10]}
    queries = [query(f"{'wrongname' if n + 1 in bad else 'fine'}.mixed{n}.test", edns=1232)
               for n in range(200)]
    for number, message in enumerate(queries):
        message.id = number + 1
    served = stage.proxy(chaos, group={"timeout": "2s", "deadline": "2s"})
    with Stream(served) as stream:
        responses = stream.ask(*queries)
    failed = {response.id for response in responses if response.rcode() == dns.rcode.SERVFAIL}
    assert len(responses) == 200 and failed == bad
