"""DNS cookies (RFC 7873, RFC 9018): given, taken back, shared with other servers, demanded."""

import dataclasses
import re
import struct
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

import wire
from client import Stream, ask, exchange, is_right, kdig, query
from cookie_servers import SERVERS, Dug
from front import TlsStream, curl, doh, dot, trusting, url_for
from proxy import run_to_the_end
from scripts import COOKIE, UPSTREAM_COOKIE
from waiting import until

MINE = b"\x0c\x11\xe4\x77\xc0\x0c\x1e\x55"
SECRET, OTHER = "8d5f2a0c1b7e4693d0e1f2a3b4c5d6e7", "000102030405060708090a0b0c0d0e0f"


def with_cookie(name, cookie=MINE, **other):
    return query(name, edns=1232, options=[dns.edns.GenericOption(COOKIE, cookie)], **other)


def cookie_of(response):
    found = [option.data for option in response.options if option.otype == COOKIE]
    assert len(found) <= 1
    return found[0] if found else None


def is_fresh(cookie, mine=MINE):
    """24 bytes, the client's in front, then version 1, zeroes, and a time that is about now."""
    made_at = struct.unpack("!I", cookie[12:16])[0]
    return (len(cookie), cookie[:8], cookie[8:12]) == (24, mine, b"\1\0\0\0") and abs(made_at - time.time()) < 60


def raw(name, cookie, qtype=1, questions=1):
    header = struct.pack("!6H", 0x1234, 0x0100, questions, 0, 0, 1)
    question = wire.name_wire(name) + struct.pack("!HH", qtype, 1) if questions else b""
    return header + question + wire.opt([(COOKIE, cookie)])


@dataclasses.dataclass
class Bare:
    """A response without a question, which dnspython would not take for one of ours."""
    wire: bytes

    @property
    def message(self):
        return dns.message.from_wire(self.wire)

    @property
    def result(self):
        message = self.message
        return message.rcode(), len(message.question), len(message.answer), cookie_of(message)


@pytest.fixture(scope="module")
def demanding(shared, chaos):
    return shared.proxy(chaos, limit={"cookies": "require"})


# What every response has.

@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_who_brings_a_cookie_gets_it_back_with_ours(proxy, tcp):
    first = ask(proxy, "", message=with_cookie("given.test"), tcp=tcp)
    assert is_right(first, "given.test") and is_fresh(cookie_of(first))
    again = ask(proxy, "", message=with_cookie("given.test", cookie_of(first)), tcp=tcp)
    assert is_right(again, "given.test") and cookie_of(again) == cookie_of(first)


def test_over_tls_and_https_as_well(shared, chaos, authority, tmp_path):
    rows = [dot(authority["good"]), doh(authority["good"])]
    served = shared.proxy(chaos, listen=rows)
    with TlsStream(served, trusting(authority)) as stream:
        assert is_fresh(cookie_of(stream.ask(with_cookie("dot.test"))[0]))
    curl(authority.ca, "--output", tmp_path / "said", url_for(rows[1], message=with_cookie("doh.test")))
    response = dns.message.from_wire((tmp_path / "said").read_bytes())
    assert is_right(response, "doh.test") and is_fresh(cookie_of(response))


def test_dig_and_kdig_find_the_cookie_good(proxy):
    first = Dug(proxy)
    assert len(first.cookie) == 48 and first.status == "NOERROR"
    assert Dug(proxy, f"+cookie={first.cookie}").cookie == first.cookie
    said = kdig(proxy, "+cookie", "www.test")
    assert re.search(r"COOKIE: [0-9A-F]{16}01000000[0-9A-F]{24}", said.replace(" ", "").replace("COOKIE:", "COOKIE: "))


def test_who_brings_none_gets_none(proxy):
    assert cookie_of(ask(proxy, "none.test", edns=1232)) is None
    assert Dug(proxy, "+nocookie").cookie is None


@pytest.mark.parametrize("name", ["rcode-2.error.test", "rcode-3.error.test", "ede-7.error.test"])
def test_errors_of_the_upstream_bear_it(proxy, name):
    assert is_fresh(cookie_of(ask(proxy, "", message=with_cookie(name))))


