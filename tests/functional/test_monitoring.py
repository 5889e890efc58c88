"""What is delivered for Prometheus and Grafana: it speaks of what dotproxy tells, and of nothing else."""

import itertools
import json
import re
import subprocess

import pytest
import yaml

from client import ask
from front import dot
from monitoring import promtool
from ports import free_port
from proxy import BINARY, TOP, listener
from waiting import until

ALERTS = TOP / "etc" / "prometheus-alerts.yaml"
DASHBOARD = TOP / "etc" / "grafana-dashboard.json"
SELECTOR = re.compile(r"\b(dotproxy_\w+)(?:\{(.*?)\})?")
MATCHER = re.compile(r'(\w+)(=~|=)"(.*?)"')
GIVEN = {"job", "instance", "le"}          # labels that Prometheus and histograms have
VARIABLES = {"$__rate_interval": "5m", "$__range": "1h"}


@pytest.fixture
def page(watched, stage, chaos, authority):
    """A page on which every family has a sample."""
    limit = {"rate": "1/s", "burst": 2, "over": "refuse"}
    listen = [listener(free_port()), dot(authority["good"])]
    served, monitor = watched(stage.row(chaos), listen=listen, limit=limit, query_log=[{"to": "stdout"}])
    for number in range(10):
        ask(served, f"n{number}.test")
    until(lambda: monitor.page().sum("query_log_written_total") > 0, "records are written")
    return monitor.page()


def families(page):
    """As people write them: a histogram without its suffixes."""
    return {family.name for family in page.families}


def rules():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def dashboard():
    return json.loads(DASHBOARD.read_text())


def targets():
    return [target for panel in dashboard()["panels"] for target in panel.get("targets", [])]


def expressions():
    """All of both files, as Prometheus would see them."""
    wanted = [rule["expr"] for rule in rules()] + [target["expr"] for target in targets()]
    wanted += [note["expr"] for note in dashboard()["annotations"]["list"]]
    for variable, value in VARIABLES.items():
        wanted = [expression.replace(variable, value) for expression in wanted]
    return wanted


def test_every_metric_and_label_of_them_is_told(page):
    told = {}
    for name, labels in page.samples:
        for label, value in dict(labels).items():
            told.setdefault(name, {}).setdefault(label, set()).add(value)
        told.setdefault(name, {})
    wanted = [(expression, *found) for expression in expressions() for found in SELECTOR.findall(expression)]
    assert len(wanted) > 80
    for expression, name, matchers in wanted:
        assert name in told, expression
        for label, how, value in MATCHER.findall(matchers):
            values = value.split("|") if how == "=~" else [value]
            assert label in GIVEN or set(values) <= told[name].get(label, set()), (expression, label, values)


def test_every_metric_that_the_guides_name_is_told(page):
    pages = [TOP / "README.md", *(TOP / "docs" / "guide").glob("*.md")]
    named = {name for guide in pages for name in re.findall(r"`(dotproxy_\w+)", guide.read_text())}
    assert len(named) > 5 and named <= {name for name, _ in page.samples} | families(page)


def test_what_they_sum_by_are_labels(page):
    labels = GIVEN | {label for _, labels in page.samples for label, _ in labels}
    for expression in expressions():
        for listed in re.findall(r"\b(?:by|on) \((.*?)\)", expression):
            assert set(listed.split(", ")) <= labels, expression
    for target in targets():
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels, target


def test_prometheus_can_read_them(tmp_path):
    assert f"SUCCESS: {len(rules())} rules found" in promtool("check", "rules", ALERTS)
    rows = [{"record": f"r{number}", "expr": expression} for number, expression in enumerate(expressions())]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rows}]}))
    promtool("check", "rules", tmp_path / "rules.yaml")


def test_alerts_fire_when_they_should():
    assert "SUCCESS" in promtool("test", "rules", TOP / "tests" / "monitoring" / "alerts.yaml")


def test_alerts_are_explained():
    guide = (TOP / "docs" / "guide" / "monitoring.md").read_text()
    for rule in rules():
        assert f"| `{rule['alert']}` |" in guide, rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description"} <= set(rule["annotations"])


def test_panels_stand_beside_each_other():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 30
    places = [(panel["title"], panel["gridPos"]) for panel in panels]
    for (one, a), (other, b) in itertools.combinations(places, 2):
        apart = (a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"] or a["y"] + a["h"] <= b["y"]
                 or b["y"] + b["h"] <= a["y"])
        assert apart, (one, other)
    assert all(place["x"] + place["w"] <= 24 for _, place in places)
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in panels if panel["type"] != "row")


def test_every_metric_is_in_the_reference(page):
    """And nothing else is."""
    said = subprocess.run([BINARY, "print", "metrics"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| `(dotproxy_\w+)(?:\{(.*?)\})?` \| (\w+) \| .+\. \|$", said, re.M)
    listed = {(name, kind) for name, _, kind in rows}
    told = {(family.name + ("_total" if family.type == "counter" else ""), family.type) for family in page.families}
    assert listed == told
    names = {name: {part.partition("=")[0].strip() for part in labels.split(",") if part} for name, labels, _ in rows}
    for name, labels in page.samples:
        plain = re.sub(r"_(bucket|sum|count)$", "", name)
        assert {label for label, _ in labels} - {"le"} == names.get(name, names.get(plain)), name
    events = re.findall(r"^\| `(\w+)` \| .+\. \|$", said.partition("## Events")[2], re.M)
    assert set(events) == {dict(labels)["event"] for labels in page.all("upstream_events_total")}
