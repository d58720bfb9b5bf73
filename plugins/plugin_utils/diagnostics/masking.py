# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves the house: no secret ever; with a mask no address and no host's name either. Pure.

An address or a name has the same replacement wherever it stands in one archive, and another one in the next.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping

#: What stands in a secret's place.
HIDDEN = "********"
_SECRETS = (
    (re.compile(r"^([ \t]*password\w*)[^\n]*$", re.MULTILINE), rf"\1 {HIDDEN}"),
    (re.compile(r"((?:passw(?:or)?d|passphrase|secret|token)[\w.-]{0,32}=)[^\s&;,]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(://[^/\s:@]{1,64}:)[^/\s@]{1,128}@"), rf"\1{HIDDEN}@"),
)
#: Members in which words may stand that the kernel did not count: the others have neither secrets nor names.
_WORDED = re.compile(
    r"(?:boot|etc|run|var)/|proc/(?:cmdline|version\Z|net/bonding/|sys/kernel/)|sys/module/|sos_commands/(?:kernel|logs|host|networking/ip_)"
)
#: What says how a thing is called or which version it has: four numbers with dots are no address there.
_VERSIONS = re.compile(r"sos_commands/kernel/uname|proc/(?:version|sys)|sys/module/")

#: What is replaced, as the text beside the archive calls it.
MAC, IPV4, IPV6, OTHER_NAMES = _KINDS = ("MAC addresses", "IPv4 addresses", "IPv6 addresses", "names of other hosts")