def test_errors_of_our_own_bear_it(proxy):
    response = ask(proxy, "", message=with_cookie("zone.test", qtype="AXFR"))
    assert response.rcode() == dns.rcode.REFUSED and is_fresh(cookie_of(response))
    response = dns.message.from_wire(exchange(proxy, raw("t.test", MINE, qtype=250)))
    assert response.rcode() == dns.rcode.FORMERR and is_fresh(cookie_of(response))


def test_a_truncated_response_bears_it_and_keeps_to_the_client_s_size(proxy):
    for size in (512, 700, 1232):
        for excess in range(-40, 41, 4):
            message = query(f"big-{size + excess}.cut.test", "TXT", edns=size,
                            options=[dns.edns.GenericOption(COOKIE, MINE)])
            reply = exchange(proxy, message.to_wire())
            response = dns.message.from_wire(reply)
            assert len(reply) <= size and is_fresh(cookie_of(response))
            assert bool(response.flags & dns.flags.TC) == (not response.answer)


def test_the_upstream_s_own_cookie_stays_there_and_ours_does_not_go_there(proxy, chaos):
    reply = exchange(proxy, with_cookie("options.both.test").to_wire())
    assert UPSTREAM_COOKIE not in reply and is_fresh(cookie_of(dns.message.from_wire(reply)))
    given = cookie_of(ask(proxy, "", message=with_cookie("first.own.test")))
    ask(proxy, "", message=with_cookie("second.own.test", given))
    for name in ("first.own.test", "second.own.test"):
        seen = chaos.asked_about(name)[0].wire
        assert MINE not in seen and cookie_of(dns.message.from_wire(seen)) is None


def test_a_cookie_is_for_one_address(proxy):
    given = cookie_of(ask(proxy, "", message=with_cookie("address.test")))
    message = with_cookie("address.test", given)
    answer = dns.query.udp(message, "127.0.0.1", port=proxy.port, source="127.0.0.9", timeout=15)
    assert cookie_of(answer)[:8] == MINE and cookie_of(answer) != given


# What is no cookie.

@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("length", [0, 1, 7, 9, 15, 41, 255])
def test_formerr_for_a_cookie_of_a_length_that_none_has(proxy, chaos, length, tcp):
    name = f"length{length}.test"
    message = raw(name, bytes(length))
    if tcp:
        with Stream(proxy) as stream:
            stream.sock.sendall(struct.pack("!H", len(message)) + message)
            response = stream.receive()[0]
    else:
        response = dns.message.from_wire(exchange(proxy, message))
    assert (response.rcode(), response.edns, cookie_of(response)) == (dns.rcode.FORMERR, 0, None)
    assert chaos.asked_about(name) == []


@pytest.mark.parametrize("length", [16, 23, 25, 40])
def test_a_server_s_cookie_of_another_kind_gives_way_to_ours(proxy, length):
    name = f"kind{length}.test"
    response = ask(proxy, "", message=with_cookie(name, MINE + bytes(length - 8)))
    assert is_right(response, name) and is_fresh(cookie_of(response))


def test_of_several_cookies_the_first_counts(proxy):
    options = [dns.edns.GenericOption(COOKIE, MINE), dns.edns.GenericOption(COOKIE, b"x")]
    response = ask(proxy, "", message=query("several.test", edns=1232, options=options))
    assert is_right(response, "several.test") and is_fresh(cookie_of(response))


# Queries for a cookie alone.

@pytest.mark.parametrize("tcp", ["+notcp", "+tcp"])
def test_dig_gets_a_cookie_without_a_question(proxy, tcp):
    first = Dug(proxy, "+header-only", tcp)
    assert (first.status, len(first.cookie)) == ("NOERROR", 48) and "QUERY: 0, ANSWER: 0" in first.answer
    again = Dug(proxy, "+header-only", tcp, f"+cookie={first.cookie}")
    assert (again.status, again.cookie) == ("NOERROR", first.cookie)
    wrong = first.cookie[:-1] + ("0" if first.cookie[-1] != "0" else "1")
    bad = Dug(proxy, "+header-only", "+nobadcookie", tcp, f"+cookie={wrong}")
    assert bad.status == "BADCOOKIE" and bad.cookie[:16] == first.cookie[:16] and bad.cookie != wrong


def test_it_works_the_same_where_cookies_are_demanded(demanding):
    first = Bare(exchange(demanding, raw("", MINE, questions=0)))
    assert first.result[:3] == (dns.rcode.NOERROR, 0, 0) and is_fresh(first.result[3])
    bad = Bare(exchange(demanding, raw("", MINE + bytes(16), questions=0)))
    assert bad.result[:3] == (dns.rcode.BADCOOKIE, 0, 0) and is_fresh(bad.result[3])


