"""The rules over real sockets: who may ask, how much, what is told of it. Clients are 127.0.0.x."""

import socket

import dns.flags
import dns.query
import dns.rcode
import pytest

from client import Stream, dig, extended_errors, is_right, query
from control import ctl, tell, tell_json
from ports import free_port
from proxy import config, listener, run_to_the_end
from waiting import until

ONE, TWO, THREE, ELSEWHERE = "127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.1.11"
SLOW = {"rate": "1/s", "burst": 20, "prefix4": [32], "multiple4": [1]}


def ask_from(served, source, name="www.one.example", tcp=False, qtype="A"):
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query(name, qtype, edns=1232), "127.0.0.1", port=served.port, source=source, timeout=20)


def is_refused(response, text):
    errors = extended_errors(response)
    return (response.rcode() == dns.rcode.REFUSED and errors[0].code == 18
            and errors[0].text == text)


def is_truncated(response):
    return bool(response.flags & dns.flags.TC) and not response.answer


def ask_until(served, source, is_denied, most=500, **other):
    """Asks as fast as it can; how many were let in until one was not."""
    for let_in in range(most):
        response = ask_from(served, source, **other)
        if is_denied(response):
            return let_in
        assert response.rcode() == dns.rcode.NOERROR, response
    raise AssertionError(f"all {most} were let in")


