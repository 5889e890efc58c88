"""DNS over HTTP from clients (RFC 8484): right requests and wrong ones, in HTTP/2 and HTTP/1.1, with TLS
and in plain text."""

import email.utils
import time

import pytest

from client import is_right, query
from control import socket_at, tell_json
from front import MEDIA_TYPE, PATH, doh, door, encoded, row_of
from web import WAYS, Http1, Http2, dial

BIG_TARGET, BIG_FIELD = f"{PATH}?dns=" + "A" * 17000, {"x-long": "x" * 17000}
A_QUERY = query("some.test").to_wire()
A_RESPONSE = A_QUERY[:2] + b"\x80" + A_QUERY[3:]
TWO_QUESTIONS = A_QUERY[:4] + b"\0\2" + A_QUERY[6:] + A_QUERY[12:]
AS_TEXT, AS_DNS = {"content-type": "text/plain"}, {"content-type": MEDIA_TYPE}


@pytest.fixture(scope="module")
def served(shared, chaos, authority):
    listen = [doh(authority["good"]), door("http", path=PATH)]
    return shared.proxy(chaos, listen=listen, workers=2, control=socket_at(shared.directory))


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


def counted(served, name):
    return tell_json(served.file.parent / "control.sock", "stats")[name]


# Right requests.

@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_is_answered(web, method):
    message = query(f"{method}.test")
    answer = web.ask(message, method)
    assert is_right(answer.dns, f"{method}.test") and answer.dns.id == message.id
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_an_answer_to_head_has_no_body_but_its_length(web):
    answer, whole = web.ask(query("head.test"), "HEAD"), web.ask(query("head.test"), "GET")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == whole.headers["content-length"]
    assert is_right(whole.dns, "head.test")


@pytest.mark.parametrize("path", [PATH, "/elsewhere"])
def test_each_answer_bears_its_date(web, path):
    before = int(time.time())
    answer = web.fetch("GET", f"{path}?dns={encoded(query('date.test'))}")
    told = email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert before <= told <= time.time()


def test_the_id_of_queries_that_caches_may_share_is_zero_in_the_response_too(web):
    message = query("zero.test")
    message.id = 0
    assert web.ask(message, "GET").dns.id == 0


def test_other_parameters_stand_around_the_query(web):
    target = f"{PATH}?ct&dnsx=1&dns={encoded(query('around.test'))}&a=b"
    assert is_right(web.fetch("GET", target).dns, "around.test")


def test_parameters_of_the_media_type_and_its_case_do_not_matter(web):
    headers = {"content-type": "Application/DNS-Message ; charset=utf-8", "accept": "text/html"}
    web.post(query("type.test").to_wire(), headers)
    assert is_right(web.receive().dns, "type.test")


@pytest.mark.parametrize("chunk", [1, 7])
def test_a_body_comes_in_pieces_without_its_length(web, chunk):
    web.post(query("pieces.test").to_wire(), chunk=chunk)
    assert is_right(web.receive().dns, "pieces.test")


def test_the_whole_url_may_stand_where_the_path_does(h1):
    target = f"https://dns.test{PATH}?dns={encoded(query('whole.test'))}"      # RFC 9112 section 3.2.2
    assert is_right(h1.fetch("GET", target).dns, "whole.test")


# Wrong requests. Behind each the client is served on the same connection, or is told that it ends.

WRONG = [
    ("no parameter", 400, ("GET", PATH)),
    ("another parameter", 400, ("GET", f"{PATH}?name=some.test")),
    ("nothing in it", 400, ("GET", f"{PATH}?dns=")),
    ("other letters", 400, ("GET", f"{PATH}?dns=AA+/{encoded(A_QUERY)}")),
    ("filled up", 400, ("GET", f"{PATH}?dns={encoded(A_QUERY)}==")),
    ("cut amid a letter", 400, ("GET", f"{PATH}?dns={encoded(A_QUERY)[:33]}")),
    ("two queries", 400, ("GET", f"{PATH}?dns={encoded(A_QUERY)}&dns={encoded(A_QUERY)}")),
    ("half a header", 400, ("GET", f"{PATH}?dns={encoded(A_QUERY[:11])}")),
    ("a response", 400, ("GET", f"{PATH}?dns={encoded(A_RESPONSE)}")),
    ("no body", 400, ("POST", PATH, AS_DNS, b"")),
    ("half a header posted", 400, ("POST", PATH, AS_DNS, A_QUERY[:11])),
    ("a response posted", 400, ("POST", PATH, AS_DNS, A_RESPONSE)),
    ("another path", 404, ("GET", f"/?dns={encoded(A_QUERY)}")),
    ("a path below", 404, ("POST", f"{PATH}/x", AS_DNS, A_QUERY)),
    ("a longer path", 404, ("POST", f"{PATH}x", AS_DNS, A_QUERY)),
    ("another method", 405, ("PUT", PATH, AS_DNS, A_QUERY)),
    ("asked for options", 405, ("OPTIONS", PATH)),
    ("a long body", 413, ("POST", PATH, AS_DNS, bytes(65536))),
    ("no media type", 415, ("POST", PATH, {}, A_QUERY)),
    ("another media type", 415, ("POST", PATH, AS_TEXT, A_QUERY)),
    ("a longer media type", 415, ("POST", PATH, {"content-type": MEDIA_TYPE + "s"}, A_QUERY)),
    ("a long field", 431, ("GET", PATH, BIG_FIELD)),
    ("many fields", 431, ("GET", PATH, {f"x-{number}": number for number in range(70)})),
]


