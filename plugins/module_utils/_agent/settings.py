# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Datadog Agent's own settings in datadog.yaml and in its environment file: read and set by
one rule. Managed hosts have no YAML library.

What the Agent takes for a boolean: the plain words of YAML 1.1 as gopkg.in/yaml.v2 resolves
them, and in text, quoted or of the environment, what Go's strconv.ParseBool takes
(pkg/config/nodetreemodel/getter.go). Files of the environment: systemd.exec(5), EnvironmentFile."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple

# In small letters, with a capital, and in capitals, but in no other mixture.
_YAML_TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"])
_YAML_FALSE = frozenset(
    ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]
)
_TEXT_TRUE = frozenset(["1", "t", "T", "true", "True", "TRUE"])
_TEXT_FALSE = frozenset(["0", "f", "F", "false", "False", "FALSE"])

_KEY = re.compile(r"(['\"]?)(?P<key>[\w.-]+)\1[ \t]*:(?:[ \t]+(?P<value>.*))?\Z")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_SWITCH = re.compile(r"(?P<quote>['\"]?)(?P<text>[\w~]*)(?P=quote)\Z")
_PATH = re.compile(r"(?P<quote>['\"]?)(?P<text>[\w./ +@,=-]*)(?P=quote)\Z")
_NOT_SET = ("", "~", "null", "Null", "NULL")
# Items of a list, and the ends of what is in brackets.
_INNER = re.compile(r"-(?:[ \t]|\Z)|[\]}]")
_ASSIGNMENT = re.compile(r"[ \t]*(?P<key>[A-Za-z_]\w*)[ \t]*=[ \t]*(?P<value>.*)\Z")
_YAML_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_ENVIRONMENT_BREAK = re.compile("\r\n|[\n\r]")


class SettingError(ValueError):
    """Text that does not show the setting plainly."""


class _Entry(NamedTuple):
    """An assignment: its line, the key, its value without a comment, and where the value stands
    in the text."""

    number: int
    key: str
    value: str
    start: int
    end: int


class Change(NamedTuple):
    """A new text, and the one line in which it differs: before is empty where the line was
    added."""

    text: str
    before: str
    after: str


def parse_yaml_switch(text: str, key: str) -> bool | None:
    """What the key (in small letters) at the top of a YAML file says; None where it is not set.
    Raises SettingError rather than guess."""
    entry = _yaml_entry(text, key)
    if entry is None:
        return None
    said = _scalar(_SWITCH, entry)
    if not said.group("quote"):
        if said.group("text") in _NOT_SET:
            return None
        if said.group("text") in _YAML_TRUE | _YAML_FALSE:
            return said.group("text") in _YAML_TRUE
    return _switch(said.group("text"), entry)


def parse_yaml_path(text: str, key: str) -> str | None:
    """The path that the key at the top of a YAML file sets; None where it is not set. Raises
    SettingError rather than guess."""
    entry = _yaml_entry(text, key)
    said = _scalar(_PATH, entry) if entry else None
    return None if said is None or said.group("text") in _NOT_SET else said.group("text")


def parse_environment_switch(text: str, name: str) -> bool | None:
    """What an EnvironmentFile sets a variable to; None where it does not set it, or to nothing.
    Raises SettingError rather than guess."""
    entry = _environment_entry(text, name)
    if entry is None or not _unquoted(entry.value):
        return None
    return _switch(_unquoted(entry.value), entry)


def parse_environment_path(text: str, name: str) -> str | None:
    """The path that an EnvironmentFile sets a variable to; None where it sets none. Raises
    SettingError rather than guess."""
    entry = _environment_entry(text, name)
    return (_unquoted(entry.value) or None) if entry else None


def set_yaml_switch(text: str, key: str) -> Change | None:
    """The text with the key set to true, all else as it was; None where it is true already.
    Raises SettingError.

    Where the key is not set, it goes below the comment that has it, or to the end of the first
    document."""
    if parse_yaml_switch(text, key):
        return None
    entry = _yaml_entry(text, key)
    if entry:
        drafts = [_with_value(text, entry, "true" if entry.value else " true")]
    else:
        indent, end = _document(text)
        line = " " * indent + key + ": true"
        positions = [_below_comment(text, key, end), end]
        drafts = [
            _with_line(text, position, line) for position in positions if position is not None
        ]
    for draft in drafts:
        if _sets_only(text, draft.text, key):
            return draft
    raise SettingError(f"the form of this document does not allow to set {key}")


def _below_comment(text: str, key: str, end: int) -> int | None:
    """The end of the first line that has the key in a comment."""
    comment = re.compile(rf"[ \t]*#+[ \t]*{key}[ \t]*:", re.IGNORECASE)
    for dummy, start, stop in _lines(text, _YAML_BREAK):
        if start < end and comment.match(text, start):
            return stop
    return None


def _sets_only(before: str, after: str, key: str) -> bool:
    """Whether the key is true, and all else as before: a comment may stand among the lines of
    another setting."""
    try:
        entries = [
            [(entry.key, entry.value) for entry in _top_level(text) if entry.key != key]
            for text in (before, after)
        ]
        return bool(parse_yaml_switch(after, key)) and entries[0] == entries[1]
    except SettingError:
        return False


def set_environment_switch(text: str, name: str) -> Change | None:
    """The text with the variable set to true, all else as it was; None where it is true already.
    Raises SettingError."""
    if parse_environment_switch(text, name):
        return None
    entry = _environment_entry(text, name)
    change = (
        _with_value(text, entry, "true") if entry else _with_line(text, len(text), name + "=true")
    )
    if not parse_environment_switch(change.text, name):
        raise SettingError(f"the form of this file does not allow to set {name}")
    return change


