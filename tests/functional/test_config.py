"""The configuration as its users meet it: `check`, `print`, and the schema in an editor."""

import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]


def find_dotproxy():
    if "DOTPROXY" in os.environ:
        return os.environ["DOTPROXY"]
    places = [TOP / "build" / "dotproxy", TOP / "build" / "src" / "dotproxy"]
    return str(next((place for place in places if place.is_file()), places[0]))


def run(*arguments):
    return subprocess.run(
        [find_dotproxy(), *arguments], capture_output=True, text=True, timeout=20
    )


@pytest.fixture(scope="module")
def schema():
    schema = json.loads(run("print", "schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_schema_accepts_the_example(schema):
    schema.validate(yaml.safe_load((TOP / "etc" / "dotproxy.yaml").read_text()))


def test_schema_accepts_what_is_in_force(schema):
    schema.validate(yaml.safe_load(run("print", "effective").stdout))


def test_the_schema_knows_what_stands_in_lists_that_are_not_written(schema):
    told = schema.schema["properties"]
    limit = yaml.safe_load(run("print", "effective").stdout)["limit"]
    assert told["bootstrap"]["default"] == yaml.safe_load(run("print", "effective").stdout)["bootstrap"] != []
    for key in ("prefix4", "multiple4", "prefix6", "multiple6", "allow"):
        assert told["limit"]["properties"][key]["default"] == limit[key]


# What is wrong in the eyes of both; the place is that of `check`.
WRONG = [
    ("wrkers: 1\n", "1:1: unknown key `wrkers`; did you mean `workers`?"),
    ("workers: 0\n", "1:10: workers: 0 is below 1"),
    ("workers: many\n", "1:10: workers: many is not a whole number, or auto"),
    ("log:\n  level: loud\n", "2:10: level: loud is none of: error, warning, info, debug"),
    (
        "group:\n  - timeout: 2x\n",
        "2:14: timeout: 2x is not a duration; write a number and ms, s, m, h or d",
    ),
    (
        "group:\n  - policy: nearest\n",
        "2:13: policy: nearest is none of: fastest, failover, round-robin, random, hash",
    ),
    (
        "group:\n  - hedge: on\n",
        "2:12: hedge: on is not a duration; write a number and ms, s, m, h or d, or off, or auto",
    ),
    ("route:\n  - suffix: [corp.example]\n", "2:5: route: the key `group` is missing"),
    ("listen:\n  - udp_size: 1232\n", "2:5: listen: the key `url` is missing"),
    ("listen: []\n", "1:9: listen: is empty; write at least one item, or remove the key"),
    (
        "upstream:\n  - url: http://127.0.0.1\n",
        "2:10: url: http:// is not possible here; write one of tls|udp|tcp",
    ),
    (
        "upstream:\n  - url: tsl://1.1.1.1\n",
        "2:10: url: tsl:// is not possible here; write one of tls|udp|tcp",
    ),
    (
        "upstream:\n  - url: 1.1.1.1\n",
        "2:10: url: 1.1.1.1: this is no URL; begin it with one of tls|udp|tcp and ://, as in tls://192.0.2.1",
    ),
    (
        "upstream:\n  - url: tls://1.1.1.1\n    pin: [abc]\n",
        "3:10: pin: abc is not a SHA-256 in base64, 44 characters long",
    ),
]


@pytest.mark.parametrize("text, problem", WRONG)
def test_check_tells_the_place(tmp_path, text, problem):
    file = tmp_path / "dotproxy.yaml"
    file.write_text(text)
    result = run("check", "-c", str(file))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == f"{file}:{problem}\n"


# What only `check` sees, because it takes more than one section to see it.
APART = [
    (
        "upstream:\n  - url: udp://192.0.2.1\n  - url: udp://192.0.2.2\n    group: inernal\n"
        "group:\n  - name: internal\n",
        "4:12: group: inernal is no group; did you mean internal?",
    ),
    ("group:\n  - name: a\n", "2:5: group: no upstream is in the group a; write `group: a` for one"),
    (
        "route:\n  - suffix: [corp.example]\n    group: internal\n",
        "3:12: group: internal is no group; write it under `group`, as `- name: internal`",
    ),
    (
        "route:\n  - suffix: [a..b]\n    group: default\n",
        "2:13: suffix: a..b is no domain name",
    ),
    (
        "listen:\n  - url: tls://127.0.0.1\n",
        "2:10: url: tls://127.0.0.1 needs a certificate and its key; `dotproxy cert` makes a pair to try "
        "it out",
    ),
    (
        "listen:\n  - url: https://127.0.0.1\n    certificate: [a.pem, b.pem]\n    key: [a.key]\n",
        "4:10: key: certificate names 2 files and key 1: each certificate needs its key, in the same order",
    ),
    (
        "listen:\n  - url: http://127.0.0.1\n    certificate: [a.pem]\n    key: [a.key]\n",
        "3:18: certificate: http://127.0.0.1 has no TLS: only tls:// and https:// take a certificate",
    ),
    (
        "listen:\n  - url: dns://127.0.0.1\n    proxy_from: [10.0.0.0/8, nearby]\n",
        "3:17: proxy_from: nearby is no prefix; write 192.0.2.0/24, or one address",
    ),
    (
        "listen:\n  - url: tls://127.0.0.1\n    certificate: [a.pem]\n    key: [a.key]\n"
        "    forwarded_from: [127.0.0.1]\n",
        "5:21: forwarded_from: tls://127.0.0.1 carries no HTTP requests; a load balancer tells the client by "
        "the PROXY protocol: proxy_from",
    ),
    (
        "group:\n  - fallback: default\n",
        "2:15: fallback: leads from default to default and back again; one of them must end it",
    ),
]


@pytest.mark.parametrize("text, problem", APART)
def test_check_looks_at_sections_together(tmp_path, text, problem):
    test_check_tells_the_place(tmp_path, text, problem)


@pytest.mark.parametrize("text, hint", [
    ("limit:\n  rate: 1/s\n\tburst: 5\n", "3:1: this is not YAML: ", ),
    ("limit:\n \trate: 1/s\n", "2:2: this is not YAML: "),
])
def test_a_tab_is_named(tmp_path, text, hint):
    file = tmp_path / "dotproxy.yaml"
    file.write_text(text)
    said = run("check", "-c", str(file)).stderr
    assert said.startswith(f"{file}:{hint}") and said.endswith("; the line begins with a tab: write spaces\n")


@pytest.mark.parametrize("text", ["limit:\n  rate: 1/s\n   burst: 5\n", "limit:\n  rate: 1/s\n burst: 5\n"])
def test_a_key_that_stands_askew_is_named(tmp_path, text):
    file = tmp_path / "dotproxy.yaml"
    file.write_text(text)
    said = run("check", "-c", str(file)).stderr
    assert said.startswith(f"{file}:3:") and "keys that belong together begin in the same column" in said


def test_check_reads_files_of_suffixes(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("# internal\ncorp.example\ncorp..example\n")
    test_check_tells_the_place(
        tmp_path, f"route:\n  - suffix_file: {names}\n    group: default\n",
        f"2:18: suffix_file: {names}:3: corp..example is no domain name",
    )


MISSING = "No such file or directory; give a file that can be read"


DOOR = "listen:\n  - url: tls://127.0.0.1\n    certificate: "
SERVER = "upstream:\n  - url: tls://192.0.2.1#a.example\n    ca: "


@pytest.mark.parametrize("text, problem", [
    (SERVER + "NONE\n", f"3:9: ca: NONE: {MISSING}"),
    (SERVER + "EMPTY\n", " upstream tls://192.0.2.1#a.example: EMPTY: no certificate inside"),
    (DOOR + "[ONE, NONE]\n    key: [ONEKEY, ONEKEY]\n", f"3:18: certificate: NONE: {MISSING}"),
    (DOOR + "ONE\n    key: NONE\n", f"4:10: key: NONE: {MISSING}"),
    (DOOR + "EMPTY\n    key: ONEKEY\n", " EMPTY and ONEKEY: "),
    (DOOR + "ONE\n    key: TWOKEY\n", " TWOKEY: the key is not that of ONE"),
    ("limit:\n  cookie_secret: NONE\n", f"2:18: cookie_secret: NONE: {MISSING}"),
    ("user: nobody-of-this-name\n", " user: there is no user nobody-of-this-name; create it or name another"),
])
def test_what_would_stop_the_start_is_told_by_check(tmp_path, text, problem):
    files = {"NONE": tmp_path / "none.pem", "EMPTY": tmp_path / "empty.pem"}
    files["EMPTY"].write_text("")
    for name in ("ONE", "TWO"):
        (tmp_path / name).mkdir()
        assert run("cert", "--out", str(tmp_path / name), "dns.example").returncode == 0
        files[name], files[name + "KEY"] = tmp_path / name / "cert.pem", tmp_path / name / "key.pem"

    def filled(with_words):
        return re.sub(r"\b[A-Z]{3,}\b", lambda word: str(files[word[0]]), with_words)
    file = tmp_path / "dotproxy.yaml"
    file.write_text(filled(text))
    result = run("check", "-c", str(file))
    assert result.returncode == 2 and result.stderr.startswith(f"{file}:{filled(problem)}"), result.stderr
    started = run("run", "-c", str(file))
    assert started.returncode == 2 and filled(problem).split(":", 2)[-1].strip() in started.stderr


def test_schema_accepts_a_hedge_that_yaml_takes_for_false(schema):
    for word in ("off", "false", "auto", "25ms"):
        schema.validate(yaml.safe_load(f"group: [{{hedge: {word}}}]"))


@pytest.mark.parametrize("text", [text for text, _ in WRONG])
def test_schema_refuses_what_check_refuses(schema, text):
    assert not schema.is_valid(yaml.safe_load(text))


def test_check_tells_all_problems(tmp_path):
    file = tmp_path / "dotproxy.yaml"
    file.write_text("workers: 0\nlog: { level: loud, to: nowhere }\n")
    assert len(run("check", "-c", str(file)).stderr.splitlines()) == 3


def test_check_says_ok(tmp_path):
    file = tmp_path / "dotproxy.yaml"
    file.write_text(run("print", "example").stdout)
    result = run("check", "-c", str(file))
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{file}: ok\n", "")


@pytest.mark.parametrize("text, key", [
    ("query_log: [{to: 'file:%s/none/q.jsonl'}]", "query_log.0.to"),
    ("query_log: [{to: 'tcp://127.0.0.1:9', spool: %s/none/spool}]", "query_log.0.spool"),
    ("cache: {file: %s/none/cache}", "cache.file"),
])
def test_check_warns_of_directories_that_are_not_there(tmp_path, text, key):
    file = tmp_path / "dotproxy.yaml"
    file.write_text(text % tmp_path)
    result = run("check", "-c", str(file))
    assert (result.returncode, result.stdout) == (0, f"{file}: ok\n")
    assert result.stderr == (f"{file}: warning: {key}: there is no directory {tmp_path}/none; make it, writable "
                             "for the user that dotproxy runs as\n")
    (tmp_path / "none").mkdir()
    assert run("check", "-c", str(file)).stderr == ""


def test_check_names_a_missing_file():
    result = run("check", "-c", "/does/not/exist")
    assert result.returncode == 2
    assert result.stderr.startswith("/does/not/exist: No such file or directory")


def test_options_are_over_the_file(tmp_path):
    file = tmp_path / "dotproxy.yaml"
    file.write_text("workers: 3\nlog: { level: error }\nlisten:\n  - url: dns://127.0.0.1\n")
    result = run(
        "print", "effective", "-c", str(file), "--set", "log.level=debug",
        "--listen", "udp://127.0.0.1:5353", "--upstream", "tls://9.9.9.9#dns.quad9.net",
        "--set", "upstream.0.connections=5",
    )
    config = yaml.safe_load(result.stdout)
    assert config["workers"] == 3
    assert config["log"]["level"] == "debug"
    assert [item["url"] for item in config["listen"]] == ["udp://127.0.0.1:5353"]
    assert config["upstream"] == [
        {"url": "tls://9.9.9.9#dns.quad9.net", "group": "default", "ca": "system", "pin": [],
         "connections": 5, "weight": 1}
    ]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["chek"], "unknown command chek; did you mean check?"),
        (["check", "--lisen", "x"], "unknown option --lisen; did you mean --listen?"),
        (["check", "-c"], "option -c needs a value behind it"),
        (["check", "-x"], "unknown option -x; `dotproxy --help` lists what there is"),
        (["check", "file.yaml"], "check: file.yaml is not expected here; write -c file.yaml to check a file"),
        (["print"], "print: write one of reference, schema, man, example, records, record-schema, effective, metrics"),
        (["print", "shema"], "print: there is no shema; did you mean schema?"),
        (["check", "--set", "log.level=x"], "--set log.level=x: level: x is none of: error, warning, info, debug"),
    ],
)
def test_wrong_usage_names_the_thing(arguments, message):
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stderr == message + "\n"


def test_version_and_help():
    assert run("--version").stdout.startswith("dotproxy ")
    result = run("--help")
    assert result.returncode == 0 and "check" in result.stdout


def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [find_dotproxy(), "print", "man"], stdout=full, stderr=subprocess.PIPE, timeout=20
        )
    assert result.returncode == 1


@pytest.mark.parametrize("command", ["run", "check", "ctl", "cert", "query"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_each_command_has_its_help(command, flag):
    result = run(command, flag)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"  dotproxy {command} ") and result.stdout.count("\n") == 2
