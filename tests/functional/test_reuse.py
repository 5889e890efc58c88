"""Long-lived connections to the upstream: many questions on few, and none lost when one dies."""

import pytest

from client import Stream, ask, is_right, name_of, named_queries
from ports import free_port
from waiting import until

ENDS = ["close", "cut", "reset"]


def single(stage, server):
    """One worker, one connection, and no timeout that could pass for noticing that it died."""
    return stage.proxy(stage.row(server, connections=1), workers=1,
                       group={"timeout": "1m", "deadline": "1m"})


def all_right(stream, queries):
    responses = stream.ask(*queries)
    by_id = {message.id: name_of(message) for message in queries}
    wrong = [response.to_text() for response in responses
             if not is_right(response, by_id[response.id])]
    assert wrong == [] and {response.id for response in responses} == set(by_id)
    return True


def test_hundreds_of_questions_are_in_flight_on_one_connection(stage):
    server = stage.chaos()
    with Stream(single(stage, server)) as stream:
        all_right(stream, named_queries("delay-1000", 400))
    # So long a silence is doubted: they are asked again over another one, but each was on the first.
    assert server.peak_pending >= 200 and len(server.connections[0].questions) == 400


@pytest.mark.parametrize("most", [1, 3])
def test_the_cap_on_connections_is_hard(stage, most):
    server = stage.chaos()
    served = stage.proxy(stage.row(server, connections=most), workers=1)
    streams = [Stream(served) for _ in range(5)]
    queries = [named_queries(f"delay-300.s{n}", 100) for n in range(5)]
    for stream, questions in zip(streams, queries):
        stream.send(*questions)
    for stream, questions in zip(streams, queries):
        names = {message.id: name_of(message) for message in questions}
        assert all(is_right(answer, names[answer.id]) for answer in stream.receive(100))
        stream.sock.close()
    doubted = served.counter("connections doubted")    # a slow machine has its doubts, and replaces those
    assert len(server.connections) <= most + doubted and server.peak_open <= most + doubted


def test_the_cap_holds_while_the_handshake_hangs(stage):
    server = stage.chaos(mode="deaf")
    served = stage.proxy(stage.row(server, connections=2), workers=1,
                         group={"timeout": "1s", "deadline": "1s"})
    with Stream(served) as stream:
        stream.send(*named_queries("hung", 500))
        until(lambda: server.connections, "a connection is tried")
        stream.receive(500)
    assert server.peak_open <= 2


def test_a_connection_is_kept_for_the_next_question(stage):
    server = stage.chaos()
    served = single(stage, server)
    for number in range(20):
        assert is_right(ask(served, f"kept{number}.test"), f"kept{number}.test")
    assert len(server.connections) == 1


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_session_is_resumed_after_a_close(stage, version):
    server = stage.chaos(mode="close-1", versions=(version, version))
    served = single(stage, server)
    for number in range(4):
        assert is_right(ask(served, f"resume{number}.test"), f"resume{number}.test")
    assert len(server.connections) >= 4 and not server.connections[0].resumed
    assert all(connection.resumed for connection in server.connections[1:4])


def test_opened_and_resumed_connections_are_counted(stage):
    server = stage.chaos(mode="close-1")
    served = single(stage, server)
    for number in range(3):
        assert is_right(ask(served, f"count{number}.test"), f"count{number}.test")
    assert served.counter("connections opened") == len(server.connections)
    assert served.counter("connections resumed") == sum(seen.resumed for seen in server.connections)


@pytest.mark.parametrize("how", ENDS)
def test_questions_after_an_idle_connection_died_are_answered(stage, how):
    server = stage.chaos()
    served = single(stage, server)
    for number in range(10):
        assert is_right(ask(served, f"idle{number}.test"), f"idle{number}.test")
        server.hang_up(how)
    assert len(server.connections) > 5      # not each time: one may be on its way when the others end


@pytest.mark.parametrize("mode", ["idle-2", "idlecut-2"])
def test_a_server_that_closes_as_soon_as_it_is_idle_loses_nothing(stage, mode):
    served = single(stage, stage.chaos(mode=mode))
    with Stream(served) as stream:
        for number in range(20):
            all_right(stream, named_queries(f"burst{number}", 5))


@pytest.mark.parametrize("how", ENDS)
def test_a_server_that_closes_after_every_fifth_answer_loses_nothing(stage, how):
    server = stage.chaos(mode=f"{how}-5")
    with Stream(single(stage, server)) as stream:
        for number in range(12):
            all_right(stream, named_queries(f"fifth{number}", 5))
    assert len(server.connections) >= 12


@pytest.mark.parametrize("how", ENDS)
def test_questions_in_flight_move_when_the_server_closes_halfway_through(stage, how):
    server = stage.chaos()
    server.next_connections(f"{how}-50")
    with Stream(single(stage, server)) as stream:
        all_right(stream, named_queries("halfway", 100))
    assert len(server.connections) == 2


@pytest.mark.parametrize("mode", ["drop-40", "abort-40"])
def test_questions_in_flight_move_when_none_was_answered(stage, mode):
    server = stage.chaos()
    served = single(stage, server)
    assert is_right(ask(served, "proven.test"), "proven.test")
    server.next_connections(mode)
    server.hang_up()
    with Stream(served) as stream:
        all_right(stream, named_queries("moved", 40))
    assert len(server.connections) == 3


def test_questions_on_a_connection_that_was_good_move_when_it_dies(stage):
    server = stage.chaos()
    server.next_connections("reset-1")
    served = single(stage, server)
    queries = named_queries("delay-200", 100)
    queries[0] = named_queries("quick", 1)[0]
    with Stream(served) as stream:
        all_right(stream, queries)      # the one quick answer resets the connection under the 99
    # Those travel together, and may be asked again elsewhere for being silent so soon.
    assert len(server.connections[1].questions) >= 99


# A second upstream.

BAD_FIRST = {
    "resets": {"mode": "refuse-0"},
    "is mute": {"mode": "mute"},
    "is deaf": {"mode": "deaf"},
    "sends an alert": {"mode": "alert"},
    "sends garbage": {"mode": "garbage"},
    "has expired": {"certificate": "expired"},
    "has another name": {"certificate": "wrong_name"},
}


@pytest.mark.parametrize("what", BAD_FIRST)
def test_the_second_upstream_takes_over_when_the_first(stage, what):
    bad, good = stage.chaos(**BAD_FIRST[what]), stage.chaos()
    served = stage.proxy(bad, good, group={"timeout": "500ms", "deadline": "15s"})
    for number in range(5):
        assert is_right(ask(served, f"second{number}.test"), f"second{number}.test")
    assert bad.questions == []


def test_the_second_upstream_takes_over_when_the_first_refuses(stage):
    good = stage.chaos()
    served = stage.proxy(f"tls://127.0.0.1:{free_port()}#dns.test", good)
    for number in range(5):
        assert is_right(ask(served, f"refused{number}.test"), f"refused{number}.test")
    assert good.questions


def test_the_second_upstream_takes_over_when_the_first_falls_silent(stage):
    served = stage.proxy(stage.chaos(mode="drop-1000000"), stage.chaos(),
                         group={"timeout": "300ms", "deadline": "15s"})
    for number in range(3):
        assert is_right(ask(served, f"silent{number}.test"), f"silent{number}.test")
