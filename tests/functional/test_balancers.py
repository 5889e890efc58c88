"""Real load balancers and reverse proxies before dotproxy: HAProxy with the PROXY protocol, nginx over
HTTP; and whom dotproxy believes who the client is."""

import pytest

from balancers import Haproxy, Nginx
from client import Stream, is_right, name_of, named_queries, query, tool
from control import socket_at, tell_json
from front import PATH, Port, TlsStream, door, dot, port_of, status_of, trusting, url_for
from waiting import until
from web import Http1, Http2, dial

TRUSTED = ["127.0.0.1"]
LIMIT = {"allow": ["0.0.0.0/0", "::/0"], "tcp_connections_per_client": 2, "tcp_idle": "60s", "tls_idle": "60s"}


def needs(balancer):
    return pytest.mark.skipif(not balancer.path(), reason=f"{balancer.program} is not installed")


class House:
    """A proxy behind a balancer."""

    def __init__(self, stage, chaos, *rows):
        self.control = socket_at(stage.directory)["socket"]
        self.rows = rows
        self.proxy = stage.proxy(chaos, listen=list(rows), limit=LIMIT, control={"socket": self.control})
        self.ports = [port_of(row) for row in rows]

    def counted(self, name):
        return tell_json(self.control, "stats")[name]


# HAProxy.

@pytest.fixture
def haproxy(stage, chaos, authority):
    """(house, HAProxy before its doors tls:// and tcp://)"""
    house = House(stage, chaos, dot(authority["good"], proxy_from=TRUSTED), door("tcp", proxy_from=TRUSTED))
    with Haproxy(stage.directory, authority["good"], *house.ports) as balancer:
        yield house, balancer


def open_tls(balancer, authority, source):
    return TlsStream(balancer, trusting(authority), source=source)


def open_tcp(balancer, _, source):
    return Stream(Port(balancer.plain_port), source=source)


@needs(Haproxy)
@pytest.mark.parametrize("open_stream", [open_tls, open_tcp])
def test_clients_behind_haproxy_have_their_own_limits(haproxy, authority, open_stream):
    house, balancer = haproxy

    def is_served(source):
        try:
            with open_stream(balancer, authority, source) as stream:
                return is_right(stream.ask(query("third.test"))[0], "third.test")
        except (EOFError, OSError):
            return False
    with open_stream(balancer, authority, "127.0.0.2") as one, \
            open_stream(balancer, authority, "127.0.0.2") as two:
        assert is_right(one.ask(query("one.test"))[0], "one.test")
        assert is_right(two.ask(query("two.test"))[0], "two.test")
        assert not is_served("127.0.0.2")
        assert is_served("127.0.0.3")
    until(lambda: is_served("127.0.0.2"), "its places are free again")


@needs(Haproxy)
def test_haproxy_may_look_whether_we_are_there(haproxy):
    """Its checks speak for itself: command LOCAL."""
    house, _ = haproxy
    accepted, before = house.counted("connections_accepted"), house.counted("connections_unintroduced")
    until(lambda: house.counted("connections_accepted") >= accepted + 4, "it has looked a few times")
    assert house.counted("connections_unintroduced") == before


# nginx.

@pytest.fixture
def nginx(stage, chaos, authority):
    """(house, nginx before its door http://)"""
    house = House(stage, chaos, door("http", path=PATH, forwarded_from=TRUSTED))
    with Nginx(stage.directory, authority["good"], *house.ports) as balancer:
        yield house, balancer


@needs(Nginx)
@pytest.mark.parametrize("kind", [Http1, Http2])
def test_a_reverse_proxy_asks_for_many_clients(nginx, authority, kind):
    house, balancer = nginx
    for client in range(6):
        with dial({"url": f"https://127.0.0.1:{balancer.port}"}, authority, kind) as web:
            queries = named_queries(f"nginx{client}", 20)
            answers = [web.ask(message, "GET" if message.id % 2 else "POST").dns for message in queries]
        assert all(is_right(answer, name_of(message)) for answer, message in zip(answers, queries))
    assert house.counted("queries_http") == 120


