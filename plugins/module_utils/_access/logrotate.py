# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parser of logrotate's configuration, and what a rotation does to one file: text in, data out.
Format: logrotate.conf(5).

Only what decides about that file is judged: the stanza that names it, and the defaults before it.
There, what is not understood is an error."""

from __future__ import annotations

import collections
import fnmatch
import posixpath
import re
from typing import Dict, List, NamedTuple, Optional, Union


class Directive(NamedTuple):
    """words: the name of a directive and its arguments."""

    words: list[str]


class Stanza(NamedTuple):
    """directives: the words of each; odd: why the stanza is not understood, or None."""

    patterns: list[str]
    directives: list[list[str]]
    odd: str | None


class Rotation(NamedTuple):
    """how: V(kept), the file stays and its content is copied away; V(created), logrotate makes the
    new one; V(left), the program that logs does. mode, owner, group: what the new file gets; None
    where it is taken from the old one."""

    how: str
    mode: int | None = None
    owner: str | None = None
    group: str | None = None

    @property
    def keeps_mode(self) -> bool:
        """Whether the new file gets the mode of the old one, and so its access list."""
        return self.how == "created" and self.mode is None

    def __str__(self) -> str:
        if self.how == "left":
            return "nocreate"
        mode = None if self.mode is None else f"{self.mode:04o}"
        return " ".join(filter(None, ["create", mode, self.owner, self.group]))


Nodes = List[Union[Directive, Stanza]]
# By name, the arguments of each directive that decides; None where it is switched off.
_Options = Dict[str, Optional[List[str]]]

_SCRIPTS = ("firstaction", "lastaction", "prerotate", "postrotate", "preremove")
_DECIDING = ("create", "nocreate", "copy", "nocopy", "copytruncate", "nocopytruncate")
# fmt: off
_OTHER = (
    "addextension", "allowhardlink", "compress", "compresscmd", "compressext",
    "compressoptions", "createolddir", "dateext", "dateformat", "dateyesterday", "datehourago",
    "daily", "delaycompress", "extension", "hourly", "ifempty", "ignoreduplicates", "mail",
    "mailfirst", "maillast", "maxage", "maxsize", "minage", "minsize", "missingok", "monthly",
    "noallowhardlink", "nocompress", "nocreateolddir", "nodateext", "nodelaycompress",
    "nohourly", "nomail", "nomissingok", "noolddir", "nosharedscripts", "noshred", "notifempty",
    "olddir", "renamecopy", "norenamecopy", "rotate", "sharedscripts", "shred", "shredcycles",
    "size", "start", "su", "uncompresscmd", "weekly", "yearly",
)
# fmt: on
_TABOO = (
    ",v",
    ".bak",
    ".cfsaved",
    ".disabled",
    ".swp",
    ".rpmnew",
    ".rpmorig",
    ".rpmsave",
    "~",
) + tuple(
    f".{tool}-{kind}"
    for tool in ("dpkg", "ucf")
    for kind in ("bak", "del", "dist", "new", "old", "tmp")
)
_PATTERN = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")
_WORDS = re.compile(r"[\s=]+")


class LogrotateError(ValueError):
    """A configuration of which it is not known what it does to a file."""


def parse(text: str) -> Nodes:
    """The nodes of one file."""
    return _Parser(text).nodes


class _Parser:
    def __init__(self, text: str) -> None:
        self.nodes: Nodes = []
        # What precedes the brace of a stanza, over several lines.
        self._header = ""
        self._stanza: Stanza | None = None
        self._in_script = False
        self._lines = collections.deque(line.strip() for line in text.splitlines())
        while self._lines:
            self._read(self._lines.popleft())
        if self._stanza or self._header:
            patterns = self._stanza.patterns if self._stanza else self._header.split()
            self.nodes.append(Stanza(patterns, [], "its file ends within it"))

    def _read(self, line: str) -> None:
        if self._in_script:
            self._in_script = line != "endscript"
        elif not line or line.startswith("#"):
            pass
        elif self._stanza is not None:
            self._read_in(self._stanza, line)
        elif not self._header and line[0] not in "/\"'*~{":
            self.nodes.append(Directive(_words(line)))
        else:
            self._header, brace, rest = f"{self._header} {line}".partition("{")
            if brace:
                patterns = ["".join(found) for found in _PATTERN.findall(self._header)]
                self._stanza, self._header = Stanza(patterns, [], None), ""
                self._lines.appendleft(rest.strip())

    def _read_in(self, stanza: Stanza, line: str) -> None:
        if line.startswith("}"):
            self.nodes.append(stanza)
            self._stanza = None
            self._lines.appendleft(line[1:].strip())
        elif line.split()[0] in _SCRIPTS:
            self._in_script = True
        else:
            line, brace, rest = line.partition("}")
            stanza.directives.append(_words(line))
            if brace:
                if len(stanza.directives[-1]) > 1 or rest.strip():
                    self._stanza = stanza._replace(odd="a brace closes it within a line")
                self._lines.appendleft(brace)


def _words(line: str) -> list[str]:
    return [word for word in _WORDS.split(re.split(r"\s#", line)[0]) if word] or [""]


def is_read(name: str, nodes: Nodes) -> bool:
    """Whether a file of this name in a directory that is included is read, after these nodes.
    Raises LogrotateError."""
    if any(
        isinstance(node, Directive) and node.words[0] in ("tabooext", "taboopat") for node in nodes
    ):
        raise LogrotateError("tabooext or taboopat is set")
    return (
        not name.startswith(".")
        and not name.endswith(_TABOO)
        and not fnmatch.fnmatchcase(name, "*.rhn-cfg-tmp-*")
    )


def rotation(nodes: Nodes, names: list[str]) -> Rotation | None:
    """The Rotation of a file with these names under these nodes, includes put in their place. None
    where no stanza is for it. Raises LogrotateError."""
    options: _Options = {}
    found = []
    for node in nodes:
        if isinstance(node, Directive):
            _apply(options, node.words)
        elif any(_matches(pattern, name) for pattern in node.patterns for name in names):
            _refuse_odd(node)
            found.append(dict(options))
            for words in node.directives:
                _apply(found[-1], words)
    if len(found) > 1:
        raise LogrotateError(f"{len(found)} stanzas are for {' '.join(names)}")
    return _rotation(found[0]) if found else None


def _refuse_odd(stanza: Stanza) -> None:
    unknown = [words[0] for words in stanza.directives if words[0] not in _OTHER + _DECIDING]
    if stanza.odd or unknown:
        why = stanza.odd or f"{unknown[0][:200]!r} is not known"
        raise LogrotateError(f"the stanza for {' '.join(stanza.patterns)}: {why}")


def _apply(options: _Options, words: list[str]) -> None:
    if words[0] in _DECIDING:
        name = words[0][2:] if words[0].startswith("no") else words[0]
        options[name] = None if words[0] != name else words[1:]


def _rotation(options: _Options) -> Rotation:
    if options.get("copy") is not None or options.get("copytruncate") is not None:
        return Rotation("kept")
    words = options.get("create")
    if words is None:
        return Rotation("left")
    mode = None
    if words and words[0][0].isdigit():
        try:
            mode = int(words[0], 8)
        except ValueError as error:
            raise LogrotateError(f"create {' '.join(words)}: {error}") from None
        words = words[1:]
    owner, group, *dummy = words + ["", ""]
    return Rotation("created", mode, owner or None, group or None)


def _matches(pattern: str, path: str) -> bool:
    ours, theirs = posixpath.normpath(path).split("/"), posixpath.normpath(pattern).split("/")
    return len(ours) == len(theirs) and all(
        fnmatch.fnmatchcase(part, wanted) for part, wanted in zip(ours, theirs)
    )
