# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip.py that ansible-test would fetch from its own server: PyPI is all that the tests may need."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

INDEX = "https://pypi.org/pypi/pip/json"


def main() -> int:
    """Install what is asked for with the newest pip, whose wheel can run itself."""
    words = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
    with urllib.request.urlopen(INDEX, timeout=60) as answer:
        url = next(urllib.parse.urljoin(INDEX, file["url"]) for file in json.load(answer)["urls"] if file["packagetype"] == "bdist_wheel")
    with tempfile.TemporaryDirectory() as folder, urllib.request.urlopen(url, timeout=60) as answer:
        wheel = Path(folder) / url.rsplit("/", maxsplit=1)[-1].partition("#")[0]
        wheel.write_bytes(answer.read())
        return subprocess.call([sys.executable, f"{wheel}/pip", "install", *words])


if __name__ == "__main__":
    sys.exit(main())