def test_without_a_cookie_no_question_is_formerr(proxy):
    header = struct.pack("!6H", 0x1234, 0x0100, 0, 0, 0, 1)
    assert dns.message.from_wire(exchange(proxy, header + wire.opt())).rcode() == dns.rcode.FORMERR


def test_it_is_for_those_only_who_may_ask(stage, chaos):
    served = stage.proxy(chaos, limit={"deny": ["127.0.0.9"]})
    message = dns.message.from_wire(raw("", MINE, questions=0))
    response = dns.query.udp(message, "127.0.0.1", port=served.port, source="127.0.0.9", timeout=15)
    assert response.rcode() == dns.rcode.REFUSED and is_fresh(cookie_of(response))


# Cookies that are demanded.

def test_dig_comes_back_with_the_cookie_and_is_answered_over_udp(demanding):
    assert Dug(demanding, "+nobadcookie").status == "BADCOOKIE"
    done = Dug(demanding)
    assert done.status == "NOERROR" and "BADCOOKIE, retrying" in done.said and not done.is_over_tcp
    assert re.search(r"^www\.cookies\.test\..*\bA\b", done.answer, re.M)


def test_kdig_does_so_too(demanding):
    assert "BADCOOKIE" in kdig(demanding, "+cookie", "+nobadcookie", "www.kdig.test")
    said = kdig(demanding, "+cookie", "+badcookie", "www.kdig.test")
    assert "status: NOERROR" in said and "(UDP)" in said


def test_who_has_no_cookies_is_sent_to_tcp(demanding):
    assert ask(demanding, "old.test").flags & dns.flags.TC
    done = Dug(demanding, "+nocookie")
    assert done.status == "NOERROR" and done.is_over_tcp


def test_over_tcp_nobody_needs_a_cookie(demanding):
    for cookie in (MINE, MINE + bytes(16)):
        response = ask(demanding, "", message=with_cookie("tcp.test", cookie), tcp=True)
        assert is_right(response, "tcp.test") and is_fresh(cookie_of(response))


def test_nothing_is_asked_of_the_upstream_for_somebody_unproven(demanding, chaos):
    response = ask(demanding, "", message=with_cookie("unproven.test"))
    assert response.rcode() == dns.rcode.BADCOOKIE and not response.answer
    assert chaos.asked_about("unproven.test") == []
    proven = ask(demanding, "", message=with_cookie("unproven.test", cookie_of(response)))
    assert is_right(proven, "unproven.test")


def over_the_limit(served, *words):
    """What dig is told right after somebody at its address was sent to TCP."""
    until(lambda: ask(served, "limit.test").flags & dns.flags.TC, "the limit is reached")
    return Dug(served, *words)


def test_over_the_limit_a_client_with_cookies_gets_its_answer_over_udp(stage, chaos):
    served = stage.proxy(chaos, limit={"rate": "1/s", "burst": 3})
    until(lambda: over_the_limit(served, "+nobadcookie").status == "BADCOOKIE", "dig is over the limit, too")
    done = over_the_limit(served)
    assert done.status == "NOERROR" and done.cookie and not done.is_over_tcp
    until(lambda: over_the_limit(served, "+nocookie").is_over_tcp, "dig without cookies is sent to TCP")


@pytest.mark.parametrize("word", ["off", "no", "false"])
def test_without_cookies_nobody_gets_one(stage, chaos, word):
    served = stage.proxy(chaos, limit={"cookies": word})
    response = ask(served, "", message=with_cookie("off.test"))
    assert is_right(response, "off.test") and cookie_of(response) is None
    bare = dns.message.from_wire(exchange(served, raw("", MINE, questions=0)))
    assert bare.rcode() == dns.rcode.FORMERR
    response = dns.message.from_wire(exchange(served, raw("ignored.test", b"x")))
    assert is_right(response, "ignored.test") and cookie_of(response) is None


# Secrets that are shared.

@pytest.fixture
def secret_file(tmp_path):
    file = tmp_path / "secrets"
    file.write_text(SECRET + "\n")
    return file


def demanding_with(stage, chaos, file):
    return stage.proxy(chaos, limit={"cookies": "require", "cookie_secret": file})


