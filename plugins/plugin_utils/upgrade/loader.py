# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot loaders: which entry starts which kernel, and the commands that make one the default, permanently or for one boot."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.fleetcare.pagealloc.plugins.module_utils import boot
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.evidence import Evidence
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.shared.wording import clip
from ansible_collections.fleetcare.pagealloc.plugins.plugin_utils.upgrade.finding import UpgradeError

_LEGACY = "/boot/grub/grub.conf"
_CONFIGS = ("/boot/grub2/grub.cfg", "/boot/grub/grub.cfg")
_IMAGE = re.compile(r"(?:\S*/)?vmlinuz-(\S{1,128})")
#: Devices on which GRUB can read its environment but not write it. There it could not forget the entry for one boot.
_NOT_WRITTEN = re.compile(r"/dev/(?:md|mapper/|dm-)")
_SANE_ID = re.compile(r"[^\x00-\x1f\x7f'\"\\$`]{1,200}")


@dataclass(frozen=True)
class Loader:
    """``kind``: ``grub legacy``, ``grub2`` or ``BLS``. ``entries``: {release: the entry's name, or its number}.

    ``default``: the release that boots by default, None where it was not seen. ``editor``: grub2's tool for its environment.
    ``once``: whether an entry can be booted for one boot; ``next_entry``: the one that will be, "" where none was asked for.
    ``submenus``: whether some entries lie in a submenu, as all but the newest kernel's do where grub2's own script writes the menu.
    """

    kind: str
    entries: Mapping[str, str]
    default: str | None
    grubby: bool
    editor: str | None
    saved: bool
    once: bool
    next_entry: str = ""
    submenus: bool = False

    def default_command(self, release: str) -> str:
        """Makes the kernel the default. Raises UpgradeError if that is impossible."""
        if self.kind != "grub legacy" and self.editor and self.saved:
            return f"{self.editor} - set saved_entry={self._entry(release)}"
        if self.grubby:
            return f"grubby --set-default={_plain(f'/boot/vmlinuz-{release}', 'the kernel that boots')}"
        if self.kind == "grub legacy":
            return f"sed -i 's/^default.*/default={int(self._entry(release))}/' {_LEGACY}"
        raise UpgradeError(
            "the default boot entry cannot be chosen (GRUB_DEFAULT is not saved)",
            "set GRUB_DEFAULT=saved in /etc/default/grub and make grub.cfg again",
        )

    def once_command(self, release: str, otherwise: str) -> str | None:
        """Boots ``release`` next, and ``otherwise`` after that, in one write. None if this loader cannot do that."""
        if not self.has_once or self.submenus:
            return None  # a new kernel takes the title above the submenu, and the places inside change
        return f"{self.editor} - set saved_entry={self._entry(otherwise)} next_entry={self._entry(release)}"

    @property
    def has_once(self) -> bool:
        """Whether it can boot an entry for one boot."""
        return bool(self.once and self.saved and self.editor)

    @property
    def next_release(self) -> str | None:
        """The release that boots next, once; None if the default boots."""
        return next((release for release, name in self.entries.items() if name == self.next_entry), None)

    def forget_once_command(self) -> str:
        """Cancels ``once_command``: the default boots next."""
        return f"{self.editor} - unset next_entry"

    def _entry(self, release: str) -> str:
        name = self.entries.get(release)
        if name is None:
            raise UpgradeError(f"no boot entry starts kernel {clip(release)}", "reinstall its package, and that makes the entry")
        return _plain(name, f"the boot entry of {clip(release)}")


def _plain(name: str, what: str) -> str:
    """The name as a word of a command. Raises UpgradeError if it has characters with a meaning for a shell, or that a command cannot
    carry."""
    if not _SANE_ID.fullmatch(name):
        raise UpgradeError(f"{what} has a name with unusual characters: {clip(name)}", "rename it")
    return shlex.quote(name)


def read_loader(evidence: Evidence) -> Loader:
    """The boot loader of a host. Raises UpgradeError if none of its files shows it."""
    texts: Mapping[str, str] = evidence.texts
    tools = texts.get("$tool", "").split()
    common: dict[str, Any] = {"default": _default(evidence), "grubby": "grubby" in tools}
    if texts.get(_LEGACY):
        entries = _legacy_entries(texts[_LEGACY])
        return Loader(kind="grub legacy", entries=entries, editor=None, saved=False, once=False, **common)
    configs = [texts[path] for path in _CONFIGS if texts.get(path)] + [text for _path, text in evidence.find("/boot/efi/EFI/", "/grub.cfg")]
    config, whole = configs[0] if configs else "", "".join(configs)
    editor = next((name for name in ("grub2-editenv", "grub-editenv") if name in tools), None)
    common |= {"next_entry": boot.setting(boot.grub_environment(evidence), "next_entry") or ""}
    device = texts.get("$boot_device", "").strip()
    once = "next_entry" in whole and device.startswith("/dev/") and not _NOT_WRITTEN.match(device)
    common |= {"editor": editor, "saved": 'default="${saved_entry}"' in whole, "once": once}
    files = evidence.find("/boot/loader/entries/", ".conf")
    if files:
        named = ((_release(boot.bls_kernel(text)), name) for name, text in files)
        return Loader(kind="BLS", entries={release: name for release, name in named if release and "rescue" not in name}, **common)
    if config:
        submenus = any(">" in number for number, _names, _image in boot.menu_entries(config))
        return Loader(kind="grub2", entries=_grub2_entries(config), submenus=submenus, **common)
    if common["grubby"] and common["default"]:
        return Loader(kind="another, by grubby", entries={}, **common)
    raise UpgradeError(
        "the boot loader is not known: grub.conf, grub.cfg and entries under /boot/loader could not be read",
        "run with become: true, or upgrade this host by hand",
    )


def _default(evidence: Evidence) -> str | None:
    try:
        return str(boot.default_boot(evidence))
    except (EvidenceError, EvidenceMissing):
        return None


def _legacy_entries(text: str) -> dict[str, str]:
    """grub legacy counts its titles from 0; the first entry of a kernel counts."""
    entries: dict[str, str] = {}
    number = -1
    for line in text.split("\n"):
        words = line.split()
        if words[:1] == ["title"]:
            number += 1
        elif words[:1] == ["kernel"] and len(words) > 1 and number >= 0 and (release := _release(words[1])):
            entries.setdefault(release, str(number))
    return entries


def _grub2_entries(config: str) -> dict[str, str]:
    """By title, below its submenus; the first that is no recovery entry."""
    entries: dict[str, str] = {}
    for number, names, image in boot.menu_entries(config):
        release = _release(image)
        if release and "recovery" not in names[-1] and "recovery" not in names[0]:
            # By its title: grubby of EL 7 gives all entries the id of the first. One in a submenu is found by its place alone.
            entries.setdefault(release, names[0] if ">" not in number else number)
    return entries


def _release(image: str) -> str | None:
    found = _IMAGE.fullmatch(image.strip())
    return found.group(1) if found else None
