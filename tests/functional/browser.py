"""browser - Chromium with a home of its own, and a page on the loopback for it to load."""

import http.server
import json
import os
import subprocess
import threading
from pathlib import Path

from certs import run
from ports import free_port

QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class Page:
    """`with Page("127.0.0.7", "some words") as page:` page.port; page.hosts: who it was asked as."""

    def __init__(self, address, words):
        self.address, self.port, self.hosts = address, free_port(), []
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page.hosts.append(self.headers["Host"])
                body = f"<html><body>{words}</body></html>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, self.port), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """Resolves names by DNS over HTTPS at `doh` alone, trusts the authorities in `ca`, and keeps
    its files in `directory`."""

    def __init__(self, directory, doh, ca=None):
        self.home, self.profile = Path(directory), Path(directory) / "profile"
        trust = self.home / ".pki" / "nssdb"
        for made in (trust, self.profile):
            made.mkdir(parents=True)
        run("certutil", "-d", f"sql:{trust}", "-N", "--empty-password")
        if ca:
            run("certutil", "-d", f"sql:{trust}", "-A", "-t", "C,,", "-n", "throw-away", "-i", ca)
        state = {"dns_over_https": {"mode": "secure", "templates": doh}}
        (self.profile / "Local State").write_text(json.dumps(state))

    def load(self, url):
        """The page as the browser understands it, as HTML."""
        command = ["chromium", *QUIET, f"--user-data-dir={self.profile}", "--dump-dom", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "HOME": str(self.home)})
        assert done.returncode == 0, done.stderr
        return done.stdout
