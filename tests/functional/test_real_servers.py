"""The whole way: real clients, dotproxy, real servers over TLS."""

import re

import dns.flags
import dns.message
import dns.rcode
import pytest

from client import Stream, ask, dig, kdig, query, tool
from servers import BIG_RECORDS, NAMES, SERVERS, address_of
from sniffer import Sniffer, may_sniff


@pytest.fixture(scope="module", params=SERVERS)
def real(request, shared, authority, tmp_path_factory):
    kind = SERVERS[request.param]
    if not kind.path():
        pytest.skip(f"{request.param} is not installed")
    directory = tmp_path_factory.mktemp(request.param)
    with kind(directory, authority["good"]) as server:
        yield server


@pytest.fixture(scope="module")
def real_proxy(real, shared):
    return shared.proxy(real, workers=2)


SHORT = {
    "A": ("www.real.test", "192.0.2.3"),
    "AAAA": ("www.real.test", "2001:db8::3"),
    "MX": ("real.test", "10 mail.real.test."),
    "NS": ("real.test", "ns.real.test."),
    "TXT": ("text.real.test", '"two words" "and more"'),
    "SRV": ("_sip._tcp.real.test", "1 2 5060 www.real.test."),
    "CNAME": ("alias.real.test", "www.real.test."),
    "TYPE65280": ("unknown.real.test", "\\# 4 DEADBEEF"),
}


@pytest.mark.parametrize("tcp", ["+notcp", "+tcp"])
@pytest.mark.parametrize("qtype", SHORT)
def test_dig_gets_every_type(real_proxy, qtype, tcp):
    name, expected = SHORT[qtype]
    assert dig(real_proxy, tcp, "+short", name, qtype).splitlines() == [expected]


@pytest.mark.parametrize("tcp", ["+notcp", "+tcp"])
def test_kdig_gets_an_answer(real_proxy, tcp):
    assert kdig(real_proxy, tcp, "+short", "www.real.test", "A").split() == ["192.0.2.3"]


def test_dnspython_gets_the_same_over_udp_and_tcp(real_proxy):
    by_udp, by_tcp = (ask(real_proxy, "alias.real.test", tcp=tcp) for tcp in (False, True))
    assert by_udp.answer == by_tcp.answer and len(by_udp.answer) == 2


def test_a_name_that_is_not_there_is_nxdomain_with_its_soa(real_proxy):
    response = ask(real_proxy, "nothing.real.test")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert [rrset.rdtype for rrset in response.authority] == [dns.rdatatype.SOA]


def test_a_type_that_is_not_there_is_noerror_without_answer(real_proxy):
    response = ask(real_proxy, "www.real.test", "MX")
    assert response.rcode() == dns.rcode.NOERROR and not response.answer


def test_a_big_rrset_is_truncated_over_udp_and_whole_over_tcp(real_proxy):
    assert ask(real_proxy, "big.real.test", "TXT", edns=4096).flags & dns.flags.TC
    assert len(ask(real_proxy, "big.real.test", "TXT", tcp=True).answer[0]) == BIG_RECORDS


def test_dig_fetches_a_big_rrset_by_itself(real_proxy):
    lines = dig(real_proxy, "+short", "big.real.test", "TXT").splitlines()
    assert len({line for line in lines if line.startswith('"')}) == BIG_RECORDS


def test_hundreds_pipelined_on_one_stream_each_get_their_own(real_proxy):
    queries = [query(f"n{number}.real.test") for number in range(NAMES)]
    for number, message in enumerate(queries):
        message.id = number
    with Stream(real_proxy) as stream:
        responses = stream.ask(*queries)
    addresses = {response.id: response.answer[0][0].to_text() for response in responses}
    assert addresses == {number: address_of(number) for number in range(NAMES)}


@pytest.mark.parametrize("mode, workers", [("udp", 1), ("tcp", 2)])
def test_dnsperf_loses_none_of_thousands(real, stage, tmp_path, mode, workers):
    served = stage.proxy(real, workers=workers)
    names = tmp_path / "names"
    names.write_text("".join(f"n{number}.real.test A\n" for number in range(NAMES)))
    out = tool("dnsperf", "-s", "127.0.0.1", "-p", served.port, "-m", mode, "-d", names, "-n", 6,
               "-c", 8, "-T", 1, "-q", 100, "-t", 15)
    done = dict(re.findall(r"Queries (sent|completed|lost):\s+(\d+)", out))
    assert done == {"sent": "3000", "completed": "3000", "lost": "0"}
    assert re.search(r"Response codes:\s+NOERROR 3000 \(100", out), out


def test_the_counters_say_how_many_came_by_which_way(real, stage):
    served = stage.proxy(real, workers=2)
    for number in range(7):
        ask(served, f"n{number}.real.test")
    for number in range(5):
        ask(served, f"n{number}.real.test", tcp=True)
    served.stop()
    assert served.counter("tcp queries") == 5
    assert served.counter("udp queries") >= 7       # and the questions that waited for its start


@pytest.mark.skipif(not may_sniff(), reason="needs CAP_NET_RAW to watch the wire")
def test_the_name_is_on_the_wire_between_client_and_proxy_only(real, stage):
    served = stage.proxy(real, listen=[{"url": "dns://127.0.0.5:" + str(real.plain_port + 1)}])
    with Sniffer("127.0.0.1") as seen:
        assert ask(served, "www.real.test", host="127.0.0.5").answer
    upstream = [packet for packet in seen.packets if real.port.to_bytes(2, "big") in packet[20:24]]
    assert upstream and not any(b"\3www\4real" in packet for packet in upstream)
