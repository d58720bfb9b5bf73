# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics sent to a server on loopback that answers as it is told."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.report.push import PushError, PushTarget, push_metrics, push_target

SOON = (0.01, 0.01)


class Server(HTTPServer):
    """``answers``: the status of each request in turn, the last one for all others. 0 answers a byte at a time and never ends."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.said, self.asked = [200], b"", []  # type: ignore[var-annotated]

    def url(self, path: str, account: str = "") -> str:
        return f"http://{account}127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        status = self.server.answers[min(len(self.server.asked), len(self.server.answers)) - 1]
        if status == 0:
            for _byte in range(200):
                self.wfile.write(b"x")
                time.sleep(0.02)
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", self.server.url("/elsewhere"))
        self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        self.wfile.write(self.server.said)

    do_PUT = do_POST = do_GET = _answer

    def log_message(self, format: str, *words: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()


def sent(url: str, *, timeout: float = 5) -> None:
    push_metrics(push_target(url, "audit"), b"pagealloc_hosts 1\n", timeout, SOON)


def refused(url: str, **how: Any) -> str:
    with pytest.raises(PushError) as error:
        sent(url, **how)
    return str(error.value)


@pytest.mark.parametrize("prefix", ["", "/gateway"])
def test_a_group_of_a_pushgateway_is_replaced_and_each_role_has_its_own(server: Server, prefix: str) -> None:
    sent(server.url(f"{prefix}/metrics/job/pagealloc/fleet/berlin/"))
    method, path, headers, body = server.asked[0]
    assert (method, path, body) == ("PUT", f"{prefix}/metrics/job/pagealloc/fleet/berlin/role/audit", b"pagealloc_hosts 1\n")
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert len(server.asked) == 1


def test_to_an_address_that_imports_it_is_posted_as_it_is(server: Server) -> None:
    sent(server.url("/api/v1/import/prometheus?extra_label=fleet=berlin"))
    assert server.asked[0][:2] == ("POST", "/api/v1/import/prometheus?extra_label=fleet=berlin")


def test_the_password_goes_to_the_server_and_into_no_message(server: Server) -> None:
    server.answers, server.said = [403], b"wrong: s3cret/w\n" + b"x" * 5000
    said = refused(server.url("/metrics/job/a?token=t0ken", "me:s3cret%2Fw@"))
    assert server.asked[0][2]["Authorization"] == "Basic " + base64.b64encode(b"me:s3cret/w").decode()
    assert "s3cret" not in said and "t0ken" not in said and "***" in said
    assert said.startswith(f"http://127.0.0.1:{server.server_port}/metrics/job/a/role/audit answered with HTTP status 403: ")
    assert len(said) < 400 and len(server.asked) == 1


def test_a_server_that_is_busy_is_asked_again(server: Server) -> None:
    server.answers = [503, 429, 202]
    sent(server.url("/metrics/job/a"))
    assert len(server.asked) == 3
    server.answers, server.asked = [500], []
    assert "HTTP status 500" in refused(server.url("/metrics/job/a"))
    assert len(server.asked) == 3


def test_one_that_refuses_is_not_asked_again(server: Server) -> None:
    server.answers = [400]
    refused(server.url("/metrics/job/a"))
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answers = [307]
    assert "HTTP status 307" in refused(server.url("/metrics/job/a", "me:word@"))
    assert len(server.asked) == 1


def test_one_that_drips_is_given_up(server: Server) -> None:
    server.answers = [0]
    start = time.monotonic()
    assert "within 0.2 s" in refused(server.url("/metrics/job/a"), timeout=0.2)
    assert time.monotonic() - start < 2


def test_one_that_is_silent_or_down_is_named() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/metrics/job/a"
        assert url in refused(url, timeout=0.2)
    assert "Connection refused" in refused(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://gateway:9091", "/metrics/job/NAME"),
        ("http://gateway:9091/", "/metrics/job/NAME"),
        ("ftp://gateway/metrics/job/a", "http:// or https://"),
        ("file:///etc/passwd", "http:// or https://"),
        ("gateway:9091/metrics/job/a", "http:// or https://"),
        ("http:///metrics/job/a", "names a host"),
        ("http://gateway:nine/metrics/job/a", "is not a URL"),
        ("http://gateway/metrics/job/a b", "http:// or https://"),
        ("http://gateway/metrics/job/a\r\nHost: other", "http:// or https://"),
    ],
)
def test_what_is_no_address_to_send_to_is_refused_without_its_password(url: str, why: str) -> None:
    for given in (url, url.replace("//", "//me:hidden1word@", 1)):
        with pytest.raises(PushError) as error:
            push_target(given, "audit")
        assert why in str(error.value) and "hidden1word" not in str(error.value)


def test_an_ipv6_address_keeps_its_brackets() -> None:
    target = push_target("https://a:b@[::1]:9091/metrics/job/x", "workaround")
    assert target == PushTarget(
        "https://[::1]:9091/metrics/job/x/role/workaround", "https://[::1]:9091/metrics/job/x/role/workaround", "PUT", "a", "b"
    )
