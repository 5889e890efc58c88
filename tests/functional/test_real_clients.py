"""Real clients of the encrypted front door: each verifies us, and gets its answers."""

import os
import re
import ssl
import subprocess
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import httpx
import pytest

from browser import Browser, Page
from client import query, tool
from control import await_socket, socket_at, tell_json
from forwarders import FORWARDERS, NEED_ROOT, Resolved, has_network
from front import curl, doh, door, dot, encoded, trusting, url_for, PATH
from names import Names
from scripts import framed

ADDRESS, PAGE = "127.0.0.7", "page.test"
WORDS = "found by a name that nobody else knows"
MANY = [f"n{number}.test" for number in range(40)]


class House:
    """dotproxy with a listener of each kind, before an upstream that knows a few names."""

    def __init__(self, stage, authority, directory):
        addresses = {PAGE: [ADDRESS], **{name: [ADDRESS] for name in MANY}}
        upstream = stage.stack.enter_context(Names(authority["good"], addresses=addresses))
        control = socket_at(directory)
        rows = [dot(authority["good"]), doh(authority["good"]), door("http", path=PATH)]
        self.proxy = stage.proxy(upstream, listen=rows, workers=2, control=control)
        self.control, self.authority, self.ca = control["socket"], authority, authority.ca
        await_socket(self.control)
        self.tls, self.https, self.http = (self.port_of(row) for row in rows)
        self.doh, self.plain = rows[1]["url"], rows[2]["url"]

    @staticmethod
    def port_of(row):
        return int(re.search(r":(\d+)", row["url"])[1])

    def counted(self, *names):
        counts = tell_json(self.control, "stats")
        return [counts[name] for name in names]


@pytest.fixture(scope="module")
def house(shared, authority, tmp_path_factory):
    return House(shared, authority, tmp_path_factory.mktemp("house"))


@pytest.fixture
def count(house):
    """What has been counted by a name since the test began."""
    names = ["queries_tls", "queries_https", "queries_http", "tls_handshakes",
             "tls_handshakes_resumed", "http_refusals"]
    before = dict(zip(names, house.counted(*names)))
    return lambda name: house.counted(name)[0] - before[name]


def addresses(response):
    return [rdata.to_text() for rrset in response.answer for rdata in rrset]


# kdig

def kdig(house, port, *words):
    return tool("kdig", "@127.0.0.1", "-p", port, "+retry=0", "+time=15", *words)


def verified(house):
    return [f"+tls-ca={house.ca}", "+tls-hostname=dns.test"]


def pinned(house):
    return [f"+tls-pin={house.authority['good'].pin()}"]


@pytest.mark.parametrize("trust", [verified, pinned])
def test_kdig_over_tls(house, count, trust):
    assert kdig(house, house.tls, *trust(house), "+short", PAGE).split() == [ADDRESS]
    assert count("queries_tls") == 1


def test_kdig_refuses_a_key_that_is_not_pinned(house):
    pin = house.authority["self_signed"].pin()
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(house.tls), "+retry=0", f"+tls-pin={pin}",
                           PAGE], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and ADDRESS not in done.stdout


@pytest.mark.parametrize("words,method", [(["+https"], "POST"), (["+https", "+https-get"], "GET")])
def test_kdig_over_https(house, count, words, method):
    said = kdig(house, house.https, *words, *verified(house), PAGE)
    assert f"HTTP/2-{method}" in said and "(status: 200)" in said
    assert re.search(rf"^{PAGE}\.\s.*\s{re.escape(ADDRESS)}$", said, re.M)
    assert count("queries_https") == 1


def test_kdig_keeps_one_connection_for_many_padded_queries(house, count):
    said = kdig(house, house.tls, *verified(house), "+keepopen", "+padding", *MANY[:5])
    assert re.findall(r"Received (\d+) B", said) == ["468"] * 5
    assert said.count(f"\t{ADDRESS}") == 5
    assert (count("queries_tls"), count("tls_handshakes")) == (5, 1)


# openssl

