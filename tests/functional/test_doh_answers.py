"""DNS over HTTP from clients (RFC 8484): what the responses say, in which order they come, how long they
may be kept."""

import dns.edns
import dns.message
import dns.rcode
import pytest

from client import failed_well, is_right, name_of, named_queries, query, tool
from front import PATH, doh, door, port_of, row_of, send_apart, status_of, url_for
from proxy import BRIEF
from scripts import PADDING
from waiting import until
from web import WAYS, Http1, Http2, dial


@pytest.fixture(scope="module")
def served(shared, chaos, authority):
    listen = [doh(authority["good"]), door("http", path=PATH)]
    return shared.proxy(chaos, listen=listen, workers=2)


@pytest.fixture(params=WAYS)
def web(request, served, authority):
    """A connection of each kind, to each door."""
    scheme, kind = WAYS[request.param]
    with dial(row_of(served, scheme), authority, kind) as connection:
        yield connection


@pytest.fixture
def h2(served, authority):
    with dial(row_of(served, "https"), authority, Http2) as connection:
        yield connection


@pytest.fixture
def h1(served, authority):
    with dial(row_of(served, "https"), authority, Http1) as connection:
        yield connection


# What DNS says is a good response of HTTP, whatever it is.

@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.NXDOMAIN, dns.rcode.REFUSED])
def test_every_answer_of_dns_has_status_200(web, rcode):
    assert web.ask(query(f"rcode-{rcode:d}.test")).dns.rcode() == rcode


def test_a_query_that_is_none_for_dns_gets_the_answer_of_dns(web):
    wire = query("some.test").to_wire()
    web.post(wire[:4] + b"\0\2" + wire[6:] + wire[12:])         # two questions
    assert web.receive().dns.rcode() == dns.rcode.FORMERR


def test_when_no_upstream_answers_that_is_said_with_status_200(stage, chaos, authority):
    served = stage.proxy(chaos, listen=[doh(authority["good"])], group=BRIEF)
    with dial(served.listen[0], authority, Http2) as web:
        answer = web.ask(query("silence.test", edns=1232))
    assert failed_well(answer.dns) and answer.max_age == 0


def test_a_long_answer_comes_whole(web):
    assert len(web.ask(query("big-60000.test", "TXT")).body) == 60000


# How long HTTP's caches may keep it (RFC 8484 section 5.1).

def test_an_answer_may_be_kept_for_the_smallest_of_its_ttls(web):
    assert web.ask(query("ttl-77.test")).max_age <= 77
    assert web.ask(query("ttl-77.fresh.test")).max_age > 0


def test_what_is_not_there_may_be_kept_as_long_as_the_zone_says(h2):
    answer = h2.ask(query(f"rcode-{dns.rcode.NXDOMAIN:d}.never.test"))
    assert answer.max_age == 4                      # MINIMUM of the upstream's SOA; its TTL is 300


def test_an_answer_from_the_cache_may_be_kept_for_what_is_left(h2):
    first = h2.ask(query("ttl-90.ages.test"), "GET").max_age
    assert first == 90
    until(lambda: h2.ask(query("ttl-90.ages.test"), "GET").max_age < first, "the answer ages")


# Many requests of one connection.

def test_many_streams_at_once_get_their_own_answers(h2):
    h2.settle()
    queries = named_queries("stream", 120)
    asked = {h2.send_query(message, "GET" if message.id % 2 else "POST"): message for message in queries}
    answers = {answer.stream: answer.dns for answer in (h2.receive() for _ in queries)}
    assert answers.keys() == asked.keys()
    assert all(is_right(answers[stream], name_of(message)) for stream, message in asked.items())


def test_a_slow_answer_does_not_hold_up_the_others_in_http2(h2):
    slow, quick = (h2.send_query(query(name)) for name in ("delay-600.test", "quick.test"))
    assert [h2.receive().stream, h2.receive().stream] == [quick, slow]


