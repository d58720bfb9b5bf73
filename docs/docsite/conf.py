# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of Sphinx for the documentation site; build.py beside it runs Sphinx."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes

_GALAXY = yaml.safe_load((Path(__file__).resolve().parents[2] / "galaxy.yml").read_text(encoding="utf-8"))
_ANSIBLE = "https://docs.ansible.com/ansible/latest/"
#: What the reference calls a page of Ansible's site -> the page.
_PAGES = {
    r"ansible_collections\.ansible\.builtin\.(\w+_[a-z]+)(#.*)?": r"collections/ansible/builtin/\1.html",
    r"(action|callback|filter|inventory|lookup|test)_plugins": r"plugins/\1.html",
    r"common_return_values": "reference_appendices/common_return_values.html",
    r"ansible_configuration_settings": "reference_appendices/config.html",
}

project = "fleetcare.pagealloc"
author = copyright = "the fleetcare.pagealloc contributors"
release = version = _GALAXY["version"]
extensions = ["myst_parser", "sphinx_antsibull_ext", "sphinx_copybutton"]

html_theme = "furo"
html_title = f"pagealloc {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
# The search page would fetch each page that it found for a few words of it. A browser lets no page of file:// do that.
html_show_search_summary = False

highlight_language = "YAML+Jinja"
pygments_style = "ansible"
pygments_dark_style = "monokai"
default_role = "any"
nitpicky = True

# The same anchors that a Git host makes
myst_heading_anchors = 6
myst_enable_extensions = ["strikethrough"]
# "./dev audit" is copied, not "$ ./dev audit", and not what it printed
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True


def ansibles_own(app: Any, environment: Any, node: Any, child: Any) -> Any:
    """A page of Ansible's site that the reference names. Its index is not fetched, so the build needs no network."""
    target = node.get("reftarget", "")
    page = next((re.sub(label, page, target) for label, page in _PAGES.items() if re.fullmatch(label, target)), None)
    return page and nodes.reference("", "", child, internal=False, refuri=_ANSIBLE + page)


def setup(app: Any) -> dict[str, bool]:
    app.connect("missing-reference", ansibles_own)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