def send_many(served, source, count):
    """Datagrams that nobody waits for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((source, 0))
        for _ in range(count):
            sender.sendto(query("www.one.example").to_wire(), ("127.0.0.1", served.port))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "control.sock"


@pytest.fixture
def limited(stage, chaos, path):
    """Starts a proxy with these limits and a control socket."""
    def start(**limit):
        return stage.proxy(chaos, limit=limit, control={"socket": str(path)})
    return start


# Who may ask.

def is_turned_away(served, source):
    """Its connection is closed before a word is said."""
    try:
        ask_from(served, source, tcp=True)
    except (EOFError, ConnectionError):
        return True
    return False


def test_who_is_denied_is_refused_and_told_why(limited):
    served = limited(deny=[TWO])
    for tcp in (False, True):
        assert is_right(ask_from(served, ONE, tcp=tcp), "www.one.example")
    assert is_refused(ask_from(served, TWO), "access")
    assert is_turned_away(served, TWO)


def test_the_longest_prefix_decides(limited):
    served = limited(allow=["127.0.0.0/8", "127.0.0.12/32"], deny=["127.0.0.0/24"])
    assert is_refused(ask_from(served, ONE), "access")
    assert is_right(ask_from(served, TWO), "www.one.example")
    assert is_right(ask_from(served, ELSEWHERE), "www.one.example")


def test_who_is_denied_may_get_no_answer_at_all(limited, path):
    served = limited(deny=[TWO], denied="drop")
    before = tell_json(path, "stats")
    send_many(served, TWO, 7)
    until(lambda: tell_json(path, "stats")["queries_udp"] == before["queries_udp"] + 7, "they came")
    after = tell_json(path, "stats")
    assert after["responses_udp"] == before["responses_udp"]
    assert after["queries_dropped_policy"] == after["policy_access_enforced"] == 7
    assert is_turned_away(served, TWO)


def test_a_file_of_prefixes_is_read_anew_by_a_reload(stage, chaos, tmp_path, path):
    denied = tmp_path / "denied"
    denied.write_text(f"# nobody yet\n{THREE}\n")
    served = stage.proxy(chaos, limit={"deny_file": str(denied)}, control={"socket": str(path)})
    assert is_refused(ask_from(served, THREE), "access")
    denied.write_text(f"{TWO}   # one\n")
    tell(path, "reload")
    assert is_refused(ask_from(served, TWO), "access")
    assert is_right(ask_from(served, THREE), "www.one.example")
    denied.write_text("127.0.0.1/8\n")
    status, _, errors = ctl(path, "reload")
    assert status == 1 and "denied:1: 127.0.0.1/8 is no prefix" in errors
    assert is_refused(ask_from(served, TWO), "access")


# How much.

def test_who_asks_too_fast_is_sent_to_tcp_and_dig_gets_its_answer_there(limited, path):
    served = limited(**SLOW)
    assert ask_until(served, ONE, is_truncated) >= 20
    before = tell_json(path, "stats")["queries_tcp"]
    out = dig(served, "-b", ONE, "www.one.example", "A", "+short")
    assert out.split() == [str(ask_from(served, TWO).answer[0][0])]
    assert tell_json(path, "stats")["queries_tcp"] in (before, before + 1)
    with Stream(served, source=ONE) as stream:
        assert is_right(stream.ask(query("www.one.example"))[0], "www.one.example")


def test_over_the_limit_may_be_refused(limited):
    served = limited(**SLOW, over="refuse")
    assert ask_until(served, ONE, lambda r: is_refused(r, "rate")) >= 20
    assert is_right(ask_from(served, TWO), "www.one.example")


def test_over_the_limit_may_be_dropped(limited, path):
    served = limited(**SLOW, over="drop")
    before = tell_json(path, "stats")
    send_many(served, ONE, 200)
    until(lambda: tell_json(path, "stats")["queries_udp"] == before["queries_udp"] + 200, "they came")
    until(lambda: tell_json(path, "stats")["responses_udp"] >= before["responses_udp"] + 20, "answers")
    after = tell_json(path, "stats")
    assert after["queries_dropped_policy"] == after["policy_rate_enforced"]
    assert 0 < after["queries_dropped_policy"] <= 180


def test_over_tcp_the_limit_is_higher_and_then_it_is_refused(limited):
    served = limited(**SLOW, verified=3)
    with Stream(served, source=ONE) as stream:
        answers = [stream.ask(query("www.one.example", edns=1232))[0] for _ in range(60)]
        assert all(is_right(answer, "www.one.example") for answer in answers)
        for _ in range(500):
            last = stream.ask(query("www.one.example", edns=1232))[0]
            if last.rcode() != dns.rcode.NOERROR:
                break
        assert is_refused(last, "rate")
    assert is_right(ask_from(served, ONE), "www.one.example")     # unproven: another bucket


def test_a_network_has_a_limit_of_its_own(limited, path):
    served = limited(rate="1/s", burst=30, prefix4=[32, 24], multiple4=[1, 2])
    assert ask_until(served, ONE, is_truncated) >= 30
    assert ask_until(served, TWO, is_truncated) >= 28             # a little has been used at the start
    assert ask_until(served, THREE, is_truncated) < 30
    assert ask_until(served, ELSEWHERE, is_truncated) >= 30
    told = tell_json(path, "stats")
    assert told["policy_ipv4_24_enforced"] >= 1 and told["policy_ipv4_32_enforced"] >= 2
    assert told["policy_rate_enforced"] == 4


def test_a_rule_in_shadow_mode_counts_and_lets_pass(limited, path):
    served = limited(**SLOW, shadow=["rate"])
    for _ in range(60):
        assert is_right(ask_from(served, ONE), "www.one.example")
    told = tell_json(path, "stats")
    assert 0 < told["policy_rate_shadowed"] <= 40 and told["policy_rate_enforced"] == 0
    served.wait_for_log("warning limited:", f"prefix={ONE}/32 mode=shadow")


def test_a_reload_forgives_nothing(limited, path):
    served = limited(**{**SLOW, "burst": 200})
    assert ask_until(served, ONE, is_truncated) >= 200
    tell(path, "reload")
    assert ask_until(served, ONE, is_truncated) < 150


# Random names.

def is_unasked(response):
    errors = extended_errors(response)
    return (response.rcode() == dns.rcode.SERVFAIL and errors[0].code == 0
            and "too many names below one domain" in errors[0].text)


def test_random_names_are_asked_for_at_a_rate_and_others_notice_nothing(limited, chaos, path):
    served = limited(subdomain_rate="1/s", subdomain_burst=20)
    denied = 0
    assert is_right(ask_from(served, ONE, "known.victim.example"), "known.victim.example")
    for number in range(60):
        name = f"x{number}.victim.example"
        response = ask_from(served, ONE, name)
        denied += is_unasked(response)
        assert bool(chaos.asked_about(name)) == is_right(response, name)
    assert 30 < denied <= 41
    assert tell_json(path, "stats")["policy_subdomains_enforced"] == denied
    assert is_right(ask_from(served, ONE, "known.victim.example"), "known.victim.example")   # kept
    assert is_right(ask_from(served, ONE, "x1.other.example"), "x1.other.example")
    assert is_right(ask_from(served, TWO, "y1.victim.example"), "y1.victim.example")
    served.wait_for_log("limited:", "rule=subdomains", f"prefix={ONE}/32", "domain=victim.example")


# What is told.

def test_the_log_says_when_a_client_is_limited_and_when_no_longer(limited):
    served = limited(**SLOW)
    ask_until(served, ONE, is_truncated)
    denied = 1 + sum(is_truncated(ask_from(served, ONE)) for _ in range(50))
    served.wait_for_log("warning limited:", f"rule=rate prefix={ONE}/32 mode=enforce denied=")
    end, = served.wait_for_log("info limited_end:", f"rule=rate prefix={ONE}/32 mode=enforce")
    assert f"denied={denied} " in end and "seconds=" in end
    assert len(served.log_lines("limited:")) == 1


def test_a_flood_from_many_addresses_fills_no_log(limited):
    served = limited(**{**SLOW, "burst": 1})
    for number in range(300):
        send_many(served, f"127.0.{2 + number // 200}.{1 + number % 200}", 4)
    more, = served.wait_for_log("warning limited_more:", "prefixes=[1-9]")
    assert "denied=" in more
    assert 0 < len(served.log_lines("limited:")) <= 24


def test_stats_tell_each_rule_also_when_nothing_was_denied(limited, path):
    limited()
    told = tell_json(path, "stats")
    for rule in ("access", "rate", "subdomains"):
        assert told[f"policy_{rule}_enforced"] == told[f"policy_{rule}_shadowed"] == 0
    assert not [name for name in told if name.startswith("policy_ipv")]
    assert ["policy_subdomains_enforced", "0"] in [line.split() for line in tell(path, "stats").splitlines()]


def test_top_tells_who_asks_most_and_who_is_limited(limited, path):
    served = limited(**SLOW)
    ask_until(served, ONE, is_truncated)
    for _ in range(5):
        assert is_right(ask_from(served, TWO, "mail.two.example"), "mail.two.example")
    told = tell_json(path, "top", "clients")
    first, second = told["clients"][:2]
    assert (first["client"], second["client"]) == (ONE, TWO)
    assert first["limited"] == f"rate {ONE}/32" and "limited" not in second
    assert first["denied_per_second"] > 0 == second["denied_per_second"]
    assert first["queries_per_second"] > second["queries_per_second"] > 0
    assert 0.5 < first["share"] < 1 and told["queries_per_second"] >= first["queries_per_second"]
    table = [line.split() for line in tell(path, "top").splitlines()]
    assert table[0] == ["client", "queries/s", "share", "denied/s", "limited", "by"]
    assert table[1][0] == ONE and table[1][-2:] == ["rate", f"{ONE}/32"]
    assert table[2][0] == TWO and table[-1][0] == "all"


def test_top_tells_names_and_domains_of_all_workers(stage, chaos, path):
    served = stage.proxy(chaos, workers=2, limit={}, control={"socket": str(path)})
    for number in range(30):
        ask_from(served, ONE, "www.one.example")
        ask_from(served, ONE, f"n{number}.many.co.uk")
    names = tell_json(path, "top", "names")["names"]
    assert names[0]["name"] == "www.one.example." and abs(names[0]["share"] - 0.5) < 0.02
    assert len(names) == 20 and len(tell_json(path, "top", "names", "3")["names"]) == 3
    assert len(tell_json(path, "top", "1")["clients"]) == 1
    domains = tell_json(path, "top", "domains")["domains"]
    assert {row["domain"] for row in domains} == {"one.example.", "many.co.uk."}
    assert "www.one.example." in tell(path, "top", "names").splitlines()[1]


@pytest.mark.parametrize("words, hint", [
    (["top", "servers"], "clients, names or domains"), (["top", "names", "0"], "0 is no number"),
    (["top", "names", "many"], "many is no number"), (["top", "3", "names"], "names is no number"),
    (["top", "0"], "0 is no number"), (["explain"], "CLIENT NAME TYPE"),
    (["explain", "nobody", "a.example", "A"], "CLIENT is an address"),
    (["explain", ONE, "a..b", "A"], "NAME is a name"), (["explain", ONE, "a.example", "B"], "TYPE")])
def test_ctl_says_what_is_wrong_with_its_operands(limited, path, words, hint):
    limited()
    status, said, errors = ctl(path, *words)
    assert status == 1 and not said and hint in errors


# What would become of a query.

def explain(path, *words):
    told = tell_json(path, "explain", *words)
    rules = {rule["rule"]: rule for rule in told["rules"] + told["rules_for_misses"]}
    return told, rules


def test_explain_tells_each_rule_and_takes_nothing(limited, chaos, path):
    served = limited(**{**SLOW, "burst": 500}, subdomain_rate="1/s", subdomain_burst=300, deny=[TWO])
    ask_from(served, ONE, "known.victim.example")
    for _ in range(5):
        told, rules = explain(path, ONE, "www.victim.example", "A")
        left = rules["rate"][f"{ONE}/32 unproven"]
        assert 499 <= left["tokens"] <= 500 and left["of"] == 500
        assert rules["rate"][f"{ONE}/32 proven"] == {"tokens": 2000, "of": 2000}
        assert rules["subdomains"]["domain"] == "victim.example."
        assert 299 <= rules["subdomains"][f"{ONE}/32 unproven"]["tokens"] <= 300
    assert rules["access"] == {"rule": "access", "mode": "enforce", "says": "pass", "prefix":
                               "127.0.0.0/8 in the private ranges, because limit.allow is empty"}
    assert told["cache"] == {"state": "miss"} and told["fate"] == "an upstream is asked"
    assert told["asks"] == [chaos.url] and told["group"] == "default" and told["route"] == "none"
    assert not chaos.asked_about("www.victim.example")
    told, rules = explain(path, TWO, "www.victim.example", "A")
    assert rules["access"]["says"] == "refuse" and rules["access"]["prefix"] == f"{TWO}/32 in limit.deny"
    assert told["fate"] == "refuse, by rule access"


def test_explain_tells_who_is_over_the_limit(limited, path):
    served = limited(**SLOW, subdomain_rate="1/s", subdomain_burst=5)
    ask_until(served, ONE, is_truncated)
    told, rules = explain(path, ONE, "www.one.example", "A")
    assert rules["rate"]["says"] in ("truncate", "pass")          # a second later there is a token
    for number in range(15):
        ask_from(served, TWO, f"n{number}.victim.example")
    told, rules = explain(path, TWO, "new.victim.example", "A")
    assert rules["subdomains"]["says"] == told["fate"].split(",")[0] == "cache-only"
    assert "cache-only, by rule subdomains" in tell(path, "explain", TWO, "new.victim.example", "A")


def test_explain_tells_of_names_that_never_leave(stage, chaos, path):
    stage.proxy(chaos, control={"socket": str(path)}, limit={"pass": ["test"]}, route=[
        {"suffix": ["corp.local"], "group": "default"}])
    told, rules = explain(path, ONE, "www.localhost", "A")
    assert told["fate"] == "answer, by rule local_names"
    assert rules["local_names"]["zone"] == "localhost, RFC 6761 section 6.3"
    for name, kind, fate in [("x.corp.local", "A", "an upstream is asked"), ("x.local", "A", "answer, by rule local_names"),
                             ("www.test", "A", "an upstream is asked"), ("www.test", "ANY", "answer, by rule any")]:
        assert explain(path, ONE, name, kind)[0]["fate"] == fate, name


def test_explain_tells_what_the_cache_knows(limited, path):
    served = limited()
    assert is_right(ask_from(served, ONE, "www.one.example"), "www.one.example")
    told, _ = explain(path, ONE, "WWW.one.example", "A")
    cached = told["cache"]
    assert cached["state"] == "fresh" and cached["rcode"] == "NOERROR"
    assert 0 < cached["seconds_left"] <= cached["seconds"]
    assert told["cache_dnssec"] == {"state": "miss"} and told["fate"] == "answered from the cache"
    lines = dict(line.split(maxsplit=1) for line in
                 tell(path, "explain", ONE, "www.one.example", "A").splitlines())
    assert lines["cache"].startswith("fresh: NOERROR, ") and lines["cache_dnssec"] == "miss"
    assert lines["fate"] == "answered from the cache" and lines["upstream"].endswith("  up")


@pytest.mark.parametrize("name, kind, rule", [("localhost", "A", "local_names"), ("a.example", "ANY", "any")])
def test_explain_tells_what_dotproxy_answers_itself(limited, chaos, path, name, kind, rule):
    served = limited()
    assert ask_from(served, ONE, name, qtype=kind).rcode() == 0 and not chaos.asked_about(name)
    told, rules = explain(path, ONE, name, kind)
    assert told["fate"] == f"answer, by rule {rule}" and rules[rule]["says"] == "answer"


def test_explain_tells_the_route_and_the_group(stage, chaos, path):
    inside = stage.chaos("udp")
    stage.proxy(chaos, stage.row(inside, group="internal"), control={"socket": str(path)},
                groups=["internal"], route=[{"suffix": ["corp.example"], "group": "internal"}])
    told, _ = explain(path, ONE, "www.Corp.example", "A")
    assert (told["route"], told["group"]) == ("corp.example.", "internal")
    assert told["asks"] == [inside.url]
    assert told["upstreams"] == [{"url": inside.url, "state": "untried"}]
    told, _ = explain(path, ONE, "www.corp.example.com", "A")
    assert (told["route"], told["group"], told["asks"]) == ("none", "default", [chaos.url])


# Open resolvers.

def test_an_open_resolver_is_told_at_the_start_and_on_a_reload(stage, chaos):
    wide = [{"url": f"dns://0.0.0.0:{free_port()}"}]
    served = stage.proxy(chaos, listen=wide)
    assert not served.log_lines("open_resolver")
    served.reload(config(wide, [stage.row(chaos)], limit={"allow": ["0.0.0.0/0"]}))
    served.wait_for_log("warning open_resolver:", "0.0.0.0", "limit.allow")
    opened = stage.proxy(chaos, listen=[{"url": f"dns://0.0.0.0:{free_port()}"}],
                         limit={"shadow": ["access"]})
    opened.wait_for_log("warning open_resolver:")


def test_check_warns_of_an_open_resolver(stage, chaos):
    prepared = stage.prepare(chaos, listen=[{"url": f"dns://0.0.0.0:{free_port()}"}],
                             limit={"allow": ["0.0.0.0/0"]})
    status, errors = run_to_the_end("check", "-c", prepared.file)
    assert status == 0 and f"{prepared.file}: warning: dns://0.0.0.0:" in errors
    closed = stage.prepare(chaos, listen=[listener(free_port())], limit={"allow": ["0.0.0.0/0"]})
    assert run_to_the_end("check", "-c", closed.file) == (0, "")
