"""The sandbox: what is given up is gone, in every thread; what a reload needs still works, or is refused."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from client import ask, is_right
from front import dot, trusting
from injection import MAIN, OK, WORKER, Injection, build, calls, number_of
from ports import free_port
from proxy import Proxy, accepts, answers_datagram, config, is_sanitized, listener, opening
from waiting import until

NET_BIND_SERVICE = 1 << 10
LOW = "127.77.53.1"         # a loopback address of our own, where low ports are free
OUTSIDE = "/etc/shadow"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who has something to give up")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("inject"))


@pytest.fixture
def injected(stage, chaos, library):
    """Starts a dotproxy that obeys: (proxy, injection)."""
    with contextlib.ExitStack() as stack:
        def start(*flags, kernel=None, **sections):
            injection = stack.enter_context(contextlib.closing(Injection(library, **(kernel or {}))))
            served = stage.prepare(chaos, **sections)
            served.command += flags
            return stage.run(served, **injection.streams), injection
        yield start


def threads(proxy):
    """What /proc says of each thread: {name: {key: value}}."""
    tasks = Path(f"/proc/{proxy.process.pid}/task").iterdir()
    said = [dict(line.split(":", 1) for line in (task / "status").read_text().splitlines()) for task in tasks]
    return {task["Name"].strip(): {key: value.strip() for key, value in task.items()} for task in said}


def main_thread(proxy):
    return until(lambda: threads(proxy).get(MAIN), "the main thread is seen")


def capabilities(thread):
    return {thread[key] for key in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


def refused(proxy, *patterns):
    """A reload was refused with these words, and the old configuration is still in force."""
    said = proxy.wait_for_log("reload_failed", *patterns)
    assert "needs a restart: " in said[0]
    assert is_right(ask(proxy, "still.test"), "still.test")
    assert not proxy.log_lines(" reloaded:")


# What is given up.

def test_every_thread_is_inside(stage, chaos, tmp_path):
    served = stage.proxy(chaos, workers=2, control={"socket": str(tmp_path / "control.sock")},
                         cache={"file": str(tmp_path / "cache")}, metrics={"listen": f"127.0.0.1:{free_port()}"})
    assert is_right(ask(served, "first.test"), "first.test")
    wanted = {MAIN, "dotproxy-log", "dotproxy-ctl", "dotproxy-keeper"[:15], "MHD-single", WORKER, "dotproxy-1"}
    until(lambda: wanted <= set(threads(served)), "all threads have their names")
    inside = threads(served)
    for name, thread in inside.items():
        assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("1", "2"), name
        assert capabilities(thread) == {"0" * 16}, name
    assert served.wait_for_log(" sandboxed:", "capabilities=none", "no_new_privs=yes", "seccomp=yes", r"landlock=\d")


def test_nothing_is_given_up_without_it(injected):
    served, _ = injected("--no-sandbox")
    thread = main_thread(served)
    assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("0", "0")
    assert int(thread["CapEff"], 16) & NET_BIND_SERVICE
    assert served.wait_for_log("warning sandbox_off") and not served.log_lines(" sandboxed:")


# The act: its number and text, and what comes of it inside. Outside each of them succeeds.
ACTS = {
    "the accounts are read": ("read", 0, OUTSIDE, "EACCES"),
    "a file is made outside": ("write", 0, "{outside}/made", "EACCES"),
    "a file outside is removed": ("remove", 0, "{outside}/there", "EACCES"),
    "a directory is listed": ("list", 0, "/etc", "EACCES"),
    "a file becomes everybody's": ("chmod", 0, "{outside}/there", "ENOSYS"),
    "another TCP port is connected to": ("connect", "{port}", "-", "EACCES"),
    "the same by TCP fast open": ("fastopen", "{port}", "-", "ENOSYS"),
    "the same by multipath TCP": ("multipath", "{port}", "-", "ENOSYS"),
    "another TCP port is opened": ("bind_tcp", "{free}", "-", "EACCES"),
    "a low port is opened": ("bind_udp", 77, "-", "EACCES"),
    "packets are made by hand": ("packet", 0, "-", "ENOSYS"),
    "the same over IP": ("raw", 0, "-", "ENOSYS"),
    "memory is code": ("code", 0, "-", "ENOSYS"),
    "memory becomes code": ("code_late", 0, "-", "ENOSYS"),
    "another process is made": ("fork", 0, "-", "ENOSYS"),
    "another process gets a signal": ("signal", 0, "-", "ENOSYS"),
    "another process is made to get them": ("owner", 0, "-", "ENOSYS"),
    "the kernel runs a filter": ("filter", 0, "-", "ENOSYS"),
    "TCP is another one": ("congestion", 0, "-", "ENOSYS"),
    "the user changes": ("user", 0, "-", "ENOSYS"),
}


@pytest.fixture
def there(tmp_path_factory):
    """What the acts want to find: a directory, a port that listens, a free one."""
    outside = tmp_path_factory.mktemp("outside")
    with socket.create_server(("127.0.0.1", 0)) as server:
        (outside / "there").touch()
        yield {"outside": outside, "port": server.getsockname()[1], "free": free_port()}


@pytest.mark.parametrize("thread", [MAIN, WORKER])
def test_what_an_intruder_does_fails(injected, there, thread):
    served, injection = injected()
    for what, (act, number, text, error) in ACTS.items():
        said = injection.do(served, act, str(number).format(**there), text.format(**there), thread=thread)
        assert said == error, what
    assert is_right(ask(served, "unharmed.test"), "unharmed.test")


def test_the_same_succeeds_without_the_sandbox(injected, there):
    served, injection = injected("--no-sandbox")
    for what, (act, number, text, _) in ACTS.items():
        if act != "remove":
            said = injection.do(served, act, str(number).format(**there), text.format(**there))
            assert said == OK, what
    assert injection.do(served, "remove", 0, str(there["outside"] / "there")) == OK


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer's runtime is spared the death")
@pytest.mark.parametrize("call", calls("KILL"))
def test_it_dies_of(stage, chaos, library, call):
    number = number_of(call)
    if number is None:
        pytest.skip("no such call on this machine")
    with contextlib.closing(Injection(library)) as injection:
        served = stage.prepare(chaos)
        try:
            served.start(**injection.streams)
            injection.order(served, "call", number)
            assert served.process.wait(20) == -signal.SIGSYS
        finally:
            served.kill()


def test_another_program_takes_its_place_without_the_sandbox(stage, chaos, library):
    with contextlib.closing(Injection(library)) as injection:
        served = stage.prepare(chaos)
        served.command.append("--no-sandbox")
        try:
            served.start(**injection.streams)
            injection.order(served, "exec", 0, shutil.which("true"))
            assert served.process.wait(20) == 0
            served.reader.join(10)
        finally:
            served.kill()
    assert not served.log_lines("stopped")


def test_calls_that_are_not_listed_fail_as_if_they_did_not_exist(injected):
    served, injection = injected()
    listed = {number_of(call) for row in ("ALLOW", "ALLOW_IF", "KILL") for call in calls(row)}
    others = {*range(335), *range(424, 480)} - listed       # between them are the kernel's own, and none
    said = {number: injection.do(served, "call", number) for number in others}
    assert len(said) > 200 and set(said.values()) == {"ENOSYS"}
    assert is_right(ask(served, "unharmed.test"), "unharmed.test")


@pytest.mark.skipif(not is_sanitized(), reason="needs a sanitizer that could be blind")
@pytest.mark.parametrize("act, report", [("leak", "LeakSanitizer: detected"),
                                         ("free_twice", r"attempting double-free.*/run\.c:\d")])
def test_a_sanitizer_sees_all_from_inside(stage, chaos, library, act, report):
    with contextlib.closing(Injection(library)) as injection:
        served = stage.prepare(chaos)
        try:
            served.start(**injection.streams)
            injection.order(served, act)
            until(lambda: select_reads(injection) or served.process.poll() is not None, "it was done")
            served.signal(signal.SIGTERM)
            assert served.process.wait(20) != 0
            served.reader.join(10)
            assert re.search(report, served.log, re.DOTALL)
        finally:
            served.kill()


def select_reads(injection):
    injection.line.setblocking(False)
    try:
        return injection.line.recv(64)
    except BlockingIOError:
        return b""


# Ports below 1024.

def low_listener(port):
    return {"url": f"dns://{LOW}:{port}"}


@pytest.mark.parametrize("user", ["", "nobody"])
def test_low_ports_can_be_added_where_there_was_one(stage, chaos, tmp_path, user):
    tmp_path.chmod(0o755)
    with tempfile.TemporaryDirectory() as directory:        # that nobody may enter
        Path(directory).chmod(0o755)
        shutil.copy(stage.authority.ca, directory)
        row = stage.row(chaos, ca=f"{directory}/ca.pem")
        served = stage.prepare(row, listen=[listener(free_port()), low_listener(53)], user=user or '""')
        served.file = Path(directory) / "dotproxy.yaml"
        settings = config(served.listen, [row], user=user or '""')
        served.write_config(settings)
        served.command = [*served.command[:2], "-c", str(served.file)]
        stage.run(served)
        thread = main_thread(served)
        assert int(thread["CapEff"], 16) == int(thread["CapPrm"], 16) == NET_BIND_SERVICE
        assert thread["Uid"].split()[1] == ("0" if not user else str(65534))
        assert served.wait_for_log(" sandboxed:", "capabilities=net_bind_service")
        served.reload({**settings, "listen": [*served.listen, low_listener(853)]})
        until(lambda: answers_datagram((LOW, 853)) and accepts((LOW, 853)), "the new port answers")
        served.stop()


def test_a_low_port_is_refused_where_there_was_none(stage, chaos):
    served = stage.proxy(chaos)
    served.reload(config([*served.listen, low_listener(853)], [stage.row(chaos)]))
    refused(served, "listen.1.url", "port 853 is below 1024")


# Reloads.

def test_a_reload_that_connects_to_another_port_is_refused(stage, chaos):
    other = stage.chaos()
    served = stage.proxy(chaos)
    served.reload(config(served.listen, [stage.row(chaos), stage.row(other)]))
    refused(served, "upstream.1.url", str(other.port), r"sandbox\.connect")
    assert not other.connections


def test_a_reload_that_listens_on_another_port_is_refused(stage, chaos):
    served, other = stage.proxy(chaos), free_port()
    served.reload(config([*served.listen, listener(other)], [stage.row(chaos)]))
    refused(served, "listen.1.url", str(other), r"sandbox\.listen")
    assert not accepts(("127.0.0.1", other))


def test_what_a_restart_opens_is_told_by_ctl_too(stage, chaos, tmp_path):
    control = {"control": {"socket": str(tmp_path / "control.sock")}}
    served, other = stage.proxy(chaos, **control), free_port()
    served.write_config(config([*served.listen, listener(other)], [stage.row(chaos)], **control))
    done = subprocess.run([served.command[0], "ctl", "reload", "--socket", control["control"]["socket"]],
                          capture_output=True, text=True)
    assert done.returncode == 1 and "needs a restart: listen.1.url" in done.stderr


def test_a_new_udp_port_needs_no_restart(stage, chaos):
    served, other = stage.proxy(chaos), free_port()
    served.reload(config([*served.listen, {"url": f"udp://127.0.0.1:{other}"}], [stage.row(chaos)]))
    until(lambda: answers_datagram(("127.0.0.1", other)), "the new listener answers")


def names_in(directory, names="far.test"):
    file = directory / "names"
    file.write_text(names + "\n")
    return {"route": [{"suffix_file": str(file), "group": "default"}]}


def test_a_reload_that_reads_a_file_elsewhere_is_refused(stage, chaos, tmp_path_factory):
    served, elsewhere = stage.proxy(chaos), tmp_path_factory.mktemp("elsewhere")
    served.reload(config(served.listen, [stage.row(chaos)], **names_in(elsewhere)))
    refused(served, "route.0.suffix_file", str(elsewhere), r"sandbox\.read")


def test_a_file_in_a_directory_that_the_sandbox_names_is_read(stage, chaos, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    sandbox = {"sandbox": {"read": [str(elsewhere)]}}
    served = stage.proxy(chaos, **sandbox)
    served.reload(config(served.listen, [stage.row(chaos)], **names_in(elsewhere), **sandbox))
    served.wait_for_log(" reloaded:")
    assert not served.log_lines("reload_partly")


def test_a_file_beside_the_configuration_is_read(stage, chaos, tmp_path):
    served = stage.proxy(chaos)
    deeper = tmp_path / "names.d"
    deeper.mkdir()
    served.reload(config(served.listen, [stage.row(chaos)], **names_in(deeper)))
    served.wait_for_log(" reloaded:")


def test_a_link_that_leads_out_is_refused(stage, chaos, tmp_path, tmp_path_factory):
    names_in(tmp_path_factory.getbasetemp())
    served = stage.proxy(chaos)
    (tmp_path / "names").symlink_to(tmp_path_factory.getbasetemp() / "names")
    route = {"route": [{"suffix_file": str(tmp_path / "names"), "group": "default"}]}
    served.reload(config(served.listen, [stage.row(chaos)], **route))
    refused(served, "route.0.suffix_file")


def test_a_moved_page_of_metrics_is_told_and_the_rest_is_in_force(stage, chaos):
    served, other = stage.proxy(chaos), free_port()
    served.reload(config([*served.listen, {"url": f"udp://127.0.0.1:{other}"}], [stage.row(chaos)],
                         metrics={"listen": f"127.0.0.1:{free_port()}"}))
    served.wait_for_log("reload_partly", "key=metrics.listen")
    until(lambda: answers_datagram(("127.0.0.1", other)), "the new listener answers")


def test_a_changed_sandbox_needs_a_restart(stage, chaos):
    served = stage.proxy(chaos)
    served.reload(config(served.listen, [stage.row(chaos)], **opening(free_port())))
    served.wait_for_log("reload_partly", "key=sandbox")


def test_a_cache_file_elsewhere_waits_for_a_restart(stage, chaos, tmp_path_factory):
    served = stage.proxy(chaos)
    elsewhere = {"cache": {"file": str(tmp_path_factory.mktemp("elsewhere") / "cache")}}
    served.reload(config(served.listen, [stage.row(chaos)], **elsewhere))
    served.wait_for_log("reload_partly", r"key=cache\.file")


@pytest.mark.parametrize("sandbox, place", [({"read": ["certs"]}, "read: certs"), ({"connect": ["dns"]}, "connect: dns"),
                                            ({"listen": [70000]}, "listen: 70000")])
def test_a_sandbox_that_makes_no_sense_is_an_error(stage, chaos, sandbox, place):
    served = stage.prepare(chaos, sandbox=sandbox)
    done = subprocess.run([served.command[0], "check", "-c", served.file], capture_output=True, text=True)
    assert done.returncode == 2 and place in done.stderr


# Files that change.

def renew(directory, certificate):
    """As certbot does: a file beside it, then its name."""
    for kind in ("chain", "key"):
        beside = directory / f"{kind}.new"
        shutil.copy(getattr(certificate, kind), beside)
        beside.rename(directory / f"{kind}.pem")


def door_of(directory):
    row = dot(None)
    return {**row, "certificate": [str(directory / "chain.pem")], "key": [str(directory / "key.pem")]}


def subject_at(port, authority):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        context = trusting(authority)
        context.check_hostname = False
        with context.wrap_socket(sock, server_hostname="dns.test") as tls:
            return dict(pair for row in tls.getpeercert()["subject"] for pair in row)["commonName"]


@pytest.mark.parametrize("layout", ["plain", "linked", "mounted"])
def test_a_certificate_is_renewed(stage, chaos, authority, tmp_path_factory, layout):
    here = tmp_path_factory.mktemp("live")
    real = {"plain": here, "linked": here.parent / f"{here.name}-archive", "mounted": here / "..first"}[layout]
    real.mkdir(exist_ok=True)
    renew(real, authority["good"])
    if layout == "linked":
        for name in ("chain.pem", "key.pem"):
            (here / name).symlink_to(real / name)
    if layout == "mounted":         # as Kubernetes lays secrets out: one link changes all at once
        (here / "..data").symlink_to("..first")
        for name in ("chain.pem", "key.pem"):
            (here / name).symlink_to(f"..data/{name}")
    door = door_of(here)
    port = int(door["url"].rsplit(":", 1)[1])
    stage.proxy(chaos, listen=[listener(free_port()), door])
    assert subject_at(port, authority) == "dns.test"
    if layout == "mounted":
        (here / "..second").mkdir()
        renew(here / "..second", authority["wrong_name"])
        (here / "..next").symlink_to("..second")
        (here / "..next").rename(here / "..data")
    else:
        renew(real, authority["wrong_name"])
    until(lambda: subject_at(port, authority) == "other.test", "the new certificate is shown")


@contextlib.contextmanager
def file_in_a_shared_directory():
    """The configuration in /tmp itself, which belongs to everybody."""
    handle, name = tempfile.mkstemp(prefix="dotproxy-", suffix=".yaml", dir="/tmp")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink()


def test_a_file_in_a_shared_directory_is_opened_alone(stage, chaos, library):
    with file_in_a_shared_directory() as file, contextlib.closing(Injection(library)) as injection:
        served = stage.prepare(chaos)
        shutil.move(served.file, file)
        served.file = file
        served.command = [*served.command[:2], "-c", str(file)]
        stage.run(served, **injection.streams)
        assert served.wait_for_log("warning sandbox_shared", f"file={file} ")
        with file_in_a_shared_directory() as neighbour:
            assert injection.do(served, "read", 0, str(neighbour)) == "EACCES"
        settings = config(served.listen, [stage.row(chaos)])
        served.reload(settings)
        served.wait_for_log(" reloaded:")
        beside = file.with_suffix(".new")
        shutil.copy(file, beside)
        beside.rename(file)
        served.signal(signal.SIGHUP)
        assert "needs a restart: the configuration" in served.wait_for_log("reload_failed", str(file))[0]
        assert is_right(ask(served, "still.test"), "still.test")
        served.stop()


def test_files_that_the_new_user_cannot_use_are_told_of(stage, chaos, tmp_path):
    served = stage.proxy(chaos, user="nobody", cache={"file": tmp_path / "cache"})   # tmp_path is root's alone
    assert served.wait_for_log("warning sandbox_denied", f"file={served.file} ", "Permission denied")
    assert served.wait_for_log("warning sandbox_denied", f"file={tmp_path}/cache ", r"cache\.file")
    assert main_thread(served)["Uid"].split()[1] == "65534"
    assert tmp_path.stat().st_mode & 0o077 == 0


def test_root_is_one_user_among_others(stage, chaos, tmp_path):
    """Its right to read everything is gone; what is root's own it may."""
    names = tmp_path / "names"
    names.write_text("far.test\n")
    names.chmod(0o600)
    shutil.chown(names, "nobody")
    served = stage.proxy(chaos, route=[{"suffix_file": str(names), "group": "default"}])
    assert served.wait_for_log("warning sandbox_denied", f"file={names} ")
    assert not served.log_lines("sandbox_denied", f"file={served.file} ")


