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

# Nodes. words: the name of a directive and its arguments; odd: why a stanza is not understood, or
# None.
Directive = collections.namedtuple("Directive", "words")
Stanza = collections.namedtuple("Stanza", "patterns directives odd")

# how: V(kept), the file stays and its content is copied away; V(created), logrotate makes the new
# one; V(left), the program that logs does. mode (int), owner, group: what the new file gets; None
# where it is taken from the old one.
Rotation = collections.namedtuple("Rotation", "how mode owner group")

_SCRIPTS = ("firstaction", "lastaction", "prerotate", "postrotate", "preremove")
_DECIDING = ("create", "nocreate", "copy", "nocopy", "copytruncate", "nocopytruncate")
# fmt: off
_OTHER = frozenset((
    "addextension", "allowhardlink", "compress", "compresscmd", "compressext",
    "compressoptions", "createolddir", "dateext", "dateformat", "dateyesterday", "datehourago",
    "daily", "delaycompress", "extension", "hourly", "ifempty", "ignoreduplicates", "mail",
    "mailfirst", "maillast", "maxage", "maxsize", "minage", "minsize", "missingok", "monthly",
    "noallowhardlink", "nocompress", "nocreateolddir", "nodateext", "nodelaycompress",
    "nohourly", "nomail", "nomissingok", "noolddir", "nosharedscripts", "noshred", "notifempty",
    "olddir", "renamecopy", "norenamecopy", "rotate", "sharedscripts", "shred", "shredcycles",
    "size", "start", "su", "uncompresscmd", "weekly", "yearly",
))
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


def parse(text):
    """The nodes (list) of one file."""
    nodes, header, stanza, script = [], "", None, False
    lines = collections.deque(line.strip() for line in text.splitlines())
    while lines:
        line = lines.popleft()
        if script:
            script = line != "endscript"
        elif not line or line.startswith("#"):
            continue
        elif stanza is None and not header and line[0] not in "/\"'*~{":
            nodes.append(Directive(_words(line)))
        elif stanza is None:
            header, brace, rest = (header + " " + line).partition("{")
            if brace:
                stanza = Stanza(
                    [quoted or single or bare for quoted, single, bare in _PATTERN.findall(header)],
                    [],
                    None,
                )
                header = ""
                lines.appendleft(rest.strip())
        elif line.startswith("}"):
            nodes.append(stanza)
            stanza = None
            lines.appendleft(line[1:].strip())
        elif line.split()[0] in _SCRIPTS:
            script = True
        else:
            line, brace, rest = line.partition("}")
            stanza.directives.append(_words(line))
            if brace:
                if len(stanza.directives[-1]) > 1 or rest.strip():
                    stanza = stanza._replace(odd="a brace closes it within a line")
                lines.appendleft(brace)
    if stanza or header:
        patterns = stanza.patterns if stanza else header.split()
        nodes.append(Stanza(patterns, [], "its file ends within it"))
    return nodes


def _words(line):
    return [word for word in _WORDS.split(re.split(r"\s#", line)[0]) if word] or [""]


def is_read(name, nodes):
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


def rotation(nodes, names):
    """The Rotation of a file with these names under these nodes, includes put in their place. None
    where no stanza is for it. Raises LogrotateError."""
    options, found = {}, []
    for node in nodes:
        if isinstance(node, Directive):
            _apply(options, node.words)
        elif any(_matches(pattern, name) for pattern in node.patterns for name in names):
            unknown = [
                words[0]
                for words in node.directives
                if words[0] not in _OTHER and words[0] not in _DECIDING
            ]
            if node.odd or unknown:
                raise LogrotateError(
                    f"the stanza for {' '.join(node.patterns)}:"
                    f" {node.odd or f'{unknown[0][:200]!r} is not known'}"
                )
            found.append(dict(options))
            for words in node.directives:
                _apply(found[-1], words)
    if len(found) > 1:
        raise LogrotateError(f"{len(found)} stanzas are for {' '.join(names)}")
    return _rotation(found[0]) if found else None


def _apply(options, words):
    if words[0] in _DECIDING:
        name = words[0][2:] if words[0].startswith("no") else words[0]
        options[name] = None if words[0] != name else words[1:]


def _rotation(options):
    if options.get("copy") is not None or options.get("copytruncate") is not None:
        return Rotation("kept", None, None, None)
    words = options.get("create")
    if words is None:
        return Rotation("left", None, None, None)
    words = list(words)
    try:
        mode = int(words.pop(0), 8) if words and words[0][0].isdigit() else None
    except ValueError as error:
        raise LogrotateError(f"create {' '.join(options['create'])}: {error}") from None
    owner, group = (words + [None, None])[:2]
    return Rotation("created", mode, owner, group)


def _matches(pattern, path):
    ours, theirs = posixpath.normpath(path).split("/"), posixpath.normpath(pattern).split("/")
    return len(ours) == len(theirs) and all(
        fnmatch.fnmatchcase(part, wanted) for part, wanted in zip(ours, theirs)
    )
