"""Names that must not leave: each is answered here, and no upstream hears of it."""

import re
from pathlib import Path

import dns.flags
import dns.rcode
import dns.rdatatype
import pytest

from client import Stream, ask, dig, exchange, extended_errors, is_right, kdig, query
from ports import free_port
from proxy import config, listener, run_to_the_end

TABLE = Path(__file__).resolve().parents[2] / "src/policy/local_names.def"
ROW = re.compile(r'^NAME\("([^"]+)", ([A-Z]+), "(RFC [^"]+)"\)$', re.MULTILINE)
ROWS = ROW.findall(TABLE.read_text())
ALL = {"pass": []}      # proxy.py passes the names of the other tests on

# What the zone's own name has, and what there is below it.
APEX = {"NOTHING": dns.rcode.NXDOMAIN}
BELOW = {"LOOPBACK": dns.rcode.NOERROR, "RESOLVER": dns.rcode.NOERROR}
NEGATIVE_TTL = 10800


@pytest.fixture(scope="module")
def proxy(shared, chaos):
    return shared.proxy(chaos, limit=ALL)


def is_negative(response, zone, rcode):
    """Whether it says that there is nothing, and for how long that may be remembered: RFC 2308."""
    assert response.rcode() == rcode and not response.answer and response.flags & dns.flags.AA
    soa, = response.authority
    assert soa.name.to_text().lower() == zone + "." and soa.rdtype == dns.rdatatype.SOA
    return (soa.ttl, soa[0].minimum) == (NEGATIVE_TTL, NEGATIVE_TTL)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("zone, kind, why", ROWS, ids=[row[0] for row in ROWS])
def test_of_a_local_name_no_upstream_hears(proxy, chaos, zone, kind, why, tcp):
    below = f"A.{zone}".upper()
    response = ask(proxy, zone, "MX", tcp=tcp, edns=1232)
    assert is_negative(response, zone, APEX.get(kind, dns.rcode.NOERROR))
    assert [error.text for error in extended_errors(response)] == [why]
    assert is_negative(ask(proxy, below, "TXT", tcp=tcp), zone, BELOW.get(kind, dns.rcode.NXDOMAIN))
    assert not chaos.asked_about(zone) and not chaos.asked_about(below)


@pytest.mark.parametrize("zone, kind, _", ROWS, ids=[row[0] for row in ROWS])
def test_a_zone_that_is_there_has_soa_and_ns(proxy, zone, kind, _):
    for qtype in ("SOA", "NS"):
        response = ask(proxy, zone, qtype)
        found = [rrset.to_text().lower() for rrset in response.answer]
        rdata = {"SOA": f"{zone}. nobody.invalid. 1 3600 1200 604800 10800", "NS": f"{zone}."}[qtype]
        expected = [] if kind == "NOTHING" else [f"{zone}. 10800 in {qtype.lower()} {rdata}"]
        assert found == expected


SHORT = [
    ("localhost", "A", "127.0.0.1"), ("www.LocalHost", "A", "127.0.0.1"), ("localhost", "AAAA", "::1"),
    ("a.b.localhost", "AAAA", "::1"), ("localhost", "ANY", "127.0.0.1"), ("localhost", "TXT", ""),
    ("1.0.0.127.in-addr.arpa", "PTR", "localhost."), ("2.0.0.127.in-addr.arpa", "PTR", ""),
    ("1." + "0." * 31 + "ip6.arpa", "PTR", "localhost."), ("_dns.resolver.arpa", "SVCB", ""),
    ("home.arpa", "NS", "home.arpa."),
]


@pytest.mark.parametrize("tool", [dig, kdig])
@pytest.mark.parametrize("tcp", ["+notcp", "+tcp"])
@pytest.mark.parametrize("name, qtype, expected", SHORT)
def test_real_clients_get(proxy, tool, tcp, name, qtype, expected):
    assert tool(proxy, tcp, "+short", name, qtype).strip() == expected


def test_dig_x_tells_the_name_of_this_machine(proxy):
    assert dig(proxy, "+short", "-x", "127.0.0.1").strip() == "localhost."
    assert dig(proxy, "+short", "-x", "::1").strip() == "localhost."
    assert "status: NXDOMAIN" in dig(proxy, "-x", "192.168.1.1")


