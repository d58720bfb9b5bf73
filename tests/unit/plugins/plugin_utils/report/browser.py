# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium for tests of a page, driven over its DevTools pipe with the standard library."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.conftest import cannot_run

_AXE = Path("/opt/axe/axe.min.js")
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# What tells that a page did something wrong: errors of scripts, and all that the browser reports
# (broken security policy, failed loads).
_TROUBLE = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")


def chromium() -> str:
    """Its path, or the end of the test."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        cannot_run("chromium is not installed (Debian: apt-get install chromium)")
    return found


def axe_core() -> Path:
    """The script of axe-core, or the end of the test."""
    if not _AXE.exists():
        cannot_run("axe-core is not in /opt/axe (.ci/run puts it there; by hand: apt-get install npm, npm pack axe-core)")
    return _AXE


class Browser:
    """One browser with one tab. ``trouble`` and ``requests`` collect since the last :meth:`open`."""

    def __init__(self, executable: str, profile: str, timeout: float = 60.0) -> None:
        self.trouble: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self._timeout = timeout
        self._number = 0
        self._session: str | None = None
        self._loaded = False
        self._rest = b""
        theirs_in, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        # The protocol wants its pipe as descriptors 3 and 4: a shell is what can put them there.
        self._process = subprocess.Popen(
            [
                "bash",
                "-c",
                f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}',
                "bash",
                executable,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-pipe",
                f"--user-data-dir={profile}",
            ],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(1280, 900)

    def close(self) -> None:
        os.close(self._write)  # the browser ends when its pipe does
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, url: str) -> None:
        """Load ``url`` from anew and wait until it is there."""
        self.call("Page.navigate", url="about:blank")
        self.evaluate("0")
        self.trouble.clear()
        self.requests.clear()
        self._loaded = False
        self.call("Page.navigate", url=url)
        while not self._loaded:
            self._receive()
        self.rest()

    def rest(self) -> None:
        """Wait until the page says of no part that it is still busy."""
        self.evaluate(
            "new Promise((done) => {"
            " const look = () => document.querySelector('[aria-busy=true]') ? setTimeout(look, 5) : done();"
            " look(); })"
        )

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        code = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9}[key]
        extra = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **(extra if kind == "keyDown" else {})
            )

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def resize(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _receive(self) -> dict[str, Any]:
        """The next message; what it tells of the page is kept."""
        until = time.monotonic() + self._timeout
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            chunk = os.read(self._read, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser has ended")
            self._rest += chunk
        text, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        method = message.get("method")
        if method in _TROUBLE:
            self.trouble.append(message)
        elif method == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        elif method == "Page.loadEventFired":
            self._loaded = True
        return message
