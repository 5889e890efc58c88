"""Collectors of syslog and readers of dnstap: what is away, slow or dead loses nothing silently, and costs nobody
else anything."""

import contextlib
import re
import signal
import socket
import time

import pytest

import scripts
from client import ask, exchange, query
from collectors import Capture, Collector, Message, Rsyslog, dnstap_read, go_on, pause
from control import socket_at
from ports import free_port
from proxy import looks_clean
from records import CLIENT_QUERY, CLIENT_RESPONSE, read_frames, read_taps, read_whole, stream
from streams import Perf, are_all, ask_many, count_of, is_sum_right, lost_on_the_way, queries_of, settled
from waiting import MARGIN, until
from wire import record, response


def numbers(records):
    return [record["sequence"] for record in records]


def records_of(collector):
    return [message.record for message in collector.messages()]


# Syslog.

@pytest.mark.parametrize("kind", ["tcp", "tls", "udp"])
def test_rsyslog_gets_every_record(stage, chaos, authority, tmp_path, kind):
    with Rsyslog(tmp_path, kind, authority["good"], authority.ca) as collector:
        trust = {"ca": authority.ca} if kind == "tls" else {}
        control = socket_at(tmp_path)
        served = stage.proxy(chaos, control=control, query_log=[
            {"to": collector.url, "identity": "here", "facility": "local3", **trust}])
        ask_many(served, 300)
        asked = settled(control, collector.url)["written"]
        until(lambda: len(collector.messages()) >= asked, "all have arrived")
        served.stop()
    messages = collector.messages()
    assert [message.number for message in messages] == list(range(1, asked + 1))
    assert numbers(records_of(collector)) == list(range(1, asked + 1))
    assert {(m.host, m.app, m.facility, m.kind) for m in messages} == {("here", "dotproxy", 19, "query")}
    assert {m.process for m in messages} == {str(served.process.pid)}
    assert all('[origin software="dotproxy" swVersion="' in m.data for m in messages)
    assert all(m.time.replace("+00:00", "Z") == m.record["time"] for m in messages)


def test_a_message_is_named_after_the_machine_and_graver_when_something_was_wrong(stage, chaos, tmp_path):
    with Collector() as collector:
        served = stage.proxy(chaos, query_log=[{"to": collector.url}], limit={"deny": ["127.0.0.9/32"]})
        ask(served, "fine.test")
        exchange(served, query("bad.test", qclass="CH").to_wire())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as denied:
            denied.bind(("127.0.0.9", 0))
            denied.sendto(query("denied.test").to_wire(), ("127.0.0.1", served.port))
            denied.settimeout(20)
            denied.recv(512)
        served.stop()
    messages = collector.messages()
    assert {message.host for message in messages} == {socket.gethostname()}
    severities = {message.record.get("qname"): message.severity for message in messages}
    assert (severities["fine.test."], severities["denied.test."]) == (6, 5)
    assert {message.severity for message in messages if message.record["source"] == "error"} <= {4, 5}


