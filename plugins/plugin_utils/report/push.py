# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics sent by HTTP, for places where files do not stay: to a Pushgateway, or to an address that imports the text format."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, fault

#: Between one try and the next. Three tries in all.
_PAUSES_SECONDS = (1.0, 4.0)
#: Answers of a server that is busy or starting: it may accept the metrics later.
_COMES_BACK = (408, 425, 429)
_GROUP = re.compile(r"/metrics/job(@base64)?/[^/]+")
_HEADERS = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class PushError(Exception):
    """The metrics were not sent, or cannot be. The message names the server and no password."""


class PushTarget(NamedTuple):
    """``shown``: the address as it may be told, without account, password and query. ``method``: how it takes metrics."""

    url: str
    shown: str
    method: str
    user: str
    password: str


def push_target(url: str, role: str) -> PushTarget:
    """Where ``role`` sends its metrics. In a Pushgateway each role has a group of its own, since a group is replaced as a whole.
    PushError where the URL is not one to send to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise PushError("is not a URL") from None
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise PushError("must be a URL that begins with http:// or https:// and names a host")
    if not parts.path.strip("/"):
        raise PushError(
            "has no path. A Pushgateway needs /metrics/job/NAME, VictoriaMetrics /api/v1/import/prometheus, for example "
            f"{parts.scheme}://{clip(host)}/metrics/job/pagealloc"
        )
    in_group = _GROUP.search(parts.path) is not None
    path = f"{parts.path.rstrip('/')}/role/{role}" if in_group else parts.path
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    method = "PUT" if in_group else "POST"
    shown = clip(urlunsplit((parts.scheme, place, path, "", "")), 200)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return PushTarget(urlunsplit((parts.scheme, place, path, parts.query, "")), shown, method, user, password)


def push_metrics(target: PushTarget, metrics: bytes, timeout_seconds: float, pauses_seconds: Sequence[float] = _PAUSES_SECONDS) -> None:
    """Send them; tried again where that may help. PushError where it did not. It takes no longer than ``timeout_seconds`` a try, and
    the pauses."""
    for pause in (*pauses_seconds, None):
        told, again = _tried(target, metrics, timeout_seconds)
        if not told:
            return
        if not again or pause is None:
            raise PushError(told)
        time.sleep(pause)


def _tried(target: PushTarget, metrics: bytes, timeout_seconds: float) -> tuple[str, bool]:
    """(why it failed, whether another try may help). A server that answers a byte at a time would hold up a socket's own timeout, so
    the try is given up from outside."""
    found: list[tuple[str, bool]] = []
    sender = threading.Thread(target=lambda: found.append(_sent(target, metrics, timeout_seconds)), daemon=True)
    sender.start()
    sender.join(timeout_seconds)
    return found[0] if found else (f"no answer from {target.shown} within {timeout_seconds:g} s", True)


def _sent(target: PushTarget, metrics: bytes, timeout_seconds: float) -> tuple[str, bool]:
    # Imported here, since few audits send metrics, and each process that Ansible starts for a host would copy these 12 MB.
    from http.client import HTTPException

    from ansible.module_utils.urls import open_url

    account = {"url_username": target.user, "url_password": target.password, "force_basic_auth": True} if target.user else {}
    try:
        # a redirect would carry the password to another server
        how = {"timeout": timeout_seconds, "follow_redirects": "none", "headers": _HEADERS, **account}
        open_url(target.url, data=metrics, method=target.method, **how).close()
    except HTTPError as error:
        words = _told(error.read1(400).decode("utf-8", "replace"), target) if error.fp else ""
        said = f"{target.shown} answered with HTTP status {error.code}{': ' if words else ''}{words}"
        return said, error.code >= 500 or error.code in _COMES_BACK
    except (URLError, OSError, HTTPException) as error:
        return f"{target.shown}: {_told(str(getattr(error, 'reason', error)), target)}", True
    except Exception as error:  # of a library; the audit is done, and nothing of this may cost it its end
        return f"{target.shown}: {_told(fault(error), target)}", False
    return "", False


def _told(words: str, target: PushTarget) -> str:
    """The message of a server or the system without the password."""
    return clip(words.replace(target.password, "***") if target.password else words, 200)
