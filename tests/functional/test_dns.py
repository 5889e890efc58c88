"""Queries as RFC 1035, 6840 and 8906 want them answered: never silence for a well-formed header."""

import struct

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import pytest

import wire
from client import Stream, ask, ask_all, exchange, is_right, query
from scripts import framed

def header(number=0x1234, flags=0x0100, counts=(1, 0, 0, 0)):
    return struct.pack("!6H", number, flags, *counts)


def question(name="q.test", qtype=1, qclass=1):
    return wire.name_wire(name) + struct.pack("!HH", qtype, qclass)


def reply_to(proxy, message, tcp):
    """Id, QR, opcode and rcode of the response to raw bytes."""
    if tcp:
        with Stream(proxy) as stream:
            stream.sock.sendall(framed(message))
            reply = stream.receive_wire()
    else:
        reply = exchange(proxy, message)
    number, flags = struct.unpack_from("!HH", reply)
    return number, flags >> 15, flags >> 11 & 15, flags & 15


MALFORMED = {
    "no question": header(counts=(0, 0, 0, 0)),
    "two questions": header(counts=(2, 0, 0, 0)) + question() + question("r.test"),
    "a question that is missing": header(),
    "a question cut short": header() + question()[:-3],
    "a name that runs out": header() + b"\x3fabc",
    "a pointer to itself": header() + b"\xc0\x0c\0\1\0\1",
    "a label of a reserved kind": header() + b"\x41a\0\0\1\0\1",
    "a name of 256 bytes": header() + (b"\x3f" + b"x" * 63) * 4 + b"\0\0\1\0\1",
    "a record that is missing": header(counts=(1, 0, 0, 1)) + question(),
    "a record past the end": header(counts=(1, 0, 0, 1)) + question() + wire.opt()[:-1] + b"\x09",
    "bytes after the end": header() + question() + b"tail",
}


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("what", MALFORMED)
def test_formerr_for(proxy, what, tcp):
    assert reply_to(proxy, MALFORMED[what], tcp) == (0x1234, 1, 0, dns.rcode.FORMERR)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 6, 15])
def test_notimp_for_every_other_opcode(proxy, opcode, tcp):
    message = header(flags=opcode << 11) + question()
    assert reply_to(proxy, message, tcp) == (0x1234, 1, opcode, dns.rcode.NOTIMP)


@pytest.mark.parametrize("opcode", [2, 4, 5])
def test_notimp_whatever_follows_the_header(proxy, opcode):
    message = header(flags=opcode << 11, counts=(1, 2, 3, 4)) + b"\xff\xff"
    assert reply_to(proxy, message, tcp=False) == (0x1234, 1, opcode, dns.rcode.NOTIMP)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("qtype", ["AXFR", "IXFR"])
def test_zone_transfers_are_refused(proxy, chaos, qtype, tcp):
    message = header() + question("zone.test", dns.rdatatype.from_text(qtype))
    assert reply_to(proxy, message, tcp) == (0x1234, 1, 0, dns.rcode.REFUSED)
    assert chaos.asked_about("zone.test") == []


DROPPED = {
    "a response": header(flags=0x8180) + question(),
    "a response of another opcode": header(flags=0x9000) + question(),
    "no bytes": b"",
    "one byte": b"\x12",
    "eleven bytes": header()[:11],
}


def test_responses_and_datagrams_too_short_for_a_header_are_dropped(proxy):
    from client import datagram_socket
    with datagram_socket("127.0.0.1", proxy.port) as sock:
        sock.settimeout(20)
        for message in DROPPED.values():
            sock.send(message)
        sock.send(header(0x4321) + question("last.test"))
        number = struct.unpack_from("!H", sock.recv(512))[0]
        assert number == 0x4321, "the first reply must be the last question's"
        sock.send(header(0x4322) + question("very.last.test"))
        assert struct.unpack_from("!H", sock.recv(512))[0] == 0x4322


def test_a_response_on_a_tcp_stream_gets_no_response(proxy):
    with Stream(proxy) as stream:
        stream.sock.sendall(framed(header(flags=0x8180) + question()))
        try:
            stream.send(query("afterwards.test"))
            reply = stream.receive()[0]
        except (EOFError, ConnectionError):
            return          # ending such a conversation is fine too
    assert is_right(reply, "afterwards.test")


def test_none_of_the_bad_queries_reached_the_upstream(proxy, chaos):
    for message in MALFORMED.values():
        exchange(proxy, message)
    assert is_right(ask(proxy, "fine.test"), "fine.test")
    assert chaos.asked_about("q.test") == [] and chaos.asked_about("r.test") == []


# What is carried, and what is not.