def test_a_record_that_no_datagram_holds_goes_without_its_answers(stage, tmp_path):
    server = stage.chaos()
    server.plan = lambda asked: [scripts.Send(response(asked, [record(16, bytes([250]) + b"x" * 250)] * 60))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(20)
        served = stage.proxy(server, query_log=[{"to": f"udp://127.0.0.1:{collector.getsockname()[1]}"}])
        ask(served, "long.test", "TXT", tcp=True)
        texts = []
        while not any("long.test" in text for text in texts):
            texts.append(collector.recv(65535).decode())
    served.stop()
    got = Message(texts[-1])
    assert got.kind == "query-cut" and "answers" not in got.record and got.record["response_bytes"] > 15000
    assert got.record["rcode"] == "NOERROR" and got.record["qname"] == "long.test."


@pytest.mark.parametrize("certificate", ["wrong_name", "self_signed", "expired", "other_authority"])
def test_a_collector_that_is_somebody_else_gets_nothing(stage, chaos, authority, tmp_path, certificate):
    with Collector(authority[certificate]) as collector:
        control = socket_at(tmp_path)
        served = stage.proxy(chaos, control=control, query_log=[{"to": collector.url, "ca": authority.ca}])
        ask(served, "secret.test")
        served.wait_for_log("query_log_failed", re.escape(collector.url), "certificate|name")
        assert count_of(control, collector.url)["state"] == "failing"
        assert is_sum_right(control, collector.url)["written"] == 0
        served.stop()
        assert not collector.texts
        served.wait_for_log("query_log_lost", "records=2")


def test_the_certificate_bears_the_address_where_no_name_is_written(stage, chaos, authority, tmp_path):
    with Collector(authority["good"]) as collector:
        to = collector.url.split("#")[0]
        served = stage.proxy(chaos, query_log=[{"to": to, "ca": authority.ca}])
        until(lambda: collector.texts, "records come")
        served.stop()


def test_a_certificate_of_ours_is_shown_to_a_collector_that_asks(stage, chaos, authority, tmp_path):
    own = authority["client_only"]
    with Collector(authority["good"], client_ca=authority.ca) as collector:
        served = stage.proxy(chaos, query_log=[
            {"to": collector.url, "ca": authority.ca, "certificate": own.chain, "key": own.key}])
        until(lambda: collector.texts, "records come")
        served.stop()
        assert dict(part for rdn in collector.names[0]["subject"] for part in rdn)["commonName"] == "dns.test"


def test_without_one_it_is_told_what_the_collector_wants(stage, chaos, authority, tmp_path):
    with Collector(authority["good"], client_ca=authority.ca) as collector:
        served = stage.proxy(chaos, query_log=[{"to": collector.url, "ca": authority.ca}])
        served.wait_for_log("query_log_failed", "certificate")
        served.stop()
        assert not collector.texts


def test_rsyslog_that_wants_a_certificate_gets_ours(stage, chaos, authority, tmp_path):
    own = authority["good"]
    with Rsyslog(tmp_path, "tls", authority["good"], authority.ca, client="dns.test") as collector:
        served = stage.proxy(chaos, query_log=[
            {"to": collector.url, "ca": authority.ca, "certificate": own.chain, "key": own.key}])
        until(lambda: collector.messages(), "records come")
        served.stop()


# Collectors that come and go.

def test_what_a_collector_was_sent_and_did_not_take_is_sent_again(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    with Collector() as collector:
        served = stage.proxy(chaos, control=control, query_log=[{"to": collector.url}])
        with Perf(tmp_path, served, rate=10000):
            for _ in range(3):
                until(lambda: collector.texts, "records come")
                collector.vanish()
                served.wait_for_log("query_log_failed")
                collector.come_back()
        count = settled(control, collector.url)
        assert are_all(numbers(records_of(collector)), count) and lost_on_the_way(count) == 0
        served.stop()
    assert served.log_lines("query_log_back")


def test_a_collector_that_does_not_read_loses_only_its_own(stage, chaos, tmp_path):
    """Its memory is full after some tens of thousands; the file has all."""
    control = socket_at(tmp_path)
    with Collector() as collector:
        collector.pause()
        served = stage.proxy(chaos, control=control, query_log=[
            {"to": collector.url, "format": "ocsf"}, stream(tmp_path)])
        with Perf(tmp_path, served, seconds=2, rate=30000):
            pass
        file = settled(control, f"file:{tmp_path}/json")
        assert lost_on_the_way(file) == 0
        until(lambda: count_of(control, collector.url)["waiting"] > 0, "records wait")
        assert is_sum_right(control, collector.url)
        collector.go_on()
        count = settled(control, collector.url)
        served.stop()
    assert are_all([message.number for message in collector.messages()], count)
    assert are_all(numbers(read_whole(tmp_path / "json")), file)
    if count["lost"]:
        told = [int(re.search(r"records=(\d+)", line)[1]) for line in served.log_lines("query_log_lost")]
        assert sum(told) == count["lost"]


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_rsyslog_that_is_killed_costs_the_file_nothing(stage, chaos, authority, tmp_path, kind):
    control = socket_at(tmp_path)
    trust = {"ca": authority.ca} if kind == "tls" else {}
    with Rsyslog(tmp_path, kind, authority["good"], authority.ca) as collector:
        served = stage.proxy(chaos, control=control, query_log=[stream(tmp_path), {"to": collector.url, **trust}])
        with Perf(tmp_path, served, rate=10000):
            until(lambda: count_of(control, collector.url)["written"] > 500, "records come")
            collector.stop(signal.SIGKILL)
            served.wait_for_log("query_log_failed")
            collector.start()
            before = count_of(control, collector.url)["written"]
            until(lambda: count_of(control, collector.url)["written"] > before, "it takes records again")
        count, file = settled(control, collector.url), settled(control, f"file:{tmp_path}/json")
        served.wait_for_log("query_log_back")
        assert lost_on_the_way(file) == 0
        served.stop()
        # what it had read and not written when it was killed is known to nobody but the kernel
        until(lambda: collector.messages()[-1].number == count["written"] + count["lost"], "it has the last one")
    got = [message.number for message in collector.messages()]
    assert len(got) == len(set(got)) <= count["written"]
    assert are_all(numbers(read_whole(tmp_path / "json")), file)


# The spool.

def spooled(tmp_path, collector, **keys):
    return {"to": collector.url, "spool": tmp_path / "spool", **keys}


def spool_files(tmp_path):
    return sorted(tmp_path.glob("spool.*"))


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_spool_keeps_records_over_a_restart(stage, chaos, authority, tmp_path, kind):
    control = socket_at(tmp_path)
    certificate = authority["good"] if kind == "tls" else None
    trust = {"ca": authority.ca} if kind == "tls" else {}
    collector = Collector(certificate)
    served = stage.proxy(chaos, control=control, query_log=[spooled(tmp_path, collector, **trust)])
    ask_many(served, 500)
    count = until(lambda: is_sum_right(control, collector.url), "all are counted")
    first = queries_of(control)
    until(lambda: count_of(control, collector.url)["spooled"] == first, "all are on the disk")
    assert (count["lost"], count["written"]) == (0, 0)
    served.stop()
    served.wait_for_log("query_log_spooled", f"records={first}")
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in spool_files(tmp_path))
    with collector:
        again = stage.run(stage.prepare(chaos, control=control, query_log=[spooled(tmp_path, collector, **trust)]))
        ask_many(again, 300, "again")
        count = settled(control, collector.url)
        second = queries_of(control)
        assert (count["inherited"], count["written"], count["lost"]) == (first, first + second, 0)
        assert not spool_files(tmp_path)
        again.stop()
    assert numbers(records_of(collector)) == [*range(1, first + 1), *range(1, second + 1)]


def test_a_spool_survives_a_crash_and_what_the_crash_tore_off(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    collector = Collector()
    served = stage.prepare(chaos, control=control, query_log=[spooled(tmp_path, collector)]).start()
    ask_many(served, 300)
    asked = queries_of(control)
    until(lambda: count_of(control, collector.url).get("spooled") == asked, "all are on the disk")
    served.kill()
    looks_clean(served.log)
    newest = spool_files(tmp_path)[-1]
    with newest.open("ab") as torn:
        torn.write(bytes([0, 0, 2, 0]) + b"\x12\x34\x56\x78<134>1 half a rec")
    with collector:
        again = stage.proxy(chaos, query_log=[spooled(tmp_path, collector)])
        again.wait_for_log("query_log_spooled", f"records={asked}", "torn off")
        until(lambda: len(collector.texts) > asked, "the spool and a record of today")
        again.stop()
    assert numbers(records_of(collector))[:asked + 1] == [*range(1, asked + 1), 1]


def test_a_collector_that_goes_away_under_load_gets_all_in_order(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    with Collector() as collector:
        served = stage.proxy(chaos, control=control, query_log=[spooled(tmp_path, collector)])
        with Perf(tmp_path, served, rate=10000):
            until(lambda: collector.texts, "records come")
            collector.vanish()
            until(lambda: count_of(control, collector.url).get("spooled", 0) > 2000, "the spool fills")
            collector.come_back()
            until(lambda: count_of(control, collector.url)["written"] > 5000, "it has caught up with some")
        count = settled(control, collector.url)
        served.stop()
    assert lost_on_the_way(count) == 0 and are_all(numbers(records_of(collector)), count)


def test_what_a_slow_collector_does_not_take_waits_in_the_spool(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    with Collector() as collector:
        collector.pause()
        served = stage.proxy(chaos, control=control, query_log=[spooled(tmp_path, collector, format="ecs")])
        with Perf(tmp_path, served):
            until(lambda: count_of(control, collector.url).get("spooled", 0) > 0, "the spool takes what it does not")
        assert count_of(control, collector.url)["state"] == "writing"
        collector.go_on()
        count = settled(control, collector.url)
        served.stop()
    assert lost_on_the_way(count) == 0
    assert are_all([message.number for message in collector.messages()], count)


def test_a_spool_is_bounded_and_what_it_cannot_hold_is_counted(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    collector = Collector()
    served = stage.proxy(chaos, control=control, query_log=[
        spooled(tmp_path, collector, spool_size="1MiB", format="ocsf"), stream(tmp_path)])
    with Perf(tmp_path, served):
        until(lambda: lost_on_the_way(count_of(control, collector.url)) > 0, "there is no room any more")
        assert sum(file.stat().st_size for file in spool_files(tmp_path)) <= 1 << 20
    file = settled(control, f"file:{tmp_path}/json")
    count = until(lambda: is_sum_right(control, collector.url), "all are counted")
    assert count["spooled"] > 100 and count["waiting"] > 1000 and lost_on_the_way(file) == 0
    with collector:
        count = settled(control, collector.url)
        served.stop()
    assert are_all([message.number for message in collector.messages()], count)


def test_a_spool_that_holds_something_else_is_refused(stage, chaos, tmp_path):
    (tmp_path / "spool.3").write_bytes(b"somebody else's" * 10)
    served = stage.prepare(chaos, query_log=[{"to": "tcp://127.0.0.1:9", "spool": tmp_path / "spool"}])
    served.process = None
    import subprocess
    done = subprocess.run(served.command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "spool.3: holds no records of this format" in done.stderr
    assert (tmp_path / "spool.3").read_bytes().startswith(b"somebody")


# dnstap.

@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_fstrm_capture_gets_every_frame(stage, chaos, tmp_path, kind):
    with Capture(tmp_path, kind) as reader:
        control = socket_at(tmp_path)
        served = stage.proxy(chaos, control=control, query_log=[
            {"to": reader.url, "format": "dnstap", "identity": "here"}])
        ask_many(served, 300)
        served.stop()
    taps = read_taps(reader.file)
    assert [tap.type for tap in taps].count(CLIENT_QUERY) == [tap.type for tap in taps].count(CLIENT_RESPONSE) == 300
    assert {tap.identity for tap in taps} == {b"here"}
    lines = dnstap_read(reader.file)
    assert len(lines) == len(taps) == 1200
    assert sum(" CQ " in line and "s0.n1.test" in line for line in lines) == 1


def test_a_reader_that_comes_back_gets_what_it_has_missed(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    with Capture(tmp_path) as reader:
        served = stage.proxy(chaos, control=control, query_log=[{"to": reader.url, "format": "dnstap"}])
        ask_many(served, 200)
        until(lambda: count_of(control, reader.url)["waiting"] == 0, "all is read")
        reader.stop()
        ask_many(served, 200, "missed")
        served.wait_for_log("query_log_failed", "reason=")
        reader.start()
        served.wait_for_log("query_log_back")
        until(lambda: count_of(control, reader.url)["waiting"] == 0, "all is read")
        served.stop()
    questions = [tap.query for file in reader.files for tap in read_taps(file) if tap.type == CLIENT_QUERY]
    assert len(questions) == len(set(questions)) == 400


def test_a_reader_that_is_stopped_costs_others_nothing(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    with Capture(tmp_path) as reader:
        served = stage.proxy(chaos, control=control, query_log=[
            {"to": reader.url, "format": "dnstap"}, stream(tmp_path)])
        until(lambda: count_of(control, reader.url)["state"] == "writing", "they have met")
        pause(reader)
        with Perf(tmp_path, served, seconds=3, rate=20000):
            begin = time.monotonic()
            ask(served, "localhost")
            assert time.monotonic() - begin < MARGIN
        file = settled(control, f"file:{tmp_path}/json")
        assert lost_on_the_way(file) == 0
        go_on(reader)
        count = settled(control, reader.url)
        served.stop()
    assert len(read_frames(reader.file)) == 2 * count["written"]


def test_who_is_no_reader_of_dnstap_gets_nothing(stage, chaos, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        to = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        served = stage.proxy(chaos, query_log=[{"to": to, "format": "dnstap"}])
        stranger, _ = listener.accept()
        stranger.settimeout(20)
        said = stranger.recv(4096)
        assert said[:4] == bytes(4) and said[11] == 4 and said.endswith(b"protobuf:dnstap.Dnstap")
        stranger.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        served.wait_for_log("query_log_failed", "no reader of dnstap")
        with contextlib.suppress(ConnectionResetError):
            assert stranger.recv(4096) == b""
        stranger.close()
        served.stop()


# The end.

def test_what_is_left_at_the_end_is_written_within_three_seconds(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    with Collector() as collector:
        collector.pause()
        served = stage.proxy(chaos, control=control, query_log=[{"to": collector.url}])
        with Perf(tmp_path, served, seconds=1, rate=10000):
            pass
        asked = queries_of(control)
        assert count_of(control, collector.url)["waiting"] > 0
        served.signal(signal.SIGTERM)
        served.wait_for_log("stopping")
        collector.go_on()
        served.process.wait(20)
        served.stop()
        until(lambda: collector.is_done(), "all are read")
    assert are_all(numbers(records_of(collector)), {"written": len(collector.texts), "lost": asked - len(collector.texts)})
    told = [int(re.search(r"records=(\d+)", line)[1]) for line in served.log_lines("query_log_lost")]
    assert len(collector.texts) + sum(told) == asked


def test_a_collector_that_never_takes_them_delays_the_end_by_three_seconds(stage, chaos, tmp_path):
    control = socket_at(tmp_path)
    served = stage.proxy(chaos, control=control, query_log=[{"to": f"tcp://127.0.0.1:{free_port()}"}])
    ask_many(served, 100)
    asked = queries_of(control)
    begin = time.monotonic()
    served.stop()
    assert 2.5 < time.monotonic() - begin < 3 + MARGIN
    assert sum(int(re.search(r"records=(\d+)", line)[1]) for line in served.log_lines("query_log_lost")) == asked
