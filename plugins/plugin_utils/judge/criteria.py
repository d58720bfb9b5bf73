# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does an advisory match this host?

Each criterion answers no, unseen, review or yes. The first of these words that any criterion gives is the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.advisory import Advisory, AdvisoryError, on_pages_of
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.condition import ConditionError
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.host import Host, Nic
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.kernel_spans import (
    BEFORE,
    BETWEEN,
    FIXED,
    IN_RANGE,
    UNAFFECTED,
    KernelSpans,
    standing,
)
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.judge.memory_trouble import told_of, trouble_named
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip, listed

NO, UNSEEN, REVIEW, YES = "no", "unseen", "review", "yes"
DRIVER, LOG = "driver", "log"


def believing_the_bus(host: Host, advisories: Iterable[Advisory]) -> Host:
    """The host with the driver of the bus for each card that ethtool did not show. Not if an advisory names a bus driver for a driver of
    another name: then the bus does not show which of the two it is."""
    differing = {advisory.bus_driver for advisory in advisories if advisory.bus_driver not in advisory.drivers}
    told = [nic.driver is None and nic.bus_driver is not None and nic.bus_driver not in differing for nic in host.nics or ()]
    if not any(told):
        return host
    pairs = zip(host.nics or (), told, strict=True)
    return replace(host, nics=tuple(replace(nic, driver=nic.bus_driver, driver_by_bus=True) if tells else nic for nic, tells in pairs))


class Criterion(NamedTuple):
    """``state``: no, unseen, review or yes. ``reason``: a sentence. ``missing``: the data to gather, if unseen. ``folds``: DRIVER or LOG
    for a no that is not about this host's drivers. Many of these make one sentence.

    An unseen without missing data is a question that gathering cannot answer.
    """

    state: str
    reason: str
    missing: tuple[str, ...] = ()
    folds: str = ""


def match(host: Host, advisory: Advisory) -> tuple[str, tuple[Criterion, ...]]:
    """(state, the answers that decided it) for one advisory.

    The first no ends the questions: a host with another driver does not have to show its kernel. Raises AdvisoryError for a condition
    that does not give a boolean.
    """
    answers = []
    for answer in _answers(host, advisory):
        if answer.state == NO:
            return NO, (answer,)
        answers.append(answer)
    for state in (UNSEEN, REVIEW):
        told = tuple(answer for answer in answers if answer.state == state)
        if told:
            return state, told
    return YES, tuple(answers)


def _answers(host: Host, advisory: Advisory) -> Iterator[Criterion]:
    found, served = driver_criterion(host, advisory)
    yield found
    if advisory.only_if_logged:
        yield log_criterion(host, advisory)
    if advisory.kernel is not None:
        yield kernel_criterion(host, advisory, advisory.kernel)
    if advisory.mtu_above is not None and served:
        yield mtu_criterion(advisory.mtu_above, served)
    if advisory.page_size_bytes is not None:
        yield page_size_criterion(host, advisory.page_size_bytes)
    if advisory.condition is not None:
        yield condition_criterion(host, advisory)
    if served and advisory.in_tree_only:
        yield origin_criterion(host, advisory, served)


def driver_criterion(host: Host, advisory: Advisory) -> tuple[Criterion, list[Nic]]:
    """Whether a NIC has the advisory's driver, and which NIC. For bonds, VLANs and bridges the NICs below them count."""
    if not advisory.drivers:
        return Criterion(YES, "the advisory is about every driver"), []
    wanted = advisory.driver
    if host.nics is None:
        told = f"the network interfaces are not known{host.why('nics')}, so one may have the driver {wanted}"
        return Criterion(UNSEEN, told, ("nics",)), []
    served = [nic for nic in host.nics if nic.driver in advisory.drivers]
    if served:
        names = listed(nic.name for nic in served)
        by = "the link to the device's driver" if any(nic.driver_by_bus for nic in served) else "ethtool -i"
        found = " or ".join(dict.fromkeys(str(nic.driver) for nic in served))
        return Criterion(YES, f"{by}: {names}: the driver is {found}"), served
    hidden = hidden_cards(host)
    if hidden:
        told = f"{hidden}, so one may have the driver {wanted}"
        return Criterion(UNSEEN, told, ("the machine's network cards (audit the machine itself)",)), []
    known = {nic.name for nic in host.nics}
    doubts = [doubt for nic in host.nics if (doubt := _doubt(host, nic, known, advisory))]
    if doubts:
        told = listed((doubt[0] for doubt in doubts), 3, 240)
        return Criterion(UNSEEN, f"{told}, so it may have the driver {wanted}", tuple(doubt[1] for doubt in doubts)), []
    return Criterion(NO, f"no network interface has the driver {wanted} ({drivers_seen(host.nics)})", folds=DRIVER), []