UNKNOWN = [("TYPE65280", "IN"), ("TYPE1234", "IN"), ("A", "CLASS4660"), ("TYPE999", "CLASS999"),
           ("NULL", "IN"), ("HTTPS", "IN")]


@pytest.mark.parametrize("qtype, qclass", UNKNOWN)
def test_types_and_classes_pass_byte_by_byte(proxy, chaos, qtype, qclass):
    name = f"{qtype}.{qclass}.test".lower()
    reply = exchange(proxy, query(name, qtype, qclass).to_wire())
    sent = chaos.asked_about(name)[0].sent[0]
    assert reply[12:] == sent[12:]


@pytest.mark.parametrize("qtype", ["MX", "SOA", "NS", "PTR", "TXT", "AAAA"])
def test_records_with_compressed_names_keep_their_meaning(proxy, chaos, qtype):
    name = f"{qtype}.meaning.test".lower()
    response = ask(proxy, name, qtype)
    assert response.answer == dns.message.from_wire(chaos.asked_about(name)[0].sent[0]).answer != []


@pytest.mark.parametrize("name", ["MiXeD.CaSe.TeSt", "lower.UPPER.TeSt", "nxDOMAIN.tEST"])
def test_the_question_comes_back_in_the_client_s_letter_case(proxy, name):
    message = query(name)
    reply = exchange(proxy, message.to_wire())
    assert reply[12:12 + len(name) + 2] == message.to_wire()[12:12 + len(name) + 2]
    assert is_right(dns.message.from_wire(reply), name)


def test_names_may_hold_any_bytes(proxy, chaos):
    label = bytes([0, 46, 92, 255, 128])
    name = bytes([len(label)]) + label + wire.name_wire("odd.test")
    message = header() + name + struct.pack("!HH", 1, 1)
    reply = exchange(proxy, message)
    assert reply[12:].startswith(message[12:])
    assert chaos.questions[-1].qname.lower() == name.lower()


def test_the_root_can_be_asked_about(proxy):
    message = query(".", "NS")
    assert message.is_response(dns.message.from_wire(exchange(proxy, message.to_wire())))


@pytest.mark.parametrize("rcode", [0, 3, 2, 5])
def test_an_rcode_of_the_upstream_reaches_the_client(proxy, rcode):
    response = ask(proxy, f"rcode-{rcode}.test")
    assert response.rcode() == rcode and len(response.authority) == 1 and not response.answer


def flags_seen(chaos, name):
    return chaos.asked_about(name)[0].flags


@pytest.mark.parametrize("flag", [0, dns.flags.RD, dns.flags.CD, dns.flags.RD | dns.flags.CD])
def test_rd_and_cd_are_carried_both_ways(proxy, chaos, flag):
    name = f"flags{flag}.test"
    message = query(name, flags=flag)
    response = ask(proxy, name, message=message)
    both = dns.flags.RD | dns.flags.CD
    assert flags_seen(chaos, name) & both == flag and response.flags & both == flag


@pytest.mark.parametrize("wants", [False, True])
def test_do_is_carried_to_the_upstream(proxy, chaos, wants):
    name = f"do{wants}.test"
    ask(proxy, name, message=query(name, edns=1232, want_dnssec=wants))
    seen = dns.message.from_wire(chaos.asked_about(name)[0].wire)
    assert bool(seen.ednsflags & dns.flags.DO) is wants


def test_do_is_not_set_for_who_has_no_edns(proxy, chaos):
    ask(proxy, "noedns.test")
    seen = dns.message.from_wire(chaos.asked_about("noedns.test")[0].wire)
    assert not seen.ednsflags & dns.flags.DO


def test_ad_reaches_who_set_ad_or_do_and_nobody_else(proxy):
    """RFC 6840 section 5.7 and 5.8."""
    plain = query("ad.plain.test")
    with_ad = query("ad.asked.test", flags=dns.flags.RD | dns.flags.AD)
    with_do = query("ad.dnssec.test", edns=1232, want_dnssec=True)
    replies = [ask(proxy, "", message=message) for message in (plain, with_ad, with_do)]
    assert [bool(reply.flags & dns.flags.AD) for reply in replies] == [False, True, True]


def test_do_comes_back_in_the_response(proxy):
    response = ask(proxy, "", message=query("doback.test", edns=1232, want_dnssec=True))
    assert response.ednsflags & dns.flags.DO       # RFC 3225 section 3


def test_the_same_question_asked_by_many_gets_each_his_own_id(proxy):
    queries = {}
    for number in range(30):
        queries[number] = query("delay-200.shared.test")
        queries[number].id = 1000 + number
    responses = ask_all(proxy, queries)
    numbers = [struct.unpack_from("!H", responses[number])[0] for number in range(30)]
    assert numbers == list(range(1000, 1030))
