# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment of extensions/execution_environment, built by ansible-builder on a Debian of mmdebstrap."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.conftest import ROOT, cannot_run, locked, tool
from tests.playbook import own

DEFINITION = ROOT / "extensions" / "execution_environment" / "execution-environment.yml"
_IMAGE, _BASE = "localhost/fleetcare-pagealloc-test", "localhost/fleetcare-pagealloc-debian"
_FOLDER = ROOT / ".venv" / "image"
_PACKAGES = "python3,python3-pip,openssh-client,sshpass,ca-certificates"
#: Where the machine trusts more authorities than Debian does, pip in the image must too.
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
#: Root in a container of this machine's kind may not raise limits, has no cgroups of its own, and no bridge.
_CONTAINERS = """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
netns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def container_environment() -> Mapping[str, str]:
    """With which podman works as root, in a container too."""
    if os.geteuid() != 0:
        cannot_run("podman with runc takes root here")
    tool("podman"), tool("runc")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    settings = _FOLDER / "containers.conf"
    settings.write_text(_CONTAINERS)
    return {**os.environ, "CONTAINERS_CONF": str(settings), "PATH": f"{own().programs}:{os.environ['PATH']}"}


def built_image() -> str:
    """The name of the image with this checkout's collection. It is built if no image has the same files."""
    environment = container_environment()
    with locked(_FOLDER / ".lock"):
        base = _base(environment)
        source = _source()
        name = f"{_IMAGE}:{_digest([base.encode(), *(path.read_bytes() for path in source.values())])}"
        if not _exists(name, environment):
            _build(name, base, source, environment)
    return name


def _build(name: str, base: str, source: Mapping[str, Path], environment: Mapping[str, str]) -> None:
    context = _FOLDER / "context"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    shutil.copy(DEFINITION, context)
    for path, file in source.items():
        (context / "source" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, context / "source" / path)
    _run([str(own().programs / "ansible-galaxy"), "collection", "build", "source"], context, environment)
    (archive,) = context.glob("fleetcare-pagealloc-*.tar.gz")
    archive.rename(context / "pagealloc.tar.gz")
    before = _run(["podman", "images", "-q", "--filter", f"reference={_IMAGE}"], context, environment).split()
    how = ["--container-runtime", "podman", "--tag", name, "--build-arg", f"EE_BASE_IMAGE={base}", "-v", "3"]
    _run(["ansible-builder", "build", *how], context, environment)
    if before:
        _run(["podman", "rmi", "--force", *before], context, environment)


def _source() -> dict[str, Path]:
    """The files that a release has, but the tests: name -> where it lies."""
    words = [tool("git"), "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = _run(words, ROOT, os.environ).split("\0")
    return {name: ROOT / name for name in sorted(names) if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/"))}


def _digest(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _exists(name: str, environment: Mapping[str, str]) -> bool:
    return subprocess.run(["podman", "image", "exists", name], env=environment, check=False).returncode == 0


def _base(environment: Mapping[str, str]) -> str:
    name = f"{_BASE}:{_digest([_PACKAGES.encode(), _CERTIFICATES.read_bytes()])}"
    if _exists(name, environment):
        return name
    settings = _FOLDER / "pip.conf"
    settings.write_text(f"[global]\ncert = {_CERTIFICATES}\n")
    archive = _FOLDER / "debian.tar"
    without = [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("doc", "locale", "man")]
    hooks = [f"--customize-hook=copy-in {_CERTIFICATES} {_CERTIFICATES.parent}", f"--customize-hook=copy-in {settings} /etc"]
    _run(
        [tool("mmdebstrap"), "-q", "--variant=minbase", f"--include={_PACKAGES}", *without, *hooks, "bookworm", str(archive)],
        _FOLDER,
        environment,
    )
    _run(["podman", "import", "-q", str(archive), name], _FOLDER, environment)
    archive.unlink()
    return name


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=900, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-8000:]}\n{done.stderr[-8000:]}"
    return done.stdout
