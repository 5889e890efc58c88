"""What our TLS agrees to: by testssl.sh, by sslscan, and by hand."""

import contextlib
import os
import re
import socket
import ssl
import subprocess

import pytest

import handshake as hs
from audit import TestSsl, sslscan
from certs import Certificate
from client import is_right, query, tool
from front import TlsStream, dot, doh, trusting
from proxy import BINARY
from scripts import framed
from wire import address_for

# What an auditor may say, because of who signed the certificate and of how the auditor works.
EXPLAINED = {
    "cert_revocation": "a throw-away authority publishes neither CRL nor OCSP",
    "engine_problem": "Debian's OpenSSL comes without GOST",
    "sessionresumption_ticket": "its client may hang up before the ticket of TLS 1.3 comes",
}
GOOD = {"OK", "INFO", "LOW", "DEBUG"}
CLEARED = ["SSLv2", "SSLv3", "TLS1_2", "TLS1_3", "cert_chain_of_trust", "cert_trust",
           "cert_expirationStatus", "heartbleed", "CCS", "ROBOT", "secure_renego",
           "secure_client_renego", "CRIME_TLS", "POODLE_SSL", "fallback_SCSV", "SWEET32", "FREAK",
           "DROWN", "LOGJAM", "BEAST", "LUCKY13", "RC4"]
VERSIONS = {"SSL 3.0": hs.SSL30, "TLS 1.0": hs.TLS10, "TLS 1.1": hs.TLS11}
WEAK = {
    0x0001: "NULL-MD5", 0x003B: "NULL-SHA256", 0xC006: "ECDHE-ECDSA-NULL",
    0x0034: "anonymous DH", 0x00A6: "anonymous DH with GCM", 0xC018: "anonymous ECDH",
    0x0003: "EXPORT-RC4", 0x0005: "RC4", 0xC007: "ECDHE-ECDSA-RC4",
    0x000A: "3DES", 0xC012: "ECDHE-RSA-3DES", 0xC008: "ECDHE-ECDSA-3DES",
    0x002F: "RSA-AES128-CBC", 0x009C: "RSA-AES128-GCM", 0x009D: "RSA-AES256-GCM",
    0xC009: "ECDHE-ECDSA-AES128-CBC", 0xC013: "ECDHE-RSA-AES128-CBC",
    0xC023: "ECDHE-ECDSA-AES128-CBC-SHA256", 0xC028: "ECDHE-RSA-AES256-CBC-SHA384",
    0x0033: "DHE-RSA-AES128-CBC", 0x009E: "DHE-RSA-AES128-GCM", 0xC0AE: "ECDHE-ECDSA-AES128-CCM8",
}
HANDSHAKE_FAILURE, PROTOCOL_VERSION, INAPPROPRIATE_FALLBACK = 40, 70, 86
DOWNGRADE = b"DOWNGRD\x01"      # RFC 8446 section 4.1.3


def minted(directory, *words):
    """A pair that `dotproxy cert` has made, and who signed it."""
    tool(BINARY, "cert", "--out", directory, "--ca", "--days", "90", *words, "dns.test", "127.0.0.1")
    return Certificate(directory / "cert.pem", directory / "key.pem"), directory / "ca.pem"


@pytest.fixture(scope="module")
def ecdsa(tmp_path_factory):
    return minted(tmp_path_factory.mktemp("ecdsa"))


@pytest.fixture(scope="module")
def rsa(tmp_path_factory):
    return minted(tmp_path_factory.mktemp("rsa"), "--rsa")


@pytest.fixture(scope="module")
def rows(ecdsa, rsa):
    """A listener with both kinds of key, and one whose key is RSA."""
    return [dot([ecdsa[0], rsa[0]]), doh(rsa[0])]


@pytest.fixture(scope="module")
def served(shared, chaos, rows):
    return shared.proxy(chaos, listen=rows)


@pytest.fixture(scope="module")
def ports(rows):
    return {row["url"].split(":")[0]: int(re.search(r":(\d+)", row["url"])[1]) for row in rows}


