# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel is chosen, from the tables that yum 3 and dnf print."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.catalogue import load_catalogue
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import Userland
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.managers.yum import Yum
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.package_manager import Kernels, Target
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.target import Wanted, choose, newest_of, wanted_from

MLX4 = tuple(one for one in load_catalogue().advisories if one.id == "mlx4_en-rhel-6.4-order-2")
RUNNING = "2.6.32-358.el6.x86_64"

#: yum 3.2 breaks a line where a column is too long for it; "@" marks what is installed.
YUM3 = """\
Available Packages
kernel.x86_64             2.6.32-358.23.2.el6            rhel-6-server-rpms
kernel.x86_64             2.6.32-431.el6                 rhel-6-server-rpms
kernel.x86_64             2.6.32-754.35.1.el6            a-repository-with-a-long-name-
                                                         of-the-site
kernel.x86_64
    2.6.32-573.12.1.el6.mpc07
                          site
kernel-debug.x86_64       2.6.32-754.35.1.el6            rhel-6-server-rpms
"""
DNF = """\
Last metadata expiration check: 0:12:01 ago on Mon 01 Jan 2024 10:00:00 AM UTC.
Available Packages
kernel.x86_64                 5.14.0-427.13.1.el9_4                  baseos
kernel.x86_64                 1:5.14.0-427.16.1.el9_4                baseos
"""


OFFERED = Yum().offers(YUM3)


def kernels(*installed: str) -> Kernels:
    return Kernels(RUNNING, {release: release for release in installed}, OFFERED)


def test_offers_of_both_generations() -> None:
    assert {release: offer.repository for release, offer in OFFERED.items()} == {
        "2.6.32-358.23.2.el6.x86_64": "rhel-6-server-rpms",
        "2.6.32-431.el6.x86_64": "rhel-6-server-rpms",
        "2.6.32-754.35.1.el6.x86_64": "a-repository-with-a-long-name-",
        "2.6.32-573.12.1.el6.mpc07.x86_64": "site",
    }
    assert all(offer.package == release for release, offer in OFFERED.items())
    assert list(Yum().offers(DNF)) == ["5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.16.1.el9_4.x86_64"]
    assert Yum().offers("Error: No matching Packages to list\n") == {}


@pytest.mark.parametrize(
    ("release", "fits"),
    [
        ("2.6.32-358.23.2.el6.x86_64", False),
        ("2.6.32-430.el6.x86_64", False),
        ("2.6.32-431.el6.x86_64", True),
        ("2.6.32-431.el6.site1.x86_64", True),
        ("2.6.39-400.17.1.el6uek.x86_64", False),
        ("3.10.0-1160.el7.x86_64", False),
        ("no kernel", False),
    ],
)
def test_an_advisory_takes_only_what_it_says_is_fixed(release: str, fits: bool) -> None:
    assert wanted_from(MLX4, "", False).fits(release) is fits


def test_the_newest_that_fits_is_taken_or_exactly_the_one_named() -> None:
    assert choose(wanted_from(MLX4, "", False), kernels(RUNNING), "x86_64", RUNNING) == Target(
        "2.6.32-754.35.1.el6.x86_64", "2.6.32-754.35.1.el6.x86_64", "a-repository-with-a-long-name-"
    )
    exact = choose(wanted_from(MLX4, "2.6.32-431.el6", True), kernels(RUNNING), "x86_64", RUNNING)
    assert exact == Target("2.6.32-431.el6.x86_64", "2.6.32-431.el6.x86_64", "rhel-6-server-rpms")
    assert choose(wanted_from(MLX4, "2.6.32-800.el6", False), kernels(RUNNING), "x86_64", RUNNING) is None
    assert choose(wanted_from(MLX4, "", False), kernels(RUNNING), "i686", RUNNING) is None, "of another machine"


def test_a_kernel_that_boots_by_default_is_kept_so_that_a_second_run_does_nothing() -> None:
    fixed = "2.6.32-431.el6.x86_64"
    assert choose(wanted_from(MLX4, "", False), kernels(RUNNING, fixed), "x86_64", fixed) == Target(fixed, fixed, None)