@pytest.mark.parametrize("name", ["0.127.in-addr.arpa", "0.0.127.in-addr.arpa"])
def test_nothing_is_denied_that_has_something_below_it(proxy, name):
    """RFC 8020: who asks label by label must find the way to 127.0.0.1."""
    assert is_negative(ask(proxy, name, "NS"), "127.in-addr.arpa", dns.rcode.NOERROR)


@pytest.mark.parametrize("wants", [False, True], ids=["plain", "do"])
def test_do_comes_back_and_ad_is_not_claimed(proxy, wants):
    flags = dns.flags.RD | dns.flags.AD | dns.flags.CD
    message = query("x.onion", edns=1232, want_dnssec=wants, flags=flags)
    response = ask(proxy, "", message=message)
    assert bool(response.ednsflags & dns.flags.DO) is wants
    assert response.flags & (flags | dns.flags.RA) == dns.flags.RD | dns.flags.CD | dns.flags.RA


def test_who_has_no_edns_gets_none(proxy):
    assert ask(proxy, "x.onion").edns == -1


ORDINARY = ["example", "www.example.com", "latest", "x.nonlocal", "11.in-addr.arpa", "ipv4only.arpa", "internal",
            "32.172.in-addr.arpa", "arpa", "a.test.example", "onion.example", "mylocalhost"]


@pytest.mark.parametrize("name, qtype", [("localhost", "A"), ("everything.test", "ANY")])
def test_what_is_wrong_with_a_query_is_told_of_them_too(proxy, name, qtype):
    asked = query(name, qtype, edns=1232)
    asked.use_edns(1)
    assert ask(proxy, "", message=asked).rcode() == dns.rcode.BADVERS


@pytest.mark.parametrize("name", ORDINARY)
def test_names_that_look_alike_are_asked_upstream(proxy, chaos, name):
    assert is_right(ask(proxy, name), name)
    assert len(chaos.asked_about(name)) == 1


def asks_with_do(proxy, zone):
    exchange(proxy, query(zone, "DS", edns=1232, want_dnssec=True).to_wire())


@pytest.mark.parametrize("zone", [zone for zone, kind, _ in ROWS if kind not in ("NOTHING", "LOOPBACK")])
def test_the_internet_tells_who_validates_that_a_zone_is_not_signed(proxy, chaos, zone):
    """RFC 8375 section 4, item 4: with DO the question for DS is the parent's, else it does not leave."""
    assert is_negative(ask(proxy, zone, "DS", edns=1232), zone, dns.rcode.NOERROR)
    assert not chaos.asked_about(zone)
    asks_with_do(proxy, zone)
    assert [question.asked.qtype for question in chaos.asked_about(zone)] == [dns.rdatatype.DS]
    asks_with_do(proxy, f"x.{zone}")
    assert not chaos.asked_about(f"x.{zone}")


@pytest.mark.parametrize("zone", ["test", "onion", "local", "alt", "invalid", "localhost"])
def test_a_top_level_that_is_none_has_no_parent_to_ask(proxy, chaos, zone):
    asks_with_do(proxy, zone)
    assert not chaos.asked_about(zone)


# Everything, and other classes.

@pytest.mark.parametrize("tcp", ["+notcp", "+tcp"])
def test_any_gets_one_record_that_says_no_more(proxy, chaos, tcp):
    said = dig(proxy, tcp, "+noall", "+answer", "any.example.com", "ANY").split()
    assert said == ["any.example.com.", "3600", "IN", "HINFO", '"RFC8482"', '""']
    assert not chaos.asked_about("any.example.com")


def test_any_is_asked_upstream_where_that_is_wanted(stage, chaos):
    served = stage.proxy(chaos, limit={"any": "forward"})
    response = ask(served, "forwarded.any.test", "ANY")
    assert response.rcode() == dns.rcode.NOERROR
    assert [question.asked.qtype for question in chaos.asked_about("forwarded.any.test")] == [dns.rdatatype.ANY]


@pytest.mark.parametrize("name", ["version.bind", "hostname.bind", "id.server", "version.server", "x.example"])
def test_names_of_class_ch_are_refused(proxy, chaos, name):
    assert "status: REFUSED" in dig(proxy, "CH", "TXT", name)
    assert not chaos.asked_about(name)


