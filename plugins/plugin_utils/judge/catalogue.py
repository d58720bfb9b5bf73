# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of advisories: read, checked, and merged with what a site adds or overrides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import (
    Advisory,
    AdvisoryError,
    Thresholds,
    prepare,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip

_DEFAULTS = Path(__file__).with_name("defaults.yml")
#: Each advisory has one file, ID.yml. The file ID.hosts.yml beside it is for the tests: hosts and their verdicts.
ADVISORIES = Path(__file__).with_name("advisories")
SCHEMA = ADVISORIES / "schema.json"


@dataclass(frozen=True)
class Catalogue:
    """The advisories in their order, the symptom if none of them matches, and how far a workaround may go (see workaround/policy.py)."""

    advisories: tuple[Advisory, ...]
    thresholds: Thresholds
    workaround: Mapping[str, Any]


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """The bundled catalogue. The tests check it against its schema, because that needs jsonschema."""
    source = read_bundled()
    thresholds = Thresholds(**source["defaults"]["symptom"])
    advisories = tuple(prepare(entry, thresholds) for entry in source["advisories"])
    return Catalogue(advisories, thresholds, source["defaults"]["workaround"])


def read_bundled() -> dict[str, Any]:
    """The content of the files: {defaults: {symptom: {...}, workaround: {...}}, advisories: [...]}."""
    files = sorted(path for path in ADVISORIES.glob("*.yml") if not path.name.endswith(".hosts.yml"))
    return {"defaults": _read(_DEFAULTS), "advisories": [_read(path) for path in files]}


def _read(path: Path) -> Any:
    return yaml_load(path.read_text(encoding="utf-8"))


def merge_site_advisories(catalogue: Catalogue, site: object, *, checked: bool = True) -> Catalogue:
    """The catalogue with a site's own advisories.

    ``site`` is a list of mappings (None and an empty list change nothing). One with a known id is merged into that advisory key by key, so
    ``{id: ..., kernel: {fixed: ...}}`` is enough; lists and plain values replace the old ones. Any other is added and must be complete.
    The result is checked against the schema. Without ``checked`` that is left out: it takes a hundredth of the time, and a list that the
    schema does not allow raises any error.

    Raises AdvisoryError, naming advisory, key and remedy.
    """
    entries = _site_entries(site)
    if not entries:
        return catalogue
    merged = {advisory.id: advisory for advisory in catalogue.advisories}
    for name, entry in entries:
        known = merged.get(name)
        source = _merge(known.source, entry) if known else dict(entry)
        if checked:
            _check(name, source)
        merged[name] = prepare(source, catalogue.thresholds)
    return replace(catalogue, advisories=tuple(merged.values()))


def _site_entries(site: object) -> list[tuple[str, Mapping[str, Any]]]:
    if site is None:
        return []
    if not isinstance(site, Sequence) or isinstance(site, (str, bytes)):
        raise AdvisoryError("list of the site", "", f"of type {type(site).__name__}, but a list is needed", "give a list of mappings")
    entries: dict[str, Mapping[str, Any]] = {}
    for place, entry in enumerate(site, 1):
        if not isinstance(entry, Mapping):
            raise AdvisoryError(
                f"{place} of the site", "", f"of type {type(entry).__name__}, but a mapping is needed", "see the bundled one"
            )
        name = entry.get("id")
        if not isinstance(name, str) or not name:
            raise AdvisoryError(f"{place} of the site", "id", "missing or not a string", "name the advisory it adds or overrides")
        if name in entries:
            raise AdvisoryError(clip(name), "id", "appears twice in the site's list", "put both into one")
        entries[name] = entry
    return list(entries.items())


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _check(name: str, source: Mapping[str, Any]) -> None:
    """Raise AdvisoryError for the first thing in one advisory that the schema does not allow."""
    # a misspelt key comes first, because it explains a missing key
    errors = sorted(
        _validator().iter_errors(source),
        key=lambda error: (error.validator != "additionalProperties", [str(part) for part in error.absolute_path]),
    )
    if errors:
        key = ".".join(str(part) for part in errors[0].absolute_path)
        raise AdvisoryError(clip(name), *_told(key, errors[0]))


def _told(key: str, error: Any) -> tuple[str, str, str]:
    """(key path, fault, remedy) of one finding of jsonschema."""
    if error.validator == "additionalProperties":
        allowed = error.schema["properties"]
        unknown = sorted(str(name) for name in error.instance if name not in allowed)[0]
        return _joined(key, clip(unknown)), "unknown key", f"use one of {_listed(allowed)}, or remove it"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return _joined(key, missing), "missing", "a new advisory must be complete: add it"
    if error.validator == "type":
        types = error.validator_value
        wanted = types if isinstance(types, str) else " or ".join(types)
        return key, f"of type {type(error.instance).__name__}, but {wanted} is needed", _type_remedy(error)
    return key, clip(error.message, 200), "see advisories/schema.json for what is allowed there"


def _type_remedy(error: Any) -> str:
    if "string" in error.validator_value and isinstance(error.instance, (int, float)):
        return "write it in quotes"
    return "see advisories/schema.json for what is allowed there"


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


@lru_cache(maxsize=1)
def _validator() -> Any:
    try:
        from jsonschema import Draft7Validator
    except ImportError as error:
        raise AdvisoryError(
            "list of the site",
            "",
            "the Python package jsonschema is needed to check it and is not installed",
            "run `pip install jsonschema` for the Python that runs Ansible",
        ) from error
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return Draft7Validator({"$ref": "#/definitions/advisory", "definitions": schema["definitions"]})
