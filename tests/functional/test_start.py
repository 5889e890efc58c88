"""Starting: what is wrong is said, with the right exit status, before anything is opened."""

import contextlib
import os
import signal
import socket
import subprocess

import pytest

from client import ask, failed_well, is_right
from ports import free_port
from proxy import BINARY, BRIEF, config, listener, run_to_the_end, to_yaml

WRONG_USAGE, FAILED = 2, 1


@contextlib.contextmanager
def port_in_use(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", free_port()))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        yield holder.getsockname()[1]


UPSTREAM = {"url": "tls://127.0.0.1:9#dns.test"}      # nobody is asked in these tests


def run_with(tmp_path, settings):
    file = tmp_path / "dotproxy.yaml"
    file.write_text(settings if isinstance(settings, str) else to_yaml(settings))
    return run_to_the_end("run", "-c", file)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_a_port_in_use_is_named(tmp_path, kind):
    with port_in_use(kind) as port:
        status, said = run_with(tmp_path, config([listener(port)], [UPSTREAM]))
    assert status == FAILED and f"127.0.0.1:{port}" in said and "`ss -tulpn` tells who" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody who is not")
def test_who_may_not_have_a_low_port_is_told_who_may(tmp_path):
    file = tmp_path / "dotproxy.yaml"
    file.write_text(to_yaml(config([listener(53)], [UPSTREAM])))
    script = 'ip link set lo up; exec setpriv --bounding-set=-net_bind_service --inh-caps=-all "$@"'
    done = subprocess.run(["unshare", "-n", "sh", "-c", script, "sh", BINARY, "run", "-c", file],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == FAILED and "Permission denied; ports below 1024 are for root" in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_dotproxy_on_the_same_port_is_refused(stage, chaos, tmp_path, workers):
    first = stage.proxy(chaos, workers=workers)
    settings = config(first.listen, [{"url": chaos.url}])
    status, said = run_with(tmp_path, {**settings, "workers": workers})
    assert status == FAILED and f"127.0.0.1:{first.port}" in said
    assert is_right(ask(first, "unharmed.test"), "unharmed.test")


def bad_settings(port, **change):
    return to_yaml({**config([listener(port)], [UPSTREAM]), **change})


WRONG = {
    "an unknown key": {"worker": 3},
    "a number that is none": {"workers": "several"},
    "an upstream that is no URL": {"upstream": [{"url": "gopher://127.0.0.1"}]},
    "a listener without a port number": {"listen": [{"url": "dns://127.0.0.1:port"}]},
    "a missing CA file": {"upstream": [{**UPSTREAM, "ca": "/no/such/ca.pem"}]},
    "a CA file that holds no certificate": {"upstream": [{**UPSTREAM, "ca": "/dev/null"}]},
    "a pin that is no hash": {"upstream": [{**UPSTREAM, "pin": ["nonsense"]}]},
}


@pytest.mark.parametrize("what", WRONG)
def test_status_2_before_any_port_is_opened_for(tmp_path, what):
    with port_in_use() as port:     # had it tried the port, it would have said so
        status, said = run_with(tmp_path, bad_settings(port, **WRONG[what]))
    assert status == WRONG_USAGE, said
    assert said.strip() and f":{port}" not in said


def test_a_missing_ca_file_is_named(tmp_path):
    said = run_with(tmp_path, bad_settings(free_port(), **WRONG["a missing CA file"]))[1]
    assert "/no/such/ca.pem" in said


def test_status_2_for_a_file_that_is_not_yaml(tmp_path):
    status, said = run_with(tmp_path, "listen: [\n  - ]: {{\n")
    assert status == WRONG_USAGE and "dotproxy.yaml:" in said


def test_status_2_for_a_file_that_is_not_there(tmp_path):
    status, said = run_to_the_end("run", "-c", tmp_path / "nowhere.yaml")
    assert status == WRONG_USAGE and "nowhere.yaml" in said


def test_status_2_for_a_directory_as_file(tmp_path):
    status, said = run_to_the_end("run", "-c", tmp_path)
    assert status == WRONG_USAGE and str(tmp_path) in said


def test_it_starts_while_no_upstream_can_be_reached(stage):
    urls = [f"tls://127.0.0.1:{free_port()}#dns.test", "tls://192.0.2.1#dns.test",
            "tls://[2001:db8::1]#dns.test"]
    served = stage.proxy(*urls, group=BRIEF)        # start() waits until it serves
    assert failed_well(ask(served, "offline.test", edns=1232))


def test_it_starts_from_the_command_line_alone(stage, chaos, authority):
    port = free_port()
    served = stage.prepare(chaos, listen=[listener(port)])
    served.command = [served.command[0], "--listen", f"dns://127.0.0.1:{port}",
                      "--upstream", chaos.url, "--set", f"upstream.ca={authority.ca}"]
    stage.run(served)
    assert is_right(ask(served, "arguments.example"), "arguments.example")
    served.wait_for_log("started", "configuration=(none|/etc/dotproxy/dotproxy.yaml)$")



def without_ipv6(*command):
    """Run a command in a network namespace of its own that has no IPv6."""
    script = 'ip link set lo up; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; exec "$@"'
    return subprocess.Popen(["unshare", "-n", "sh", "-c", script, "sh", *map(str, command)],
                            stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a network namespace")
def test_the_defaults_serve_a_machine_without_ipv6():
    process = without_ipv6(BINARY, "run")
    said = []
    for line in process.stderr:
        said.append(line)
        if " started:" in line:
            break
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert any("listener_absent" in line and "[::1]:53" in line for line in said)
    assert any("listening" in line and "127.0.0.1:53" in line for line in said)