def test_an_installed_kernel_that_is_the_newest_is_not_installed_again() -> None:
    newest = "2.6.32-754.35.1.el6.x86_64"
    assert choose(wanted_from(MLX4, "", False), kernels(RUNNING, newest), "x86_64", RUNNING) == Target(newest, newest, None)


def test_what_names_no_kernel_is_refused_with_the_option() -> None:
    with pytest.raises(UpgradeError, match=r"kernel_upgrade_target: .* is not a kernel release"):
        wanted_from(MLX4, "the new one", False)
    with pytest.raises(UpgradeError, match="name it in kernel_upgrade_target"):
        wanted_from(MLX4, "", True)
    with pytest.raises(UpgradeError, match="no known kernel has the fix"):
        wanted_from((), "", False)


def test_words_for_people() -> None:
    assert str(Wanted(MLX4)) == "2.6.32-431.el6 or later"
    assert str(Wanted(MLX4, "2.6.32-500.el6", True)) == "2.6.32-500.el6"
    assert newest_of(OFFERED) == "2.6.32-754.35.1.el6.x86_64"
    assert newest_of([]) == "none"


def test_the_kernel_that_runs_is_never_the_target() -> None:
    runs = "2.6.32-754.35.1.el6.x86_64"
    here = Kernels(runs, {runs: runs}, OFFERED)
    assert choose(wanted_from(MLX4, "", False), here, "x86_64", runs) == Target(
        "2.6.32-573.12.1.el6.mpc07.x86_64", "2.6.32-573.12.1.el6.mpc07.x86_64", "site"
    )


def test_a_default_that_is_not_wanted_is_not_kept() -> None:
    unfixed = "2.6.32-358.23.2.el6.x86_64"
    chosen = choose(wanted_from(MLX4, "", False), kernels(RUNNING, unfixed), "x86_64", unfixed)
    assert chosen is not None and chosen.release == "2.6.32-754.35.1.el6.x86_64"
    debug = Kernels(RUNNING, {"2.6.32-800.el6.x86_64": "2.6.32-800.el6.i686"}, {})
    assert choose(wanted_from(MLX4, "", False), debug, "x86_64", RUNNING) is None, "of another machine"


@pytest.mark.parametrize(
    ("release", "least", "exact"), [("2.6.32-430.el6", False, False), ("2.6.32-431.el6", True, True), ("2.6.32-432.el6", True, False)]
)
def test_the_operators_own_minimum(release: str, least: bool, exact: bool) -> None:
    assert Wanted(MLX4, "2.6.32-431.el6").fits(release) is least
    assert Wanted(MLX4, "2.6.32-431.el6", True).fits(release) is exact
    assert not Wanted(MLX4, "2.6.32-431.el6").fits("no kernel")


def test_an_advisory_without_a_fix_names_no_kernel() -> None:
    spans = MLX4[0].kernel
    assert spans is not None
    no_fix = replace(spans, ranges=tuple(replace(one, fixed=None) for one in spans.ranges))
    unfixed = [replace(MLX4[0], kernel=None), replace(MLX4[0], id="other", kernel=no_fix)]
    for one, name in zip(unfixed, (MLX4[0].id, "other"), strict=True):
        with pytest.raises(UpgradeError, match=f"no known kernel has the fix of {name}"):
            wanted_from([one], "", False)
        assert str(Wanted((*MLX4, one))) == "2.6.32-431.el6 or later"
    with pytest.raises(UpgradeError, match="the fix of an advisory"):
        wanted_from([], "", False)


@pytest.mark.parametrize(
    ("version", "release", "fits"),
    [
        ("11.2", "3.0.101-0.7.15-default", True),
        ("11.2", "3.0.101-0.7.14-default", False),
        ("11.3", "3.0.101-0.7.15-default", False),
        ("11.3", "3.0.101-0.15-default", True),
        (None, "3.0.101-0.15-default", False),
    ],
)
def test_a_range_that_is_tied_to_a_service_pack_is_read_for_that_one(version: str | None, release: str, fits: bool) -> None:
    sle = [one for one in load_catalogue().advisories if one.id == "mlx4_en-sle-11-order-2"]
    assert wanted_from(sle, "", False, Userland("sles", version)).fits(release) is fits
