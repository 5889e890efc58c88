"""Records in files and on standard output: rotation, full disks, what is moved away; what a reload and the sandbox
make of streams."""

import gzip
import json
import os
import re
import signal
import subprocess
import time

import pytest

from client import ask
from collectors import dnstap_read
from control import socket_at, tell
from ports import free_port
from proxy import run_to_the_end
from records import CLIENT_QUERY, read_taps, read_whole, stream
from streams import Perf, are_all, ask_many, count_of, is_sum_right, lost_on_the_way, queries_of, settled, told_lost
from waiting import until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")


def numbers(records):
    return [record["sequence"] for record in records]


def lines_of(file):
    opened = gzip.open(file) if file.suffix == ".gz" else open(file, "rb")
    with opened as text:
        data = text.read()
    assert data.endswith(b"\n") or not data, f"{file} ends in half a line"
    return [json.loads(line) for line in data.decode().splitlines()]


def rotated(directory, name="json"):
    """The files of a stream, the oldest first."""
    found = {file: re.fullmatch(re.escape(name) + r"(?:\.(\d+))?(?:\.gz)?", file.name) for file in directory.iterdir()}
    return sorted((file for file in found if found[file]), key=lambda file: int(found[file][1] or 0), reverse=True)


# Files.

def test_a_file_is_rotated_by_size_and_compressed(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    place = tmp_path / "log"
    place.mkdir()
    served = stage.proxy(chaos, control=control, query_log=[
        stream(place, rotate_size="64KiB", keep=1000, compress="gzip")])
    ask_many(served, 1500)
    asked = settled(control, f"file:{place}/json")["written"]
    until(lambda: all(file.suffix == ".gz" for file in rotated(place)[:-1]), "old ones are compressed")
    served.stop()
    files = rotated(place)
    assert len(files) > 8 and [file.name for file in files[-2:]] == ["json.1.gz", "json"]
    assert numbers(got for file in files for got in lines_of(file)) == list(range(1, asked + 1))
    for file in files[:-1]:
        whole = subprocess.run(["gunzip", "-c", file], capture_output=True, check=True).stdout
        assert 60000 < len(whole) <= 65536
    assert all(file.stat().st_mode & 0o777 == 0o640 for file in files)
    assert not list(place.glob("*.part"))


def test_old_files_go_when_there_are_enough(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    place = tmp_path / "log"
    place.mkdir()
    for index in (1, 2, 3, 4, 5, 6):    # of a time when more were kept
        (place / f"json.{index}").write_text("{}\n")
    served = stage.proxy(chaos, control=control, query_log=[stream(place, rotate_size="64KiB", keep=3)])
    ask_many(served, 1000)
    asked = settled(control, f"file:{place}/json")["written"]
    served.stop()
    assert [file.name for file in rotated(place)] == ["json.3", "json.2", "json.1", "json"]
    got = numbers(got for file in rotated(place) for got in lines_of(file))
    assert got == list(range(asked - len(got) + 1, asked + 1))


def test_a_file_of_yesterday_is_rotated(stage, chaos, tmp_path):
    (tmp_path / "json").write_text('{"sequence":0}\n')
    os.utime(tmp_path / "json", (time.time() - 86400, time.time() - 86400))
    served = stage.proxy(chaos, query_log=[stream(tmp_path, rotate_every="1d")])
    ask(served, "today.test")
    served.stop()
    assert lines_of(tmp_path / "json.1") == [{"sequence": 0}]
    assert len(lines_of(tmp_path / "json")) == 2


def test_what_was_not_compressed_before_a_restart_is_after_it(stage, chaos, tmp_path):
    (tmp_path / "json.1").write_text('{"sequence":1}\n' * 100000)
    (tmp_path / "json.gz.part").write_text("half a file")
    stage.proxy(chaos, query_log=[stream(tmp_path, compress="gzip")])
    until(lambda: not (tmp_path / "json.1").exists(), "it is compressed")
    assert len(lines_of(tmp_path / "json.1.gz")) == 100000
    assert not (tmp_path / "json.gz.part").exists()


@pytest.mark.parametrize("tells", [True, False])
def test_a_file_that_was_moved_away_is_begun_anew(stage, chaos, tmp_path, tells):
    """As logrotate does it, with a signal; without one it is noticed a moment later."""
    control = socket_at(tmp_path)
    served = stage.proxy(chaos, control=control, query_log=[stream(tmp_path)])
    ask_many(served, 200)
    settled(control, f"file:{tmp_path}/json")
    (tmp_path / "json").rename(tmp_path / "json-old")
    if tells:
        served.signal(signal.SIGUSR1)
    until((tmp_path / "json").exists, "there is a new one")
    ask_many(served, 200, "more")
    asked = settled(control, f"file:{tmp_path}/json")["written"]
    served.stop()
    old, new = lines_of(tmp_path / "json-old"), lines_of(tmp_path / "json")
    assert len(new) >= 200 and numbers(old + new) == list(range(1, asked + 1))


def test_a_line_that_a_crash_tore_off_spoils_no_other(stage, chaos, tmp_path):
    (tmp_path / "json").write_text('{"sequence":1}\n{"sequ')
    served = stage.proxy(chaos, query_log=[stream(tmp_path)])
    ask(served, "after.test")
    served.stop()
    lines = (tmp_path / "json").read_text().splitlines()
    assert lines[1] == '{"sequ' and [json.loads(line)["sequence"] for line in lines[2:]] == [1, 2]


def test_what_is_no_file_is_refused(stage, chaos, tmp_path):
    os.mkfifo(tmp_path / "json")
    served = stage.prepare(chaos, query_log=[stream(tmp_path)])
    status, said = run_to_the_end("run", "-c", served.file)
    assert status == 1 and "name a file" in said


def test_a_directory_that_may_not_be_written_lets_the_file_grow(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    place = tmp_path / "log"
    place.mkdir()
    (place / "json.1").mkdir()      # cannot go, nor be replaced by a file
    (place / "json.1" / "stays").write_text("")
    served = stage.proxy(chaos, control=control, query_log=[stream(place, rotate_size="64KiB", keep=1)])
    ask_many(served, 400)
    asked = settled(control, f"file:{place}/json")["written"]
    assert len(served.wait_for_log("query_log_not_rotated", "reason=")) == 1
    served.stop()
    assert numbers(lines_of(place / "json")) == list(range(1, asked + 1))


# A full disk.

class SmallDisk:
    """A disk of `size`, which only the proxy has: `wrapper` starts it there, `see` looks at it from here."""

    def __init__(self, directory, size):
        self.directory = directory
        directory.mkdir()
        self.wrapper = ["unshare", "--mount", "sh", "-c",
                        f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', str(directory)]

    def see(self, served, name):
        return type(self.directory)(f"/proc/{served.process.pid}/root{self.directory}/{name}")


@needs_root
def test_a_full_disk_leaves_whole_lines_and_is_recovered_from(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    disk = SmallDisk(tmp_path / "disk", "1m")
    served = stage.run(stage.prepare(chaos, control=control, wrapper=disk.wrapper,
                                     query_log=[stream(disk.directory), stream(tmp_path, "ecs")]))
    to, file = f"file:{disk.directory}/json", disk.see(served, "json")
    balloon = disk.see(served, "balloon")
    balloon.write_bytes(bytes(900 << 10))
    ask_many(served, 500)
    served.wait_for_log("query_log_failed", "No space left on device")
    told = count_of(control, to)
    assert told["state"] == "failing" and told["reason"] == "No space left on device" and told["waiting"] > 100
    partly = lines_of(file)                     # also while it is full
    assert 0 < len(partly) < 500
    balloon.unlink()
    count = settled(control, to)
    assert (count["lost"], count["written"]) == (0, queries_of(control))
    assert numbers(lines_of(file)) == list(range(1, count["written"] + 1))
    assert count_of(control, to)["state"] == "writing"
    served.stop()
    assert len(served.log_lines("query_log_failed")) == len(served.log_lines("query_log_back")) == 1
    assert not served.log_lines("query_log_lost")


@needs_root
def test_a_disk_that_stays_full_loses_what_memory_does_not_hold_and_counts_it(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    disk = SmallDisk(tmp_path / "disk", "256k")
    served = stage.run(stage.prepare(chaos, control=control, wrapper=disk.wrapper,
                                     query_log=[stream(disk.directory, "ocsf"), stream(tmp_path)]))
    to = f"file:{disk.directory}/ocsf"
    disk.see(served, "balloon").write_bytes(bytes(150 << 10))
    with Perf(tmp_path, served):
        until(lambda: lost_on_the_way(count_of(control, to)) > 0, "there is no memory any more")
    other = settled(control, f"file:{tmp_path}/json")
    count = until(lambda: is_sum_right(control, to), "all are counted")
    assert lost_on_the_way(other) == 0 and count["waiting"] > 0
    assert len(lines_of(disk.see(served, "ocsf"))) == count["written"]
    asked = queries_of(control)
    served.stop()
    assert told_lost(served, to) + count["written"] == asked
    assert are_all(numbers(read_whole(tmp_path / "json")), other)


# dnstap in a file.

def test_a_file_of_dnstap_is_read_by_bind_and_a_restart_begins_a_new_one(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, "dnstap")])
    ask_many(served, 100)
    served.stop()
    again = stage.run(stage.prepare(chaos, query_log=[stream(tmp_path, "dnstap")]))
    ask_many(again, 50, "again")
    again.stop()
    for name, count in (("dnstap.1", 100), ("dnstap", 50)):
        assert sum(" CQ " in line for line in dnstap_read(tmp_path / name)) == count


def test_a_file_of_dnstap_whose_writer_was_killed_can_be_read(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    served = stage.prepare(chaos, control=control, query_log=[stream(tmp_path, "dnstap")]).start()
    ask_many(served, 100)
    until(lambda: count_of(control, f"file:{tmp_path}/dnstap")["written"] > 200, "queries and exchanges are written")
    served.kill()
    assert sum(tap.type == CLIENT_QUERY for tap in read_taps(tmp_path / "dnstap")) == 100
    done = subprocess.run(["dnstap-read", tmp_path / "dnstap"], capture_output=True, text=True, timeout=60)
    assert done.stdout.count(" CQ ") == 100


def test_files_of_dnstap_are_rotated_as_whole_streams(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    place = tmp_path / "log"
    place.mkdir()
    served = stage.proxy(chaos, control=control, query_log=[stream(place, "dnstap", rotate_size="64KiB", keep=100)])
    ask_many(served, 600)
    served.stop()
    files = rotated(place, "dnstap")
    assert len(files) > 3
    assert sum(" CQ " in line for file in files for line in dnstap_read(file)) == 600
    assert all(file.stat().st_size <= 65536 + 20 for file in files)


# Standard output.

def test_a_reader_of_standard_output_that_is_slow_loses_whole_lines(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    os.mkfifo(tmp_path / "out")
    read_end = os.open(tmp_path / "out", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(read_end, True)
    served = stage.run(stage.prepare(chaos, control=control, query_log=[{"to": "stdout"}, stream(tmp_path)],
                                     wrapper=["sh", "-c", 'exec "$@" >"$0"', str(tmp_path / "out")]))
    with Perf(tmp_path, served):
        until(lambda: lost_on_the_way(count_of(control, "stdout")) > 0, "there is no memory any more")
    file = settled(control, f"file:{tmp_path}/json")
    served.wait_for_log("query_log_failed", "to=stdout", "its reader takes nothing")
    lost = until(lambda: is_sum_right(control, "stdout"), "all are counted")["lost"]
    with os.fdopen(read_end, "rb") as reader:
        served.signal(signal.SIGTERM)
        text = reader.read()
    served.process.wait(20)
    served.stop()
    records = [json.loads(line) for line in text.decode().splitlines()]
    assert text.endswith(b"\n") and len(records) + lost == file["written"] + file["lost"]


# Reloads.

def test_a_reload_loses_nothing_of_streams_that_stay_come_and_go(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    stays, goes, comes = (stream(tmp_path, form) for form in ("json", "ecs", "ocsf"))
    served = stage.proxy(chaos, control=control, query_log=[stays, goes])
    text = served.file.read_text()
    with Perf(tmp_path, served, rate=10000):
        until(lambda: count_of(control, goes["to"])["written"] > 1000, "records are written")
        served.reload(text.replace(goes["to"], comes["to"]).replace("format: ecs", "format: ocsf"))
        until(lambda: "ocsf" in tell(control["socket"], "status"), "the new one is there")
        until(lambda: count_of(control, comes["to"])["written"] > 1000, "records are written")
        served.reload(text)
        until(lambda: "ocsf" not in tell(control["socket"], "status"), "it has gone again")
    all_of_it = settled(control, stays["to"])
    served.stop()
    assert lost_on_the_way(all_of_it) == 0 and are_all(numbers(read_whole(tmp_path / "json")), all_of_it)
    runs = [record["event"]["sequence"] for record in read_whole(tmp_path / "ecs")]
    came = [record["metadata"]["sequence"] for record in read_whole(tmp_path / "ocsf")]
    second = next(index for index in range(1, len(runs)) if runs[index] < runs[index - 1])
    for some in (runs[:second], runs[second:], came):
        assert all(one < other for one, other in zip(some, some[1:])) and some[0] <= some[-1] - len(some) + 1
    # they took turns: each record is in the one or the other, or the log says that it was lost
    lost = told_lost(served, goes["to"]) + told_lost(served, comes["to"])
    assert len(runs) + len(came) + lost == all_of_it["written"] + all_of_it["lost"]


def test_a_stream_that_changes_goes_on_in_the_same_file(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    served = stage.proxy(chaos, control=control, query_log=[stream(tmp_path)])
    text = served.file.read_text()
    def has_begun(number):
        lines = (tmp_path / "json").read_bytes().splitlines()
        return lines and f'"identity":"number{number}"'.encode() in lines[-1]

    with Perf(tmp_path, served, rate=10000):
        for number in range(5):
            served.reload(text.replace("format: json", f"format: json\n    identity: number{number}"))
            until(lambda: has_begun(number), "it has begun")
    served.stop()
    records = lines_of(tmp_path / "json")
    runs = [0, *(index for index in range(1, len(records)) if records[index].get("identity") !=
                 records[index - 1].get("identity")), len(records)]
    assert len(runs) == 7
    for begin, end in zip(runs, runs[1:]):
        last = records[end - 1]
        assert numbers(records[begin:end]) == sorted(set(numbers(records[begin:end])))
        assert last["sequence"] - last["lost"] == end - begin


# The sandbox.

def test_a_reload_to_a_place_that_is_shut_says_so(stage, chaos, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    control = socket_at(tmp_path / "a")
    served = stage.prepare(chaos, query_log=[stream(tmp_path / "a")], control=control)
    place = tmp_path / "config"
    place.mkdir()
    served.file = served.file.rename(place / "dotproxy.yaml")
    served.command[-1] = str(served.file)
    stage.run(served)
    text, port = served.file.read_text(), free_port()
    for to, problem in ((f"file:{tmp_path}/b/json", f"query_log.0.to: the sandbox does not open {tmp_path}/b/json"),
                        (f"tcp://127.0.0.1:{port}", f"query_log.0.to: the sandbox opens the TCP ports .*, not {port}")):
        served.reload(text.replace(f"file:{tmp_path}/a/json", to))
        served.wait_for_log("reload_failed", problem)
    ask_many(served, 10)
    served.reload(text.replace(f"{tmp_path}/a/json", f"{tmp_path}/a/other"))
    until((tmp_path / "a" / "other").exists, "the same directory is open")
    served.stop()
    assert len(read_whole(tmp_path / "a" / "json")) >= 10


# What cannot be meant.

@pytest.mark.parametrize("keys,problem", [
    ({"to": "unix:/run/x"}, "to: unix: is for format: dnstap; syslog goes over udp://, tcp:// or tls://"),
    ({"to": "udp://127.0.0.1:514", "format": "dnstap"}, "to: dnstap goes over unix: or tcp://, or into a file:"),
    ({"to": "tls://127.0.0.1:6514", "format": "dnstap"}, "to: dnstap goes over unix: or tcp://"),
    ({"to": "stdout", "format": "dnstap"}, "to: a terminal or a log is no place for dnstap"),
    ({"to": "tcp://127.0.0.1"}, "to: tcp://127.0.0.1: write the port, too"),
    ({"to": "tcp://siem.example:514"}, "to: tcp://siem.example:514: write an address: names are not looked up"),
    ({"to": "file:queries"}, "to: file:queries: write the whole path, from / on"),
    ({"to": "gopher://x"}, "to: gopher://x: write file:/PATH, stdout"),
    ({"to": "stdout", "rotate_size": "1MiB"}, "rotate_size: only file: has old files"),
    ({"to": "file:/tmp/x", "rotate_size": "1KiB"}, "rotate_size: below 64KiB"),
    ({"to": "file:/tmp/x", "rotate_every": "10s"}, "rotate_every: below 1m"),
    ({"to": "file:/tmp/x", "spool": "/tmp/y"}, "spool: it is for tcp://, tls:// and unix:"),
    ({"to": "tcp://127.0.0.1:1", "ca": "/tmp/ca.pem"}, "ca: only tls:// has certificates"),
    ({"to": "tls://127.0.0.1:1", "certificate": "/tmp/c.pem"}, "certificate: write both, certificate and key"),
    ({"to": "tcp://127.0.0.1:1", "spool": "spool"}, "spool: write the whole path"),
])
def test_what_does_not_go_together_is_told(stage, chaos, keys, problem):
    served = stage.prepare(chaos, query_log=[keys])
    status, said = run_to_the_end("check", "-c", served.file)
    assert status == 2 and problem in said, said


def test_two_streams_do_not_share_a_place_nor_a_spool(stage, chaos):
    rows = [{"to": "tcp://127.0.0.1:1", "spool": "/tmp/s"}, {"to": "tcp://127.0.0.1:2", "spool": "/tmp/s"},
            {"to": "tcp://127.0.0.1:1"}]
    status, said = run_to_the_end("check", "-c", stage.prepare(chaos, query_log=rows).file)
    assert status == 2 and "is the spool of an item above" in said and "is written to by an item above" in said


# What the operator sees.

def test_status_tells_how_each_stream_fares(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    away = f"tcp://127.0.0.1:{free_port()}"
    served = stage.proxy(chaos, control=control, query_log=[stream(tmp_path, only="errors"), {"to": away}])
    ask_many(served, 10)
    until(lambda: is_sum_right(control, f"file:{tmp_path}/json"), "all are counted")
    told = count_of(control, f"file:{tmp_path}/json")
    assert (told["state"], told["format"], told["lost"], told["waiting"]) == ("writing", "json", 0, 0)
    assert told["written"] + told["skipped"] == queries_of(control) and told["skipped"] == 10
    served.wait_for_log("query_log_failed")
    told = count_of(control, away)
    assert (told["state"], told["reason"], told["written"]) == ("failing", "Connection refused", 0)
    said = tell(control["socket"], "status")
    assert re.search(rf"to +{re.escape(away)}\nformat +json\nstate +failing\nreason +Connection refused\n", said)
    served.stop()