def log_criterion(host: Host, advisory: Advisory) -> Criterion:
    """For an advisory that is only about hosts with its symptom in the log: whether the trace of a failure names one of its drivers,
    modules or functions, or the kernel made the report that it is about."""
    limits = on_pages_of(host.page_size_bytes, advisory.thresholds)
    if host.failures is None:  # without a log, the verdict is unknown if nothing is worse
        return Criterion(NO, f"advisory {advisory.id} is about failures in the kernel log, {log_unread(host)}", folds=LOG)
    if limits.report:
        told = [other for other in host.failures.others if other.kind == limits.report and other.count]
        if told:
            return Criterion(YES, f"kernel log: {told_of(told[0])}")
        return Criterion(NO, f"the kernel log does not show this: {trouble_named(limits.report)}", folds=LOG)
    groups = [group for group in host.failures.groups if limits.counts(group.order)]
    found = {name for group in groups for name in (*group.drivers, *group.functions)} & (limits.drivers | limits.functions)
    if found:
        return Criterion(YES, f"kernel log: {listed(sorted(found))} is in the trace of a page allocation failure")
    return Criterion(NO, f"the kernel log has no page allocation failure with {limits.named} in its trace", folds=LOG)


def log_unread(host: Host) -> str:
    """The end of a sentence on the kernel log."""
    return f"which could not be read{host.why('failures')}"


def hidden_cards(host: Host) -> str | None:
    """Why the machine may have network cards that are not among the interfaces; None if nothing says so."""
    if host.container is not None:
        return f"this is a container ({host.container}) that cannot see the network cards of its machine"
    if host.nics and all(nic.virtual for nic in host.nics):
        names = listed(nic.name for nic in host.nics)
        return f"no interface has a device ({names}), as in a container that cannot see the network cards of its machine"
    return None


def _doubt(host: Host, nic: Nic, known: set[str], advisory: Advisory) -> tuple[str, str] | None:
    """(what is not known of an interface that may have the driver, the datum to gather), or None."""
    name = clip(nic.name, 40)
    if nic.lower is None:
        return f"the interfaces under {name} are not known", f"nics.{name}.lower"
    absent = [lower for lower in nic.lower if lower not in known]
    if absent:
        return f"{name} uses {listed(absent)}, which is not known", f"nics.{clip(absent[0], 40)}"
    if not nic.lower and _driver_unseen(nic, advisory):
        return f"the driver of {name} is not known{host.why(f'nics.{nic.name}.driver', 'nics.driver')}", f"nics.{name}.driver"
    return None


def _driver_unseen(nic: Nic, advisory: Advisory) -> bool:
    """No ethtool: a bus driver other than the advisory's decides it, because one bus driver serves a card.

    A virtual interface has no device that needs a driver.
    """
    if nic.driver is not None or nic.virtual:
        return False
    return advisory.bus_driver is None or nic.bus_driver is None or nic.bus_driver == advisory.bus_driver


def drivers_seen(nics: Iterable[Nic]) -> str:
    """The drivers of the interfaces in words."""
    seen = {f"{nic.driver or nic.bus_driver}" for nic in nics if nic.driver or nic.bus_driver}
    return f"found: {listed(sorted(seen))}" if seen else "found: none"


def mtu_criterion(above: int, served: list[Nic]) -> Criterion:
    """Whether one of the NICs has a larger MTU."""
    large = [nic for nic in served if nic.mtu is not None and nic.mtu > above]
    if large:
        return Criterion(YES, f"ip link: {listed(nic.name for nic in large)}: the MTU is above {above}")
    unseen = [nic.name for nic in served if nic.mtu is None]
    if unseen:
        return Criterion(UNSEEN, f"the MTU of {listed(unseen)} is not known", tuple(f"nics.{clip(name, 40)}.mtu" for name in unseen))
    return Criterion(NO, f"ip link: {listed(nic.name for nic in served)}: no MTU is above {above}")


def page_size_criterion(host: Host, wanted: int) -> Criterion:
    """Whether the host has pages of this size."""
    size = host.page_size_bytes
    if size is None:
        return Criterion(UNSEEN, f"the page size is not known{host.why('page_size_bytes')}", ("page_size_bytes",))
    return Criterion(YES if size == wanted else NO, f"getconf PAGESIZE: a page has {size} bytes, the advisory is about {wanted}")