@needs(Nginx)
def test_many_streams_of_a_client_reach_us_through_a_reverse_proxy(nginx, authority):
    _, balancer = nginx
    with dial({"url": f"https://127.0.0.1:{balancer.port}"}, authority, Http2) as web:
        web.settle()
        asked = {web.send_query(message): message for message in named_queries("streams", 60)}
        answers = {answer.stream: answer.dns for answer in (web.receive() for _ in asked)}
    assert all(is_right(answers[stream], name_of(message)) for stream, message in asked.items())


@needs(Nginx)
def test_real_clients_are_served_through_a_reverse_proxy(nginx, authority):
    _, balancer = nginx
    said = tool("kdig", "@127.0.0.1", "-p", balancer.port, f"+tls-ca={authority.ca}",
                "+tls-hostname=dns.test", f"+https={PATH}", "kdig.test", "+short")
    assert said.strip()
    row = {"url": f"https://127.0.0.1:{balancer.port}{PATH}"}
    assert status_of(authority.ca, url_for(row, "curl.test")) == (200, "2")
    assert status_of(authority.ca, row["url"]) == (400, "2")


# Whom a request is from.

FORWARDED = [
    {"x-forwarded-for": "192.0.2.77"},
    {"x-forwarded-for": "198.51.100.1, 2001:db8::77, 127.0.0.1"},
    {"forwarded": 'for="[2001:db8::77]:4711";proto=https;by=203.0.113.1'},
    {"forwarded": "for=unknown, for=_hidden"},
    {"x-forwarded-for": "nonsense, 999.1.1.1"},
    {"x-forwarded-for": ", ".join(["127.0.0.1"] * 1000)},
    {"forwarded": 'for="' + "[" * 9000},
]


@needs(Nginx)
@pytest.mark.parametrize("kind", [Http1, Http2])
def test_a_client_does_not_choose_who_it_is_by_a_field_that_the_reverse_proxy_hands_on(nginx, authority, kind):
    house, balancer = nginx
    with dial({"url": f"https://127.0.0.1:{balancer.port}"}, authority, kind) as web:
        web.send_query(query("invented.test"), headers={"forwarded": "for=192.0.2.77"})
        assert web.receive().status == 400
        assert is_right(web.ask(query("honest.test")).dns, "honest.test")
    assert house.counted("http_refusals") == 1


@pytest.fixture(scope="module")
def forwarded(shared, chaos):
    """A proxy that trusts whom a request is from at its first door, and not at its second."""
    return House(shared, chaos, *(door("http", path=PATH, forwarded_from=trusted)
                                  for trusted in (TRUSTED, ["192.0.2.0/24"])))


@pytest.mark.parametrize("number", [0, 1], ids=["trusted", "stranger"])
@pytest.mark.parametrize("headers", FORWARDED)
@pytest.mark.parametrize("kind", [Http1, Http2])
def test_whatever_is_said_of_the_client_its_query_is_answered(forwarded, authority, kind, headers, number):
    with dial(forwarded.rows[number], authority, kind) as web:
        web.send_query(query("forwarded.test"), headers=headers)
        assert is_right(web.receive().dns, "forwarded.test")


def test_only_a_trusted_reverse_proxy_opens_connections_without_limit(stage, chaos, authority):
    house = House(stage, chaos, door("http", path=PATH, forwarded_from=["127.0.0.2"]))

    def count_served(source):
        webs, served = [dial(house.rows[0], authority, Http1, source=source) for _ in range(6)], 0
        for web in webs:
            try:
                web.send_query(query("many.test"), headers={"x-forwarded-for": f"192.0.2.{served}"})
                served += web.receive().status == 200
            except (EOFError, OSError):
                pass
        for web in webs:
            web.sock.close()
        return served
    assert (count_served("127.0.0.2"), count_served("127.0.0.3")) == (6, 2)
