# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The place of the reports in words, and what to do if they disappear after the job."""

from __future__ import annotations

from collections.abc import Container

#: Where ansible-runner has a job's own files in its container.
_RUNNER = "/runner/"
#: Variables that AWX and Automation Platform give to each job.
_OF_A_JOB = ("awx_job_id", "tower_job_id")


def in_job(variables: Container[str]) -> bool:
    """Whether AWX or Automation Platform runs this."""
    return any(name in variables for name in _OF_A_JOB)


def whereabouts(page: str, variables: Container[str], *, kept: bool) -> list[str]:
    """Lines on the reports' place. ``kept``: the file system is not that of the container itself."""
    lines = [f"Report: {page}"]
    if page.startswith(_RUNNER) or (in_job(variables) and not kept):
        lines += [
            "The container of this job takes it away. To keep it, set pagealloc_output_dir to",
            "a path that is exposed to the jobs, or copy it in a later play.",
        ]
    return lines