def _with_value(text: str, entry: _Entry, value: str) -> Change:
    changed = text[: entry.start] + value + text[entry.end :]
    number, start, stop = next(line for line in _lines(text, _YAML_BREAK) if line[2] >= entry.end)
    return Change(changed, text[start:stop], changed[start : stop + len(changed) - len(text)])


def _with_line(text: str, position: int, line: str) -> Change:
    """position: the end of a line, its break not included, or the beginning of one."""
    newline = "\r\n" if "\r\n" in text else "\n"
    before, after = text[:position], text[position:]
    if before and not before.endswith(("\n", "\r")):
        # At the end of a file without a newline this one is its last, else the one that follows
        # ends the line that was there.
        return Change(before + newline + line + (after or newline), "", line)
    return Change(before + line + newline + after, "", line)


def _scalar(form: re.Pattern[str], entry: _Entry) -> re.Match[str]:
    said = form.match(entry.value)
    if not said:
        raise SettingError(f"line {entry.number}: the value of {entry.key} is not understood")
    return said


def _switch(text: str, entry: _Entry) -> bool:
    if text in _TEXT_TRUE | _TEXT_FALSE:
        return text in _TEXT_TRUE
    raise SettingError(
        f"line {entry.number}: the Agent does not take {text[:40]!r}, the value of {entry.key}, for"
        " a boolean"
    )


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] in "'\"" and value[0] == value[-1] else value


def _environment_entry(text: str, name: str) -> _Entry | None:
    """The last assignment, which counts."""
    found = None
    goes_on = False
    is_named = name in text
    for number, start, stop in _lines(text, _ENVIRONMENT_BREAK):
        line = text[start:stop]
        # Before systemd 254 a comment went on as well.
        if goes_on and name in line:
            raise SettingError(
                f"line {number - 1}: a value that goes on in the next line is not understood"
            )
        goes_on = line.endswith("\\")
        if line.lstrip(" \t").startswith(("#", ";")):
            continue
        said = _ASSIGNMENT.match(line.rstrip(" \t"))
        if re.search(rf"\b{name}\b", line) and (not said or said.group("key") != name):
            raise SettingError(f"line {number}: how {name} is meant is not understood")
        if not said:
            continue
        value = said.group("value")
        if is_named and (goes_on or (value[:1] in ("'", '"') and _unquoted(value) == value)):
            raise SettingError(
                f"line {number}: a value that goes on in the next line is not understood"
            )
        if said.group("key") == name:
            found = _Entry(
                number, name, value, start + said.start("value"), start + said.end("value")
            )
    return found


def _yaml_entry(text: str, key: str) -> _Entry | None:
    if key not in text.lower():
        return None  # whatever the form of the document
    found = [entry for entry in _top_level(text) if entry.key == key]
    if len(found) > 1:
        raise SettingError(
            f"{key} stands there twice, in lines {found[0].number} and {found[1].number}"
        )
    return found[0] if found else None


def _lines(text: str, line_break: re.Pattern[str]) -> Iterator[tuple[int, int, int]]:
    """Each line's number, its beginning and its end without the break."""
    start, number = 0, 1
    for found in line_break.finditer(text):
        yield number, start, found.start()
        start, number = found.end(), number + 1
    if start < len(text):
        yield number, start, len(text)


def _content(line: str) -> str:
    """A line without its comment and the blanks at its ends."""
    return _COMMENT.sub("", line.strip("\ufeff \t")).strip(" \t")


def _body(text: str) -> Iterator[tuple[int, int, str | None]]:
    """The lines of the first document that are not empty: number, beginning, line. The last has
    None for a line: where the document ends."""
    begun = False
    for number, start, stop in _lines(text, _YAML_BREAK):
        line = text[start:stop]
        content = _content(line)
        if content in ("---", "...") and line.lstrip("\ufeff").startswith(content):
            if begun:
                yield number, start, None
                return
            begun = content == "---"
        elif content and (begun or not line.startswith("%")):
            begun = True
            yield number, start, line
    yield 0, len(text), None


def _document(text: str) -> tuple[int, int]:
    """The indentation of the first document, and where it ends."""
    indent, end = None, len(text)
    for dummy, start, line in _body(text):
        if line is None:
            end = start
        elif indent is None:
            indent = _depth(line)
    return indent or 0, end


def _depth(line: str) -> int:
    line = line.lstrip("\ufeff")
    return len(line) - len(line.lstrip(" "))


def _top_level(text: str) -> list[_Entry]:
    """The entries at the top of the first document, their keys in small letters."""
    entries: list[_Entry] = []
    more: list[list[str]] = []
    indent = None
    for number, start, line in _body(text):
        if line is None:
            break
        content, depth = _content(line), _depth(line)
        indent = depth if indent is None else indent
        said = _KEY.match(content)
        if depth == indent and said:
            value = said.group("value") or ""
            start += line.index(content)
            start += said.start("value") if said.group("value") is not None else len(content)
            entries.append(
                _Entry(number, said.group("key").lower(), value, start, start + len(value))
            )
            more.append([value])
        elif entries and (depth > indent or (depth == indent and _INNER.match(content))):
            # The value goes on here, and so it is no single word.
            more[-1].append(content)
        else:
            raise SettingError(f"line {number}: the form of this document is not understood")
    return [entry._replace(value="\n".join(lines)) for entry, lines in zip(entries, more)]