def test_two_of_us_with_one_secret_take_each_other_s_cookies(stage, chaos, secret_file):
    one, two = (demanding_with(stage, chaos, secret_file) for _ in range(2))
    given = cookie_of(ask(one, "", message=with_cookie("pair.test")))
    assert is_right(ask(two, "", message=with_cookie("pair.test", given)), "pair.test")


def test_two_of_us_without_one_do_not(stage, chaos, demanding):
    other = stage.proxy(chaos, limit={"cookies": "require"})
    given = cookie_of(ask(demanding, "", message=with_cookie("pair.test")))
    assert ask(other, "", message=with_cookie("pair.test", given)).rcode() == dns.rcode.BADCOOKIE


def test_secrets_are_rolled_by_a_reload(stage, chaos, secret_file):
    served = demanding_with(stage, chaos, secret_file)
    settings = served.file.read_text()
    old = cookie_of(ask(served, "", message=with_cookie("roll.test")))
    secret_file.write_text(f"{OTHER}\n{SECRET}\n")
    served.reload(settings)
    served.wait_for_log("configuration is in force")
    response = ask(served, "", message=with_cookie("roll.test", old))
    new = cookie_of(response)
    assert is_right(response, "roll.test") and new != old and is_fresh(new)
    secret_file.write_text(f"{OTHER}\n")
    served.reload(settings)
    until(lambda: len(served.log_lines("configuration is in force")) == 2, "the second reload")
    assert ask(served, "", message=with_cookie("roll.test", old)).rcode() == dns.rcode.BADCOOKIE
    assert is_right(ask(served, "", message=with_cookie("roll.test", new)), "roll.test")


def test_a_bad_file_changes_nothing_and_is_not_repeated_in_the_log(stage, chaos, secret_file):
    served = demanding_with(stage, chaos, secret_file)
    given = cookie_of(ask(served, "", message=with_cookie("bad.test")))
    secret_file.write_text(SECRET + "\n" + OTHER[:-1] + "\n")
    served.reload(served.file.read_text())
    served.wait_for_log("not changed", "secrets:2: this is no secret")
    assert OTHER[:-1] not in served.log
    assert is_right(ask(served, "", message=with_cookie("bad.test", given)), "bad.test")


def test_check_tells_what_is_wrong_with_the_file(tmp_path):
    file = tmp_path / "check.yaml"
    file.write_text(f"limit:\n  cookie_secret: {tmp_path}/none\n")
    status, said = run_to_the_end("check", "-c", file)
    assert status == 2 and "check.yaml:2:" in said and "No such file" in said


# Other servers with the same secret, over real sockets.

@pytest.fixture(scope="module", params=SERVERS)
def other(request, tmp_path_factory):
    kind = SERVERS[request.param]
    if not kind.path():
        pytest.skip(f"{request.param} is not installed")
    with kind(tmp_path_factory.mktemp(request.param), SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def twin(shared, chaos, tmp_path_factory):
    file = tmp_path_factory.mktemp("twin") / "secrets"
    file.write_text(SECRET + "\n")
    return demanding_with(shared, chaos, file)


def test_we_take_the_cookie_of(other, twin):
    theirs = Dug(other, "+nobadcookie").cookie
    ours = Dug(twin, "+nobadcookie", f"+cookie={theirs}")
    assert ours.status == "NOERROR" and ours.cookie == theirs


def test_our_cookie_is_taken_by(other, twin):
    ours = Dug(twin, "+nobadcookie")
    assert ours.status == "BADCOOKIE"
    until(lambda: time.time() >= ours.made_at + 1, "a cookie made now would be another")
    theirs = Dug(other, "+nobadcookie", f"+cookie={ours.cookie}")
    assert theirs.status == "NOERROR" and (theirs.cookie == ours.cookie or other.refuses)


def test_a_wrong_cookie_is_taken_by_neither(other, twin):
    given = Dug(twin, "+nobadcookie").cookie
    wrong = given[:-1] + ("0" if given[-1] != "0" else "1")
    until(lambda: time.time() >= int(given[24:32], 16) + 1, "a cookie made now would be another")
    for server in (other, twin):
        said = Dug(server, "+nobadcookie", f"+cookie={wrong}")
        assert said.cookie not in (wrong, given)
        assert said.status == ("NOERROR" if server is other and not other.refuses else "BADCOOKIE")
