"""The certificates of tls:// and https://: which is shown to whom, how they are renewed, how long they are
good, and which keys seal the tickets that resume a session."""

import datetime
import os
import shutil
import signal
import ssl

import pytest

from certs import Certificate, leaf, run
from client import is_right, query, tool
from control import socket_at, tell_json
from front import Port, TlsStream, doh, dot, port_of, trusting
from proxy import BINARY, run_to_the_end
from waiting import until
from web import Http1, Http2, dial

NAMES = ["one.test", "two.test", "*.wild.test"]
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
LOADED, FAILED = "new certificates are in force", "new certificates are not used"


@pytest.fixture(scope="module")
def pairs(authority):
    """Certificates of several names and kinds, by name; of dns.test there are two more."""
    made = {name: authority.sign(f"sni{number}", leaf([name]), authority.root)
            for number, name in enumerate(NAMES)}
    made["rsa"] = authority.sign("rsa", leaf(), authority.root, key_type="rsa")
    made["other"] = authority.sign("other", leaf(), authority.root)
    return made


def show(stream):
    """(name, serial number) of the certificate that was shown."""
    shown = stream.sock.getpeercert()
    return dict(part for entry in shown["subject"] for part in entry)["commonName"], shown["serialNumber"]


def serial_of(pair):
    return run("openssl", "x509", "-in", pair.chain, "-noout", "-serial").decode().strip().partition("=")[2]


def is_served(stream, name):
    return is_right(stream.ask(query(name))[0], name)


# Which certificate.

@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_certificates_of_both_kinds_serve(stage, chaos, authority, pairs, kind, version):
    pair = pairs["rsa"] if kind == "rsa" else authority["good"]
    served = stage.proxy(chaos, listen=[dot(pair), doh(pair)])
    context = trusting(authority, minimum_version=version, maximum_version=version)
    with TlsStream(served, context) as stream:
        assert is_served(stream, "kind.test") and show(stream)[1] == serial_of(pair)
    with dial(served.listen[1], authority, Http2) as web:
        assert is_right(web.ask(query("kind.test")).dns, "kind.test")


@pytest.mark.parametrize("ciphers,kind", [("ECDHE-RSA-AES128-GCM-SHA256", "rsa"),
                                          ("ECDHE-ECDSA-AES128-GCM-SHA256", "ecdsa")])
def test_of_two_kinds_a_client_gets_the_one_that_it_can_verify(stage, chaos, authority, pairs, ciphers, kind):
    both = {"ecdsa": authority["good"], "rsa": pairs["rsa"]}
    served = stage.proxy(chaos, listen=[dot(list(both.values()))])
    context = trusting(authority, maximum_version=TLS12)
    context.set_ciphers(ciphers)
    with TlsStream(served, context) as stream:
        assert show(stream)[1] == serial_of(both[kind])


@pytest.fixture(scope="module")
def several(shared, chaos, authority, pairs):
    """A proxy that shows the certificate of dns.test, or of whom the client asks for."""
    all_of_them = [authority["good"], *(pairs[name] for name in NAMES)]
    return shared.proxy(chaos, listen=[dot(all_of_them), doh(all_of_them)])


@pytest.mark.parametrize("asked,shown", [("one.test", "one.test"), ("TWO.test", "two.test"),
                                         ("any.wild.test", "*.wild.test"), ("dns.test", "dns.test"),
                                         ("a.b.wild.test", "dns.test"), ("stranger.test", "dns.test"),
                                         (None, "dns.test")])
@pytest.mark.parametrize("kind", ["dot", Http1, Http2])
def test_a_client_gets_the_certificate_of_the_name_it_asks_for(several, authority, kind, asked, shown):
    context = trusting(authority, alpn=["dot"] if kind == "dot" else kind.alpn)
    context.check_hostname = False
    row = several.listen[0 if kind == "dot" else 1]
    with TlsStream(Port(port_of(row)), context, name=asked) as stream:
        assert show(stream)[0] == shown


# Renewal.

class Files:
    """A pair of files that changes."""

    def __init__(self, directory, pair):
        self.pair = Certificate(directory / "now.pem", directory / "now.key")
        self.put(pair)

    def put(self, pair):
        """As a tool for certificates does: beside it, then in its place."""
        for source, place in ((pair.chain, self.pair.chain), (pair.key, self.pair.key)):
            shutil.copy(source, f"{place}.new")
            os.replace(f"{place}.new", place)


