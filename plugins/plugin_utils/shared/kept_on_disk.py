# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of a large fleet in a file without a name, so that memory holds one host at a time."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Iterator, MutableMapping
from typing import Any


class KeptOnDisk(MutableMapping[str, Any]):
    """As a dict, but what it gives is a copy: a change counts once it is put back. The file is gone with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=1 << 20)  # noqa: SIM115
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0
        self._unwritten = False

    def __setitem__(self, name: str, value: Any) -> None:
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self._file.write(data)
        self._unwritten = True
        self._places[name] = (self._end, len(data))
        self._end += len(data)

    def __getitem__(self, name: str) -> Any:
        begin, size = self._places[name]
        if self._unwritten:
            self._file.flush()
            self._unwritten = False
        return pickle.loads(os.pread(self._file.fileno(), size, begin))

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
