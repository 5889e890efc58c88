"""HTTP/2 over a real socket: by its rules (RFC 9113), and against them."""

import itertools
import select

import pytest

from client import is_right, query
from control import socket_at, tell_json
from frames import (ENHANCE_YOUR_CALM, HEADERS, PREFACE, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM,
                    SETTINGS, WINDOW, Wire, block, continuation, data, frame, headers, open_post, ping,
                    post_block, priority, rst_stream, settings, window_update)
from front import PATH, door, encoded
from sections import CASES
from waiting import until
from web import Http1, Http2, dial

MANY = 5000     # frames that no client needs


@pytest.fixture(scope="module")
def served(shared, chaos):
    return shared.proxy(chaos, listen=[door("http", path=PATH)], control=socket_at(shared.directory),
                        limit={"tcp_idle": "60s", "tcp_message": "60s"})


def counted(served, name):
    return tell_json(served.file.parent / "control.sock", "stats")[name]


@pytest.mark.parametrize("said,comes", [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_section(served, said, comes):
    with Wire(served.port) as wire:
        for step in said:
            if hasattr(step, "check"):
                step.check(wire)
            else:
                wire.send(step)
        comes.check(wire)


@pytest.mark.parametrize("words", [PREFACE[:-1] + b"!" + settings(), PREFACE + headers(1), PREFACE + ping()],
                         ids=["another end", "HEADERS first", "PING first"])
def test_section_3_4_a_preface_that_is_none(served, words):
    before = counted(served, "http_abuse_protocol")
    with Wire(served.port, words) as wire:
        assert wire.to_the_end() == PROTOCOL_ERROR
        assert wire.frames[0].kind == SETTINGS
    until(lambda: counted(served, "http_abuse_protocol") == before + 1, "it is counted")


def test_section_3_4_our_first_frame_is_settings_and_theirs_is_acknowledged(served):
    with Wire(served.port) as wire:
        wire.wait_for(lambda: len(wire.frames) >= 2)
    assert [(one.kind, one.flags) for one in wire.frames[:2]] == [(SETTINGS, 0), (SETTINGS, 1)]


def test_section_6_9_1_a_window_of_one_byte_gets_one_byte(served):
    with Wire(served.port, first=[(WINDOW, 1)]) as wire:
        wire.send(headers(1))
        assert len(wire.wait_for(lambda: wire.find(0, 1)).payload) == 1
        wire.send(window_update(1, 2))
        assert len(wire.wait_for(lambda: wire.find_all(0, 1)[1:])[0].payload) == 2


def test_section_6_9_2_a_window_below_zero_is_waited_for(served):
    with Wire(served.port, first=[(WINDOW, 3)]) as wire:
        wire.send(headers(1))
        assert len(wire.wait_for(lambda: wire.find(0, 1)).payload) == 3
        wire.send(settings((WINDOW, 2)), window_update(1, 1), ping())       # -1, then 0
        wire.wait_for(lambda: wire.pongs)
        assert len(wire.find_all(0, 1)) == 1
        wire.send(window_update(1, 1))
        assert len(wire.wait_for(lambda: wire.find_all(0, 1)[1:])[0].payload) == 1


# Abuse. What it costs the client little and us much ends the connection, and is counted.

def odd():
    return itertools.count(1, 2)


def ask_for(name, qtype="A"):
    return block(path=f"{PATH}?dns={encoded(query(name, qtype))}")


def rapid_resets():
    return (headers(number, ask_for(f"delay-900.n{number}.test")) + rst_stream(number) for number in odd())


def resets_amid_bodies():
    return (open_post(number) + rst_stream(number) for number in odd())


def made_by_a_window_too_large():
    return (headers(number, ask_for(f"delay-900.n{number}.test")) + window_update(number, 2**31 - 1)
            for number in odd())


def made_by_a_body_too_short():
    return (headers(number, post_block(("content-length", "9")), 4) + data(number) for number in odd())


def made_by_a_name_in_upper_case():
    return (headers(number, block(("X", "y"))) for number in odd())


def always(*frames):
    return lambda: itertools.repeat(b"".join(frames))


def after(first, *frames):
    return lambda: itertools.chain([first], itertools.repeat(b"".join(frames)))


def trailers_of_the_past():
    return itertools.chain([headers(5)], itertools.repeat(headers(1)))


def bomb():
    """A field of 4 KB that the block names again by a byte, thousands of times (RFC 7541 section 7.3)."""
    return [headers(1, block(without=["path", "scheme", "method", "authority"])
                    + b"\x40\1x\x7f\xa1\x1e" + b"x" * 4000 + b"\xbe" * 12000)]


ABUSES = [
    ("requests that are cancelled", rapid_resets, "rapid_reset"),
    ("requests that are cancelled amid their bodies", resets_amid_bodies, "rapid_reset"),
    ("windows too large", made_by_a_window_too_large, "made_reset"),
    ("bodies too short", made_by_a_body_too_short, "made_reset"),
    ("names in upper case", made_by_a_name_in_upper_case, "made_reset"),
    ("SETTINGS", always(settings()), "control_flood"),
    ("PING", always(ping()), "control_flood"),
    ("PING answered", always(ping(flags=1)), "control_flood"),
    ("PRIORITY", always(priority(1)), "control_flood"),
    ("WINDOW_UPDATE", always(window_update(0, 1)), "control_flood"),
    ("empty DATA", after(open_post(1), data(1, flags=0)), "control_flood"),
    ("DATA of padding", after(open_post(1), frame(0, 1, b"\0", 8)), "control_flood"),
    ("RST_STREAM of the past", after(headers(1), rst_stream(1)), "control_flood"),
    ("HEADERS of the past", trailers_of_the_past, "control_flood"),
    ("CONTINUATION", after(headers(1, b"", 0), continuation(1, b"", 0)), "headers"),
    ("CONTINUATION with fields", after(headers(1, b"", 0), continuation(1, b"\0\1x\1y" * 900, 0)), "headers"),
    ("a bomb of fields", bomb, "headers"),
]


def rage(wire, other, frames):
    """Sends until the connection ends; every now and then another client asks."""
    for number, words in enumerate(itertools.islice(frames, MANY)):
        wire.send(words)
        if select.select([wire.sock], [], [], 0)[0]:
            wire.pump()
        if wire.is_over:
            break
        if number % 50 == 0:
            assert is_right(other.ask(query("others.test")).dns, "others.test")


@pytest.mark.parametrize("frames,metric", [row[1:] for row in ABUSES], ids=[row[0] for row in ABUSES])
def test_abuse_ends_the_connection_and_is_counted_while_others_are_served(served, authority, frames, metric):
    before = counted(served, f"http_abuse_{metric}")
    with Wire(served.port) as wire, dial(served.listen[0], authority, Http1) as other:
        rage(wire, other, frames())
        assert wire.to_the_end() == ENHANCE_YOUR_CALM
        assert is_right(other.ask(query("others.test")).dns, "others.test")
    until(lambda: counted(served, f"http_abuse_{metric}") == before + 1, "it is counted")


def test_answers_that_gather_behind_a_closed_window_end_the_connection(served, chaos, authority):
    before = counted(served, "http_abuse_window")
    with Wire(served.port, first=[(WINDOW, 0)]) as wire, dial(served.listen[0], authority, Http2) as other:
        for number in range(1, 2 * 40, 2):
            wire.send(headers(number, ask_for(f"big-60000.n{number}.test", "TXT")))
        until(lambda: len(wire.find_all(HEADERS)) == 40 or wire.pump(), "all have their status")
        wire.send(ping())
        assert wire.to_the_end() == ENHANCE_YOUR_CALM
        assert is_right(other.ask(query("others.test")).dns, "others.test")
    until(lambda: counted(served, "http_abuse_window") == before + 1, "it is counted")


def test_a_client_that_never_takes_our_limits_is_refused_streams_and_then_all(served, authority):
    before = counted(served, "http_abuse_made_reset")
    with Wire(served.port, PREFACE + settings()) as wire, dial(served.listen[0], authority, Http1) as other:
        rage(wire, other, (open_post(number) for number in odd()))
        assert wire.to_the_end() == ENHANCE_YOUR_CALM
        assert {one.number for one in wire.find_all(RST_STREAM)} == {REFUSED_STREAM}
    until(lambda: counted(served, "http_abuse_made_reset") == before + 1, "it is counted")


def test_a_flood_whose_answers_nobody_takes_is_cut_off(served, authority):
    with Wire(served.port, receive_buffer=4096) as wire, dial(served.listen[0], authority, Http2) as other:
        wire.sock.setblocking(False)

        def is_over():
            try:
                wire.sock.send(ping() * 100)
            except BlockingIOError:
                pass
            except OSError:
                return True
            return False
        until(is_over, "the connection ends although nothing is read")
        assert is_right(other.ask(query("others.test")).dns, "others.test")


def test_a_busy_client_that_cancels_now_and_then_is_none_of_these(served, authority):
    with dial(served.listen[0], authority, Http2) as web:
        web.settle()
        for number in range(40):
            for each in range(5):
                web.cancel(web.send_query(query(f"delay-900.c{number}.n{each}.test")))
            web.ping()
            asked = [web.send_query(query(f"busy{each}.test")) for each in range(10)]
            assert sorted(web.receive().stream for _ in asked) == asked
