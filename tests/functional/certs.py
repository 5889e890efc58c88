"""certs - a throw-away certificate authority and the good and bad certificates it signs.

Made with certtool (package gnutls-bin), once for each test session.
"""

import base64
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "dns.test"
LONG_AGO, LAST_YEARS = "2020-01-01 00:00:00", "2021-01-01 00:00:00"
FAR, FARTHER = "2045-01-01 00:00:00", "2046-01-01 00:00:00"
LOOPBACK = "127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.9 ::1".split()


@dataclass(frozen=True)
class Certificate:
    """Paths of a PEM certificate and its key."""
    chain: Path
    key: Path

    def pin(self):
        """Base64 SHA-256 of the public key, as `upstream.pin` wants it."""
        pem = run("openssl", "x509", "-in", self.chain, "-noout", "-pubkey")
        der = run("openssl", "pkey", "-pubin", "-outform", "der", stdin=pem)
        return base64.b64encode(hashlib.sha256(der).digest()).decode()


def run(*command, stdin=None):
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True)
    assert done.returncode == 0, f"{command[0]}: {done.stderr.decode()}"
    return done.stdout


def leaf(names=(NAME,), addresses=LOOPBACK, purpose="tls_www_server", begin=LONG_AGO, end=FAR):
    """The certtool template of a certificate for a server."""
    return [f'cn = "{names[0]}"', purpose, "signing_key",
            *[f'dns_name = "{name}"' for name in names],
            *[f'ip_address = "{address}"' for address in addresses],
            f'activation_date = "{begin}"', f'expiration_date = "{end}"']


def authority(name):
    return [f'cn = "{name}"', "ca", "cert_signing_key",
            f'activation_date = "{LONG_AGO}"', f'expiration_date = "{FARTHER}"']


LEAVES = {
    "good": leaf(),
    "name_only": leaf(addresses=()),
    "expired": leaf(end=LAST_YEARS),
    "not_yet_valid": leaf(begin=FAR, end=FARTHER),
    "wrong_name": leaf(names=("other.test",)),
    "client_only": leaf(purpose="tls_www_client"),
}


class Authority:
    """All certificates of a session, by name: authority["expired"].chain."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.root = self.sign("ca", authority("throw-away CA"))
        self.stranger = self.sign("stranger", authority("somebody else's CA"))
        self.leaves = {name: self.sign(name, rows, self.root) for name, rows in LEAVES.items()}
        self.leaves["self_signed"] = self.sign("self_signed", leaf())
        self.leaves["other_authority"] = self.sign("other_authority", leaf(), self.stranger)

    @classmethod
    def found_in(cls, directory):
        """The authority that another process has made there."""
        found = cls.__new__(cls)
        found.directory = Path(directory)
        found.root = found.files("ca")
        found.leaves = {name: found.files(name) for name in LEAVES}
        return found

    def __getitem__(self, name):
        return self.leaves[name]

    @property
    def ca(self):
        """The PEM file to trust."""
        return str(self.root.chain)

    def files(self, name):
        return Certificate(self.directory / f"{name}.pem", self.directory / f"{name}.key")

    def sign(self, name, template, issuer=None, key_type="ecdsa"):
        rows, made = self.directory / f"{name}.template", self.files(name)
        chain, key = made.chain, made.key
        rows.write_text("\n".join(template) + "\n")
        run("certtool", "--generate-privkey", "--key-type", key_type, "--outfile", key)
        how = ["--generate-self-signed"] if issuer is None else [
            "--generate-certificate", "--load-ca-certificate", issuer.chain,
            "--load-ca-privkey", issuer.key]
        run("certtool", *how, "--load-privkey", key, "--template", rows, "--outfile", chain)
        return made
