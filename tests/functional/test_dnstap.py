"""The query log as dnstap: the messages themselves, of clients and of upstreams."""

import time

from dns.edns import ECSOption

from client import ask, ask_all, query
from front import TlsStream, curl, doh, dot, encoded, trusting
from ports import free_port
from proxy import listener
from records import (ALL, CLIENT_QUERY, CLIENT_RESPONSE, DOH, DOT, FORWARDER_QUERY, FORWARDER_RESPONSE, TCP, UDP,
                     ask_from, client_socket, read, read_taps, stream)


def test_dnstap_has_what_came_and_what_was_sent(stage, chaos, authority, tmp_path):
    served = stage.proxy(chaos, listen=[listener(free_port()), dot(authority["good"]), doh(authority["good"])],
                         query_log=[stream(tmp_path, "dnstap", identity="tap-1")])
    waited, hit = query("Tap.test", edns=1232, options=[ECSOption("198.51.100.0", 24)]), query("tap.test", edns=1232)
    with client_socket(served.port) as sock:
        port = sock.getsockname()[1]
        sent = [(waited.to_wire(), ask_from(sock, waited)), (hit.to_wire(), ask_from(sock, hit))]
    served.stop()
    taps = read_taps(tmp_path / "dnstap")
    assert [tap.type for tap in taps] == [FORWARDER_QUERY, FORWARDER_RESPONSE, CLIENT_QUERY, CLIENT_RESPONSE,
                                         CLIENT_QUERY, CLIENT_RESPONSE]
    for tap in taps:
        assert (tap.identity, tap.family) == (b"tap-1", 1) and tap.version.startswith(b"dotproxy ")
    asked, answered = taps[:2]
    assert (asked.protocol, asked.response_address, asked.response_port) == (DOT, b"\x7f\0\0\1", chaos.port)
    seen = chaos.asked_about("tap.test")[-1]
    assert read_question_of(asked.query) == read_question_of(seen.wire)     # but for what a stream adds
    assert answered.response == seen.sent[0] and asked.query[:2] == answered.response[:2]
    assert answered.query_sec <= answered.response_sec
    for number, (query_wire, response_wire) in enumerate(sent):
        question, answer = taps[2 + 2 * number:4 + 2 * number]
        assert (question.query, answer.response) == (query_wire, response_wire)
        for tap in (question, answer):
            assert (tap.protocol, tap.query_address, tap.query_port) == (UDP, b"\x7f\0\0\1", port)
            assert (tap.response_address, tap.response_port) == (b"\x7f\0\0\1", served.port)
        assert abs(question.query_sec - time.time()) < 100
        assert (answer.response_sec, answer.response_nsec) >= (answer.query_sec, answer.query_nsec)


def read_question_of(wire):
    end = wire.index(b"\0", 12) + 5
    return wire[:2], wire[2:4], wire[12:end].lower()


def test_dnstap_knows_the_transports(stage, chaos, authority, tmp_path):
    plain, tls, https = listener(free_port()), dot(authority["good"]), doh(authority["good"])
    served = stage.proxy(chaos, listen=[plain, tls, https], query_log=[stream(tmp_path, "dnstap")])
    ask(served, "one.test", tcp=True)
    served.port = int(tls["url"].rsplit(":", 1)[1])
    with TlsStream(served, trusting(authority)) as connection:
        connection.ask(query("two.test"))
    port = https["url"].split(":")[2].split("/")[0]
    curl(authority.ca, "--resolve", f"dns.test:{port}:127.0.0.1", "--output", "/dev/null",
         f"https://dns.test:{port}/dns-query?dns={encoded(query('three.test'))}")
    served.stop()
    taps = [tap for tap in read_taps(tmp_path / "dnstap") if tap.type == CLIENT_QUERY]
    assert [tap.protocol for tap in taps] == [TCP, DOT, DOH]


def test_questions_that_share_an_answer_share_its_exchange(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, "dnstap"), stream(tmp_path)])
    ask_all(served, {number: query("delay-200.shared.test") for number in range(5)})
    served.stop()
    kinds = [tap.type for tap in read_taps(tmp_path / "dnstap")]
    assert kinds.count(CLIENT_QUERY) == 5 and kinds.count(FORWARDER_RESPONSE) == 1
    records = read(tmp_path / "json")
    assert len(records) == 5 and {got["upstream"] for got in records} == {chaos.url}


def test_exchanges_with_upstreams_are_no_records_of_queries(stage, chaos, tmp_path):
    served = stage.proxy(chaos, query_log=[stream(tmp_path, form) for form in ALL])
    for number in range(5):
        ask(served, f"n{number}.test")
    served.stop()
    records = read(tmp_path / "json")
    assert len(records) == 5
    assert [got["sequence"] - records[0]["sequence"] for got in records] == list(range(5))
