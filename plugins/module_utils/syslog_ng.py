# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parser of syslog-ng's configuration, and where a message goes under it: text in, data out.

syslog-ng.conf(5). What is not understood is either an error or a verdict of UNKNOWN, never a guess.
"""

from __future__ import annotations

import collections
import re

from ansible_collections.mailops.postfix.plugins.module_utils.syslog import (
    ALL,
    FACILITIES,
    FACILITY_ALIASES,
    INFO,
    NONE,
    SEVERITIES,
    SOME,
    UNKNOWN,
    Destinations,
    LogFile,
    SyslogError,
    both,
    compare,
    either,
    invert,
    verdict,
)

_DEEPEST = 40

# words: what stands before the semicolon, as a list of Word, Text, Group C((...)) and Block C({...}).
Include = collections.namedtuple("Include", "pattern")
Statement = collections.namedtuple("Statement", "words")
Word = collections.namedtuple("Word", "text")
Text = collections.namedtuple("Text", "text")
Group = collections.namedtuple("Group", "words")
Block = collections.namedtuple("Block", "statements")

_SKIPPED = re.compile(r"(?:\s+|#[^\n]*)*")
_AT_LINE = re.compile(r"@([\w-]+)[ \t:]*([^\n]*)")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'", re.DOTALL)
_BARE = re.compile(r"\.\.|=>|[^\s#\"'(){};,]+?(?=\.\.|[\s#\"'(){};,]|$)")

# Sources that carry what this host's programs log.
_LOCAL = ("system", "unix-dgram", "unix-stream", "sun-streams", "systemd-journal", "systemd-syslog", "openbsd")
_STYLES = {"rfc3164": "traditional", "bsd": "traditional", "rfc3339": "rfc3339", "iso": "rfc3339"}
_MACRO_STYLES = {"BSDDATE": "traditional", "ISODATE": "rfc3339", "R_ISODATE": "rfc3339", "S_ISODATE": "rfc3339"}
_PLAIN_DATES = ("DATE", "R_DATE", "S_DATE")


def parse(text):
    """The Include and Statement nodes (list) of one file's text (str). Raises SyslogError."""
    return _Parser(text.replace("\r\n", "\n")).file()


def destinations(nodes, message):
    """The Destinations of a message (Message) under nodes, whose includes are expanded. Raises SyslogError."""
    return _Walk(message).run(nodes)


