# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Short texts that mean something to somebody: to a template, a browser, a terminal, a shell, a path, a number's reader, our own frame."""

from __future__ import annotations

from random import Random

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.workaround_state import MARK

#: Whom the words are meant for -> the words.
WORDS: dict[str, tuple[str, ...]] = {
    "template": (
        "{{ 7*7 }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}",
        "{# x",
        "{{",
        "}}",
        "${x}",
        "{{ lookup('pipe','id') }}",
    ),
    "browser": (
        "<script>document.title='owned'</script>",
        "</script><script>document.title='owned'</script>",
        "<img src=x onerror=document.title='owned'>",
        "--><svg onload=document.title='owned'>",
        "<!--<script>",
        '" onmouseover="document.title=1',
        "javascript:document.title='owned'",
        "&lt;b&gt;",
        "<b>",
        "__proto__",
        "]]>",
    ),
    "terminal": ("\x1b[31m", "\x1b]0;owned\x07", "\x9b2J", "\x1bc", "\x08\x08\x08", "\x00", "\x7f", "\x1b[8m", "\x90q", "\r"),
    "direction": ("safe\u202egnp.exe", "\u2066", "\u200f", "\u200b", "\ufeff", "\u2028", "\u2029", "\u061c"),
    "newline": ("\n", "\r\n", "\n\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "#012", "\\n", "\\x0a"),
    "unicode": (
        "\udc80",
        "\ud800",
        "e" + "\u0301" * 40,
        "漢字",
        "👩\u200d💻",
        "\ue000",
        "\U000f0001",
        "\u0660\u0661",
        "²",
        "ⅷ",
        "İ",
        "ß",
        "\u3164",
    ),
    "frame": (
        "pagealloc-evidence 1 sample",
        "pagealloc-evidence end sample",
        "pagealloc-evidence 1 NONCE x",
        "!$connection:{{ 7*7 }}",
        "!/proc/buddyinfo:Permission denied",
        "$dmesg:",
        "#boot 1 failures 0",
        "Binary file /proc/buddyinfo matches",
        "grep: /proc/buddyinfo: No such file or directory",
    ),
    "log": (
        "Linux version 9.9.9",
        ": page allocation failure: order:2, mode:0x4020",
        "swapper: page allocation failure. order:2, mode:0x4020",
        "Mem-Info:",
        "Call Trace:",
        "Out of memory: Kill process 1 (x)",
        MARK,
        "<4>[    1.000000] ",
        "Mar 18 14:39:17 host kernel: ",
    ),
    "path": (
        "../../../tmp/x",
        "/etc/shadow",
        "..",
        ".",
        "//",
        "*",
        "a/b",
        "~",
        "-rf",
        "con",
        "x" * 300,
        "\\",
        "%2e%2e%2f",
        "file:///etc/passwd",
    ),
    "shell": (
        "$(reboot)",
        "`reboot`",
        "x';reboot;'",
        '"; reboot; "',
        "| reboot",
        "&& reboot",
        "\\",
        "'",
        '"',
        "=touch",
        "a b",
        "#",
        "!!",
        "x'",
    ),
    "pattern": (".*", "(a+)+$", "[", "(?P<x>", "\\", "^", "$", "%s", "%n", "{0}", "{x!r}"),
    "yaml": ("!!python/object/apply:os.system ['id']", "null", "~", "yes", "- x", "&a", "*a", "? x", "0o17", "1_000", ".inf", "NaN"),
}

NUMBERS = (
    "0", "-0", "-1", "00", "1", "2", "4096", "65536", "2147483647", "2147483648", "4294967296", "9223372036854775807",
    "18446744073709551615", "18446744073709551616", "9" * 19, "9" * 20, "9" * 21, "9" * 5000, "0x10", "1e9", "1e999", "-1e999",
    "NaN", "Infinity", "1.5", "1,000", "+1", " 1", "1 ", "\u0661", "²", "0b1", "1_0", ">100000", "253402300800", "99999999999999",
    "",
)  # fmt: skip

_EVERY = tuple(word for words in WORDS.values() for word in words)


def word(chance: Random) -> str:
    """One of them, of any kind; now and then two in one, or one many times over."""
    roll = chance.random()
    if roll < 0.85:
        return chance.choice(_EVERY)
    if roll < 0.97:
        return chance.choice(_EVERY) + chance.choice(_EVERY)
    return chance.choice(_EVERY) * chance.choice((3, 17, 100, 1000))


def number(chance: Random) -> str:
    """What stands where a number should."""
    return chance.choice(NUMBERS) if chance.random() < 0.6 else str(chance.getrandbits(chance.choice((1, 4, 12, 32, 64, 65, 128))))


def junk(chance: Random) -> str:
    """Characters without any order, of all planes."""
    most = chance.choice((0x7F, 0xFF, 0x3000, 0x10FFFF))
    return "".join(map(chr, chance.choices(range(most), k=chance.choice((1, 3, 10, 40))))) if most < 0x3001 else _wide(chance, most)


def _wide(chance: Random, most: int) -> str:
    return "".join(chr(chance.randrange(most)) for _number in range(chance.choice((1, 3, 10))))
