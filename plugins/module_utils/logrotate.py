# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parser of logrotate's configuration, and what a rotation does to one file: text in, data out. Format: logrotate.conf(5).

What is not understood is an error, never a guess.
"""

from __future__ import annotations

import collections
import fnmatch
import posixpath
import re

# Nodes.
Directive = collections.namedtuple("Directive", "name words")
Include = collections.namedtuple("Include", "path")
Stanza = collections.namedtuple("Stanza", "patterns directives")

# how: V(kept), the file stays and its content is copied away; V(created), logrotate makes the new one; V(left), the program that logs does.
# mode (int), owner, group: what the new file gets; None where it is taken from the old one.
Rotation = collections.namedtuple("Rotation", "how mode owner group")

_SCRIPTS = ("firstaction", "lastaction", "prerotate", "postrotate", "preremove")
_DECIDING = ("create", "nocreate", "copy", "nocopy", "copytruncate", "nocopytruncate")
_OTHER = set(
    """addextension allowhardlink compress compresscmd compressext compressoptions createolddir dateext dateformat dateyesterday datehourago
    daily delaycompress extension hourly ifempty ignoreduplicates mail mailfirst maillast maxage maxsize minage minsize missingok monthly
    noallowhardlink nocompress nocreateolddir nodateext nodelaycompress nohourly nomail nomissingok noolddir nosharedscripts noshred notifempty
    olddir renamecopy norenamecopy rotate sharedscripts shred shredcycles size start su tabooext taboopat uncompresscmd weekly yearly""".split()
)
_KEEPING = ("copy", "copytruncate")
_TABOO = ("~", ",v", ".bak", ".cfsaved", ".disabled", ".swp", ".rhn-cfg-tmp-*") + tuple(
    ".%s-%s" % (tool, kind) for tool in ("dpkg", "ucf") for kind in ("bak", "del", "dist", "new", "old", "tmp")
) + (".rpmnew", ".rpmorig", ".rpmsave")
_PATTERN = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")
_WORDS = re.compile(r"[\s=]+")


class LogrotateError(ValueError):
    """A configuration that is not understood."""


def parse(text):
    """The nodes (list) of one file. Raises LogrotateError."""
    nodes, patterns, stanza, script = [], "", None, None
    for line in text.splitlines():
        line = line.strip()
        if script:
            script = None if line == "endscript" else script
        elif not line or line.startswith("#"):
            continue
        elif stanza is not None:
            if line == "}":
                nodes.append(stanza)
                stanza = None
            elif line.split()[0] in _SCRIPTS:
                script = line
            else:
                stanza.directives.append(_directive(line))
        elif patterns or line[0] in "/\"'*~{":
            patterns, brace, rest = (patterns + " " + line).partition("{")
            if brace:
                if rest.strip():
                    raise LogrotateError("something stands behind the brace: %r" % line[:200])
                stanza = Stanza([quoted or single or bare for quoted, single, bare in _PATTERN.findall(patterns)], [])
                patterns = ""
        elif line.startswith("include") and line[7:8] in " \t=":
            nodes.append(Include(_WORDS.split(line, 1)[1]))
        else:
            nodes.append(_directive(line))
    if stanza or patterns or script:
        raise LogrotateError("the file ends within %s" % (script or "a stanza"))
    return nodes


def _directive(line):
    words = [word for word in _WORDS.split(line.split(" #")[0].split("\t#")[0]) if word]
    if words[0] not in _DECIDING and words[0] not in _OTHER:
        raise LogrotateError("not a directive: %r" % line[:200])
    return Directive(words[0], words[1:])


def is_read(name, nodes):
    """Whether a file of this name in a directory that is included is read, after these nodes. Raises LogrotateError."""
    if any(isinstance(node, Directive) and node.name in ("tabooext", "taboopat") for node in nodes):
        raise LogrotateError("tabooext or taboopat is set")
    return not name.startswith(".") and not any(fnmatch.fnmatchcase(name, "*" + ending) for ending in _TABOO)


def rotation(nodes, path):
    """The Rotation of a file under these nodes, includes put in their place. None where no stanza is for it. Raises LogrotateError."""
    options = {}
    found = []
    for node in nodes:
        if isinstance(node, Directive):
            _apply(options, node)
        elif any(_matches(pattern, path) for pattern in node.patterns):
            own = dict(options)
            for directive in node.directives:
                _apply(own, directive)
            found.append(own)
    if len(found) > 1:
        raise LogrotateError("%d stanzas are for %s" % (len(found), path))
    return _rotation(found[0]) if found else None


def _apply(options, directive):
    if directive.name in _DECIDING:
        name = directive.name[2:] if directive.name.startswith("no") else directive.name
        options[name] = None if directive.name != name else directive.words


def _rotation(options):
    if any(options.get(name) is not None for name in _KEEPING):
        return Rotation("kept", None, None, None)
    words = options.get("create")
    if words is None:
        return Rotation("left", None, None, None)
    words = list(words)
    try:
        mode = int(words.pop(0), 8) if words and words[0][0].isdigit() else None
    except ValueError as error:
        raise LogrotateError("create %s: %s" % (" ".join(options["create"]), error)) from None
    owner, group = (words + [None, None])[:2]
    return Rotation("created", mode, owner, group)


def _matches(pattern, path):
    ours, theirs = posixpath.normpath(path).split("/"), posixpath.normpath(pattern).split("/")
    return len(ours) == len(theirs) and all(fnmatch.fnmatchcase(part, wanted) for part, wanted in zip(ours, theirs))
