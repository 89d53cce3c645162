# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Sphinx builds the documentation site."""

project = "mailops.postfix"
copyright = "the mailops.postfix authors"
title = html_short_title = "mailops.postfix"

# No intersphinx: it would fetch the inventories of other sites, and a build must need no network.
extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
html_static_path = ["static"]
html_css_files = ["narrow.css"]
# Where the logo leads.
html_theme_options = {"documentation_home_url": "https://github.com/mailops/postfix"}
html_show_sphinx = False
html_use_modindex = False
html_use_index = False
html_copy_source = False
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"
nitpicky = True
# What only the inventories of other sites could resolve.
nitpick_ignore = [
    ("std:ref", "action_plugins"),
    ("std:ref", "ansible_configuration_settings"),
    ("std:ref", "callback_plugins"),
    ("std:ref", "common_return_values"),
    ("std:envvar", "ANSIBLE_NOCOLOR"),
    ("std:envvar", "NO_COLOR"),
]
