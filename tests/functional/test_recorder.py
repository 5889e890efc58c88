"""The flight recorder: the last queries from memory, by `dotproxy ctl dump` and out of a crash."""

import contextlib
import itertools
import json
import os
import signal
import stat
import threading

import pytest

from client import Stream, ask, query
from control import ctl, socket_at, tell
from load import Load
from proxy import config, looks_clean, run_to_the_end, watches_races
from waiting import until

SMALL = 65536


@pytest.fixture
def path(tmp_path):
    return tmp_path / "control.sock"


@pytest.fixture
def recording(stage, chaos, tmp_path):
    """Starts a dotproxy with a recorder."""
    def start(size="1MiB", crash_file=None, **sections):
        control = {**socket_at(tmp_path), "recorder": size, **({"crash_file": str(crash_file)} if crash_file else {})}
        served = stage.proxy(chaos, control=control, wrapper=["prlimit", "--core=0:0"], **sections)
        served.wait_for_log("info started:")        # it answers a moment before it records
        return served
    return start


def records_of(text):
    return [json.loads(line) for line in text.splitlines()]


def dumped(path, *words):
    return records_of(tell(path, "dump", *words))


def names_of(records):
    return [record["qname"] for record in records if "qname" in record]


# On request.

def test_the_last_queries_are_shown(recording, path):
    served = recording()
    for number in range(20):
        ask(served, f"kept{number}.test", edns=1232)
    records = dumped(path)
    assert names_of(records)[-20:] == [f"kept{number}.test." for number in range(20)]
    last = records[-1]
    assert (last["client"], last["source"], last["rcode"]) == ("127.0.0.1", "upstream", "NOERROR") and last["answers"]
    assert [record["sequence"] for record in records] == list(range(1, len(records) + 1))
    assert dumped(path, "--json") == records


def test_the_oldest_give_way(recording, path):
    served = recording(SMALL)
    for number in range(400):
        ask(served, f"number{number}.test")
    text = tell(path, "dump")
    shown = names_of(records_of(text))
    assert SMALL - 2048 < len(text) <= SMALL and 50 < len(shown) < 400
    assert shown == [f"number{number}.test." for number in range(400 - len(shown), 400)]


def test_the_query_log_is_another_thing(recording, path, tmp_path):
    log = tmp_path / "queries"
    served = recording(query_log=[{"to": f"file:{log}", "only": "denied", "clients": "hashed"}])
    ask(served, "plain.test")
    assert names_of(dumped(path))[-1] == "plain.test." and dumped(path)[-1]["client"] == "127.0.0.1"
    served.stop()
    assert "plain.test" not in log.read_text()


def test_without_a_recorder_it_is_told_how_to_get_one(stage, chaos, tmp_path, path):
    stage.proxy(chaos, control=socket_at(tmp_path))
    status, said, errors = ctl(path, "dump")
    assert (status, said) == (1, "") and "control.recorder" in errors


@pytest.mark.parametrize("control, told", [
    ({"recorder": "1KiB"}, "control.recorder|recorder: less than 65536 bytes"),
    ({"crash_file": "/tmp/never"}, "crash_file: needs a recorder"),
    ({"recorder": "33MiB"}, "recorder")])
def test_what_makes_no_sense_is_told(stage, chaos, control, told):
    served = stage.prepare(chaos, control=control)
    status, said = run_to_the_end("check", "-c", served.file)
    assert status == 2 and told.rpartition("|")[2] in said


def test_a_reload_does_not_change_it(recording, stage, chaos, tmp_path, path):
    served = recording()
    ask(served, "before.test")
    served.reload(config(served.listen, [stage.row(chaos)], control={**socket_at(tmp_path), "recorder": "2MiB"},
                         query_log=[{"to": "stdout"}]))
    assert served.wait_for_log("reload_partly", "control.recorder")
    ask(served, "after.test")
    assert names_of(dumped(path))[-2:] == ["before.test.", "after.test."]


