# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel that boots by default: from grubby, or from grub legacy, BLS entries or grub.cfg."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import re

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.counts import is_count
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError, EvidenceMissing
from ansible_collections.fleetcare.pagealloc.plugins.module_utils.rpm_version import compare_versions

_IMAGE = re.compile(r"(?:\S*/)?(?:vmlinuz|vmlinux|bzImage|kernel)-(\S{1,128})")
_MENU = re.compile(r"\s*(menuentry|submenu)\s+(?:'([^']*)'|\"([^\"]*)\")(.*)")
_MENU_ID = re.compile(r"(?:--id|menuentry_id_option)\s+'?([^'\s{]+)")
_KERNEL_LINE = re.compile(r"\s*linux(?:16|efi)?\s+(\S+)")
_DEFAULT = re.compile(r"\s*set default=(?:\"([^\"]+)|'([^']+)|([^\"'\s]+))")
_BLSCFG = re.compile(r"^[ \t]*blscfg\b", re.MULTILINE)


def grub_environment(evidence):
    """The text of grub2's environment block, "" if none was read."""
    return evidence.texts.get("/boot/grub2/grubenv") or evidence.texts.get("/boot/grub/grubenv", "")


def default_boot(evidence):
    """The answer of grubby; else the setting of the boot loader's files, if all of them agree."""
    if evidence.texts.get("$grubby"):
        return from_grubby(evidence.texts["$grubby"])
    told = [(path, function()) for path, function in _boot_files(evidence)]
    if not told:
        tried = ("$grubby", "/boot/grub/grub.conf", "/boot/efi/EFI/*/grub.conf", "/boot/grub2/grub.cfg", "/boot/grub/grub.cfg")
        telling = [source for source in tried if "ermission denied" in evidence.reasons.get(source, "")]
        source = telling[0] if telling else tried[-1]
        raise EvidenceMissing(source, evidence.why_missing(source))
    path, release = told[0]
    for other, another in told[1:]:
        if another != release:
            words = "%s boots %s and %s boots %s: which of them the boot loader reads is not known"
            raise EvidenceError("kernel.default_boot", None, words % (path, release, other, another))
    return release


def _boot_files(evidence):
    """[(path, what gives the release it boots)] of the boot loaders' files. A grub.cfg that names neither entries nor blscfg only
    leads to another one, as EL 9's below /boot/efi does."""
    legacy = ["/boot/grub/grub.conf", "/boot/grub/menu.lst"] + _found(evidence, "/boot/efi/EFI/", "/grub.conf")
    legacy = [path for path in legacy if evidence.texts.get(path, "").strip()]
    configs = ["/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"] + _found(evidence, "/boot/efi/EFI/", "/grub.cfg")
    configs = [path for path in configs if evidence.texts.get(path, "").strip()]
    entries, grubenv = evidence.find("/boot/loader/entries/", ".conf"), grub_environment(evidence)
    found = [(path, functools.partial(from_grub_legacy, evidence.texts[path])) for path in legacy]
    menus = [path for path in configs if menu_entries(evidence.texts[path])]
    if entries and (not menus or any(reads_bls(evidence.texts[path]) for path in configs)):
        return found + [("/boot/loader/entries", functools.partial(from_bls, grubenv, entries))]
    defaults = evidence.texts.get("/etc/default/grub", "")
    telling = menus or ([] if found else configs)
    return found + [(path, functools.partial(from_grub_cfg, evidence.texts[path], defaults, grubenv)) for path in telling]


def _found(evidence, prefix, suffix):
    return [prefix + name + suffix for name, _text in evidence.find(prefix, suffix)]


def _release(path):
    found = _IMAGE.match(path.strip())
    if not found:
        raise EvidenceError("kernel.default_boot", None, "%.80r is not the path of a kernel" % str(path.strip()))
    return found.group(1)


def from_grubby(text):
    """The release in the path that ``grubby --default-kernel`` prints."""
    return _release(text.strip().split("\n")[-1])


