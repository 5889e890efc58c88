"""What README and the guides show: each configuration in them is one that dotproxy takes, as it stands there."""

import json
import re
import subprocess

import jsonschema
import pytest
import yaml

from proxy import BINARY, TOP, run_to_the_end

BLOCK = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.M | re.S)
PAGES = [TOP / "README.md", *sorted((TOP / "docs" / "guide").glob("*.md"))]

# First keys of the files of other programs.
FOREIGN = {"filebeat.inputs", "sources", "scrape_configs", "livenessProbe", "resolution_type"}

# What stands above a block that shows a part of a section.
ABOVE = {"  - url": "listen:\n", "    certificate": "listen:\n  - url: tls://0.0.0.0:853\n"}

# What the files hold that the guides name.
FILES = {
    "internal-names": "corp.example\n", "customers": "192.0.2.0/24  # a customer\n", "cookie-secrets": "0f" * 16 + "\n",
    "pseudonyms.key": "0f" * 32 + "\n", "tickets": "t" * 32,
}
PEMS = ("cert.pem", "corp.pem", "chain.pem", "siem-ca.pem", "client.pem", "dns.example.pem", "old-clients-rsa.pem")
KEYS = ("key.pem", "client.key")
PLACES = re.compile(r"/(?:etc|run|var/lib|var/log)/(?:dotproxy/|dnstap/|(?=letsencrypt))|(?<=\[)(?=chain\.pem|key\.pem)")


def blocks():
    for page in PAGES:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 2
            yield pytest.param(found[2], id=f"{page.name}:{line}")


def whole(block):
    for begin, above in ABOVE.items():
        if block.startswith(begin):
            return above + block
    return block


@pytest.fixture(scope="module")
def here(tmp_path_factory, authority):
    """A directory with all the files that the guides name, in place of the directories of a real machine."""
    place = tmp_path_factory.mktemp("guides")
    good = authority["good"]
    for name, text in FILES.items():
        (place / name).write_text(text)
        (place / name).chmod(0o600)
    for name in PEMS:
        (place / name).write_bytes(good.chain.read_bytes() + good.key.read_bytes())
    for name in KEYS:
        (place / name).write_bytes(good.key.read_bytes())
    (place / "letsencrypt").mkdir()
    return place


@pytest.mark.parametrize("block", blocks())
def test_a_configuration_that_is_shown_is_right(block, here):
    text = whole(block)
    if FOREIGN & set(yaml.safe_load(text)):
        return
    schema = json.loads(subprocess.run([BINARY, "print", "schema"], capture_output=True, check=True).stdout)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))
    file = here / "dotproxy.yaml"
    file.write_text(PLACES.sub(f"{here}/", text))
    assert run_to_the_end("check", "-c", file) == (0, ""), text
