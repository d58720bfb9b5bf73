# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.lab accuracy``, ``causes`` and the like: the truth of what is told of guests; ``guest``: one to look at."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.conftest import ROOT
from tests.lab.accuracy import measure, write
from tests.lab.causes import starve, write_causes
from tests.lab.forecast import live, write_forecasts
from tests.lab.guest import IMAGES, Guest, GuestError, Plan, running
from tests.lab.images import key
from tests.lab.kept_runs import keep_run
from tests.lab.remedies import PRESSURES, kernels_of_remedies, treat
from tests.lab.remedies_table import MEASURED, markdown, treated_before, write_into, write_remedies
from tests.lab.reports import REPORTED, report_on, write_reports
from tests.lab.tracing import LEAKERS, trace_runs, write_trace_figures
from tests.lab.troubles import TROUBLES

_Run = TypeVar("_Run")


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev lab", description="See tests/lab/README.md.")
    commands = parser.add_subparsers(dest="command", required=True)
    accuracy = commands.add_parser("accuracy", help="compare the collection's headroom with what real kernels grant")
    _measured(accuracy, "accuracy", "--states", 520, "how many random states of memory")
    causes = commands.add_parser("causes", help="compare the cause that is told with why guests starve")
    _measured(causes, "causes", "--runs", 20, "how many runs of each trouble on each kernel")
    causes.add_argument("trouble", nargs="*", help=f"only these: {', '.join(TROUBLES)}")
    forecast = commands.add_parser("forecast", help="compare the end that is foretold with when guests that leak come to it")
    _measured(forecast, "forecast", "--runs", 20, "how many runs of each kind on each kernel")
    remedies = commands.add_parser("remedies", help="measure what each remedy does against each cause; one that was cut goes on")
    _measured(remedies, "remedies", "--runs", 5, "how many runs of each remedy against each trouble")
    remedies.add_argument(
        "--table",
        action="store_true",
        help="run nothing, write the table of the runs that are there into docs/remedies.md, and keep them beside the lab",
    )
    remedies.add_argument("--kernel", help="only on this one, as uname -r shows it")
    remedies.add_argument("trouble", nargs="*", help=f"only these: {', '.join(PRESSURES)}")
    reports = commands.add_parser("reports", help="compare what is told of guests live with what is told by their sosreports")
    reports.add_argument("--seed", type=int, default=1, help="the same seed gives the same troubles (default 1)")
    reports.add_argument("--output", type=Path, default=ROOT / "build" / "reports.json")
    reports.add_argument("trouble", nargs="*", help=f"only these: {', '.join(REPORTED)}")
    trace = commands.add_parser("trace", help="compare whom the trace names with who leaks")
    _measured(trace, "trace", "--runs", 20, "how many runs of each leaker on each kernel")
    trace.add_argument("leaker", nargs="*", help=f"only these: {', '.join(LEAKERS)}")
    guest = commands.add_parser("guest", help="start a guest, say how to reach it, end it with Enter")
    guest.add_argument("image", choices=sorted(IMAGES))
    guest.add_argument("--memory", default="4608", help="MB; with commas, of each memory node")
    guest.add_argument("word", nargs="*", help="words for the kernel's command line, such as lab.blocks_per_packet=16")
    options = parser.parse_args(words)
    try:
        return _COMMANDS[options.command](options)
    except (GuestError, RuntimeError, OSError, pytest.skip.Exception) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _measured(parser: argparse.ArgumentParser, name: str, many: str, default: int, help_text: str) -> None:
    """The words that all measurements take. ``many``: the word for how many there are, "--runs" or "--states"."""
    parser.add_argument(many, type=int, default=default, help=f"{help_text} (default {default})")
    parser.add_argument("--seed", type=int, default=1, help=f"the same seed gives the same {many.strip('-')} (default 1)")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / f"{name}.json")


def _accuracy(options: argparse.Namespace) -> int:
    accuracy = measure(options.states, options.seed, _say)
    for line in accuracy.oddities():
        print(line)
    return _tell(write(accuracy, options.output), options.output)


def _remedies(options: argparse.Namespace) -> int:
    _check_troubles(options.trouble, PRESSURES)
    kept = options.output.with_suffix(".jsonl")
    if options.table:
        if kept.exists():
            MEASURED.write_bytes(kept.read_bytes())
        found = write_remedies(treated_before(MEASURED, options.seed), options.seed, options.output)
        write_into(ROOT / "docs" / "remedies.md", markdown(found))
        return 0
    done = {run.asked for run in treated_before(kept, options.seed)}
    of = [one for one in kernels_of_remedies() if options.kernel in (None, one.release)]
    for run in treat(options.runs, options.seed, _say, options.trouble, of, done=done):
        keep_run(kept, options.seed, asdict(run))
        write_remedies(treated_before(kept, options.seed), options.seed, options.output)
    print(markdown(write_remedies(treated_before(kept, options.seed), options.seed, options.output)))
    print(f"Figures: {options.output}")
    return 0


def _check_troubles(chosen: Iterable[str], known: Iterable[str]) -> None:
    for name in chosen:
        if name not in known:
            raise RuntimeError(f"there is no trouble {name!r}; there are {', '.join(known)}")


def _causes(options: argparse.Namespace) -> int:
    _check_troubles(options.trouble, TROUBLES)
    return _tell(_as_they_come(starve(options.runs, options.seed, _say, options.trouble), write_causes, options.output), options.output)


def _reports(options: argparse.Namespace) -> int:
    _check_troubles(options.trouble, REPORTED)
    return _tell(_as_they_come(report_on(options.seed, _say, options.trouble), write_reports, options.output), options.output)


def _trace(options: argparse.Namespace) -> int:
    _check_troubles(options.leaker, LEAKERS)
    runs = trace_runs(options.runs, options.seed, _say, options.leaker)
    return _tell(_as_they_come(runs, write_trace_figures, options.output), options.output)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _as_they_come(runs: Iterable[_Run], write: Callable[[Sequence[_Run], Path], dict[str, Any]], output: Path) -> dict[str, Any]:
    """The figures of all runs, written after each, so that what was measured is there if somebody stops it."""
    done: list[_Run] = []
    figures: dict[str, Any] = {}
    for run in runs:
        done.append(run)
        figures = write(done, output)
    return figures


def _forecast(options: argparse.Namespace) -> int:
    lives = list(live(options.runs, options.seed, _say))
    return _tell(write_forecasts(lives, options.output), options.output)


def _tell(figures: Mapping[str, object], path: Path) -> int:
    for name, value in figures.items():
        print(f"{name}: {value}")
    print(f"Figures: {path}")
    return 0


def _guest(options: argparse.Namespace) -> int:
    memory = tuple(int(part) for part in options.memory.split(","))
    print(f"lab: {options.image} boots ...", file=sys.stderr)
    with running(Plan(options.image, memory, tuple(options.word)), f"guest-{options.image}") as guest:
        print(_how_to_reach(guest))
        sys.stdin.readline()
    return 0


def _how_to_reach(guest: Guest) -> str:
    ssh = shlex.join(["ssh", "-F", "none", "-i", str(key()), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
    return (
        f"{ssh} -p {guest.port} root@127.0.0.1\n"
        f"The interface that leaks: UDP and SSH on 127.0.0.1:{guest.leaking_port}. Its console: {guest.folder / 'console.log'}\n"
        "Enter ends the guest."
    )


_COMMANDS = {
    "accuracy": _accuracy,
    "causes": _causes,
    "forecast": _forecast,
    "remedies": _remedies,
    "reports": _reports,
    "trace": _trace,
    "guest": _guest,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