def test_dumps_under_load(recording, path):
    served = recording("256KiB", workers=2, query_log=[{"to": "stdout"}])
    dumps = []

    def dump():
        for _ in range(10):
            dumps.append(dumped(path))
    with Load(served) as load:
        until(lambda: load.done > 50, "there is load")
        threads = [threading.Thread(target=dump, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(dumps) == 30 and not load.lost
    for records in dumps:
        numbers = [record["sequence"] for record in records]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


# Out of a crash. Who dies looks at what other threads are writing, and knows it.

dying = pytest.mark.skipif(watches_races(), reason="a race that is meant")


def kill(served, number):
    """It dies of the signal, as it would without a recorder."""
    served.signal(number)
    assert served.process.wait(30) == -number
    served.reader.join(10)
    looks_clean(served.log)
    served.stop = lambda: None


@dying
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"])
def test_a_crash_leaves_the_last_queries(recording, tmp_path, name):
    file = tmp_path / "crash"
    served = recording(crash_file=file)
    assert file.stat().st_size == 0 and stat.S_IMODE(file.stat().st_mode) == 0o600
    for number in range(10):
        ask(served, f"last{number}.test")
    kill(served, getattr(signal, name))
    records = records_of(file.read_text())
    crash, = [record for record in records if "crash" in record]
    assert (crash["crash"], crash["pid"]) == (name, served.process.pid)
    assert names_of(records)[-10:] == [f"last{number}.test." for number in range(10)]


def ask_until_it_ends(served, number, done):
    with contextlib.suppress(OSError, EOFError), Stream(served) as stream:
        for count in itertools.count():
            stream.ask(query(f"load{number}x{count}.test"))
            done.append(count)


@dying
def test_a_crash_under_load_leaves_whole_lines(recording, tmp_path):
    """More than there is room for, from several workers, and amid everything."""
    file, done = tmp_path / "crash", []
    served = recording(SMALL, crash_file=file, workers=2)
    clients = [threading.Thread(target=ask_until_it_ends, args=(served, number, done), daemon=True)
               for number in range(4)]
    for client in clients:
        client.start()
    until(lambda: len(done) > 500, "there is load")
    kill(served, signal.SIGSEGV)
    for client in clients:
        client.join(30)
    records = records_of(file.read_text())
    assert len(names_of(records)) > 50 and sum("crash" in record for record in records) == 1
    numbers = [record["sequence"] for record in records if "sequence" in record][:50]
    assert numbers == list(range(numbers[0], numbers[0] + 50))


@dying
def test_the_next_start_keeps_it_and_tells(recording, tmp_path):
    file = tmp_path / "crash"
    first = recording(crash_file=file)
    ask(first, "fatal.test")
    kill(first, signal.SIGSEGV)
    written = file.read_text()
    second = recording(crash_file=file)
    assert second.wait_for_log("warning crash_found", f"{file}.1")
    assert (tmp_path / "crash.1").read_text() == written and "fatal.test" in written
    second.stop()
    assert file.read_text() == ""
    third = recording(crash_file=file)
    assert not third.log_lines("crash_found")
    assert (tmp_path / "crash.1").read_text() == written


def test_a_good_end_writes_nothing(recording, tmp_path):
    file = tmp_path / "crash"
    served = recording(crash_file=file)
    ask(served, "good.test")
    served.stop()
    assert file.read_text() == ""


@dying
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who may become another")
def test_the_file_is_opened_before_the_user_changes(recording, tmp_path):
    file = tmp_path / "crash"
    served = recording(crash_file=file, user="nobody")
    ask(served, "nobody.test")
    kill(served, signal.SIGSEGV)
    assert "nobody.test." in names_of(records_of(file.read_text()))


@pytest.mark.parametrize("make, why", [
    (lambda file: file.mkdir(), "File exists"),
    (lambda file: file.symlink_to("/dev/null"), "File exists"),
    (lambda file: None, "No such file or directory")])
def test_a_file_that_cannot_be_is_told_and_nothing_runs(stage, chaos, tmp_path, make, why):
    file = tmp_path / "there"
    make(file)
    name = file if file.exists() else tmp_path / "nowhere" / "crash"
    served = stage.prepare(chaos, control={"recorder": "1MiB", "crash_file": str(name)})
    status, said = run_to_the_end("run", "-c", served.file)
    assert status == 1 and f"control.crash_file: cannot open {name}: {why}" in said