class _Parser:
    def __init__(self, text):
        self._text = text
        self._at = 0
        self._depth = 0

    def _skip(self):
        self._at = _SKIPPED.match(self._text, self._at).end()

    def _error(self, wanted="not understood"):
        line = self._text.count("\n", 0, self._at) + 1
        shown = self._text[self._at : self._at + 60].split("\n")[0]
        return SyslogError("line %d: %s: %r" % (line, wanted, shown))

    def file(self):
        nodes = []
        while True:
            self._skip()
            if self._at == len(self._text):
                return nodes
            said = _AT_LINE.match(self._text, self._at)
            if said:
                self._at = said.end()
                if said.group(1) == "include":
                    nodes.append(Include(said.group(2).strip().strip("\"'")))
                continue
            words = self._words(";")
            if words:
                nodes.append(Statement(words))

    def _words(self, end):
        """The words up to end, which is taken; a semicolon may be missing before a closing brace or the end of the file."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("nested too deep")
        words = []
        while True:
            self._skip()
            character = self._text[self._at : self._at + 1]
            if character == end:
                self._at += 1
                break
            if end == ";" and character in ("", "}"):
                if character and self._depth == 1:
                    raise self._error()
                break
            if character == "(":
                self._at += 1
                words.append(Group(self._words(")")))
            elif character == "{":
                self._at += 1
                words.append(Block(self._block()))
                if end == ";" and self._ends_here():
                    break
            elif character == ",":
                self._at += 1
            else:
                words.append(self._word())
        self._depth -= 1
        return words

    def _ends_here(self):
        # The semicolon after a block is optional.
        self._skip()
        said = _BARE.match(self._text, self._at)
        return self._depth == 1 and bool(said or self._text.startswith("@", self._at))

    def _block(self):
        statements = []
        while True:
            self._skip()
            if self._at == len(self._text):
                raise self._error("} expected")
            if self._text.startswith("}", self._at):
                self._at += 1
                return statements
            words = self._words(";")
            if words:
                statements.append(words)

    def _word(self):
        for pattern, kind in ((_STRING, Text), (_BARE, Word)):
            said = pattern.match(self._text, self._at)
            if said:
                self._at = said.end()
                if kind is Word:
                    return Word(said.group().lower())
                text = said.group(1)
                return Text(re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if text is not None else said.group(2))
        raise self._error()


class _Walk:
    def __init__(self, message):
        self._message = message
        self._style = "traditional"
        self._named = {"source": {}, "filter": {}, "destination": {}}
        self._depth = 0
        self.files, self.unsure, self.sources = [], [], set()

    def run(self, nodes):
        logs = []
        for node in nodes:
            if not isinstance(node, Statement) or not isinstance(node.words[0], Word):
                raise SyslogError("not understood: %s" % _shown(node))
            kind = node.words[0].text
            blocks = [word for word in node.words if isinstance(word, Block)]
            if kind == "options" and blocks:
                self._style = _option(blocks[0].statements, "ts-format", self._style, _STYLES)
            elif kind in self._named and len(node.words) == 3 and blocks:
                self._named[kind][_name(node.words[1])] = blocks[0].statements
            elif kind == "log" and blocks:
                logs.append(blocks[0].statements)
            elif kind not in ("template", "rewrite", "parser", "block"):
                raise SyslogError("not understood: %s" % kind)
        self._log_paths(logs)
        return Destinations(self.files, self.unsure, sorted(self.sources))

    def _log_paths(self, logs):
        ended = NONE
        matched = NONE
        for log in sorted(logs, key=lambda log: "fallback" in _flags(log)):
            flags = _flags(log)
            judged, named = self._judge_path(log, "catchall" in flags)
            judged = both(judged, invert(ended))
            if "fallback" in flags:
                judged = both(judged, invert(matched))
            for words in log:
                if _head(words) == "destination":
                    self._reach(self._resolve("destination", words), judged, named)
            matched = either(matched, judged)
            if "final" in flags:
                ended = either(ended, judged)

    def _judge_path(self, log, catchall):
        """The verdict of one log path, and whether its filters name the facility or Postfix."""
        judged, named = (ALL if catchall else NONE), False
        for words in log:
            if _head(words) == "source":
                judged = either(judged, self._judge_source(self._resolve("source", words)))
        for words in log:
            if _head(words) == "filter":
                for condition in self._resolve("filter", words):
                    answer, names = self._judge(condition)
                    judged, named = both(judged, answer), named or names
            elif _head(words) not in ("source", "destination", "flags", "rewrite", "parser"):
                judged = both(judged, UNKNOWN)
        return judged, named

    def _judge_source(self, drivers):
        local = [_head(words) for words in drivers if _head(words) in _LOCAL]
        self.sources.update(local)
        return verdict(bool(local))

    def _resolve(self, kind, words):
        """What C(kind(name)) or C(kind {...}) stands for."""
        if len(words) == 2 and isinstance(words[1], Block):
            return words[1].statements
        found = []
        for word in words[1].words if len(words) == 2 and isinstance(words[1], Group) else []:
            if _name(word) not in self._named[kind]:
                raise SyslogError("%s(%s) is not defined" % (kind, _name(word)))
            found += self._named[kind][_name(word)]
        return found

    def _reach(self, drivers, judged, named):
        for words in drivers:
            if _head(words) != "file":
                continue
            arguments = words[1].words if len(words) == 2 and isinstance(words[1], Group) else []
            path = _name(arguments[0]) if arguments else ""
            if not path.startswith("/") or "$" in path:
                if judged in (ALL, UNKNOWN):
                    self.unsure.append("a file named by a template: %s" % path)
            elif judged == UNKNOWN:
                self.unsure.append("a rule that is not understood writes %s" % path)
            elif judged == ALL and path not in [seen.path for seen in self.files]:
                self.files.append(LogFile(path, self._style_of(arguments), named))

    def _style_of(self, arguments):
        style = _option([arguments], "ts-format", self._style, _STYLES)
        template = _argument(arguments, "template")
        if template is None:
            return style
        said = re.match(r"\$\{?([A-Z_]+)\}?", template)
        if not said:
            return None
        return style if said.group(1) in _PLAIN_DATES else _MACRO_STYLES.get(said.group(1))

    # Filters: terms joined by and, or, not and parentheses; not binds first, then and.

    def _judge(self, words):
        words = list(words)
        answer = self._either(words)
        return answer if not words else (UNKNOWN, False)

    def _either(self, words):
        judged, named = self._both(words)
        while words and words[0] == Word("or"):
            words.pop(0)
            more, names = self._both(words)
            judged, named = either(judged, more), named or names
        return judged, named

    def _both(self, words):
        judged, named = self._term(words)
        while words and words[0] == Word("and"):
            words.pop(0)
            more, names = self._term(words)
            judged, named = both(judged, more), named or names
        return judged, named

    def _term(self, words):
        word = words.pop(0) if words else None
        negated = False
        while word == Word("not"):
            negated = not negated
            word = words.pop(0) if words else None
        if isinstance(word, Group):
            judged, named = self._judge(word.words)
        elif isinstance(word, Word) and words and isinstance(words[0], Group):
            judged, named = self._function(word.text, words.pop(0).words)
        else:
            judged, named = UNKNOWN, False
        return (invert(judged), False) if negated else (judged, named)

    def _function(self, name, arguments):
        if name == "facility":
            judged = _among(arguments, FACILITIES, FACILITIES[self._message.facility], FACILITY_ALIASES)
            return judged, judged == ALL
        if name in ("level", "priority", "severity"):
            return _among(arguments, SEVERITIES, INFO, {}), False
        if name == "program" and arguments:
            return self._program(_name(arguments[0]), arguments[1:])
        if name == "filter":
            return self._filter(arguments)
        return (SOME if name in ("message", "match") else UNKNOWN), False

    def _program(self, value, options):
        # The program is all of postfix/smtpd, and the value is searched for as a regular expression unless options say otherwise.
        if options:
            return UNKNOWN, False
        said = re.match(r"(\^?)([\w/ -]+)(\$?)$", value)
        if not said or said.group(3):
            return UNKNOWN, False
        judged = compare(self._message.name + "/", "startswith" if said.group(1) else "contains", said.group(2), whole=False)
        return judged, judged == ALL

    def _filter(self, arguments):
        self._depth += 1
        if self._depth > _DEEPEST or not arguments or _name(arguments[0]) not in self._named["filter"]:
            raise SyslogError("filter(%s) is not defined" % (_name(arguments[0]) if arguments else ""))
        judged, named = ALL, False
        for condition in self._named["filter"][_name(arguments[0])]:
            answer, names = self._judge(condition)
            judged, named = both(judged, answer), named or names
        self._depth -= 1
        return judged, named


def _head(words):
    return words[0].text if words and isinstance(words[0], Word) else None


def _name(word):
    return word.text if isinstance(word, (Word, Text)) else ""


def _shown(node):
    return repr(node)[:200]


def _flags(log):
    return [_name(word) for words in log if _head(words) == "flags" and len(words) == 2 and isinstance(words[1], Group) for word in words[1].words]


def _argument(words, name):
    """The value of C(name(value)) among words, or None."""
    for word, following in zip(words, words[1:]):
        if isinstance(word, Word) and word.text.replace("_", "-") == name and isinstance(following, Group) and following.words:
            return _name(following.words[0])
    return None


def _option(statements, name, default, styles):
    for words in statements:
        value = _argument(words, name)
        if value is not None:
            return styles.get(value.lower())
    return default


def _among(arguments, numbers, number, aliases):
    """Whether number is in a list such as C(mail), C(info..emerg) or C(local0..local7)."""
    names = [aliases.get(_name(word), _name(word)) for word in arguments]
    found = False
    position = 0
    while position < len(names):
        first = last = names[position]
        if names[position + 1 : position + 2] == [".."]:
            last = names[position + 2] if position + 2 < len(names) else ""
            position += 2
        position += 1
        if first not in numbers or last not in numbers:
            return UNKNOWN
        low, high = sorted((numbers[first], numbers[last]))
        found = found or low <= number <= high
    return verdict(found)
