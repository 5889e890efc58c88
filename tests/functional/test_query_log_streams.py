"""The query log: which records a stream has, and what it tells of clients."""

import subprocess
from pathlib import Path

import pytest
from dns.edns import ECSOption, GenericOption

from client import ask, ask_all, exchange, query
from front import TlsStream, dot, proxy_header, trusting
from ports import free_port
from proxy import BINARY, listener
from records import (ALL, CLIENT_QUERY, FORMATS, ask_from, client_socket, read, read_taps, read_whole, stream,
                     validator)
from waiting import until

KEY = "1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202"      # Crypto-PAn's own sample


def test_a_stream_has_all_until_it_is_taken_away_and_from_then_on_nothing(stage, chaos, tmp_path):
    served = stage.prepare(chaos, query_log=[stream(tmp_path)])
    without = served.file.read_text().split("query_log:")[0]
    stage.run(served)
    for number in range(20):
        ask(served, f"before{number}.test")
    served.reload(without)
    served.wait_for_log("info reloaded:")
    ask(served, "between.test")
    served.reload(without + f"query_log: [{{to: 'file:{tmp_path}/again'}}]\n")
    until(lambda: len(served.log_lines("info reloaded:")) == 2, "both are reloaded")
    ask(served, "after.test")
    served.stop()
    assert [got["qname"] for got in read(tmp_path / "json")] == [f"before{number}.test." for number in range(20)]
    assert [got["qname"] for got in read(tmp_path / "again")] == ["after.test."]


def test_streams_that_come_and_go_leave_nothing_behind(stage, chaos, tmp_path):
    """Neither descriptors nor threads; nor does a reload that fails because of its last stream."""
    there = tmp_path / "there"
    there.mkdir()
    served = stage.prepare(chaos, query_log=[stream(there)])
    without = served.file.read_text().split("query_log:")[0]
    process = Path(f"/proc/{stage.run(served).process.pid}")
    some = [f"{{to: 'file:{there}/{form}', format: {form}, rotate_every: 1m, compress: gzip}}" for form in ALL]
    some += ["{to: 'udp://127.0.0.1:9'}"]

    def held():
        return len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))

    def reload(streams, outcome):
        before = len(served.log_lines(f" {outcome}:"))
        served.reload(f"{without}query_log: [{', '.join(streams)}]\n")
        until(lambda: len(served.log_lines(f" {outcome}:")) > before, outcome)
    reload([], "reloaded")
    least = None
    for number in range(8):
        reload(some, "reloaded")
        ask(served, f"recorded{number}.test")
        reload([*some, f"{{to: 'file:{there}/no/such/directory'}}"], "reload_failed")
        reload([], "reloaded")
        if least is None:
            least = settled(held)
    until(lambda: held() <= least, f"{least} are left, as after the first time")
    served.stop()
    assert len(read(there / "json")) == 8


def settled(what):
    """The value that is the same for half a second."""
    seen = [what()]
    until(lambda: seen.append(what()) or len(seen) > 50 and len(set(seen[-50:])) == 1, "it changes no more")
    return seen[-1]


def test_filters_choose_records(stage, chaos, tmp_path):
    wanted = {"only": {"only": "errors"}, "names": {"names": ["in.test"]}, "rcodes": {"rcodes": ["NXDOMAIN"]},
              "clients": {"clients_from": ["127.0.0.8/31"]},
              "two": {"clients_from": ["127.0.0.8/31"], "names": ["in.test"]}}
    served = stage.proxy(chaos, query_log=[{"to": f"file:{tmp_path / name}", **keys}
                                           for name, keys in wanted.items()])
    for source in ("127.0.0.1", "127.0.0.9"):
        with client_socket(served.port, source) as sock:
            for name in ("rcode-2.out.test", "rcode-3.in.test", "fine.IN.test", "fine.out.test"):
                ask_from(sock, query(name))
    served.stop()

    def seen(name):
        return [(got["client"][-1], got["qname"].lower()) for got in read(tmp_path / name)]
    assert seen("only") == [(last, "rcode-2.out.test.") for last in "19"]
    assert seen("names") == [(last, name) for last in "19" for name in ("rcode-3.in.test.", "fine.in.test.")]
    assert seen("rcodes") == [(last, "rcode-3.in.test.") for last in "19"]
    assert [last for last, _ in seen("clients")] == ["9"] * 4
    assert seen("two") == [("9", "rcode-3.in.test."), ("9", "fine.in.test.")]
    sequences = [got["sequence"] for got in read_whole(tmp_path / "two")]
    assert sequences == [1, 2]      # what a filter leaves out is not missing


