# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsers of the Datadog Agent's own settings: text in, a boolean or None out. Targets have no YAML library.

What the Agent takes for a boolean: the plain words of YAML 1.1 as gopkg.in/yaml.v2 resolves them, and in text, quoted or of the environment,
what Go's strconv.ParseBool takes (pkg/config/nodetreemodel/getter.go). Files of the environment: systemd.exec(5), EnvironmentFile.
"""

from __future__ import annotations

import re

# In small letters, with a capital, and in capitals, but in no other mixture.
_YAML_TRUE = frozenset("y Y yes Yes YES on On ON true True TRUE".split())
_YAML_FALSE = frozenset("n N no No NO off Off OFF false False FALSE".split())
_TEXT_TRUE = frozenset("1 t T true True TRUE".split())
_TEXT_FALSE = frozenset("0 f F false False FALSE".split())

_KEY = re.compile(r"(['\"]?)(?P<key>[\w.-]+)\1[ \t]*:(?:[ \t]+(?P<value>.*))?\Z")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_SCALAR = re.compile(r"(?P<quote>['\"]?)(?P<text>[\w~]*)(?P=quote)\Z")
_NOT_SET = ("", "~", "null", "Null", "NULL")
# Items of a list, and the ends of what is in brackets.
_INNER = re.compile(r"-(?:[ \t]|\Z)|[\]}]")
_ASSIGNMENT = re.compile(r"[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t]*\Z")


class SettingError(ValueError):
    """Text that does not tell the setting plainly."""


def parse_yaml_switch(text, key):
    """What the key (in small letters) at the top of a YAML file says; None where it is not set. Raises SettingError rather than guess."""
    found = [(number, value) for number, name, value in _top_level(text) if name == key]
    if not found:
        return None
    if len(found) > 1:
        raise SettingError("%s stands there twice, in lines %d and %d" % (key, found[0][0], found[1][0]))
    number, value = found[0]
    said = _SCALAR.match(value)
    if not said:
        raise SettingError("line %d: the value of %s is not understood" % (number, key))
    text = said.group("text")
    if not said.group("quote"):
        if text in _NOT_SET:
            return None
        if text in _YAML_TRUE | _YAML_FALSE:
            return text in _YAML_TRUE
    return _switch(text, key, number)


def parse_environment_switch(text, name):
    """What an EnvironmentFile sets a variable to; None where it does not set it, or to nothing. Raises SettingError rather than guess."""
    found = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip(" \t").startswith(("#", ";")):
            continue
        said = _ASSIGNMENT.match(line)
        if re.search(r"\b%s\b" % name, line) and (not said or said.group(1) != name):
            raise SettingError("line %d: how %s is meant is not understood" % (number, name))
        if not said:
            continue
        value = said.group(2)
        quote = value[:1] if value[:1] in ("'", '"') else ""
        plain = value[1:-1] if quote and len(value) > 1 and value.endswith(quote) else value
        if name in text and (value.endswith("\\") or (quote and plain == value)):
            raise SettingError("line %d: a value that goes on in the next line is not understood" % number)
        if said.group(1) == name:
            found = _switch(plain, name, number) if plain else None
    return found


def _switch(text, key, number):
    if text in _TEXT_TRUE | _TEXT_FALSE:
        return text in _TEXT_TRUE
    raise SettingError("line %d: the Agent does not take %r, the value of %s, for a boolean" % (number, text[:40], key))


def _top_level(text):
    """The entries at the top of the first document (list of line number, key in small letters, value without a comment)."""
    entries = []
    indent = None
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        content = _COMMENT.sub("", line.strip(" \t")).strip(" \t")
        if not content or (line.startswith("%") and indent is None):
            continue
        if line.startswith(("---", "...")) and content in ("---", "..."):
            if indent is None:
                continue
            break
        depth = len(line) - len(line.lstrip(" "))
        indent = depth if indent is None else indent
        said = _KEY.match(content)
        if depth == indent and said:
            entries.append((number, said.group("key").lower(), said.group("value") or ""))
        elif entries and (depth > indent or _INNER.match(content)):
            # The value goes on here, and so it is no single word.
            entries[-1] = entries[-1][:2] + (entries[-1][2] + "\n" + content,)
        else:
            raise SettingError("line %d: the form of this document is not understood" % number)
    return entries