def test_whoever_is_not_root_is_confined_as_well(stage, chaos, injected_as_nobody):
    served, injection = injected_as_nobody
    thread = main_thread(served)
    assert (thread["NoNewPrivs"], thread["Seccomp"], thread["Uid"].split()[1]) == ("1", "2", "65534")
    assert injection.do(served, "list", 0, "/etc") == "EACCES"
    assert injection.do(served, "fork") == "ENOSYS"
    assert not served.log_lines("warning sandbox")


@pytest.fixture
def injected_as_nobody(stage, chaos, library):
    """A dotproxy that was not started by root, in a directory that it may enter."""
    with tempfile.TemporaryDirectory() as name, contextlib.closing(Injection(library)) as injection:
        directory = Path(name)
        directory.chmod(0o755)
        for file in (library, stage.authority.ca):
            shutil.copy(file, directory)
        injection.streams["env"]["LD_PRELOAD"] = str(directory / library.name)
        served = Proxy(directory, [listener(free_port())], [stage.row(chaos, ca=f"{name}/ca.pem")],
                       wrapper=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        shutil.copy(served.command[-4], directory / "dotproxy")
        served.command[-4] = str(directory / "dotproxy")
        yield stage.run(served, **injection.streams), injection
        served.stop()


# Machines that have less.

def test_a_kernel_without_landlock_is_told_of(injected, there):
    served, injection = injected(kernel={"LANDLOCK": 0})
    assert served.wait_for_log("warning sandbox_partly", "layer=landlock ", "Function not implemented")
    assert served.wait_for_log(" sandboxed:", "landlock=0", "seccomp=yes")
    assert injection.do(served, "list", 0, "/etc") == OK
    assert injection.do(served, "code") == "ENOSYS"
    served.reload(config([*served.listen, listener(there["free"])], [stage_row(served)]))
    until(lambda: accepts(("127.0.0.1", there["free"])), "what is not guarded needs no restart")


def stage_row(served):
    """The upstream that the file names already."""
    text = served.file.read_text()
    return {"url": re.search(r"tls://\S+", text)[0], "ca": re.search(r"ca: (\S+)", text)[1]}


def test_an_older_landlock_guards_files_alone(injected, there):
    served, injection = injected(kernel={"LANDLOCK": 3})
    assert served.wait_for_log("warning sandbox_partly", "layer=landlock-ports")
    assert injection.do(served, "read", 0, OUTSIDE) == "EACCES"
    assert injection.do(served, "connect", there["port"]) == OK


def test_a_kernel_without_seccomp_is_told_of(injected):
    served, injection = injected(kernel={"SECCOMP": 0})
    assert served.wait_for_log("warning sandbox_partly", "layer=seccomp ")
    assert injection.do(served, "chmod", 0, str(served.file)) == OK
    assert injection.do(served, "read", 0, OUTSIDE) == "EACCES"


# The log.

@pytest.mark.parametrize("form", ["text", "json"])
def test_syslog_is_reached_from_inside(stage, chaos, tmp_path, form):
    """In a mount namespace of its own, where /dev/log is ours."""
    script = "mount -t tmpfs none /dev && touch /dev/log /dev/null && mount --bind \"$0\" /dev/log && exec \"$@\""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log"))
        log.settimeout(20)
        served = stage.prepare(chaos, log={"to": "syslog", "format": form},
                               wrapper=["unshare", "--mount", "sh", "-c", script, str(tmp_path / "log")])
        stage.run(served)
        said = log.recv(4096).decode()
    assert re.match(rf"<30>.*dotproxy\[{served.process.pid}\]: ", said)     # a daemon's, and info
    text = said.split("]: ", 1)[1]
    if form == "json":
        assert json.loads(text)["event"] == "sandboxed"
    else:
        assert text.startswith("sandboxed: all rights but these are given up: user=")
