# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel runs, on which distribution, and which kernels are installed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import OrderedDict

from ansible_collections.fleetcare.pagealloc.plugins.module_utils.errors import EvidenceError

_OS_RELEASE = re.compile(r"([A-Z_]{1,40})=(.*)\Z")
_RELEASE_FILE = re.compile(r"(.{1,100}?) (?:Linux )?release ([0-9][0-9.]*)")
# "kernel 2.6.32-358.el6.x86_64" as the probe asks rpm, "kernel-2.6.32-358.el6.x86_64  Mon ..." as sosreports list it
_KERNEL_PACKAGE = re.compile(
    r"kernel[0-9.]{0,8}(?:-(debug|rt|rt-debug|64k|64k-debug|rt-64k|rt-64k-debug|16k|16k-debug|uek|uek-debug|PAE|xen|plus|ml|lt|azure"
    r"|default|pae|preempt|trace|vanilla|desktop|longterm|64kb|lpae|smp|bigsmp|ec2))?"
    r"(?:-core)?[ -]([0-9][^\s-]{0,63})-([0-9][^\s-]{0,127})(?=\s|\Z)"
)
_DEBIAN_PACKAGE = re.compile(r"linux-image ([0-9]\S{0,127})\Z")
#: What "linux-image-" may stand before that is no kernel: debug symbols, and names that only draw in the newest kernel.
_DEBIAN_OTHERS = re.compile(r"\S*-(?:dbg|dbgsym|signed|template)\Z|[0-9]+\.[0-9]+-[a-z0-9]+\Z")
_SUSE_RELEASE = re.compile(r"([0-9.]*[0-9])\.[0-9]+\Z")
_RPM_WITHOUT_ARCH = re.compile(r"\.(?:el5|EL)(?![0-9])")
_SEPARATOR = re.compile(r"[.+-]")
_PROC_VERSION = re.compile(r"Linux version ([0-9]\S{0,127})([^\n]*)")
_BUILD = re.compile(r" (#[0-9]{1,9}[^\n]*)")
_COMPILER = re.compile(r"\(([0-9a-z_]{3,12})-[a-z0-9_]{1,20}(?:-[a-z0-9_]{1,20}){0,2}-(?:gcc|clang)")

#: What ``uname -m`` says, of all that Linux runs on.
_MACHINE = re.compile(
    r"(?:i[3-6]86|x86_64|aarch64(?:_be)?|arm(?:v[0-9][a-z]{0,3})?|armeb|ppc(?:64)?(?:le)?|s390x?|mips(?:64)?(?:el)?|riscv(?:32|64)|loongarch(?:32|64)"
    r"|sparc(?:64)?|ia64|alpha|parisc(?:64)?|m68k|sh[2-5][a-z]{0,3})\Z"
)
#: Debian's names of architectures, at the end of its kernels' releases.
_DEBIAN_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "powerpc64le": "ppc64le", "s390x": "s390x"}

#: How release files and lsb_release name a distribution -> the id os-release gives it.
_DISTRIBUTION_IDS = (
    ("Oracle", "ol"),
    ("EnterpriseEnterprise", "ol"),
    ("Red Hat Enterprise", "rhel"),
    ("RedHatEnterprise", "rhel"),
    ("CentOS", "centos"),
    ("Scientific", "scientific"),
    ("Fedora", "fedora"),
    ("SUSE Linux Enterprise Server", "sles"),
    ("SUSE Linux Enterprise Desktop", "sled"),
    ("openSUSE", "opensuse"),
    ("SUSE LINUX", "sles"),
)


def parse_uname(text):
    """{release, version, machine} of ``uname -a``. Behind the build's stamp stand the machine, on some systems its processor and
    platform too ("i686 i686 i386"), "GNU/Linux", and on some a word of the vendor's."""
    words = text.split()
    if len(words) < 5 or words[0] != "Linux":
        raise EvidenceError("kernel", 1, "%.80r is not what uname -a prints on Linux" % str(text.strip()))
    known = [at for at in range(3, len(words)) if _MACHINE.match(words[at])]
    machine_at = known[0] if known else (len(words) - 2 if words[-1].endswith("Linux") else len(words) - 1)
    return {"release": words[2], "version": " ".join(words[3:machine_at]) or None, "machine": words[machine_at]}


def parse_kernel_banner(text):
    """The same of /proc/version, which is the kernel's first line in its log too. The machine is null where neither the release
    nor the compiler's name tells it."""
    found = _PROC_VERSION.search(text)
    if not found:
        raise EvidenceError("kernel", 1, "%.80r is not what /proc/version says" % str(text.strip()))
    release, rest = found.groups()
    build, compiler = _BUILD.search(rest), _COMPILER.search(rest)
    names = [name for name in _SEPARATOR.split(release) if name] + ([compiler.group(1)] if compiler else [])
    names = [_DEBIAN_MACHINES.get(name, name) for name in names]
    machines = [name for name in names if _MACHINE.match(name)]
    return {"release": release, "version": build.group(1).strip() if build else None, "machine": machines[0] if machines else None}


