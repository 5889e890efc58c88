"""TLS tickets: what one connection earned serves the next, of whatever worker, and each ticket once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from client import ask, is_right
from hello import offered_tickets
from pipe import server_context

CONNECTIONS = 12


def served_by_many(stage, server):
    return stage.proxy(stage.row(server, connections=2), workers=3)


def ask_one_by_one(served, server, label):
    """Each answer ends its connection, and each question comes from a port of its own to any worker."""
    for number in range(100):
        if len(server.connections) >= CONNECTIONS and number >= CONNECTIONS:
            return
        assert is_right(ask(served, f"{label}{number}.test"), f"{label}{number}.test")


def tickets_of(server):
    return [offered_tickets(connection.raw) for connection in server.connections
            if connection.shaken]


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_all_but_the_first_connection_of_all_workers_are_resumed(stage, version):
    server = stage.chaos(mode="close-1", versions=(version, version))
    served = served_by_many(stage, server)
    ask_one_by_one(served, server, "resumed")
    seen = [connection for connection in server.connections if connection.shaken]
    assert len(seen) >= CONNECTIONS and not seen[0].resumed
    assert all(connection.resumed for connection in seen[1:])


def test_no_ticket_is_used_twice(stage):
    server = stage.chaos(mode="close-1")
    ask_one_by_one(served_by_many(stage, server), server, "once")
    offers = tickets_of(server)
    assert offers[0] == [] and all(len(offer) == 1 for offer in offers[1:])
    used = [ticket for offer in offers for ticket in offer]
    assert len(used) >= CONNECTIONS - 1 and len(set(used)) == len(used)


def test_no_ticket_is_used_twice_however_many_connect_at_once(stage):
    server = stage.chaos()
    served = served_by_many(stage, server)
    for round_ in range(6):
        names = [f"round{round_}.n{number}.test" for number in range(24)]
        with ThreadPoolExecutor(len(names)) as threads:
            responses = list(threads.map(lambda name: ask(served, name), names))
        assert all(map(is_right, responses, names))
        server.hang_up()
    used = [ticket for offer in tickets_of(server) for ticket in offer]
    assert used and len(set(used)) == len(used)


def test_a_second_connection_is_resumed_while_the_first_is_open(stage):
    server = stage.chaos()
    served = served_by_many(stage, server)
    number = 0
    while len(server.connections) < 2 and number < 200:
        assert is_right(ask(served, f"beside{number}.test"), f"beside{number}.test")
        number += 1
    first, second = server.connections[:2]
    assert first.is_open and not first.resumed and second.resumed


def test_a_server_that_forgot_its_keys_costs_a_full_handshake_and_no_question(stage, authority):
    server = stage.chaos()
    served = stage.proxy(stage.row(server, connections=1))
    assert is_right(ask(served, "before.test"), "before.test")
    server.context = server_context(authority["good"])
    server.hang_up()
    assert is_right(ask(served, "behind.test"), "behind.test")
    behind = server.connections[1]
    assert offered_tickets(behind.raw) and not behind.resumed


def test_a_server_that_stumbles_over_one_ticket_is_offered_no_other(stage):
    server = stage.chaos()
    served = stage.proxy(stage.row(server, connections=1))
    assert is_right(ask(served, "earns.test"), "earns.test")     # two tickets
    server.next_connections("alert")
    server.hang_up()
    assert is_right(ask(served, "stumbles.test"), "stumbles.test")
    stumbled, behind = server.connections[1:3]
    assert offered_tickets(stumbled.raw) and not offered_tickets(behind.raw)