@pytest.fixture
def files(tmp_path, authority):
    return Files(tmp_path, authority["good"])


@pytest.fixture
def renewed(stage, chaos, files):
    return stage.proxy(chaos, listen=[dot(files.pair), doh(files.pair)], workers=2,
                       control=socket_at(stage.directory))


def look(served):
    """dotproxy looks at its files every few seconds, and behind each answer to its control socket."""
    for _ in range(2):
        tell_json(served.file.parent / "control.sock", "status")


def shows(served, authority, pair):
    """Whether both doors show this certificate and serve."""
    with TlsStream(served, trusting(authority)) as stream, \
            dial(served.listen[1], authority, Http2) as web:
        assert is_served(stream, "new.test") and is_right(web.ask(query("new.test")).dns, "new.test")
        return {show(stream)[1], show(web)[1]} == {serial_of(pair)}


def test_files_that_are_replaced_are_served_soon_and_open_connections_go_on(renewed, files, authority, pairs):
    with TlsStream(renewed, trusting(authority)) as stream, dial(renewed.listen[1], authority, Http2) as web:
        assert is_served(stream, "before.test")
        files.put(pairs["rsa"])
        until(lambda: shows(renewed, authority, pairs["rsa"]), "the new certificate is shown")
        assert is_served(stream, "behind.test") and is_right(web.ask(query("b.test")).dns, "b.test")
    until(lambda: len(renewed.log_lines(LOADED, "expires=2045")) == 2, "each door tells of it once")


def test_files_that_are_written_to_are_served_soon(renewed, files, authority, pairs):
    shutil.copy(pairs["other"].key, files.pair.key)
    shutil.copy(pairs["other"].chain, files.pair.chain)
    until(lambda: shows(renewed, authority, pairs["other"]), "the new certificate is shown")


BROKEN = {
    "nonsense": lambda files, pairs: files.pair.chain.write_text("nonsense"),
    "nothing": lambda files, pairs: files.pair.chain.write_text(""),
    "half": lambda files, pairs: files.pair.chain.write_bytes(files.pair.chain.read_bytes()[:300]),
    "another key": lambda files, pairs: shutil.copy(pairs["other"].key, files.pair.key),
    "away": lambda files, pairs: files.pair.key.unlink(),
}


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_a_broken_pair_leaves_the_old_one_serving_and_is_told(renewed, files, authority, pairs, breaks):
    breaks(files, pairs)
    look(renewed)
    line = renewed.wait_for_log(FAILED, r"listener=tls://", "reason=.*now\\.")[0]
    assert "certificate_failed" in line
    assert shows(renewed, authority, authority["good"])
    renewed.signal(signal.SIGHUP)
    renewed.wait_for_log("the configuration was not changed", "now\\.")
    assert shows(renewed, authority, authority["good"])
    files.put(pairs["other"])
    look(renewed)
    assert shows(renewed, authority, pairs["other"]), "once it is whole again, the new one is shown"


def test_a_reload_shows_the_new_certificate_at_once(renewed, files, authority, pairs):
    with TlsStream(renewed, trusting(authority)) as stream:
        files.put(pairs["other"])
        renewed.signal(signal.SIGHUP)
        renewed.wait_for_log("the new configuration is in force")
        until(lambda: shows(renewed, authority, pairs["other"]), "the new certificate is shown")
        assert is_served(stream, "before.test")


# How long they are good.

def days_until(pair):
    end = run("openssl", "x509", "-in", pair.chain, "-noout", "-enddate").decode().strip().partition("=")[2]
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    return (datetime.datetime.strptime(end, "%b %d %H:%M:%S %Y GMT") - now).days


def test_the_days_that_are_left_are_told(stage, chaos, authority):
    control, doors = socket_at(stage.directory), [dot(authority["good"]), doh(authority["expired"])]
    served = stage.proxy(chaos, listen=doors, control=control)
    told = tell_json(control["socket"], "status")["certificate_days_left"]
    left = {url.split(":")[0]: int(days) for url, days in told.items()}
    assert abs(left["tls"] - days_until(authority["good"])) <= 1
    assert abs(left["https"] - days_until(authority["expired"])) <= 1 and left["https"] < 0
    assert tell_json(control["socket"], "stats")["certificate_days_left"] == 0
    served.wait_for_log("a certificate expires soon", "https://", r"days=-\d+")
    assert not served.log_lines("a certificate expires soon", "tls://")


