"""Who knows our address only may ask where to come by TLS: RFC 9462."""

import dns.flags
import dns.rcode
import dns.rdatatype
import pytest

from client import ask, dig, is_right, query
from front import PATH, TlsStream, doh, dot, trusting
from ports import free_port
from proxy import config, listener, run_to_the_end

WHERE = "_dns.resolver.arpa"
NAME = "dns.test"


@pytest.fixture(scope="module")
def doors(authority):
    good = authority["good"]
    return [listener(free_port()), dot(good, name=NAME), doh(good, name=NAME), dot(good)]


@pytest.fixture(scope="module")
def served(shared, chaos, doors):
    return shared.proxy(chaos, listen=doors)


def port_of(door):
    return int(door["url"].split(":")[2].split("/")[0])


def told(served, **other):
    """What clients are told, a line for each door, in the order in which they should try them."""
    response = ask(served, WHERE, "SVCB", **other)
    assert response.rcode() == dns.rcode.NOERROR
    return sorted(record.to_text() for rrset in response.answer for record in rrset)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_doors_with_a_name_are_told(served, doors, tcp):
    over_tls, over_https = told(served, tcp=tcp)
    assert over_tls == f'1 {NAME}. alpn="dot" port="{port_of(doors[1])}" ipv4hint="127.0.0.1"'
    assert over_https == (f'2 {NAME}. alpn="h2,http/1.1" port="{port_of(doors[2])}" ipv4hint="127.0.0.1" '
                          f'key7="{PATH}{{?dns}}"')


def test_who_is_told_can_come(served, authority):
    over_tls = told(served)[0]
    there = type("There", (), {"port": int(over_tls.split('port="')[1].split('"')[0])})
    with TlsStream(there, trusting(authority), name=over_tls.split()[1].rstrip(".")) as stream:
        assert is_right(stream.ask(query("come.test"))[0], "come.test")


def test_it_is_our_answer_and_not_the_upstream_s(served, chaos):
    response = ask(served, WHERE, "SVCB")
    assert response.flags & dns.flags.AA and response.answer[0].ttl == 300 and not response.authority
    assert not chaos.asked_about(WHERE)


@pytest.mark.parametrize("name, qtype", [(WHERE, "A"), (WHERE, "HTTPS"), ("resolver.arpa", "SVCB"),
                                         (f"x.{WHERE}", "SVCB"), ("_dns.home.arpa", "SVCB")])
def test_nothing_else_is_told(served, name, qtype):
    response = ask(served, name, qtype)
    assert not response.answer and [rrset.rdtype for rrset in response.authority] == [dns.rdatatype.SOA]


def test_a_door_at_all_addresses_has_no_hint(stage, chaos, authority):
    port = free_port()
    door = {**dot(authority["good"], name=NAME), "url": f"tls://0.0.0.0:{port}"}
    served = stage.proxy(chaos, listen=[listener(free_port()), door])
    assert told(served) == [f'1 {NAME}. alpn="dot" port="{port}"']


def test_doors_without_names_are_not_told(stage, chaos, authority):
    served = stage.proxy(chaos, listen=[listener(free_port()), dot(authority["good"])])
    response = ask(served, WHERE, "SVCB")
    assert response.rcode() == dns.rcode.NOERROR and not response.answer


def test_many_doors_are_truncated_and_whole_over_tcp(stage, chaos, authority):
    doors = [dot(authority["good"], name=f"{'long' * 15}.n{number}.test") for number in range(9)]
    served = stage.proxy(chaos, listen=[listener(free_port()), *doors])
    assert ask(served, WHERE, "SVCB").flags & dns.flags.TC
    assert len(dig(served, "+short", WHERE, "SVCB").splitlines()) == 8


def test_a_reload_changes_what_is_told(stage, chaos, authority):
    doors = [listener(free_port()), dot(authority["good"], name=NAME)]
    served = stage.proxy(chaos, listen=doors)
    assert len(told(served)) == 1
    doors[1]["name"] = "other.test"
    served.reload(config(doors, [stage.row(chaos)]))
    served.wait_for_log("reloaded")
    assert told(served)[0].startswith("1 other.test. ")


WRONG = {
    "a name without TLS": ("dns://127.0.0.1:1", "dns.test", "name: dns://127.0.0.1:1 has no TLS"),
    "no name": ("tls://127.0.0.1:1", "a..b", "name: a..b is no domain name"),
}


@pytest.mark.parametrize("what", WRONG)
def test_check_tells_of(tmp_path, authority, what):
    url, name, problem = WRONG[what]
    pair = authority["good"]
    files = f", certificate: [{pair.chain}], key: [{pair.key}]" if url.startswith("tls") else ""
    file = tmp_path / "dotproxy.yaml"
    file.write_text(f'listen:\n  - {{url: "{url}", name: {name}{files}}}\n')
    status, said = run_to_the_end("check", "-c", file)
    assert status == 2 and problem in said
