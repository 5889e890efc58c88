"""Groups and routes: which names are asked of whom, what a dead group costs, what a reload forgets."""

import pytest

from client import ask, failed_well, is_right
from control import socket_at, tell
from ports import free_port
from proxy import BRIEF, config, listener

CORP = [{"suffix": ["corp.test", "10.in-addr.arpa"], "group": "corp"}]


@pytest.fixture(scope="module")
def corp(shared):
    return shared.chaos("tcp")


@pytest.fixture(scope="module")
def deep(shared):
    return shared.chaos("udp")


@pytest.fixture(scope="module")
def proxy(shared, chaos, corp, deep):
    """Names below corp.test have a server of their own, and those below deep.corp.test another."""
    rows = [shared.row(chaos), shared.row(corp, group="corp"), shared.row(deep, group="deep")]
    routes = CORP + [{"suffix": ["deep.Corp.test"], "group": "deep"}]
    return shared.proxy(*rows, groups=["corp", "deep"], route=routes)


def hears_alone(name, server, others):
    return server.asked_about(name) and not any(other.asked_about(name) for other in others)


@pytest.mark.parametrize("name", ["corp.test", "www.corp.test", "WWW.cOrP.tEsT", "1.2.10.in-addr.arpa"])
def test_a_routed_name_goes_to_its_group_alone(proxy, chaos, corp, deep, name):
    assert is_right(ask(proxy, name), name)
    assert hears_alone(name, corp, [chaos, deep])


@pytest.mark.parametrize("name", ["xcorp.test", "test", "corp.test.example", "in-addr.arpa"])
def test_no_other_name_goes_there(proxy, chaos, corp, deep, name):
    assert is_right(ask(proxy, name), name)
    assert hears_alone(name, chaos, [corp, deep])


@pytest.mark.parametrize("name", ["deep.corp.test", "a.b.DEEP.corp.test"])
def test_the_longest_suffix_decides(proxy, chaos, corp, deep, name):
    assert is_right(ask(proxy, name), name)
    assert hears_alone(name, deep, [chaos, corp])


def test_a_dead_default_group_does_not_stop_a_routed_one(stage, corp):
    dead = f"tcp://127.0.0.1:{free_port()}"
    served = stage.proxy(stage.row(dead), stage.row(corp, group="corp"),
                         group=BRIEF, groups=["corp"], route=CORP)
    for number in range(5):
        assert failed_well(ask(served, f"n{number}.elsewhere.test", edns=1232))
        assert is_right(ask(served, f"n{number}.alive.corp.test"), f"n{number}.alive.corp.test")


def test_a_dead_routed_group_does_not_leak_its_names(stage, chaos):
    dead = f"tcp://127.0.0.1:{free_port()}"
    served = stage.proxy(stage.row(chaos), stage.row(dead, group="corp"),
                         groups=[{"name": "corp", **BRIEF}], route=CORP)
    assert failed_well(ask(served, "secret.corp.test", edns=1232))
    assert not chaos.asked_about("secret.corp.test")
    assert is_right(ask(served, "open.test"), "open.test")


def test_a_file_of_suffixes_is_a_route(stage, chaos, corp, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("# what is inside\n\nfiled.test  # all of it\r\n" +
                     "".join(f"n{number}.many.test\n" for number in range(20000)))
    served = stage.proxy(stage.row(chaos), stage.row(corp, group="corp"), groups=["corp"],
                         route=[{"suffix_file": names, "group": "corp"}])
    for name in ("www.filed.test", "a.n19999.many.test"):
        assert is_right(ask(served, name), name)
        assert hears_alone(name, corp, [chaos])
    assert is_right(ask(served, "n20000.many.test"), "n20000.many.test")
    assert hears_alone("n20000.many.test", chaos, [corp])


def settings(stage, chaos, corp, path, port, **sections):
    return config([listener(port)], [stage.row(chaos), stage.row(corp, group="corp")],
                  groups=["corp"], control=socket_at(path), **sections)


def test_a_reload_that_changes_routes_forgets_all_answers(stage, chaos, corp, tmp_path):
    port, path = free_port(), tmp_path / "control.sock"
    served = stage.proxy(stage.row(chaos), stage.row(corp, group="corp"), groups=["corp"],
                         listen=[listener(port)], control=socket_at(tmp_path))
    ask(served, "moves.corp.test")
    ask(served, "moves.corp.test")
    assert len(chaos.asked_about("moves.corp.test")) == 1
    served.write_config(settings(stage, chaos, corp, tmp_path, port, route=CORP))
    tell(path, "reload")
    served.wait_for_log("flushed", "other upstreams are asked now")
    assert is_right(ask(served, "moves.corp.test"), "moves.corp.test")
    assert len(corp.asked_about("moves.corp.test")) == 1


def test_a_reload_that_changes_no_route_forgets_nothing(stage, chaos, corp, tmp_path):
    port, path = free_port(), tmp_path / "control.sock"
    served = stage.proxy(stage.row(chaos), stage.row(corp, group="corp"), groups=["corp"],
                         listen=[listener(port)], control=socket_at(tmp_path), route=CORP)
    ask(served, "stays.corp.test")
    rows = [{"suffix": ["10.in-addr.arpa"], "group": "corp"}, {"suffix": ["CORP.test"], "group": "corp"}]
    served.write_config(settings(stage, chaos, corp, tmp_path, port, route=rows,
                                 group={"timeout": "7s", "deadline": "14s"}))
    tell(path, "reload")
    ask(served, "stays.corp.test")
    assert len(corp.asked_about("stays.corp.test")) == 1
    assert not served.log_lines("flushed")
