# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts have which facts: one group for all facts that always go together.

A set of hosts is an int with one bit for each host, so a question on two sets of thousands of hosts is one operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.statistics import Table, least_p
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.compare.traits import NAMES, seen_facts

#: A fact and one value of it.
Item = tuple[str, str]

#: The largest number of groups that are tried: those that are known on most hosts. A fleet of thousands has more firmwares than that.
MOST_GROUPS = 128

#: What facts share that occur together: the places that have them, the places among them with no other known value, and the set of places
#: where everything is known.
_Key = tuple[tuple[int, ...], tuple[int, ...], int]

_PLACES = {fact: place for place, fact in enumerate(NAMES)}


@dataclass(frozen=True)
class FactGroup:
    """Facts that the same hosts have, and those that exactly the other hosts have (``opposite``). ``seen``: the hosts where it is known;
    the rest are in no table of this group."""

    items: tuple[Item, ...]
    opposite: tuple[Item, ...]
    having: int
    seen: int
    table: Table

    @property
    def order(self) -> tuple[int, str]:
        """Orders equal groups by their facts, never by the order of the hosts."""
        fact, value = self.items[0]
        return _PLACES[fact], value


@dataclass(frozen=True)
class FactGroups:
    """``groups``: those that are known on most hosts first; ``left_out``: how many more there are."""

    groups: list[FactGroup]
    left_out: int


class _Posting:
    """The places of the hosts with one value, and the places among them whose other values are not known."""

    __slots__ = ("having", "partial")

    def __init__(self) -> None:
        self.having: list[int] = []
        self.partial: list[int] = []


def groups_of(facts: Iterable[Mapping[str, Any]], troubled: int) -> FactGroups:
    """The groups of hosts with these facts; ``troubled`` has the bits of the hosts with the trouble, by their place."""
    postings, whole, hosts = _collect(facts)
    certain = {fact: mask_of(places, hosts) for fact, places in whole.items()}
    together: dict[_Key, list[Item]] = {}
    for item, posting in postings.items():
        known = certain.get(item[0], 0)
        if len(posting.having) < known.bit_count() + len(posting.partial):  # else all known hosts have it
            together.setdefault((tuple(posting.having), tuple(posting.partial), known), []).append(item)
    ranked = sorted(_by_what_could_be_seen(together, troubled, hosts))
    groups = [_group(key, items, troubled, hosts) for _least, items, key in ranked[:MOST_GROUPS]]
    return FactGroups(list(_opposites_as_one(groups)), max(0, len(ranked) - MOST_GROUPS))


def _collect(facts: Iterable[Mapping[str, Any]]) -> tuple[dict[Item, _Posting], dict[str, list[int]], int]:
    """(who has what, of whom all of a fact is known, how many hosts there are)."""
    postings: dict[Item, _Posting] = {}
    whole: dict[str, list[int]] = {}
    place = -1
    for place, host in enumerate(facts):
        for fact, seen in seen_facts(host):
            if seen.whole:
                whole.setdefault(fact, []).append(place)
            for value in seen.values:
                posting = postings.get((fact, value))
                if posting is None:
                    posting = postings[fact, value] = _Posting()
                posting.having.append(place)
                if not seen.whole:
                    posting.partial.append(place)
    return postings, whole, place + 1


def _by_what_could_be_seen(together: Mapping[_Key, list[Item]], troubled: int, hosts: int) -> Iterator[tuple[float, list[Item], _Key]]:
    counted: dict[int, tuple[int, int]] = {}
    for key, items in together.items():
        having, partial, known = key
        if known not in counted:
            counted[known] = known.bit_count(), (known & troubled).bit_count()
        seen, ill = counted[known]
        if partial:
            ill += (mask_of(partial, hosts) & troubled).bit_count()
        items.sort(key=lambda item: (_PLACES[item[0]], item[1]))
        yield least_p(seen + len(partial), ill, len(having)), items, key


def _group(key: _Key, items: list[Item], troubled: int, hosts: int) -> FactGroup:
    having, seen = mask_of(key[0], hosts), mask_of(key[1], hosts) | key[2]
    return FactGroup(tuple(items), (), having, seen, table_of(having, seen, troubled))


def table_of(having: int, seen: int, troubled: int) -> Table:
    ill = seen & troubled
    return Table.of(seen.bit_count(), ill.bit_count(), having.bit_count(), (having & ill).bit_count())


def _opposites_as_one(groups: Iterable[FactGroup]) -> Iterator[FactGroup]:
    """If a fact has two values, one group is enough: the one with the value of the hosts with the trouble."""
    by_hosts = {(group.having, group.seen): group for group in groups}
    for (having, seen), group in by_hosts.items():
        other = by_hosts.get((seen & ~having, seen))
        if other is None:
            yield group
        elif (_lean(group), other.order) > (_lean(other), group.order):
            yield FactGroup(group.items, other.items, having, seen, group.table)


def _lean(group: FactGroup) -> int:
    """Above zero where the troubled hosts have it more often."""
    a, b, c, d = group.table
    return a * d - b * c


def mask_of(places: Iterable[int], hosts: int) -> int:
    """The set of these places as an int."""
    bits = bytearray(hosts // 8 + 1)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")