_MAC = re.compile(r"(?<![0-9A-Fa-f:])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5,19}(?![0-9A-Fa-f:])")
_IPV4 = re.compile(r"(?<![\w.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_HEX_IPV4, _HEX_IPV6 = re.compile(r"(?<=\t)[0-9A-F]{8}(?=\t)"), re.compile(r"\b[0-9a-f]{32}\b")
_LOGS = re.compile(r"var/log/|sos_commands/logs/|sos_commands/kernel/dmesg\Z")
#: Who wrote a line of a log, and who does not answer.
_LOG_HOST = re.compile(
    r"^((?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T\S{8,32}) )([A-Za-z0-9][\w.-]{0,252})(?= )", re.MULTILINE
)
_SERVER = re.compile(r"server ([A-Za-z0-9][\w.-]{0,252}) (?:not responding|OK\b|timed out)")
#: Members whose content includes the host's name, whatever word that is.
_PLACES_OF_NAME = (
    (re.compile(r"sos_commands/kernel/uname_-a\Z"), re.compile(r"\A(\S+ )\S+")),
    (re.compile(r"sos_commands/host/hostname\Z|proc/sys/kernel/hostname\Z"), re.compile(r"\A()[^\n]+")),
    (re.compile(r"sos_commands/kernel/sysctl_-a\Z"), re.compile(r"^(kernel\.hostname = )[^\n]+", re.MULTILINE)),
)
_MOST_NAMES = 200
_NAME, _NUMBER = re.compile(r"[A-Za-z0-9][\w.-]{2,252}\Z"), re.compile(r"[0-9.]{1,253}\Z")
#: Names that say nothing of a host, or stand for other things in what a kernel writes.
_NO_NAMES = frozenset(("localhost", "localdomain", "kernel", "(none)", "none", "last", "node", "page", "memory"))


def without_secrets(path: str, text: str) -> str:
    """A member's text without what may be a password."""
    for pattern, replacement in _SECRETS if _WORDED.match(path) else ():
        text = pattern.sub(replacement, text)
    return text


def own_names(texts: Mapping[str, str]) -> list[str]:
    """What the host calls itself, in full and in short."""
    uname = texts.get("sos_commands/kernel/uname_-a", "").split()
    told = [*texts.get("sos_commands/host/hostname", "").split()[:1], *uname[1:2], texts.get("proc/sys/kernel/hostname", "").strip()]
    return [name for one in told if one for name in (one, one.partition(".")[0])]


def _usable(names: Iterable[str]) -> list[str]:
    """Those that are names of hosts and not too short to be told from other words, the longest first."""
    shaped = {name for name in names if _NAME.match(name) and not _NUMBER.match(name)}
    return sorted((name for name in shaped if name.lower() not in _NO_NAMES), key=lambda name: (-len(name), name))


class Masking:
    """Replacements of one archive. ``label``: what this host is called in it. ``texts``: its members; the names come from them."""

    def __init__(self, label: str, texts: Mapping[str, str], more_names: Iterable[str] = ()) -> None:
        self._label = label
        self._replaced: dict[str, str] = {}
        self._counts = dict.fromkeys(_KINDS, 0)
        self._own_words = frozenset(name.lower() for name in own_names(texts))
        own = _usable([*self._own_words, *more_names])
        others: dict[str, None] = {}
        for path, text in texts.items():
            if _LOGS.match(path):
                others.update(dict.fromkeys([*(name for _stamp, name in _LOG_HOST.findall(text)), *_SERVER.findall(text)]))
        names = {name.lower(): label for name in own}
        for name in _usable(list(others)[:_MOST_NAMES]):
            if name.lower() not in names:
                names[name.lower()] = self._next(OTHER_NAMES, "host{}")
        self._names = names
        self._domains = tuple(sorted({name.partition(".")[2].lower() for name in own if name.count(".") > 1}, key=len, reverse=True))
        words = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        domains = "|".join(map(re.escape, self._domains))
        in_domain = rf"|[A-Za-z0-9](?:[\w-]{{0,62}}\.){{1,8}}?(?:{domains})|(?:{domains})" if domains else ""
        self._names_shape = re.compile(rf"(?<![\w.-])(?:{words or '(?!)'}{in_domain})(?![\w-]|\.\w)", re.IGNORECASE)

    def masked(self, path: str, text: str) -> str:
        """A member's text without addresses and names."""
        if path == "proc/net/route":
            return _HEX_IPV4.sub(self._of_hex_ipv4, text)
        if path == "proc/net/ipv6_route":
            return _HEX_IPV6.sub(self._of_hex_ipv6, text)
        text = _MAC.sub(self._of_mac, text)
        for member, place in _PLACES_OF_NAME:
            text = place.sub(rf"\g<1>{self._label}", text) if member.match(path) else text
        if _LOGS.match(path):
            text = _LOG_HOST.sub(lambda found: found.group(1) + self._name(found.group(2)), text)
        if _WORDED.match(path):
            text = self._names_shape.sub(self._of_name, text)
            text = text if _VERSIONS.match(path) else _IPV4.sub(self._of_ipv4, text)
            text = _IPV6.sub(self._of_ipv6, text)
        return text

    def counts(self) -> dict[str, int]:
        """{kind: how many different ones were replaced}."""
        return dict(self._counts)

    def _next(self, kind: str, shape: str) -> str:
        self._counts[kind] += 1
        return shape.format(self._counts[kind])

    def _instead(self, told: str, make: Callable[[], str]) -> str:
        if told not in self._replaced:
            self._replaced[told] = make()
        return self._replaced[told]

    def _of_mac(self, found: re.Match[str]) -> str:
        told = found.group().lower().replace("-", ":")
        if set(told) in ({"0", ":"}, {"f", ":"}):
            return found.group()

        def make() -> str:
            self._counts[MAC] += 1
            digits = f"534f53{self._counts[MAC]:06x}".rjust(len(told.replace(":", "")), "0")
            return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))

        return self._instead(told, make)

    def _of_ipv4(self, found: re.Match[str]) -> str:
        return self._ipv4(found.group())

    def _ipv4(self, told: str) -> str:
        try:
            address = ipaddress.IPv4Address(told)
        except ValueError:
            return told
        if address.is_loopback or address.is_unspecified or told.startswith("255."):
            return told

        def make() -> str:
            self._counts[IPV4] += 1
            return str(ipaddress.IPv4Address("100.64.0.0") + self._counts[IPV4])

        return self._instead(str(address), make)

    def _of_ipv6(self, found: re.Match[str]) -> str:
        return self._ipv6(found.group())

    def _ipv6(self, told: str) -> str:
        try:
            address = ipaddress.IPv6Address(told)
        except ValueError:
            return told
        if address.is_loopback or int(address) < 1 << 16:
            return told
        return self._instead(str(address), lambda: self._next(IPV6, "2001:db8::{:x}"))

    def _of_hex_ipv4(self, found: re.Match[str]) -> str:
        """Of /proc/net/route, whose numbers have the order of bytes of nearly every machine."""
        told = bytes.fromhex(found.group())[::-1]
        return ipaddress.IPv4Address(self._ipv4(str(ipaddress.IPv4Address(told)))).packed[::-1].hex().upper()

    def _of_hex_ipv6(self, found: re.Match[str]) -> str:
        told = ipaddress.IPv6Address(bytes.fromhex(found.group()))
        return ipaddress.IPv6Address(self._ipv6(str(told))).packed.hex()

    def _of_name(self, found: re.Match[str]) -> str:
        return self._name(found.group())

    def _name(self, name: str) -> str:
        told = name.lower()
        if told in self._names:
            return self._names[told]
        if told in self._domains:
            return "masked.example"
        if told in self._own_words:
            return self._label
        return self._instead(told, lambda: self._next(OTHER_NAMES, "host{}"))
