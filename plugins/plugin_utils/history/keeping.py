# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where audits are stored, and the stored data of an audit. SQLAlchemy is loaded only to open a database."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.observation import Observation

if TYPE_CHECKING:
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store import History

#: Turns the history off.
OFF = "none"


class HistoryError(Exception):
    """The history cannot be read or written; the message names the database without its password and says what to do."""


@dataclass(frozen=True)
class Keeping:
    """Where an audit is stored. ``whole_fleet``: it asks every host of the inventory. ``write``: False in check mode. ``past``: a file
    with audits from before (recorded_past.py), empty for none."""

    url: str
    label: str
    keep_days: int
    whole_fleet: bool
    write: bool
    past: str = ""


@dataclass(frozen=True)
class Run:
    """One audit. ``hosts``: how many it asked; ``whole_fleet``: every host of the inventory was among them."""

    label: str
    at_epoch_seconds: int
    hosts: int
    whole_fleet: bool
    collection_version: str


class Past(NamedTuple):
    """Earlier audits. ``runs``: each with how many of its hosts had each verdict; ``of_host``: what they saw of each. Newest first."""

    runs: list[tuple[Run, dict[str, int]]]
    of_host: dict[str, list[Observation]]


def default_url(output_dir: str) -> str:
    """The URL of the database beside the reports."""
    return f"sqlite:///{Path(output_dir).absolute() / 'history.db'}"


def open_history(url: str, *, write: bool = True) -> History:
    """The database. Raises HistoryError if the URL is wrong, or the controller has no library for it."""
    from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.history.store import History

    if find_spec("sqlalchemy") is None:
        raise HistoryError("The history needs the Python library SQLAlchemy on the controller. Run: pip install SQLAlchemy")
    return History(url, write=write)
