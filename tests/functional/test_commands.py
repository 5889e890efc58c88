"""The commands that ask one question: query and healthcheck."""

import concurrent.futures
import subprocess

import pytest

from ports import free_port
from proxy import BINARY, run_to_the_end


def test_healthcheck_is_well_though_no_upstream_answers(stage):
    served = stage.proxy(f"tcp://127.0.0.1:{free_port()}")
    status, said = run_to_the_end("healthcheck", f"dns://127.0.0.1:{served.port}")
    assert status == 0, said


def test_healthcheck_is_ill_when_nobody_listens():
    urls = [f"{scheme}://127.0.0.1:{free_port()}" for scheme in ("dns", "udp", "tcp")]
    with concurrent.futures.ThreadPoolExecutor(len(urls)) as pool:
        for url, (status, said) in zip(urls, pool.map(lambda url: run_to_the_end("healthcheck", url), urls)):
            assert status == 1 and url in said


def test_healthcheck_tells_why_nobody_answers():
    url = f"tls://127.0.0.1:{free_port()}"
    assert run_to_the_end("healthcheck", url) == (
        1, f"healthcheck: {url} does not answer: connect phase: Connection refused\n")


@pytest.mark.parametrize("url", ["127.0.0.1", "https://127.0.0.1/dns-query"])
def test_healthcheck_says_what_it_can_ask(url):
    assert run_to_the_end("healthcheck", url) == (
        2, f"healthcheck: {url}: write a URL that begins with one of dns://, udp://, tcp://, tls:// or http://\n")


def test_query_prints_what_the_upstream_answered(authority, chaos):
    done = subprocess.run([BINARY, "query", "www.example.test", "A", "--via", chaos.url, "--set",
                           f"upstream.ca={authority.ca}"], capture_output=True, text=True, timeout=30)
    said = done.stdout
    assert done.returncode == 0, done.stderr
    assert "status: NOERROR" in said and "www.example.test." in said


def test_query_trusts_no_stranger(chaos):
    status, said = run_to_the_end("query", "stranger.example.test", "--via", chaos.url)
    assert status == 1 and f"{chaos.url} does not answer: handshake phase: certificate's issuer is not trusted" in said
    assert not chaos.asked_about("stranger.example.test")


@pytest.mark.parametrize("words", [[], ["a..b"], ["example.com", "NOTATYPE"], ["a", "A", "IN"]])
def test_query_says_what_is_wrong_with_its_words(words):
    status, said = run_to_the_end("query", *words)
    assert status == 2 and said