def test_other_classes_have_no_local_names(proxy, chaos):
    assert ask(proxy, "printer.home.arpa", qclass="HS").rcode() == dns.rcode.REFUSED
    assert not chaos.asked_about("printer.home.arpa")


# What sends them away all the same.

def test_a_routed_name_is_not_local(stage, chaos):
    inside = stage.chaos("udp")
    route = [{"suffix": ["10.in-addr.arpa", "corp.home.arpa", "local"], "group": "inside"}]
    served = stage.proxy(stage.row(chaos), stage.row(inside, group="inside"), groups=["inside"], route=route, limit=ALL)
    for name in ("1.2.3.10.in-addr.arpa", "www.corp.home.arpa", "printer.local"):
        assert is_right(ask(served, name), name)
        assert inside.asked_about(name) and not chaos.asked_about(name)
    for name in ("www.home.arpa", "1.168.192.in-addr.arpa"):
        assert ask(served, name).rcode() == dns.rcode.NXDOMAIN
        assert not inside.asked_about(name) and not chaos.asked_about(name)


def test_a_route_of_the_root_makes_no_name_leave(stage, chaos):
    other = stage.chaos("udp")
    served = stage.proxy(stage.row(chaos), stage.row(other, group="other"), groups=["other"],
                         route=[{"suffix": ["."], "group": "other"}], limit=ALL)
    assert is_right(ask(served, "www.example.com"), "www.example.com")
    assert ask(served, "www.home.arpa").rcode() == dns.rcode.NXDOMAIN
    assert not other.asked_about("www.home.arpa")


def test_a_name_that_is_passed_on_is_asked_upstream(stage, chaos):
    served = stage.proxy(chaos, limit={"pass": ["Home.Arpa", "resolver.arpa."]})
    for name in ("passed.home.arpa", "_dns.resolver.arpa"):
        ask(served, name)
        assert len(chaos.asked_about(name)) == 1
    assert ask(served, "passed.onion").rcode() == dns.rcode.NXDOMAIN
    assert not chaos.asked_about("passed.onion")


@pytest.mark.parametrize("limit", [{"mode": "shadow"}, {"mode": "off"}, {"shadow": ["local_names", "any"]}],
                         ids=["shadow", "off", "rules"])
def test_what_is_not_in_force_stops_nothing(stage, chaos, limit):
    mode = "".join(limit.get("mode", "rules"))
    served = stage.proxy(chaos, limit={**ALL, **limit})
    names = [f"{mode}.home.arpa", f"{mode}.localhost"]
    for name in names:
        assert is_right(ask(served, name), name)
    ask(served, f"{mode}.any.example", "ANY")
    assert all(len(chaos.asked_about(name)) == 1 for name in [*names, f"{mode}.any.example"])


def test_a_reload_lets_names_pass(stage, chaos):
    port = free_port()
    served = stage.proxy(chaos, listen=[listener(port)], limit=ALL)
    assert ask(served, "reloaded.home.arpa").rcode() == dns.rcode.NXDOMAIN
    served.reload(config([listener(port)], [stage.row(chaos)], limit={"pass": ["home.arpa"]}))
    served.wait_for_log("reloaded")
    assert is_right(ask(served, "reloaded.home.arpa"), "reloaded.home.arpa")


def test_a_name_that_was_never_stopped_cannot_be_passed(tmp_path):
    file = tmp_path / "dotproxy.yaml"
    file.write_text("limit:\n  pass: [onions]\n")
    status, said = run_to_the_end("check", "-c", file)
    assert status == 2
    assert "2:9: pass: onions is none of the names that are answered here; did you mean onion" in said


def test_many_on_one_stream_are_answered_in_their_order(proxy):
    names = [f"n{number}.onion" for number in range(100)]
    with Stream(proxy) as stream:
        responses = stream.ask(*[query(name) for name in names])
    assert [response.question[0].name.to_text() for response in responses] == [f"{name}." for name in names]


def test_they_are_counted(stage, chaos):
    served = stage.proxy(chaos, limit=ALL)
    for number in range(3):
        ask(served, f"n{number}.onion")
    ask(served, "www.example.com", "ANY")
    served.stop()
    assert served.log_lines("counters", r"\bresponses_local=4\b")
