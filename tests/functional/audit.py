"""audit - what testssl.sh and sslscan find about a TLS listener. Neither asks anybody but the listener."""

import json
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

from client import tool

PATIENCE = 240      # seconds; by itself it takes 25
SECTIONS = ["--protocols", "--server-defaults", "--vulnerable"]


class TestSsl:
    """testssl.sh, which takes its time in the background until its findings are asked for."""
    __test__ = False

    def __init__(self, directory, where, authorities):
        self.json, self.said = Path(directory) / "findings.json", Path(directory) / "said"
        trust = ",".join(map(str, authorities))
        command = ["testssl", "--openssl", "/usr/bin/openssl", "--add-ca", trust, "--nodns", "none",
                   "--warnings", "off", "--color", "0", "--quiet", "--sneaky", "--jsonfile",
                   str(self.json), *SECTIONS, where]
        with open(self.said, "wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, cwd=directory,
                                            stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def findings(self):
        """(name, severity, words) of each; of a certificate, once for each."""
        self.process.wait(PATIENCE)
        assert self.json.exists(), self.said.read_text(errors="replace")
        return [(one["id"].split()[0], one["severity"], one["finding"])
                for one in json.loads(self.json.read_text())]


def sslscan(port):
    """The XML element of all that sslscan found on 127.0.0.1."""
    document = tool("sslscan", "--no-colour", "--xml=-", f"127.0.0.1:{port}")
    return xml.fromstring(document).find("ssltest")