@pytest.fixture(scope="module")
def reports(served, rows, ports, ecdsa, rsa, tmp_path_factory):
    """testssl.sh on both listeners, in the background while the other tests run."""
    places = {"tls": (f"127.0.0.1:{ports['tls']}", [ecdsa[1], rsa[1]]),
              "https": (rows[1]["url"], [rsa[1]])}
    with contextlib.ExitStack() as stack:
        yield {kind: stack.enter_context(TestSsl(tmp_path_factory.mktemp(kind), *place))
               for kind, place in places.items()}


@pytest.fixture(autouse=True)
def begin(reports):
    """The auditors begin with the first test."""


# sslscan

@pytest.mark.parametrize("kind,keys", [("tls", {"ECDSA", "RSA"}), ("https", {"RSA"})])
def test_sslscan_sees_strong_suites_alone(ports, kind, keys):
    found = sslscan(ports[kind])
    spoken = {(one.get("type"), one.get("version")) for one in found.iter("protocol")
              if one.get("enabled") == "1"}
    suites = {int(one.get("id"), 16) for one in found.iter("cipher")}
    groups = {int(one.get("id"), 16) for one in found.iter("group")}
    strong12 = {suite for suite, name in hs.STRONG12.items() if name.split("-")[1] in keys}
    assert spoken == {("tls", "1.2"), ("tls", "1.3")}
    assert suites == strong12 | set(hs.STRONG13)
    assert groups == {hs.X25519, hs.P256, hs.P384, 0x0019}      # and P-521
    assert found.find("renegotiation").get("supported") == "0"
    assert {one.get("vulnerable") for one in found.iter("heartbleed")} == {"0"}


# By hand

@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_old_versions_are_refused(ports, version):
    hello = hs.client_hello([*hs.STRONG12, 0xC013, 0x002F], version=version)
    assert hs.says(ports["tls"], hello) == hs.Alert(PROTOCOL_VERSION)


@pytest.mark.parametrize("suite", WEAK, ids=WEAK.values())
def test_a_weak_suite_is_refused(ports, suite):
    assert hs.says(ports["tls"], hs.client_hello([suite])) == hs.Alert(HANDSHAKE_FAILURE)


@pytest.mark.parametrize("version,strong", [(hs.TLS12, hs.STRONG12), (hs.TLS13, hs.STRONG13)])
def test_each_strong_suite_is_taken_and_the_order_is_ours(ports, version, strong):
    for suite in strong:
        assert hs.says(ports["tls"], hs.client_hello([suite], version=version)).suite == suite
    orders = [list(strong), list(reversed(strong)), sorted(strong, key=lambda suite: suite * 7 % 11)]
    assert len({hs.says(ports["tls"], hs.client_hello(order, version=version)).suite
                for order in orders}) == 1


@pytest.mark.parametrize("other", [{"groups": (0x0013, 0x0001, 0x0100)},
                                   {"signatures": (0x0201, 0x0203, 0x0101)}],
                         ids=["groups", "signatures"])
def test_weak_groups_and_signatures_are_refused(ports, other):
    hello = hs.client_hello(hs.STRONG12, **other)
    assert hs.says(ports["tls"], hello) == hs.Alert(HANDSHAKE_FAILURE)


def test_nothing_is_compressed(ports):
    assert hs.says(ports["tls"], hs.client_hello(hs.STRONG12, compression=b"\1\0")).compression == 0
    assert isinstance(hs.says(ports["tls"], hs.client_hello(hs.STRONG12, compression=b"\1")), hs.Alert)


def test_there_is_no_heartbeat_and_the_master_secret_is_bound_to_its_handshake(ports):
    hello = hs.client_hello(hs.STRONG12, heartbeat=b"\1", master_secret=b"")
    found = hs.says(ports["tls"], hello).extensions
    assert hs.HEARTBEAT not in found and hs.MASTER_SECRET in found


@pytest.mark.parametrize("hello", [hs.client_hello(hs.STRONG12, renegotiation=b"\0"),
                                   hs.client_hello([0x00FF, *hs.STRONG12])],
                         ids=["extension", "signal"])