# dotproxy cert.

@pytest.mark.parametrize("words", [[], ["--rsa"], ["--ca"], ["--ca", "--rsa", "--days", "3"]])
def test_what_cert_makes_serves_and_is_verified(stage, chaos, tmp_path, words):
    told = tool(BINARY, "cert", "made.test", "127.0.0.1", "--out", tmp_path, *words)
    pair = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    ca = tmp_path / ("ca.pem" if "--ca" in words else "cert.pem")
    assert pair.key.stat().st_mode & 0o777 == 0o600
    tool("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "made.test",
         "-CAfile", ca, pair.chain)
    assert days_until(pair) in ((2, 3) if "--days" in words else (29, 30))
    served = stage.proxy(chaos, listen=[dot(pair)])
    said = tool("kdig", "@127.0.0.1", "-p", served.port, f"+tls-ca={ca}", "+tls-hostname=made.test",
                "kdig.test", "+short")
    assert said.strip() and f"+tls-ca={ca} +tls-hostname=made.test" in told


def test_cert_overwrites_nothing(tmp_path):
    tool(BINARY, "cert", "--out", tmp_path)
    before = (tmp_path / "key.pem").read_bytes()
    status, said = run_to_the_end("cert", "--out", tmp_path)
    assert status == 1 and "key.pem" in said
    assert (tmp_path / "key.pem").read_bytes() == before


# Tickets.

def resumes(served, context, session):
    """(whether the session was resumed, a new one)"""
    with TlsStream(served, context, session=session) as stream:
        assert is_served(stream, "ticket.test")
        return stream.sock.session_reused, stream.sock.session


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_machines_that_share_a_ticket_key_resume_each_others_sessions(stage, chaos, authority, tmp_path, version):
    key = tmp_path / "tickets"
    key.write_bytes(os.urandom(48))
    one, two = (stage.proxy(chaos, listen=[dot(authority["good"], ticket_key=key)]) for _ in range(2))
    stranger = stage.proxy(chaos, listen=[dot(authority["good"])])
    context = trusting(authority, minimum_version=version, maximum_version=version)
    session = resumes(one, context, None)[1]
    reused, session = resumes(two, context, session)
    assert reused
    reused, session = resumes(one, context, session)
    assert reused
    assert not resumes(stranger, context, session)[0]


def test_a_new_ticket_key_is_taken_while_serving_and_a_bad_one_is_not(stage, chaos, authority, tmp_path):
    key, context = tmp_path / "tickets", trusting(authority)
    key.write_bytes(os.urandom(32))
    served = stage.proxy(chaos, listen=[dot(authority["good"], ticket_key=key)],
                         control=socket_at(stage.directory))
    old = resumes(served, context, None)[1]
    key.write_bytes(b"short")
    look(served)
    served.wait_for_log(FAILED, "ticket_key", "5 bytes are too few")
    reused, old = resumes(served, context, old)
    assert reused
    key.write_bytes(os.urandom(32))
    look(served)
    served.wait_for_log(LOADED)
    assert not resumes(served, context, old)[0], "tickets of the old key are worth nothing"
    assert resumes(served, context, resumes(served, context, None)[1])[0]


def test_sessions_outlive_new_certificates_and_reloads(renewed, files, authority, pairs):
    context = trusting(authority)
    session = resumes(renewed, context, None)[1]
    files.put(pairs["other"])
    look(renewed)
    assert shows(renewed, authority, pairs["other"])
    reused, session = resumes(renewed, context, session)
    assert reused
    renewed.signal(signal.SIGHUP)
    renewed.wait_for_log("the new configuration is in force")
    assert resumes(renewed, context, session)[0]


@pytest.mark.parametrize("content,reason", [(None, "No such file"), (b"x" * 31, "31 bytes are too few")])
def test_without_a_good_ticket_key_dotproxy_does_not_start(stage, chaos, authority, tmp_path, content, reason):
    key = tmp_path / "tickets"
    if content:
        key.write_bytes(content)
    served = stage.prepare(chaos, listen=[dot(authority["good"], ticket_key=key)])
    status, said = run_to_the_end("run", "-c", served.file)
    assert status == 2 and reason in said and str(key) in said