def from_grub_legacy(text):
    """The release of grub.conf's entry number ``default`` (grub legacy counts titles from 0)."""
    default, kernels = "0", []
    for line in text.split("\n"):
        words = line.replace("=", " ").split() if line.startswith("default") else line.split()
        if len(words) < 2:
            continue
        if words[0] == "default":
            default = words[1]
        elif words[0] == "title":
            kernels.append(None)
        elif words[0] == "kernel" and kernels:
            kernels[-1] = next((word for word in words[1:] if not word.startswith("--")), None)
    if not is_count(default):
        raise EvidenceError("kernel.default_boot", None, "grub.conf says default=%.20s, but there is no such entry" % default)
    if int(default) >= len(kernels) or kernels[int(default)] is None:
        raise EvidenceError("kernel.default_boot", None, "grub.conf has no kernel in entry %s" % default)
    return _release(kernels[int(default)])


def from_bls(grubenv, entries):
    """The release of the Boot Loader Specification entry that grubenv saved, or of the newest without one.

    ``grubenv``: its text, "" where there is none. ``entries``: [(file name without .conf, text)].
    """
    kernels = dict((name, bls_kernel(text)) for name, text in entries)
    saved = setting(grubenv, "saved_entry")
    if saved in kernels:
        return _release(kernels[saved])
    if saved and not is_count(saved):
        raise EvidenceError("kernel.default_boot", None, "grubenv saved %.80r, but there is no such entry" % str(saved))
    newest = None
    for name in kernels:  # grub sorts entries by version, newest first, and rescue entries last
        if "rescue" not in name and (newest is None or compare_versions(name, newest) > 0):
            newest = name
    if newest is None or (saved and saved != "0"):
        raise EvidenceError("kernel.default_boot", None, "no boot entry is marked as the default")
    return _release(kernels[newest])


def reads_bls(grub_cfg):
    """Whether grub.cfg has the command that reads the entries of the Boot Loader Specification: without it they are files only."""
    return _BLSCFG.search(grub_cfg) is not None


def bls_kernel(text):
    """The path in a BLS entry's line "linux", "" where it has none."""
    for line in text.split("\n"):
        words = line.split()
        if len(words) > 1 and words[0] == "linux":
            return words[1]
    return ""


def setting(text, name):
    """The value of NAME=value, None where it is not set."""
    for line in text.split("\n"):
        if line.startswith(name + "="):
            return line[len(name) + 1 :].strip().strip("\"'") or None
    return None


def from_grub_cfg(text, defaults, grubenv):
    """The release of grub.cfg's default entry: a number, or a title or id, of an entry not inside a submenu.

    ``defaults``: /etc/default/grub, ``grubenv``: its text; "" where there is none. What /etc/default/grub says counts once grub.cfg
    was made of it, and so only where grub.cfg itself does not tell.
    """
    wanted = _last_default(text) or setting(defaults, "GRUB_DEFAULT") or "0"
    if wanted == "saved" or wanted.startswith("${"):
        wanted = setting(grubenv, "saved_entry") or "0"
    wanted = wanted.split(">")[-1] if not is_count(wanted.replace(">", "")) else wanted
    entries = menu_entries(text)
    for number, names, image in entries:
        if wanted == number or wanted in names:
            return _release(image)
    raise EvidenceError("kernel.default_boot", None, "grub.cfg has no entry %.80r" % str(wanted))


def _last_default(text):
    found = [match.group(match.lastindex) for match in map(_DEFAULT.match, text.split("\n")) if match]
    plain = [value for value in found if not value.startswith("${")]
    return plain[-1] if plain else (found[-1] if found else None)


def menu_entries(text):
    """[("0" or "1>2", [title, id], kernel path)] of the entries with a kernel. An entry indented further than the last
    submenu is inside it: the probe sends only heads and kernels, without the braces."""
    entries, outer = [], -1
    submenu_indent = inner = current = None
    for line in text.split("\n"):
        head = _MENU.match(line)
        indent = len(line) - len(line.lstrip())
        if head:
            inside = submenu_indent is not None and indent > submenu_indent
            if inside:
                inner += 1
            else:
                outer, submenu_indent = outer + 1, None
            if head.group(1) == "submenu":
                submenu_indent, inner, current = indent, -1, None
                continue
            number = "%d>%d" % (outer, inner) if inside else str(outer)
            title = head.group(2) if head.group(2) is not None else head.group(3)
            current = (number, [title] + _MENU_ID.findall(head.group(4)))
        else:
            kernel = _KERNEL_LINE.match(line)
            if kernel and _wants_kernel(entries, current):
                entries.append((current[0], current[1], kernel.group(1)))
    return entries


def _wants_kernel(entries, current):
    """Whether the entry ``current`` has no kernel yet: the first one counts."""
    return current is not None and (not entries or entries[-1][0] != current[0])