def test_a_sample_has_all_of_some_and_nothing_of_others(stage, chaos, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    served = stage.proxy(chaos, query_log=[stream(tmp_path, sample=4, client_key=key)])
    for _ in range(3):
        ask_all(served, {number: query(f"s{number}.test") for number in range(60)})
    served.stop()
    records = [got for got in read(tmp_path / "json")]
    counts = {got["qname"]: 0 for got in records}
    for got in records:
        assert got["sample"] == 4
        counts[got["qname"]] += 1
    assert set(counts.values()) == {3} and 5 <= len(counts) <= 30


@pytest.mark.parametrize("mode,clients,subnet",
                         [("prefix", "127.0.0.0", "198.51.100.0/32"), ("hashed", None, None)])
def test_hidden_clients_show_nowhere(stage, chaos, authority, tmp_path, mode, clients, subnet):
    key = tmp_path / "key"
    key.write_text(KEY + "\n")
    log = [stream(tmp_path, form, clients=mode, client_key=key) for form in ALL]
    served = stage.proxy(chaos, listen=[listener(free_port()), dot(authority["good"])], query_log=log)
    message = query("hide.test", edns=1232, options=[ECSOption("198.51.100.77", 32), GenericOption(10, b"cookie01"),
                                                     GenericOption(65001, b"\xde\xad\xbe\xef\0\1")])
    ports = []
    with client_socket(served.port, "127.0.0.77") as sock:
        ports.append(sock.getsockname()[1])
        for wire in (message.to_wire(), message.to_wire(), b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\xffsecret"):
            ask_from(sock, wire)
    served.port = int(served.listen[1]["url"].rsplit(":", 1)[1])
    with TlsStream(served, trusting(authority), source="127.0.0.77") as connection:
        ports.append(connection.sock.getsockname()[1])
        connection.ask(message)
    served.stop()
    for form in FORMATS:
        text = (tmp_path / form).read_text()
        for secret in ("127.0.0.77", "198.51.100.77", "sni", "server_name", *(f":{port}" for port in ports)):
            assert secret not in text, (form, secret)
        for got in read(tmp_path / form):
            validator(form).validate(got)
    raw = (tmp_path / "dnstap").read_bytes()
    for secret in (b"\x7f\0\0\x4d", b"\xc6\x33\x64\x4d", b"cookie01", b"\xde\xad\xbe\xef", b"secret"):
        assert secret not in raw
    taps = read_taps(tmp_path / "dnstap")
    assert [tap for tap in taps if tap.query_port] == []
    assert len([tap for tap in taps if tap.type == CLIENT_QUERY and tap.query]) == 3
    records = read(tmp_path / "json")
    assert {got["clients"] for got in records} == {mode}
    assert len({got["client"] for got in records}) == 1
    assert {len(got.get("client_subnet", "")) > 0 for got in records if "qname" in got} == {True}
    if clients:
        assert records[0]["client"] == clients and records[0]["client_subnet"] == subnet
        assert "127.0.0.0" in read(tmp_path / "ecs")[0]["related"]["ip"]


def test_pseudonyms_are_those_of_the_key_and_a_new_key_takes_over(stage, chaos, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    row = listener(free_port(), proxy_from=["127.0.0.0/8"])
    served = stage.prepare(chaos, listen=[row], limit={"allow": ["0.0.0.0/0"]},
                           query_log=[stream(tmp_path, clients="hashed", client_key=key)])
    served.wait_until_serving = lambda url: served.wait_for_log("listening")
    stage.run(served)

    def pseudonym_of(client):
        exchange(served, proxy_header(client, 4711, kind=2) + query("who.test").to_wire())
        count = len(seen)
        until(lambda: len(read(tmp_path / "json")) > count, "a record more")
        seen[:] = read(tmp_path / "json")
        return seen[-1]["client"]
    seen = []
    assert pseudonym_of("128.11.68.132") == "135.242.180.132"       # as Crypto-PAn's own sample has it
    assert pseudonym_of("129.118.74.4") == "134.136.186.123"
    fresh = tmp_path / "key.new"
    fresh.write_text("0" * 63 + "1")
    fresh.rename(key)
    served.wait_for_log("query_log_key_loaded")
    assert pseudonym_of("128.11.68.132") != "135.242.180.132"
    key.write_text("no key")
    served.wait_for_log("query_log_key_failed", "no key; write 64 hexadecimal digits")
    served.stop()


@pytest.mark.parametrize("keys,problem", [
    ({"clients_from": ["192.0.2.1/24"]}, "192.0.2.1/24 is no prefix; write 192.0.2.0/24, or one address"),
    ({"names": ["a..b"]}, "a..b is no name"),
    ({"rcodes": ["NOSUCH"]}, "NOSUCH is no RCODE; write NXDOMAIN or the like, or none for queries without a response"),
    ({"sample": 0}, "sample: 0 is below 1"),
    ({"clients": "some"}, "clients: some is none of: full, prefix, hashed"),
])
def test_what_is_wrong_with_a_stream_is_told(stage, chaos, tmp_path, keys, problem):
    served = stage.prepare(chaos, query_log=[stream(tmp_path, **keys)])
    done = subprocess.run([BINARY, "check", "-c", served.file], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and problem in done.stderr


def test_a_key_that_cannot_be_read_is_told_at_the_start(stage, chaos, tmp_path):
    served = stage.prepare(chaos, query_log=[stream(tmp_path, clients="hashed", client_key=tmp_path / "absent")])
    done = subprocess.run(served.command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "absent: No such file or directory" in done.stderr
