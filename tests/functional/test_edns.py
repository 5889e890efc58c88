"""EDNS (RFC 6891) is hop by hop: what client and proxy say to each other stays between them."""

import struct

import dns.edns
import dns.message
import dns.rcode
import pytest

import wire
from client import Stream, ask, exchange, extended_errors, is_right, query
from scripts import COOKIE, EDE_TEXT, PADDING, SUBNET, UPSTREAM_COOKIE, framed

CLIENT_COOKIE = b"\x0c\x11\xe4\x77\xc0\x0c\x1e\x55"
CLIENT_SUBNET = b"\0\1\x18\0\xcb\0\x71"      # 203.0.113.0/24


def raw_query(name, *opts, number=0x1234):
    header = struct.pack("!6H", number, 0x0100, 1, 0, 0, len(opts))
    return header + wire.name_wire(name) + struct.pack("!HH", 1, 1) + b"".join(opts)


def options_of(message):
    return {option.otype for option in message.options}


def seen_by(chaos, name):
    return dns.message.from_wire(chaos.asked_about(name)[0].wire)


def test_the_response_has_an_opt_only_if_the_query_had_one(proxy):
    assert ask(proxy, "options.without.test").edns == -1
    assert ask(proxy, "options.with.test", edns=4096).edns == 0


def test_there_is_never_more_than_one_opt(proxy):
    reply = exchange(proxy, raw_query("optmiddle.one.test", wire.opt()))
    message = dns.message.from_wire(reply)      # refuses two OPTs
    assert struct.unpack_from("!H", reply, 10)[0] == 3 and message.edns == 0


def test_the_proxy_s_own_size_is_1232(proxy):
    assert ask(proxy, "size.test", edns=4096).payload == 1232


def test_the_version_in_responses_is_0(proxy):
    assert ask(proxy, "version.test", edns=1232).edns == 0


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("version", [1, 255])
def test_badvers_for_a_version_above_0(proxy, chaos, version, tcp):
    message = raw_query("badvers.test", wire.opt(ttl=version << 16))
    if tcp:
        with Stream(proxy) as stream:
            stream.sock.sendall(framed(message))
            response = stream.receive()[0]
    else:
        response = dns.message.from_wire(exchange(proxy, message))
    assert (response.rcode(), response.edns) == (dns.rcode.BADVERS, 0)
    assert chaos.asked_about("badvers.test") == []


BROKEN = {
    "two OPTs": [wire.opt(), wire.opt()],
    "an option past the end": [wire.record(41, b"\x00\x0a\x00\x40x", owner=b"\0", rclass=1232)],
    "half an option": [wire.record(41, b"\x00\x0a\x00", owner=b"\0", rclass=1232)],
    "an OPT that is not the root's": [wire.record(41, b"", owner=b"\1x\0", rclass=1232)],
}


@pytest.mark.parametrize("what", BROKEN)
def test_formerr_for(proxy, what):
    reply = exchange(proxy, raw_query("broken.test", *BROKEN[what]))
    assert struct.unpack_from("!H", reply, 2)[0] & 0x800f == 0x8000 | dns.rcode.FORMERR


def test_formerr_for_an_opt_outside_the_additional_section(proxy):
    header = struct.pack("!6H", 0x1234, 0x0100, 1, 1, 0, 0)
    message = header + wire.name_wire("misplaced.test") + b"\0\1\0\1" + wire.opt()
    assert struct.unpack_from("!H", exchange(proxy, message), 2)[0] & 15 == dns.rcode.FORMERR


def test_unknown_options_and_flags_are_ignored(proxy, chaos):
    unknown = wire.opt([(65001, b"mystery option"), (26946, b"")], ttl=0x2A00)
    response = dns.message.from_wire(exchange(proxy, raw_query("unknown.test", unknown)))
    assert is_right(response, "unknown.test") and options_of(response) == set()
    assert b"mystery" not in chaos.asked_about("unknown.test")[0].wire


def test_an_opt_of_the_client_may_be_followed_by_other_records(proxy):
    extra = wire.record(wire.A, b"\x7f\0\0\1", owner=b"\0")
    response = dns.message.from_wire(exchange(proxy, raw_query("notlast.test", wire.opt(), extra)))
    assert is_right(response, "notlast.test") and response.edns == 0


def test_padding_cookie_and_subnet_of_the_upstream_stay_there(proxy):
    reply = exchange(proxy, query("options.leak.test", edns=1232).to_wire())
    response = dns.message.from_wire(reply)
    assert options_of(response) & {PADDING, COOKIE, SUBNET} == set()
    assert UPSTREAM_COOKIE not in reply and response.answer


def test_cookie_and_subnet_of_the_client_go_no_further(proxy, chaos):
    mine = [dns.edns.GenericOption(COOKIE, CLIENT_COOKIE),
            dns.edns.GenericOption(SUBNET, CLIENT_SUBNET)]
    response = ask(proxy, "", message=query("private.test", edns=1232, options=mine))
    assert is_right(response, "private.test")
    assert options_of(seen_by(chaos, "private.test")) & {COOKIE, SUBNET} == set()
    assert CLIENT_COOKIE not in chaos.asked_about("private.test")[0].wire


def test_records_after_the_upstream_s_opt_are_kept(proxy):
    response = ask(proxy, "optmiddle.test", edns=1232)
    assert [rrset.name.to_text() for rrset in response.additional] == ["glue1.test.", "glue2.test."]
    assert is_right(response, "optmiddle.test")


def test_records_after_the_upstream_s_opt_are_kept_without_edns_too(proxy):
    response = ask(proxy, "optmiddle.plain.test")
    assert len(response.additional) == 2 and response.edns == -1


def test_an_extended_error_of_the_upstream_is_passed_on(proxy):
    errors = extended_errors(ask(proxy, "ede-7.test", edns=1232))
    assert [(error.code, error.text.encode()) for error in errors] == [(7, EDE_TEXT)]


def test_an_extended_error_needs_a_client_with_edns(proxy):
    response = ask(proxy, "ede-7.plain.test")
    assert response.rcode() == dns.rcode.SERVFAIL and response.edns == -1


def test_refusals_carry_an_opt_for_who_has_one(proxy):
    response = ask(proxy, "zone.test", "AXFR", edns=1232)
    assert response.rcode() == dns.rcode.REFUSED and response.edns == 0