def test_requests_that_were_sent_ahead_are_answered_in_their_order_in_http1(h1):
    names = ["delay-300.test", "quick.test", "delay-100.test", "other.test"]
    for name in names:
        h1.send_query(query(name), "GET" if name.startswith("delay") else "POST")
    assert all(is_right(h1.receive().dns, name) for name in names)


def test_hundreds_of_requests_sent_ahead_are_answered(h1):
    queries = named_queries("ahead", 300)
    for message in queries:
        h1.send_query(message)
    assert [h1.receive().dns.id for _ in queries] == [message.id for message in queries]


def test_a_cancelled_request_leaves_the_others_alone(h2):
    h2.cancel(h2.send_query(query("delay-600.cancelled.test")))
    assert is_right(h2.ask(query("after.test")).dns, "after.test")


# The connection.

def test_a_client_that_asks_to_close_gets_its_answer_and_the_end(h1):
    h1.send_query(query("last.test"), headers={"connection": "close"})
    answer = h1.receive()
    assert is_right(answer.dns, "last.test") and answer.headers["connection"] == "close"
    assert h1.goodbye() == b""


def test_a_client_of_http_1_0_gets_its_answer_and_the_end(h1, served):
    target = url_for(row_of(served, "https"), "old.test").partition(PATH)[2]
    h1.methods.append("GET")
    h1.sock.sendall(f"GET {PATH}{target} HTTP/1.0\r\n\r\n".encode())
    assert is_right(h1.receive().dns, "old.test")
    assert h1.goodbye() == b""


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(h1):
    wire = query("leave.test").to_wire()
    h1.post(None, headers={"expect": "100-continue", "content-length": len(wire)})
    assert h1.take_head()[0] == 100
    h1.sock.sendall(wire)
    assert is_right(h1.receive().dns, "leave.test")


def test_a_client_that_waits_for_leave_to_send_too_much_does_not_get_it(h1):
    h1.post(None, headers={"expect": "100-continue", "content-length": 70000})
    assert h1.take_head()[0] == 413


def test_a_preface_in_pieces_begins_http2(served, authority):
    row = row_of(served, "http")
    with dial(row, authority, Http2, first=lambda sock, words: send_apart(sock, words[:1], words[1:])) as web:
        assert is_right(web.ask(query("preface.test")).dns, "preface.test")


# The length of responses tells nothing to those who see only that (RFC 8467).

def test_what_is_padded_is_padded_in_return_and_nothing_else(web):
    padded = query("padded.test", edns=1232, options=[dns.edns.GenericOption(PADDING, bytes(20))])
    assert len(web.ask(padded).body) % 468 == 0
    assert len(web.ask(query("bare.test", edns=1232)).body) % 468 != 0


def test_all_is_padded_where_the_policy_says_so(stage, chaos, authority):
    served = stage.proxy(chaos, listen=[doh(authority["good"], padding="always")])
    with dial(served.listen[0], authority, Http2) as web:
        assert len(web.ask(query("policy.test", edns=1232)).body) % 468 == 0


# Real clients.

@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_gets_its_answer(served, authority, version):
    url = url_for(row_of(served, "https"), "curl.test").replace("127.0.0.1", "dns.test")
    resolve = ["--resolve", f"dns.test:{served.port}:127.0.0.1"]
    assert status_of(authority.ca, version, *resolve, url) == (200, "2" if version == "--http2" else "1.1")


@pytest.mark.parametrize("how", ["+https", "+https-get"])
def test_kdig_gets_its_answer(served, authority, how):
    said = tool("kdig", "@127.0.0.1", "-p", served.port, f"+tls-ca={authority.ca}",
                "+tls-hostname=dns.test", f"{how}={PATH}", "kdig.test", "+short")
    assert said.strip()


def test_curl_finds_a_server_by_our_dns_over_https(served, authority):
    url = f"http://loopback.test:{port_of(row_of(served, 'http'))}/nothing"
    assert status_of(authority.ca, "--doh-url", row_of(served, "https")["url"], url) == (404, "1.1")
