# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP on loopback before the controller of the tests: the addresses, filters and status codes that the modules of awx.awx use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.awx.controller import LISTS, UNIFIED, Controller, Object
from tests.awx.fields import OPTIONS, Refused

TOKEN = "token-of-the-tests"
Answer = tuple[int, Any]
ENDPOINTS = {*OPTIONS, "unified_job_templates"}


class NotHere(Exception):
    """What the controller answers with status 404."""


@contextmanager
def served(controller: Controller) -> Iterator[dict[str, str]]:
    """The controller at an address of its own: the environment for who speaks to it."""

    class Handler(_Handler):
        of = controller

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield {"CONTROLLER_HOST": f"http://127.0.0.1:{server.server_port}", "CONTROLLER_OAUTH_TOKEN": TOKEN}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    of: Controller

    def _serve(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        try:
            status, said = self._answer(sent)
        except Refused as refused:
            status, said = 400, refused.answer
        except NotHere:
            status, said = 404, {"detail": "Not found."}
        body = json.dumps(said).encode() if said is not None else b""
        self.send_response(status)
        headers = {"X-API-Product-Name": "AWX", "X-API-Product-Version": "24.6.1", "Content-Type": "application/json"}
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def _answer(self, sent: Object) -> Answer:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"detail": "Authentication credentials were not provided."}
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.strip("/").split("/")]
        if parts[:2] != ["api", "v2"]:
            raise NotHere
        if self.command != "GET":
            self.of.written.append(f"{self.command} {address.path} {json.dumps(sent)}")
        return self._route(parts[2:], dict(parse_qsl(address.query, keep_blank_values=True)), sent)

    def _route(self, parts: list[str], query: dict[str, str], sent: Object) -> Answer:
        if parts[0] == "project_updates":
            return 200, {"id": int(parts[1]), "status": "successful", "failed": False, "finished": "2026-11-26T00:00:00Z"}
        if parts[0] not in ENDPOINTS:
            raise NotHere
        if len(parts) == 1:
            return self._list(parts[0], query, sent)
        one = self._one(parts[0], parts[1])
        return self._object(parts[0], one, sent) if len(parts) == 2 else self._under(parts[0], one, parts[2], sent)

    def _list(self, endpoint: str, query: dict[str, str], sent: Object) -> Answer:
        if self.command == "POST" and endpoint in OPTIONS:
            return 201, self.of.add(endpoint, sent)
        return 200, _page(self.of.found(endpoint, query)) if self.command == "GET" else None

    def _one(self, endpoint: str, name: str) -> Object:
        """By number, or as NAME++ORGANIZATION."""
        if name.isdigit():
            one = self.of.by_number(endpoint, int(name))
        else:
            name, organization = name.split("++")
            number = str(self.of.named("organizations", organization)["id"])
            one = next(iter(self.of.found(endpoint, {"name": name, "organization": number})), None)
        if one is None:
            raise NotHere
        return one

    def _object(self, endpoint: str, one: Object, sent: Object) -> Answer:
        if self.command == "DELETE":
            self.of.remove(endpoint, one["id"])
            return 204, None
        if self.command == "PATCH":
            self.of.change(endpoint, one, sent)
        return 200, one

    def _under(self, endpoint: str, one: Object, name: str, sent: Object) -> Answer:
        if name == "survey_spec" and endpoint in UNIFIED:
            return self._survey(one, sent)
        if name == "create_approval_template" and endpoint == "workflow_job_template_nodes":
            return 201, self.of.approval_of(one, sent)
        if name not in LISTS or endpoint == "workflow_approval_templates":
            raise NotHere
        if self.command == "GET":
            return 200, _page([{"id": number} for number in self.of.lists[one["id"], name]])
        self.of.associate(one, name, sent)
        return 204, None

    def _survey(self, template: Object, sent: Object) -> Answer:
        if self.command == "POST":
            self.of.set_survey(template, sent)
        elif self.command == "DELETE":
            self.of.surveys.pop(template["id"], None)
        return 200, self.of.surveys.get(template["id"], {})

    def log_message(self, format: str, *words: Any) -> None:
        """Says nothing: what was asked for is in Controller.written."""


def _page(objects: list[Object]) -> Object:
    return {"count": len(objects), "next": None, "previous": None, "results": objects}
