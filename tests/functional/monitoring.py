"""monitoring - what reads dotproxy's metrics: a scraper by hand, promtool, Prometheus itself."""

import contextlib
import http.client
import json
import subprocess
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from client import PATIENCE
from ports import free_port
from waiting import until

OPENMETRICS = "application/openmetrics-text"


def metrics_at(port, host="127.0.0.1"):
    """The section for a proxy whose metrics are there."""
    return {"listen": f'"{host}:{port}"'}


class Page:
    """A page of metrics: page("queries_total", transport="udp") is a number."""

    def __init__(self, text, is_openmetrics=False):
        self.text = text
        self.families = list((read_openmetrics if is_openmetrics else read_text)(text))
        self.samples = {}
        for sample in (sample for family in self.families for sample in family.samples):
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in self.samples, f"told twice: {key}"
            self.samples[key] = sample.value

    def __call__(self, name, **labels):
        return self.samples[f"dotproxy_{name}", frozenset(labels.items())]

    def all(self, name):
        """Every sample of that name: {labels: value}."""
        return {labels: value for (other, labels), value in self.samples.items() if other == f"dotproxy_{name}"}

    def sum(self, name, **labels):
        """Of all samples with those labels, whatever others they have."""
        return sum(value for found, value in self.all(name).items() if labels.items() <= dict(found).items())

    def values_of(self, label):
        return {dict(labels)[label] for _, labels in self.samples if label in dict(labels)}


class Monitor:
    """Who scrapes the port, over a connection that is kept."""

    def __init__(self, port, source="127.0.0.1"):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(source, 0))
        self.port = port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def get(self, path, method="GET", body=None, **headers):
        """(status, headers, text)"""
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        return response.status, response.headers, response.read().decode()

    def status(self, path):
        return self.get(path)[0]

    def page(self):
        status, headers, text = self.get("/metrics")
        assert status == 200 and headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Page(text)

    def openmetrics(self):
        status, headers, text = self.get("/metrics", Accept=f"{OPENMETRICS};version=1.0.0;q=0.75,text/plain;q=0.5")
        assert status == 200 and headers["content-type"].startswith(f"{OPENMETRICS}; version=1.0.0")
        return Page(text, is_openmetrics=True)

    def grows(self, name, by, **labels):
        """A context in which this sample grows by exactly so much; it may take a moment."""
        return grows(self, {(name, frozenset(labels.items())): by})


@contextlib.contextmanager
def grows(monitor, expected):
    before = monitor.page()
    yield
    wanted = {key: before.samples[f"dotproxy_{key[0]}", key[1]] + by for key, by in expected.items()}

    def is_reached():
        page = monitor.page()
        return all(page.samples[f"dotproxy_{name}", labels] == value for (name, labels), value in wanted.items())
    until(is_reached, f"the samples are {wanted}")


def promtool(*words, text=None):
    """What promtool says; it must be content."""
    done = subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Prometheus:
    """A real one that scrapes some ports; asked over its API."""

    def __init__(self, directory, *ports):
        self.directory, self.port = directory, free_port()
        targets = [f"127.0.0.1:{port}" for port in ports]
        (directory / "prometheus.yml").write_text(json.dumps({     # which is YAML, too
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
            "scrape_configs": [{"job_name": "dotproxy", "static_configs": [{"targets": targets}]}]}))

    def __enter__(self):
        self.output = (self.directory / "output").open("w")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.output, stderr=self.output)
        until(self.is_ready, "Prometheus is ready", patience=60)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.output.close()

    def is_ready(self):
        assert self.process.poll() is None, (self.directory / "output").read_text()
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).status == 200
        return False

    def ask(self, expression):
        """[(labels, value)]"""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{query}", timeout=PATIENCE) as said:
            result = json.load(said)["data"]["result"]
        return [(row["metric"], float(row["value"][1])) for row in result]

    def number(self, expression):
        """The one value that this is, or None as long as there is none."""
        rows = self.ask(expression)
        assert len(rows) <= 1, rows
        return rows[0][1] if rows else None
