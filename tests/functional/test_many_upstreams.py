"""Several upstreams: who is asked by which policy, and what clients notice when one of them goes wrong."""

import time

import pytest

from client import Stream, ask, is_right, name_of, named_queries
from control import socket_at, tell_json
from ports import free_port
from waiting import until

MANY = 400
REPLACED = 4    # connections beside the configured ones that may be on their way out


def ask_many(served, prefix, count=MANY):
    """Many questions over one connection; all have to be answered right."""
    queries = named_queries(prefix, count)
    with Stream(served) as stream:
        names = {message.id: name_of(message) for message in queries}
        for response in stream.ask(*queries):
            assert is_right(response, names[response.id])


def shares(servers, prefix):
    return [sum(question.name.lower().startswith(prefix) for question in server.questions) for server in servers]


@pytest.fixture
def pair(stage):
    return [stage.chaos("tcp"), stage.chaos("tcp")]


def test_round_robin_asks_each_as_often(stage, pair):
    served = stage.proxy(*pair, group={"policy": "round-robin", "hedge": "off"})
    ask_many(served, "turn")
    assert shares(pair, "turn") == [MANY // 2, MANY // 2]


def test_random_follows_the_weights(stage, pair):
    rows = [stage.row(pair[0], weight=3), stage.row(pair[1], weight=1)]
    served = stage.proxy(*rows, group={"policy": "random", "hedge": "off"})
    ask_many(served, "drawn")
    assert MANY * 0.6 < shares(pair, "drawn")[0] < MANY * 0.9


def test_hash_sends_a_domain_to_one_provider(stage):
    pair = [stage.chaos("tcp"), stage.chaos("tcp", host="127.0.0.2")]
    served = stage.proxy(*pair, group={"policy": "hash", "hedge": "off"})
    for number in range(12):
        for host in ("www", "mail", "api"):
            name = f"{host}.domain{number}.test"
            assert is_right(ask(served, name), name)
    owners = [{question.name.split(".")[1] for question in server.questions} for server in pair]
    assert owners[0] and owners[1] and not owners[0] & owners[1]


def test_failover_asks_the_second_only_while_the_first_fails(stage, pair):
    served = stage.proxy(*pair, group={"policy": "failover", "hedge": "off"})
    ask_many(served, "before", 20)
    assert shares(pair, "before") == [20, 0]
    pair[0].switch("servfail")
    ask_many(served, "during", 20)
    assert shares(pair, "during")[1] == 20
    pair[0].heal()

    def is_asked_again():
        name = f"after{time.monotonic_ns()}.test"
        return is_right(ask(served, name), name) and not pair[1].asked_about(name)
    until(is_asked_again, "the first alone is asked again")


@pytest.mark.parametrize("fault", ["servfail", "refused", "reset", "halfclose", "away"])
@pytest.mark.parametrize("policy", ["fastest", "failover", "hash"])
def test_no_question_fails_because_one_of_two_does(stage, fault, policy):
    servers = [stage.chaos(), stage.chaos()]
    served = stage.proxy(*servers, group={"policy": policy})
    ask_many(served, "well", 40)
    servers[0].switch(fault)
    ask_many(served, "ill")


def test_a_silent_upstream_is_no_reason_to_wait_for_the_deadline(stage, pair, tmp_path):
    served = stage.proxy(*pair, group={"policy": "failover"}, control=socket_at(tmp_path))
    ask_many(served, "well", 40)
    pair[0].switch("silent")
    ask_many(served, "ill")
    first = tell_json(tmp_path / "control.sock", "upstreams")["upstreams"][0]
    assert first["state"] in ("suspect", "down") and first["reason"]
    assert first["counts"]["silent"] >= 1


def test_a_slow_answer_is_hedged_and_counted(stage, pair, tmp_path):
    pair[0].switch("delay-fixed-1500")
    served = stage.proxy(*pair, group={"policy": "failover", "hedge": "20ms", "hedge_budget": "100%"},
                         control=socket_at(tmp_path))
    assert is_right(ask(served, "slow.test"), "slow.test")
    told = tell_json(tmp_path / "control.sock", "upstreams")["upstreams"]
    assert told[1]["counts"]["hedges"] == told[1]["counts"]["hedges_won"] == 1


def test_a_group_that_is_dead_falls_back_where_that_is_written(stage, chaos):
    dead = f"tcp://127.0.0.1:{free_port()}"
    served = stage.proxy(stage.row(chaos), stage.row(dead, group="corp"),
                         groups=[{"name": "corp", "fallback": "default"}],
                         route=[{"suffix": ["corp.test"], "group": "corp"}])
    assert is_right(ask(served, "www.corp.test"), "www.corp.test")


def test_ten_thousand_questions_at_a_cold_start_open_what_is_configured(stage, chaos, tmp_path):
    served = stage.proxy(stage.row(chaos, connections=3), workers=1, control=socket_at(tmp_path),
                         limit={"tcp_connections_per_client": 100})
    ask_many(served, "burst", 10000)
    told, = tell_json(tmp_path / "control.sock", "upstreams")["upstreams"]
    assert told["counts"]["answers"] == 10000
    assert told["counts"]["opened"] <= 3 + REPLACED     # a slow machine may doubt one while it opens


def test_the_first_question_after_an_idle_close_is_answered(stage):
    server = stage.chaos()
    server.next_connections("idle-300")
    served = stage.proxy(server)
    assert is_right(ask(served, "before.test"), "before.test")
    until(lambda: not server.connections[0].is_open, "the server closes what is idle")
    assert is_right(ask(served, "after.test"), "after.test")
    assert len(server.asked_about("after.test")) == 1


def test_a_quiet_second_is_no_reason_for_another_connection(stage):
    server = stage.chaos()
    served = stage.proxy(server, workers=1)
    for number in range(6):
        assert is_right(ask(served, f"n{number}.quiet.test"), f"n{number}.quiet.test")
        time.sleep(0.3)
    assert len(server.connections) == 1