@pytest.mark.parametrize("status,request_", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_each_wrong_thing_has_its_status(web, status, request_):
    answer = web.fetch(*request_)
    assert answer.status == status
    assert answer.body.startswith(f"{status}: ".encode()), "a person can read why"
    assert answer.headers["cache-control"] == "no-store"
    if answer.headers.get("connection") == "close":
        assert web.goodbye() == b""
    else:
        assert is_right(web.ask(query("behind.test")).dns, "behind.test")


def test_who_uses_another_method_is_told_which_there_are(web):
    answer = web.fetch("DELETE", PATH)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_long_target_is_refused_by_the_status_of_its_version(h1, h2):
    assert h1.fetch("GET", BIG_TARGET).status == 414
    assert h2.fetch("GET", BIG_TARGET).status == 431       # there it is a field like others


def test_wrong_requests_are_counted(served, web):
    before = counted(served, "http_refusals")
    web.fetch("GET", "/nothing")
    assert counted(served, "http_refusals") == before + 1


# What the media type or the client's address are is not said behind the body: a reverse proxy hands
# that on without a look (RFC 9110 section 6.5.1).

def test_fields_behind_the_body_mean_nothing_in_http1(h1):
    size = len(A_QUERY)
    h1.methods.append("POST")
    h1.sock.sendall(f"POST {PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{size:x}\r\n".encode()
                    + A_QUERY + f"\r\n0\r\ncontent-type: {MEDIA_TYPE}\r\n\r\n".encode())
    assert h1.receive().status == 415


def test_fields_behind_the_body_mean_nothing_in_http2(h2):
    stream = h2.send("POST", body=A_QUERY, ends=False)
    h2.h2.send_headers(stream, [("content-type", MEDIA_TYPE)], end_stream=True)
    h2.flush()
    assert h2.receive().status == 415


# What could be read in two ways is refused, and nothing behind it is believed: the reverse proxy before
# us may have read it the other way (RFC 9112 section 11.2).

SMUGGLED = f"GET {PATH}?dns={encoded(A_QUERY)} HTTP/1.1\r\nhost: x\r\n\r\n"
AMBIGUOUS = {
    "two lengths": "content-length: 0\r\ncontent-length: 90\r\n\r\n",
    "a list of lengths": "content-length: 0, 90\r\n\r\n",
    "a length with a sign": "content-length: +90\r\n\r\n",
    "length and chunks": "content-length: 90\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": "transfer-encoding: chunked\r\ncontent-length: 90\r\n\r\n0\r\n\r\n",
    "chunks, then more": "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "other coding": "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding with a tab": "transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "space before a colon": "content-length : 90\r\n\r\n",
    "a bare return": "x: y\rcontent-length: 90\r\n\r\n",
    "a zero": "x: y\0z\r\n\r\n",
    "two hosts": "host: y\r\n\r\n",
    "a chunk too long": "transfer-encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
    "a chunk without end": "transfer-encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
    "chunks twice": "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks, then identity": "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
    "identity, then chunks": "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "no coding": "transfer-encoding:\r\n\r\n",
    "no length": "content-length:\r\n\r\n",
    "a length with a space in it": "content-length: 9 0\r\n\r\n",
    "a folded coding": "transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a folded field": "x-forwarded-for: 192.0.2\r\n .1\r\n\r\n",
    "a fold before the first field": " content-length: 90\r\n\r\n",
    "lines without returns": "content-length: 0\n\n",
    "a return as the end": "\r\r",
    "a return behind an empty field": "x:\rcontent-length: 90\r\n\r\n",
    "a return and a letter as the end": "\rx",
    "a chunk's line with a bare return": "transfer-encoding: chunked\r\n\r\n0\rx\r\n",
    "a chunk's line with a bare feed": "transfer-encoding: chunked\r\n\r\n1;\nx\r\n0\r\n\r\n",
    "a chunk that ends with letters": "transfer-encoding: chunked\r\n\r\n1\r\nxyz0\r\n\r\n",
    "a chunk that ends with a bare feed": "transfer-encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n",
    "a chunk's size with a space": "transfer-encoding: chunked\r\n\r\n1 0\r\nx\r\n0\r\n\r\n",
    "fields behind chunks that end with a return": "transfer-encoding: chunked\r\n\r\n0\r\nx: y\r\n\rx",
    "a chunk of minus one": "transfer-encoding: chunked\r\n\r\n-1\r\n\r\n",
}


@pytest.mark.parametrize("words", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_could_be_read_in_two_ways_is_refused(h1, words):
    h1.methods.append("POST")
    h1.sock.sendall(f"POST {PATH} HTTP/1.1\r\nhost: x\r\n{words}{SMUGGLED}".encode())
    answer = h1.receive()
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert h1.goodbye() == b""