def origin_criterion(host: Host, advisory: Advisory, served: list[Nic]) -> Criterion:
    """Whether the driver of ``served`` is the kernel's own. A person must judge a driver from outside."""
    name = " or ".join(dict.fromkeys(str(nic.driver) for nic in served))
    if any(nic.driver in host.out_of_tree for nic in served):
        return Criterion(REVIEW, f"/proc/modules: the loaded {name} is marked out of tree (O): {_OUTSIDE}")
    if any(nic.in_tree for nic in served):
        return Criterion(YES, f"modinfo: {name} is the kernel's own module")
    unseen = [nic for nic in served if nic.in_tree is None and nic.module_path is None]
    if unseen:
        why = host.why("nics.in_tree", "nics.module_path", *(f"nics.{nic.name}.module_path" for nic in unseen))
        return Criterion(
            UNSEEN,
            f"{listed(nic.name for nic in unseen)}: the origin of the module {name} is not known{why}",
            tuple(f"nics.{clip(nic.name, 40)}.module_path" for nic in unseen),
        )
    paths = listed({nic.module_path or "an unknown path" for nic in served}, 2, 120)
    if any(nic.in_tree is None for nic in served):
        return Criterion(REVIEW, f"modinfo: {name} comes from {paths}; this does not tell whether it is the kernel's own module")
    return Criterion(REVIEW, f"modinfo: {name} comes from {paths}, outside the kernel's own tree: {_OUTSIDE}")


_OUTSIDE = "it is not part of the distribution's kernel, so a person must judge its version"


def kernel_criterion(host: Host, advisory: Advisory, spans: KernelSpans) -> Criterion:
    """Whether the running kernel lies in the range."""
    if host.release is None:
        why = host.why("kernel.release", "kernel")
        return Criterion(UNSEEN, f"uname -r: the running kernel is not known{why}", ("kernel.release",))
    told, by = f"kernel {clip(host.release)}", f"(advisory {advisory.id})"
    place, bounds = standing(host.release, spans, host.userland)
    if place == IN_RANGE:
        return Criterion(YES, f"{told} is in the affected range {bounds} {by}")
    if place in (BEFORE, FIXED):
        return Criterion(NO, f"{told} is {'before' if place == BEFORE else 'after'} the affected range {bounds} {by}")
    if place == BETWEEN:
        return Criterion(UNSEEN, f"{told}: it is not known whether it has the fault; the range {bounds} has it {by}")
    if place == UNAFFECTED:
        return Criterion(NO, f"{told} belongs to another distribution release than {_dists(spans)} {by}")
    return _foreign_kernel(host, advisory, spans, told)


def _foreign_kernel(host: Host, advisory: Advisory, spans: KernelSpans, told: str) -> Criterion:
    """A kernel outside all ranges. Unseen if upstream's versions have the fault, because a distributor's build may contain it. Else no on
    a userland that the advisory does not name."""
    if spans.upstream is not None:
        says = f"{told} is a distributor's build; it is not known whether it has the fault of {spans.upstream} (advisory {advisory.id})"
        return Criterion(UNSEEN, says)
    userland = host.distribution_id
    if userland is None:
        why = host.why("kernel.distribution", "kernel.distribution.id")
        return Criterion(UNSEEN, f"{told}: the distribution is not known{why}", ("kernel.distribution",))
    if userland not in advisory.distributions:
        return Criterion(NO, f"{told} belongs to another distribution, {clip(userland, 40)} (advisory {advisory.id})")
    says = f"{told} is not one of the distributor's {_dists(spans)} kernels, so the range {spans} tells nothing about it"
    return Criterion(UNSEEN, says)


def _dists(spans: KernelSpans) -> str:
    return "/".join(sorted({tag for one in spans.ranges for tag in one.dists})) or "those of the range"


def condition_criterion(host: Host, advisory: Advisory) -> Criterion:
    """The advisory's own JMESPath condition over the facts."""
    if advisory.condition is None:
        raise AssertionError("asked only of an advisory with a condition")
    try:
        answer, unseen = advisory.condition.ask(host.facts)
    except ConditionError as error:
        raise AdvisoryError(advisory.id, "condition", str(error), error.remedy) from error
    told = f"condition of advisory {advisory.id}"
    if answer is None:
        fact = clip(unseen or "a fact it reads", 40)
        return Criterion(UNSEEN, f"{told}: not decided, because {fact} is missing", (fact,))
    return Criterion(YES if answer else NO, f"{told}: {'met' if answer else 'not met'}")
