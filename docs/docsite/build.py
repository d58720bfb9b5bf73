# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation site: the pages of docs/ and the reference that antsibull-docs makes, as HTML in build/docs.

``./dev docs`` runs it. The pages are copied to build/docs-source, where their links to files of the repository become links of
the site. A link that leads nowhere ends the build.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/fleetcare/pagealloc"
#: Pages outside docs/, and their names on the site. The README is the front page of the repository; the site has its own.
ELSEWHERE = {
    "README.md": "index",
    "CONTRIBUTING.md": "contributing",
    "tests/lab/README.md": "lab",
    "SECURITY.md": "security_policy",
    "CODE_OF_CONDUCT.md": "code_of_conduct",
    "CHANGELOG.rst": "changelog",
}
#: Files of docs/ that go to the site as they are.
ATTACHED = (".png", ".json")
#: What docs/index.md says of the reference, which only the site has.
OF_THE_REFERENCE = "Modules, roles, filters and other plugins"
#: What the reference calls each kind of plugin, by its folder.
KINDS = {"modules": "module", "filter": "filter", "test": "test", "lookup": "lookup", "inventory": "inventory", "callback": "callback"}

_FENCE = re.compile(r"^ *```")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NAME = re.compile(r"(?<!\[)`fleetcare\.pagealloc\.(\w+)`(?!\])")


class BrokenLink(Exception):
    """A page links to something that is not in the repository."""


def site_pages() -> dict[str, str]:
    """Path in the repository -> name of the page on the site."""
    pages = {path: name for path, name in ELSEWHERE.items() if (ROOT / path).exists()}
    return pages | {f"docs/{path.name}": path.stem for path in sorted((ROOT / "docs").glob("*.md"))}


def references() -> dict[str, str]:
    """Name of a role or plugin -> its page in the reference. A playbook has none: a plugin of a playbook's name is left out."""
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    plugins = {
        path.stem: f"reference/{path.stem}_{kind}"
        for folder, kind in KINDS.items()
        for path in (ROOT / "plugins" / folder).glob("*.*")
        if path.stem not in playbooks
    }
    return plugins | {path.name: f"reference/{path.name}_role" for path in (ROOT / "roles").iterdir()}


def on_the_site(target: str, page: str) -> str:
    """A link of a page, as the site needs it. ``page`` is the path of the page in the repository."""
    if target.startswith(("http://", "https://", "#", "mailto:")):
        return target
    path, mark, anchor = target.partition("#")
    aim = (ROOT / page).parent.joinpath(path).resolve()
    if not aim.is_relative_to(ROOT) or not aim.exists():
        raise BrokenLink(f"{page} links to {target}, which is not in the repository")
    inside = str(aim.relative_to(ROOT))
    name = site_pages().get(inside)
    if name is not None:
        return f"{name}{Path(inside).suffix}{mark}{anchor}"
    if aim.parent == ROOT / "docs" and aim.suffix in ATTACHED:
        return aim.name
    return f"{REPOSITORY}/{'tree' if aim.is_dir() else 'blob'}/main/{inside}{mark}{anchor}"


def site_text(text: str, page: str) -> str:
    """A page of the repository as a page of the site: its links, and names of roles and plugins as links to the reference."""
    known, fenced, lines = references(), False, []
    for line in text.split("\n"):
        fenced ^= bool(_FENCE.match(line))
        if not fenced:
            line = _LINK.sub(lambda found: f"]({on_the_site(found[1], page)})", line)
            if not line.startswith("#"):
                line = _NAME.sub(lambda found: f"[{found[0]}]({known[found[1]]}.rst)" if found[1] in known else found[0], line)
        lines.append(line)
    return "\n".join(lines)


def front_page(text: str, pages: Iterable[str]) -> str:
    """docs/index.md with the menu of the site: the links under each head of second rank, in their order. A page of these that it does
    not name comes at the end of the last one."""
    head, *sections = re.split(r"(?m)^## ", text.replace(OF_THE_REFERENCE, f"[{OF_THE_REFERENCE}](reference/index.rst)"))
    named = _LINK.findall(text)
    sections[-1] = "".join([sections[-1].rstrip() + "\n", *(f"- [{titled(page)}]({page})\n" for page in pages if page not in named)])
    parts = [head]
    for section in sections:
        caption = section.split("\n")[0]
        entries = "\n".join(found for found in _LINK.findall(section) if found.endswith((".md", ".rst")))
        parts.append(f"## {section.rstrip()}\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n\n")
    return "".join(parts)


def titled(page: str) -> str:
    return page.rpartition(".")[0].replace("_", " ").capitalize()


def stage(source: Path) -> None:
    """All that Sphinx reads, in one folder."""
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for page, name in site_pages().items():
        if page == "README.md":
            continue
        text = (ROOT / page).read_text(encoding="utf-8")
        text = site_text(text, page) if page.endswith(".md") else fitted(text)
        if page == "docs/index.md":
            text = front_page(text, [f"{other}{Path(path).suffix}" for path, other in site_pages().items() if other != "index"])
        (source / f"{name}{Path(page).suffix}").write_text(text, encoding="utf-8")
    for attached in (ROOT / "docs").iterdir():
        if attached.suffix in ATTACHED:
            shutil.copy(attached, source)


def run(*words: str | Path) -> None:
    """Run a program of this environment. If it fails, the build fails."""
    program, *rest = map(str, words)
    subprocess.run([str(Path(sys.executable).parent / program), *rest], check=True)


def reference(folder: Path) -> None:
    """What antsibull-docs makes of the documentation of each plugin and role."""
    folder.mkdir(mode=0o755)
    run(
        "antsibull-docs",
        "collection",
        "--use-current",
        "--squash-hierarchy",
        "--fail-on-error",
        "--dest-dir",
        folder,
        "fleetcare.pagealloc",
    )
    for page in folder.glob("*.rst"):
        page.write_text(fitted(page.read_text(encoding="utf-8")), encoding="utf-8")


def fitted(text: str) -> str:
    """A page that antsibull made, fitted to the theme, which has a table of contents of its own and a narrow menu."""
    text = re.sub(r"(?m)^\.\. contents::.*\n( +:.*\n)*", "", text)
    text = re.sub(r"(?m)^    (\w+)_(module|role|filter|test|lookup|inventory|callback)$", r"    \1 (\2) <\1_\2>", text)
    text = re.sub(r"(?m)^fleetcare\.pagealloc\.(\w+ \w+ -- )", r"\1", text)
    return text.replace("Fleetcare.Pagealloc\n===================", "Reference\n=========")


def main() -> None:
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    source, target = ROOT / "build" / "docs-source", ROOT / "build" / "docs"
    try:
        stage(source)
        reference(source / "reference")
        shutil.rmtree(target, ignore_errors=True)
        words = ("--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "-j", "auto", "-d", source.parent / "docs-doctrees")
        run("sphinx-build", "-b", "html", *words, "-E", "-c", ROOT / "docs" / "docsite", source, target)
    except (BrokenLink, subprocess.CalledProcessError) as error:
        sys.exit(f"docs: {error}")
    print(f"The site: {target / 'index.html'}")


if __name__ == "__main__":
    main()