def s_client(house, *words, port=None, says=b"", until_says=None):
    """What `openssl s_client` says, which verifies us, when it was given `says`; it hangs up when
    `until_says` has come, or at once."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port or house.tls}", "-CAfile",
               house.ca, "-verify_return_error", "-verify_hostname", "dns.test", *map(str, words)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    process.stdin.write(says)
    process.stdin.flush()
    said = b""
    while until_says and until_says not in said:
        part = os.read(process.stdout.fileno(), 65536)
        assert part, f"it left before it said {until_says}: {said.decode(errors='replace')}"
        said += part
    return (said + process.communicate(timeout=60)[0]).decode(errors="replace")


def ask_by_openssl(house, *words):
    message = query(PAGE)
    return s_client(house, *words, says=framed(message.to_wire()),
                    until_says=bytes(map(int, ADDRESS.split("."))))


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_openssl_resumes_its_session(house, count, tmp_path, version):
    session = tmp_path / "session"
    first = ask_by_openssl(house, f"-{version}", "-sess_out", session)
    second = ask_by_openssl(house, f"-{version}", "-sess_in", session)
    for said, kind in ((first, "New"), (second, "Reused")):
        assert re.search(rf"^{kind}, TLSv1", said, re.M), said
        assert "Verify return code: 0 (ok)" in said
    assert (count("tls_handshakes"), count("tls_handshakes_resumed")) == (2, 1)


@pytest.mark.parametrize("port,offered,taken", [
    ("tls", "dot", "dot"), ("https", "h2,http/1.1", "h2"), ("https", "http/1.1,h2", "h2"),
    ("https", "http/1.1", "http/1.1")])
def test_openssl_agrees_on_a_protocol(house, port, offered, taken):
    said = s_client(house, "-alpn", offered, port=getattr(house, port))
    assert f"ALPN protocol: {taken}\n" in said


@pytest.mark.parametrize("port,offered", [("tls", "h2"), ("https", "dot"), ("https", "h3")])
def test_openssl_is_told_that_no_protocol_fits(house, port, offered):
    assert "alert no application protocol" in s_client(house, "-alpn", offered,
                                                       port=getattr(house, port))


def test_openssl_gets_the_certificate_of_the_name_it_asks_for(stage, house, authority):
    row = dot([authority["good"], authority["wrong_name"]])
    served = stage.proxy("udp://127.0.0.1:9", listen=[row])
    for name in ("dns.test", "other.test"):
        said = s_client(house, "-servername", name, "-verify_hostname", name, port=served.port)
        assert "Verify return code: 0 (ok)" in said and f"CN = {name}" in said


# curl

def response_of(house, *words):
    """(HTTP version, DNS response) of what curl fetches."""
    marker = b"\nstatus and version: "
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "--cacert", house.ca,
               "--write-out", marker.decode() + "%{http_code} %{http_version}", *map(str, words)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    body, _, rest = done.stdout.rpartition(marker)
    status, version = rest.decode().split()
    assert status == "200"
    return version, dns.message.from_wire(body)


@pytest.mark.parametrize("scheme,word,version", [
    ("https", "--http1.1", "1.1"), ("https", "--http2", "2"), ("https", "--http1.0", "1.1"),
    ("http", "--http1.1", "1.1"), ("http", "--http2-prior-knowledge", "2"), ("http", "--http2", "1.1")])
def test_curl_by_get_and_post(house, count, tmp_path, scheme, word, version):
    url, message = {"https": house.doh, "http": house.plain}[scheme], query(PAGE)
    question = tmp_path / "question"
    question.write_bytes(message.to_wire())
    by_get = response_of(house, word, f"{url}?dns={encoded(message)}")
    by_post = response_of(house, word, url, "--data-binary", f"@{question}", "--header",
                          "content-type: application/dns-message")
    for got, response in (by_get, by_post):
        assert got == version and response.id == message.id and addresses(response) == [ADDRESS]
    assert count(f"queries_{scheme}") == 2 and count("http_refusals") == 0


def test_curl_loads_a_page_whose_name_it_resolves_by_us(house, count):
    with Page(ADDRESS, WORDS) as page:
        said = curl(house.ca, "--doh-url", house.doh, f"http://{PAGE}:{page.port}/")
    assert WORDS in said and page.hosts == [f"{PAGE}:{page.port}"]
    assert count("queries_https") >= 1


def test_curl_resolves_nothing_by_one_it_cannot_verify(house, authority, count):
    with Page(ADDRESS, WORDS) as page:
        done = subprocess.run(["curl", "--silent", "--cacert", authority.stranger.chain, "--doh-url",
                               house.doh, f"http://{PAGE}:{page.port}/"], timeout=60,
                              capture_output=True)
    assert done.returncode == 6 and page.hosts == []      # 6: it could not resolve the host
    assert count("queries_https") == 0


# dnspython

def test_dnspython_over_tls(house, count):
    message = query(PAGE, edns=1232)
    response = dns.query.tls(message, "127.0.0.1", 20, house.tls, server_hostname="dns.test",
                             ssl_context=trusting(house.authority))
    assert addresses(response) == [ADDRESS] and count("queries_tls") == 1


@pytest.mark.parametrize("post", [True, False])
@pytest.mark.parametrize("http2", [True, False])
def test_dnspython_over_https(house, count, http2, post):
    context = ssl.create_default_context(cafile=house.ca)
    with httpx.Client(http1=not http2, http2=http2, verify=context) as session:
        for name in MANY[:3]:
            response = dns.query.https(query(name), house.doh, 20, session=session, post=post)
            assert addresses(response) == [ADDRESS]
    assert (count("queries_https"), count("tls_handshakes")) == (3, 1)


# Forwarders

@pytest.fixture(scope="module", params=FORWARDERS)
def forwarder(request, house, tmp_path_factory):
    if request.param in NEED_ROOT and os.geteuid() != 0:
        pytest.skip("needs root for a view of the file system of its own")
    if request.param == Resolved.program and not has_network():
        pytest.skip("it asks nobody on a machine without a network")
    directory = tmp_path_factory.mktemp(request.param)
    with FORWARDERS[request.param](directory, house.tls, house.ca) as running:
        yield running


def dig(port, *words):
    return tool("dig", "@127.0.0.1", "-p", port, "+tries=2", "+time=10", *words)


def test_a_forwarder_gets_answers_over_tls(forwarder, house, count):
    names = MANY[:20]
    said = [dig(forwarder.port, "+short", word, name).split()
            for name, word in zip(names, ["+notcp", "+tcp"] * 10)]
    assert said == [[ADDRESS]] * 20
    assert count("queries_tls") >= 20


def test_a_forwarder_hands_on_that_there_is_no_such_name(forwarder):
    assert "status: NXDOMAIN" in dig(forwarder.port, "nobody.test")


# Chromium

def test_chromium_loads_a_page_whose_name_it_resolves_by_us(house, count, tmp_path):
    with Page(ADDRESS, WORDS) as page:
        seen = Browser(tmp_path, house.doh, house.ca).load(f"http://{PAGE}:{page.port}/")
    assert WORDS in seen and f"{PAGE}:{page.port}" in page.hosts
    assert count("queries_https") >= 1 and count("http_refusals") == 0


def test_chromium_resolves_nothing_by_one_it_cannot_verify(house, count, tmp_path):
    with Page(ADDRESS, WORDS) as page:
        seen = Browser(tmp_path, house.doh).load(f"http://{PAGE}:{page.port}/")
    assert WORDS not in seen and page.hosts == []
    assert count("queries_https") == 0


# h2load

@pytest.mark.parametrize("scheme,words", [("https", []), ("https", ["--h1"]), ("http", [])])
def test_h2load_loses_none_of_thousands(house, count, scheme, words):
    url = {"https": house.doh, "http": house.plain}[scheme]
    said = tool("h2load", "--requests=3000", "--clients=6", "--max-concurrent-streams=100", *words,
                f"{url}?dns={encoded(query(PAGE))}")
    assert "3000 total, 3000 started, 3000 done, 3000 succeeded, 0 failed, 0 errored" in said
    assert count(f"queries_{scheme}") == 3000 and count("http_refusals") == 0


def test_h2load_may_post(house, count, tmp_path):
    question = Path(tmp_path / "question")
    question.write_bytes(query(PAGE).to_wire())
    said = tool("h2load", "--requests=1000", "--clients=4", "--max-concurrent-streams=100", "--data",
                question, "--header", "content-type: application/dns-message", house.doh)
    assert "1000 succeeded, 0 failed" in said and count("queries_https") == 1000
