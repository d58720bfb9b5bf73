# Copyright (c) 2026, the fleetcare.pagealloc contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzers with a seed and a time, one for each parser and for the whole road. ``./dev fuzz`` runs them; README of it: CONTRIBUTING.md."""
