"""The cache from outside: what is asked twice is asked upstream once, and a restart forgets nothing."""

import pytest

from client import ask, dig, is_right


def test_what_is_asked_twice_goes_upstream_once(stage, chaos):
    served = stage.proxy(chaos, workers=2)
    for _ in range(5):
        assert is_right(ask(served, "twice.cache.test"), "twice.cache.test")
        assert is_right(ask(served, "TWICE.cache.test", tcp=True), "TWICE.cache.test")
    assert len(chaos.asked_about("twice.cache.test")) == 1


def test_without_a_size_nothing_is_remembered(stage, chaos):
    served = stage.proxy(chaos, cache={"size": 0})
    for _ in range(3):
        assert is_right(ask(served, "forgotten.cache.test"), "forgotten.cache.test")
    assert len(chaos.asked_about("forgotten.cache.test")) == 3


def shown_ttl(served, name):
    return int(dig(served, name, "+noall", "+answer").split()[1])


def test_dig_sees_a_ttl_that_never_rises(stage, chaos):
    served = stage.proxy(chaos, cache={"max_ttl": "2m"})
    ttls = [shown_ttl(served, "ticking.cache.test") for _ in range(4)]
    assert ttls == sorted(ttls, reverse=True) and ttls[-1] <= 120
    assert len(chaos.asked_about("ticking.cache.test")) == 1


def test_a_restart_forgets_nothing(stage, chaos, tmp_path):
    cache = {"file": tmp_path / "cache"}
    first = stage.proxy(chaos, cache=cache)
    for number in range(20):
        assert is_right(ask(first, f"n{number}.kept.test"), f"n{number}.kept.test")
    first.stop()
    second = stage.proxy(chaos, cache=cache)
    second.wait_for_log("cache_loaded")
    for number in range(20):
        assert is_right(ask(second, f"n{number}.kept.test"), f"n{number}.kept.test")
        assert len(chaos.asked_about(f"n{number}.kept.test")) == 1


@pytest.mark.parametrize("content", [b"", b"nonsense", b"dotproxy cache\n\x00" + bytes(2000), b"\xff" * 70000],
                         ids=["empty", "foreign", "torn", "random"])
def test_a_saved_cache_that_is_wrong_is_told_of_and_not_used(stage, chaos, tmp_path, content):
    file = tmp_path / "cache"
    file.write_bytes(content)
    served = stage.proxy(chaos, cache={"file": file})
    served.wait_for_log("cache_not_loaded", str(file))
    assert is_right(ask(served, "anyway.cache.test"), "anyway.cache.test")
    served.stop()
    assert file.read_bytes().startswith(b"dotproxy cache\n")


def test_a_saved_cache_that_was_changed_is_not_used(stage, chaos, tmp_path):
    file = tmp_path / "cache"
    first = stage.proxy(chaos, cache={"file": file})
    assert is_right(ask(first, "changed.cache.test"), "changed.cache.test")
    first.stop()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    second = stage.proxy(chaos, cache={"file": file})
    second.wait_for_log("cache_not_loaded")
    assert is_right(ask(second, "changed.cache.test"), "changed.cache.test")


@pytest.mark.parametrize("name, why", [("missing/cache", "No such file"), ("directory", "Is a directory"),
                                       ("/proc/dotproxy-cache", "")])
def test_a_place_that_cannot_be_written_is_told_of_at_the_start_and_at_the_end(stage, chaos, tmp_path, name, why):
    (tmp_path / "directory").mkdir()
    served = stage.proxy(chaos, cache={"file": tmp_path / name})
    served.wait_for_log("warning cache_not_kept", "key=cache.file", f"file={tmp_path / name} ", f'reason="{why}')
    assert is_right(ask(served, "readonly.cache.test"), "readonly.cache.test")
    served.stop()
    assert "cache_not_saved" in served.log


def test_a_place_that_can_be_written_is_not_told_of_and_left_as_it_is(stage, chaos, tmp_path):
    served = stage.proxy(chaos, cache={"file": tmp_path / "cache"})
    assert is_right(ask(served, "kept.cache.test"), "kept.cache.test")
    served.stop()
    assert "cache_not_kept" not in served.log
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("cache")] == ["cache"]
