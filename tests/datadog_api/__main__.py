# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-in of Datadog's API: an HTTP server on loopback. Its limits are in README.md.

    python tests/datadog_api [--port N] [--state FILE]

Prints its URL once it listens, and serves until it is stopped. Anybody may use /_control: PUT
{"faults": [...], "page_limit": N}, GET for the requests so far and all assets, DELETE to begin
anew."""

from __future__ import annotations

import argparse
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from account import PAGE, Account, Refusal

API_KEY = "0" * 31 + "a"
APPLICATION_KEY = "0" * 39 + "b"
_KINDS = {
    "/api/v1/dashboard": "dashboard",
    "/api/v1/monitor": "monitor",
    "/api/v1/logs/config/pipelines": "pipeline",
}
_ORDER = "/api/v1/logs/config/pipeline-order"
_PLACE = re.compile("(" + "|".join(_KINDS) + ")(?:/([^/]+))?")
# Seconds.
_LONGEST_MEETING = 60


class Dropped(Exception):
    """The connection ends without an answer."""


class Faults:
    """What is to go wrong: a list of dicts with fault, method, path (its beginning), times, and
    what the fault needs."""

    def __init__(self, wanted=()):
        self._lock = threading.Lock()
        self._wanted = [
            dict(fault, meeting=threading.Barrier(fault.get("times", 1))) for fault in wanted
        ]

    def take(self, method, path):
        """The fault for this request, or an empty dict."""
        with self._lock:
            for fault in self._wanted:
                fits = method == fault.get("method", method)
                if fits and path.startswith(fault.get("path", "")) and fault.get("times", 1) > 0:
                    fault["times"] = fault.get("times", 1) - 1
                    return fault
        return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.close_connection = True
        url = urlsplit(self.path)
        if url.path == "/_control":
            self._control(body)
            return
        self.server.requests.append([self.command, self.path])
        fault = self.server.faults.take(self.command, url.path)
        try:
            status, answer, headers = self._faulty(fault) or self._answer(url, body, fault)
        except Dropped:
            return
        except Refusal as refusal:
            status, answer, headers = refusal.status, _errors(url.path, refusal), {}
        if fault.get("fault") != "lost":
            self._send(status, answer, headers, fault)

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def _faulty(self, fault):
        """The answer of a fault that comes before the request is looked at."""
        kind = fault.get("fault")
        if kind == "rate_limit":
            headers = {"X-RateLimit-Reset": str(fault.get("reset", 1))}
            return 429, {"errors": ["Rate limit exceeded"]}, headers
        if kind == "status":
            return fault["status"], {"errors": [fault.get("says", "It fails")]}, {}
        if kind == "redirect":
            return 302, {}, {"Location": fault["to"]}
        if kind == "garbage":
            return 200, "<html>Please log in</html>", {}
        if kind == "dropped":
            raise Dropped
        if kind == "late":
            time.sleep(fault["seconds"])
        if kind == "meet":
            # Until as many such requests have come as the fault has times.
            fault["meeting"].wait(_LONGEST_MEETING)
        return None

    def _answer(self, url, body, fault):
        if self.headers.get("DD-API-KEY") != API_KEY:
            raise Refusal(403, "Forbidden")
        if url.path == "/api/v1/validate":
            return 200, {"valid": True}, {}
        if self.headers.get("DD-APPLICATION-KEY") != APPLICATION_KEY:
            raise Refusal(403, "Forbidden")
        try:
            definition = json.loads(body) if body else None
        except ValueError:
            raise Refusal(400, "Invalid JSON") from None
        if fault.get("fault") == "keeps":
            definition.update(fault["instead"])
        account = self.server.account
        with account.lock:
            return 200, self._of_account(account, url, definition), {}

    def _of_account(self, account, url, body):
        place = _PLACE.fullmatch(url.path)
        if url.path == _ORDER and self.command in ("GET", "PUT"):
            return account.order() if self.command == "GET" else account.set_order(body)
        if not place:
            raise Refusal(404, "Not found")
        kind, name = _KINDS[place[1]], place[2]
        if self.command == "POST" and not name:
            return account.create(kind, body)
        if self.command == "POST" and (kind, name) == ("monitor", "validate"):
            account.check(kind, body)
            return {}
        if self.command == "GET" and not name:
            return account.list(kind, dict(parse_qsl(url.query)))
        if name and self.command in ("GET", "PUT", "DELETE"):
            arguments = [kind, name] + ([body] if self.command == "PUT" else [])
            method = {"GET": account.get, "PUT": account.update, "DELETE": account.delete}
            return method[self.command](*arguments)
        raise Refusal(405, "Method not allowed")

    def _control(self, body):
        server = self.server
        if self.command == "PUT":
            wanted = json.loads(body)
            server.faults = Faults(wanted.get("faults", []))
            server.account.page_limit = wanted.get("page_limit", PAGE)
        elif self.command == "DELETE":
            server.begin()
        self._send(200, {"requests": server.requests, "assets": server.account.everything()}, {})

    def _send(self, status, answer, headers, fault=MappingProxyType({})):
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        cut, chunked = fault.get("fault") == "cut", fault.get("chunked")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for number in range(fault.get("headers", 0)):
            self.send_header(f"X-Header-{number}", "")
            self.flush_headers()
            time.sleep(fault["seconds"])
        self.end_headers()
        if chunked:
            self.wfile.write(b"%x\r\n" % len(body))
        if fault.get("fault") == "drip":
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(fault["seconds"])
            return
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *arguments):
        """The requests are in /_control."""


def _errors(path, refusal):
    """Log pipelines have a form of their own."""
    if path in (*_KINDS, _ORDER) and "/logs/" in path and refusal.status == 400:
        details = [{"code": "InvalidArgument", "message": text} for text in refusal.errors]
        return {
            "error": {"code": "InvalidArgument", "message": "Invalid Pipeline", "details": details}
        }
    return {"errors": refusal.errors}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, state):
        super().__init__(("127.0.0.1", port), Handler)
        self.account = Account(state)
        self.faults, self.requests = Faults(), []

    def begin(self):
        self.account.reset()
        self.account.page_limit = PAGE
        self.faults, self.requests = Faults(), []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 for a free one")
    parser.add_argument("--state", help="the file that keeps the account, also for the next start")
    arguments = parser.parse_args()
    server = Server(arguments.port, arguments.state)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