def parse_os_release(text):
    """{id, name, version} of /etc/os-release (os-release(5)); version is null where it is rolling."""
    fields = {}
    for line in text.split("\n"):
        found = _OS_RELEASE.match(line.strip())
        if found:
            fields[found.group(1)] = found.group(2).strip("\"'")
    if not fields.get("ID"):
        raise EvidenceError("kernel.distribution", None, "os-release names no ID")
    return {
        "id": fields["ID"],
        "name": fields.get("PRETTY_NAME") or fields.get("NAME") or fields["ID"],
        "version": fields.get("VERSION_ID") or None,
    }


def parse_release_file(text):
    """{id, name, version} of /etc/redhat-release and its like, as EL 6 has it, without an os-release."""
    line = text.strip().split("\n")[0]
    found = _RELEASE_FILE.match(line)
    if not found:
        raise EvidenceError("kernel.distribution", 1, "%.80r names no release" % str(line))
    return {"id": _distribution_id(found.group(1)) or "unknown", "name": line[:120], "version": found.group(2)}


def parse_lsb_release(text):
    """{id, name, version} of /etc/lsb-release; None where it names no distribution, as EL's and SUSE's do not."""
    fields = dict(line.split("=", 1) for line in text.split("\n") if line.startswith("DISTRIB_") and "=" in line)
    fields = dict((name.strip(), value.strip().strip("\"'")) for name, value in fields.items())
    ident = fields.get("DISTRIB_ID", "")
    if not ident:
        return None
    version = fields.get("DISTRIB_RELEASE") or None
    name = fields.get("DISTRIB_DESCRIPTION") or " ".join(word for word in (ident, version) if word)
    return {"id": _distribution_id(ident) or ident.lower()[:64], "name": name[:120], "version": version}


def parse_suse_release(text):
    """{id, name, version} of /etc/SuSE-release, as SLES 11 has it: the version with the service pack, "11.3"."""
    lines = text.strip().split("\n")
    fields = dict((part.strip() for part in line.split("=", 1)) for line in lines if "=" in line)
    ident, version, pack = _distribution_id(lines[0]), fields.get("VERSION"), fields.get("PATCHLEVEL", "0")
    if not ident or not version:
        raise EvidenceError("kernel.distribution", 1, "%.80r names no release of SUSE" % str(lines[0]))
    return {"id": ident, "name": lines[0][:120], "version": version if pack == "0" else "%s.%s" % (version, pack)}


def parse_debian_version(text):
    """{id, name, version} of /etc/debian_version, as Debian 6 has it; Ubuntu has a name there ("squeeze/sid")."""
    word = next(iter(text.split()), "")
    if not word:
        raise EvidenceError("kernel.distribution", 1, "debian_version is empty")
    return {"id": "debian", "name": "Debian " + word[:100], "version": word if word[0].isdigit() else None}


def _distribution_id(name):
    """The id os-release has for a distribution's name, None for one that is not known."""
    return next((ident for start, ident in _DISTRIBUTION_IDS if name.startswith(start)), None)


def parse_installed(text):
    """The releases of the installed kernel packages as ``uname -r`` would show them, each once, in the order listed."""
    releases = OrderedDict()
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("error:"):
            raise EvidenceError("kernel.installed", number, "rpm says %.100r" % str(line))
        release = _release_of_package(line)
        if release:
            releases[release] = None
    return list(releases)


def _release_of_package(line):
    package = _KERNEL_PACKAGE.match(line)
    if package:
        return _uname_of_rpm(*package.groups())
    package = _DEBIAN_PACKAGE.match(line)
    return package.group(1) if package and not _DEBIAN_OTHERS.match(package.group(1)) else None


def _uname_of_rpm(flavour, version, release_arch):
    """What ``uname -r`` says of a kernel's RPM, by the rules of each distribution's spec file.

    SUSE leaves out the package's last number and puts the flavour last (5.14.21-150400.24.100-default); EL 5 has the flavour and
    no machine (2.6.18-53.el5PAE); EL 6 and 7 end in ".debug", EL 8 and later in "+debug", "+rt", "+64k". A kernel-rt with a
    release of its own (".rt7.") needs no mark.
    """
    release, dot, arch = release_arch.rpartition(".")
    if not _MACHINE.match(arch):  # rpm of EL 5 lists packages without it
        release, dot, arch = release_arch, "", ""
    suse = _SUSE_RELEASE.match(release)
    if flavour and suse:
        return "%s-%s-%s" % (version, suse.group(1), flavour)
    if _RPM_WITHOUT_ARCH.search(release):
        return "%s-%s%s" % (version, release, flavour if flavour in ("PAE", "xen", "debug", "smp") else "")
    whole = "%s-%s%s%s" % (version, release, dot, arch)
    variant = _variant(flavour or "", release)
    if not variant:
        return whole
    old = ".el6" in release or ".el7" in release or flavour == "uek-debug"
    return whole + ("." if old else "+") + variant


def _variant(flavour, release):
    """What of a package's flavour its kernel's name bears behind the machine; "" where the release tells it already."""
    words = [word for word in flavour.split("-") if word not in ("uek", "plus", "ml", "lt", "azure", "xen")]
    if ".rt" in release:
        words = [word for word in words if word != "rt"]
    return "-".join(words)