def test_secure_renegotiation_is_known(ports, hello):
    """RFC 5746 section 3.6, so that clients who insist on it come in; there is none all the same."""
    assert hs.says(ports["tls"], hello).extensions[hs.RENEGOTIATION] == b"\0"


def test_a_downgrade_shows(ports):
    suites = [*hs.STRONG13, *hs.STRONG12]
    assert hs.says(ports["tls"], hs.client_hello(suites)).random.endswith(DOWNGRADE)
    newest = hs.says(ports["tls"], hs.client_hello(suites, version=hs.TLS13))
    assert newest.extensions[hs.VERSIONS] == hs.numbers(hs.TLS13)
    assert not newest.random.endswith(DOWNGRADE)


def test_a_needless_fallback_is_refused(ports):
    hello = hs.client_hello([0x5600, *hs.STRONG12])     # RFC 7507
    assert hs.says(ports["tls"], hello) == hs.Alert(INAPPROPRIATE_FALLBACK)


# By openssl and Python's ssl

def openssl(ports, *words, says, until):
    """What `openssl s_client` says until `until` came, or it left by itself."""
    process = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{ports['tls']}", *words],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.stdin.write(says)
    process.stdin.flush()
    said = b""
    while until not in said and (part := os.read(process.stdout.fileno(), 65536)):
        said += part
    return (said + process.communicate(timeout=60)[0]).decode(errors="replace")


def test_a_client_cannot_renegotiate(served, ports):
    said = openssl(ports, "-tls1_2", says=b"R\n", until=b"no renegotiation")
    assert "RENEGOTIATING" in said and "no renegotiation" in said
    served.is_alive()


def test_no_ticket_allows_early_data(ports):
    said = openssl(ports, "-tls1_3", says=framed(query("early.test").to_wire()),
                   until=socket.inet_aton(address_for("early.test.")))
    assert re.findall(r"Max Early Data: (\d+)", said) == ["0"]


def resumes(served, context, name, session=None):
    """(whether the session was resumed, the session to resume next)"""
    with TlsStream(served, context, session=session) as stream:
        assert is_right(stream.ask(query(name))[0], name)
        return stream.sock.session_reused, stream.sock.session


TLS_VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def only(authority, version):
    return trusting(authority, minimum_version=version, maximum_version=version)


@pytest.mark.parametrize("version", TLS_VERSIONS)
def test_tickets_do_not_outlive_the_key_in_the_file(stage, chaos, authority, tmp_path, version):
    file, context = tmp_path / "tickets", only(authority, version)
    file.write_bytes(bytes(range(32)))
    served = stage.proxy(chaos, listen=[dot(authority["good"], ticket_key=str(file))])
    _, session = resumes(served, context, "first.test")
    assert resumes(served, context, "second.test", session)[0]
    file.write_bytes(bytes(range(1, 33)))
    served.wait_for_log("certificate_loaded")
    assert not resumes(served, context, "third.test", session)[0]


@pytest.mark.parametrize("version", TLS_VERSIONS)
def test_tickets_do_not_outlive_the_process_that_made_their_key(stage, chaos, authority, version):
    rows, context = [dot(authority["good"])], only(authority, version)
    first = stage.proxy(chaos, listen=rows)
    _, session = resumes(first, context, "first.test")
    assert resumes(first, context, "second.test", session)[0]
    first.stop()
    second = stage.proxy(chaos, listen=rows)
    assert not resumes(second, context, "third.test", session)[0]


# testssl.sh: last, because it takes long

@pytest.mark.parametrize("kind,also", [("tls", []), ("https", ["BREACH"])])
def test_testssl_finds_nothing_that_is_not_explained(reports, kind, also):
    found = reports[kind].findings()
    assert not [one for one in found if one[1] not in GOOD and one[0] not in EXPLAINED]
    cleared = {name for name, severity, _ in found if severity == "OK"}
    assert not set(CLEARED + also) - cleared
