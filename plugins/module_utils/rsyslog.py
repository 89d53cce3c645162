# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parser of rsyslog's configuration, and where a message goes under it: text in, data out.

Both languages are read: rsyslog.conf(5)'s selectors and C($directives), and RainerScript. What is not understood is either an error
or a verdict of UNKNOWN, never a guess.
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

# Nodes of the tree. Everything else (input, global, set, ...) does not bear on where a message goes and is left out.
Include = collections.namedtuple("Include", "pattern")
Directive = collections.namedtuple("Directive", "name value")
Object = collections.namedtuple("Object", "name parameters body")
If = collections.namedtuple("If", "condition then otherwise")
File = collections.namedtuple("File", "path template")
Unclear = collections.namedtuple("Unclear", "what")
Stop = collections.namedtuple("Stop", "")
Call = collections.namedtuple("Call", "ruleset")

# Conditions.
Selector = collections.namedtuple("Selector", "text")
Test = collections.namedtuple("Test", "property operator value negated")
Not = collections.namedtuple("Not", "condition")
Chain = collections.namedtuple("Chain", "operator conditions")
Opaque = collections.namedtuple("Opaque", "text")

_SPACE = re.compile(r"(?:\s+|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][\w.]*")
_OBJECT = re.compile(r"([A-Za-z_]\w*)\s*\(")
_PARAMETER = re.compile(r"([A-Za-z_][\w.]*)\s*=\s*")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ARRAY = re.compile(r"\[[^\]\"']*(?:(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')[^\]\"']*)*\]", re.DOTALL)
_DIRECTIVE = re.compile(r"\$([A-Za-z]\w*)[ \t]*([^\n]*)")
_SELECTOR = re.compile(r"[\w*,]+\.[!=]*[\w*]+(?:;[ \t]*[\w*,]+\.[!=]*[\w*]+)*;?[ \t]+(?=\S)")
_PROPERTY = re.compile(r":[ \t]*([\w$!.-]+)[ \t]*,[ \t]*(!?)[ \t]*([A-Za-z]+)[ \t]*(?:,[ \t]*\"((?:[^\"\\]|\\.)*)\")?[ \t]*")
_LEGACY_FILE = re.compile(r"-?(/[^\s;]+)(?:;([\w-]+))?[^\n]*")
_ASSIGNMENT = re.compile(r"(?:set|reset|unset)\s[^;\n]*;|call_indirect\s[^;]*;")
_VARIABLE = re.compile(r"\$[$!.]?[\w!.-]*")
_COMPARISON = re.compile(r"==|!=|<=|>=|<>|<|>|(?:contains_i|contains|startswith_i|startswith|endswith)\b")
_NUMBER = re.compile(r"-?\d+")
_OTHER_OPERATOR = re.compile(r"[-+*/%&]")

# What rsyslog has built in; the default of omfile is RSYSLOG_FileFormat.
_TEMPLATES = {"rsyslog_fileformat": "rfc3339", "rsyslog_traditionalfileformat": "traditional"}
_TIME = re.compile(r"%(?:timestamp|timereported|timegenerated)(?::::(?:date-)?([\w-]+))?%", re.IGNORECASE)
_TIME_NAMES = ("timestamp", "timereported", "timegenerated")
_TIME_FORMATS = {None: "traditional", "rfc3164": "traditional", "rfc3339": "rfc3339"}

# What only the text of the message decides; a rule on it takes some messages away, not all.
_TEXT = ("msg", "rawmsg", "rawmsg-after-pri", "procid", "parsesuccess")


def parse(text):
    """The nodes (list) of one file's text (str). Raises SyslogError."""
    return _Parser(re.sub(r"\\\n[ \t]*", "", text.replace("\r\n", "\n"))).statements(closing=False)


def destinations(nodes, message):
    """The Destinations of a message (Message) under nodes, whose includes are expanded. Raises SyslogError."""
    walk = _Walk(nodes, message)
    walk.run(walk.nodes, ALL, False)
    return Destinations(walk.files, walk.unsure, sorted(walk.sources))


class _Parser:
    def __init__(self, text):
        self._text = text
        self._at = 0
        self._depth = 0

    def _skip(self):
        self._at = _SPACE.match(self._text, self._at).end()

    def _take(self, pattern):
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _peek(self, text):
        return self._text.startswith(text, self._at)

    def _error(self, wanted="not understood"):
        line = self._text.count("\n", 0, self._at) + 1
        shown = self._text[self._at : self._at + 60].split("\n")[0]
        return SyslogError("line %d: %s: %r" % (line, wanted, shown))

    def _expect(self, character):
        self._skip()
        if not self._peek(character):
            raise self._error("%s expected" % character)
        self._at += 1

    def _keyword(self, word):
        """Takes the word where it comes next."""
        self._skip()
        found = _WORD.match(self._text, self._at)
        if found and found.group().lower() == word:
            self._at = found.end()
            return True
        return False

    def statements(self, closing):
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("nested too deep")
        nodes = []
        while True:
            self._skip()
            if self._at == len(self._text):
                if closing:
                    raise self._error("} expected")
                break
            if closing and self._peek("}"):
                self._at += 1
                break
            nodes += self.statement(nodes)
        self._depth -= 1
        return nodes

    def statement(self, before):
        self._skip()
        if self._peek("$"):
            said = self._take(_DIRECTIVE)
            if not said:
                raise self._error()
            name, value = said.group(1).lower(), said.group(2).strip()
            return [Include(value)] if name == "includeconfig" else [Directive(name, value)]
        if self._peek("&"):
            self._at += 1
            return self._repeat(before)
        if self._peek(":"):
            said = self._take(_PROPERTY)
            if not said:
                raise self._error()
            name, negated, operator, value = said.groups()
            return [If(Test(name.lower(), operator.lower(), value or "", bool(negated)), self._body(), [])]
        if self._keyword("if"):
            return [self._if()]
        said = self._take(_SELECTOR)
        if said:
            return [If(Selector(said.group().strip()), self._body(), [])]
        return self._plain()

    def _repeat(self, before):
        """C(& action): the condition of the rule before, once more."""
        if not before or not isinstance(before[-1], If):
            raise self._error("no rule to go on with")
        return [If(before[-1].condition, self._body(), [])]

    def _if(self):
        condition = self._chain()
        if not self._keyword("then"):
            raise self._error("then expected")
        then = self._body()
        return If(condition, then, self._body() if self._keyword("else") else [])

    def _body(self):
        self._skip()
        if self._peek("{"):
            self._at += 1
            return self.statements(closing=True)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("nested too deep")
        nodes = [self._if()] if self._keyword("if") else self._plain()
        self._depth -= 1
        return nodes

    def _plain(self):
        """A statement without a condition: an action, an object, an assignment."""
        self._skip()
        said = self._take(_LEGACY_FILE)
        if said:
            return [File(*said.groups())]
        if self._peek("~"):
            self._at += 1
            return [Stop()]
        if self._take(_ASSIGNMENT):
            return []
        said = self._take(_OBJECT)
        if said:
            return self._object(said.group(1).lower())
        if self._keyword("stop"):
            return [Stop()]
        if self._keyword("continue"):
            return []
        if self._keyword("call"):
            self._skip()
            said = self._take(_WORD)
            if not said:
                raise self._error("a ruleset's name expected")
            return [Call(said.group())]
        # Actions that are no file: forwards, pipes, users, output modules, programs. ?NAME is a file named by a template.
        said = re.compile(r"(\?)?(?:[@|:^*]|(?<=\?))[^\n]*|[a-z_][\w-]*(?:,[\w-]+)*[ \t]*(?=\n|$)").match(self._text, self._at)
        if not said or not said.group():
            raise self._error()
        self._at = said.end()
        return [Unclear("a file named by a template: %s" % said.group())] if said.group(1) else []

    def _object(self, name):
        parameters = {}
        while True:
            self._skip()
            if self._peek(")"):
                self._at += 1
                break
            said = self._take(_PARAMETER)
            if not said:
                raise self._error("a parameter expected")
            value = self._take(_STRING)
            if value:
                parameters[said.group(1).lower()] = _unquoted(value)
            elif not self._take(_ARRAY):
                raise self._error("a value expected")
        body = []
        if name in ("ruleset", "template"):
            self._skip()
            if self._peek("{"):
                self._at += 1
                body = self.statements(closing=True)
        if name == "include":
            if "file" not in parameters:
                raise self._error("include() without a file")
            return [Include(parameters["file"])]
        if name != "action":
            return [Object(name, parameters, body)]
        if parameters.get("type", "").lower() not in ("omfile", "builtin:omfile"):
            return []
        if "file" in parameters:
            return [File(parameters["file"], parameters.get("template"))]
        return [Unclear("a file named by a template: %s" % parameters.get("dynafile", "action()"))]

    # Conditions.

    def _chain(self):
        conditions = [self._comparison()]
        operators = set()
        while True:
            operator = "and" if self._keyword("and") else "or" if self._keyword("or") else None
            if operator is None:
                break
            operators.add(operator)
            conditions.append(self._comparison())
        if not operators:
            return conditions[0]
        # rsyslog's manual and its grammar do not agree on which of the two binds first.
        return Chain(operators.pop(), conditions) if len(operators) == 1 else Opaque("and, or without parentheses")

    def _comparison(self):
        left = self._operand()
        self._skip()
        if self._take(_OTHER_OPERATOR):
            self._operand()
            left = Opaque("arithmetic")
            self._skip()
        said = self._take(_COMPARISON)
        if not said:
            return left if isinstance(left, (Not, Chain, Opaque, Selector, Test, If)) else Opaque("a value as a condition")
        right = self._operand()
        if isinstance(left, _Variable) and isinstance(right, (str, int)):
            return Test(left.name, said.group(), right, False)
        return Opaque("a comparison with %s" % said.group())

    def _operand(self):
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("nested too deep")
        try:
            return self._primary()
        finally:
            self._depth -= 1

    def _primary(self):
        self._skip()
        if self._peek("("):
            self._at += 1
            condition = self._chain()
            self._expect(")")
            return condition
        if self._keyword("not"):
            operand = self._operand()
            return Not(operand) if isinstance(operand, (Not, Chain, Opaque, Selector, Test)) else Opaque("not on a value")
        said = self._take(_STRING)
        if said:
            return _unquoted(said)
        if self._take(_ARRAY):
            return _Values()
        said = self._take(_NUMBER)
        if said:
            return int(said.group())
        if self._peek("$"):
            return _Variable(self._take(_VARIABLE).group()[1:].lower())
        said = self._take(_OBJECT)
        if said:
            return self._function(said.group(1).lower())
        raise self._error("a value expected")

    def _function(self, name):
        arguments = []
        self._skip()
        while not self._peek(")"):
            arguments.append(self._chain_or_value())
            self._skip()
            if self._peek(","):
                self._at += 1
                self._skip()
            elif not self._peek(")"):
                raise self._error(") expected")
        self._at += 1
        if name == "prifilt" and len(arguments) == 1 and isinstance(arguments[0], str):
            return Selector(arguments[0])
        return Opaque("%s()" % name)

    def _chain_or_value(self):
        said = self._take(_STRING)
        return _unquoted(said) if said else self._chain()


_Variable = collections.namedtuple("_Variable", "name")
_Values = collections.namedtuple("_Values", "")


def _unquoted(said):
    return re.sub(r"\\(.)", r"\1", said.group(1) if said.group(1) is not None else said.group(2), flags=re.DOTALL)


class _Walk:
    """Follows a message through the rules."""

    def __init__(self, nodes, message):
        self._message = message
        self._rulesets = {}
        self._templates = dict(_TEMPLATES)
        self._module_template = "RSYSLOG_FileFormat"
        self._default_template = None
        self.files, self.unsure, self.sources = [], [], set()
        self.nodes = self._declare(nodes)

    def _declare(self, nodes):
        """Notes modules, templates and rulesets, which hold wherever they stand; returns what is left of the default ruleset."""
        left = []
        ruleset = left
        for node in nodes:
            if isinstance(node, Object):
                self._declare_object(node)
            elif isinstance(node, Directive) and node.name == "ruleset":
                ruleset = left if node.value == "RSYSLOG_DefaultRuleset" else self._rulesets.setdefault(node.value, [])
            elif isinstance(node, Directive) and node.name == "modload":
                self._declare_module(node.value, {})
            elif isinstance(node, Directive) and node.name == "template":
                name, dummy, rest = node.value.partition(",")
                quoted = _STRING.match(rest.strip())
                self._templates[name.strip().lower()] = _style_of_string(_unquoted(quoted)) if quoted else None
            elif isinstance(node, Directive) and node.name == "defaultruleset":
                raise SyslogError("$DefaultRuleset %s: not understood" % node.value)
            else:
                ruleset.append(node)
        return left

    def _declare_object(self, node):
        if node.name == "module":
            self._declare_module(node.parameters.get("load", ""), node.parameters)
        elif node.name == "input" and node.parameters.get("type") == "imuxsock" and "ruleset" in node.parameters:
            raise SyslogError("local messages go to the ruleset %s: not understood" % node.parameters["ruleset"])
        elif node.name == "global" and "defaultruleset" in node.parameters:
            raise SyslogError("local messages go to the ruleset %s: not understood" % node.parameters["defaultruleset"])
        elif node.name == "template":
            self._templates[node.parameters.get("name", "").lower()] = _style_of_template(node)
        elif node.name == "ruleset":
            self._rulesets[node.parameters.get("name", "")] = node.body

    def _declare_module(self, name, parameters):
        name = name.rpartition("/")[2]
        name = name[:-3] if name.endswith(".so") else name
        if name in ("imuxsock", "imjournal"):
            if "ruleset" in parameters:
                raise SyslogError("local messages go to the ruleset %s: not understood" % parameters["ruleset"])
            if parameters.get("syssock.use", "on").lower() != "off":
                self.sources.add(name)
        elif name in ("omfile", "builtin:omfile") and "template" in parameters:
            self._module_template = parameters["template"]

    def run(self, nodes, so_far, named):
        """so_far: the verdict that brings a message here; returns whether every such message ends here."""
        for node in nodes:
            if isinstance(node, Stop):
                if so_far == UNKNOWN:
                    raise SyslogError("a rule that is not understood may drop messages")
                return so_far == ALL
            if isinstance(node, If):
                if self._branch(node, so_far, named):
                    return True
            elif isinstance(node, Call):
                if self._call(node, so_far, named):
                    return True
            elif isinstance(node, File):
                self._reach(node, so_far, named)
            elif isinstance(node, Unclear):
                if so_far in (ALL, UNKNOWN):
                    self.unsure.append(node.what)
            elif isinstance(node, Directive) and node.name == "actionfiledefaulttemplate":
                self._default_template = node.value
        return False

    def _branch(self, node, so_far, named):
        judged, names = self._judge(node.condition)
        ended = False
        if judged != NONE:
            ended = self.run(node.then, both(so_far, judged), named or names)
        opposite = invert(judged)
        if opposite != NONE and node.otherwise:
            self.run(node.otherwise, both(so_far, opposite), named)
        return ended

    def _call(self, node, so_far, named):
        # Each ruleset once: what it does a second time is not understood, and one that calls itself would not end.
        nodes = self._rulesets.pop(node.ruleset, None)
        if nodes is None:
            raise SyslogError("call %s: not understood" % node.ruleset)
        self.run(nodes, so_far, named)
        return False

    def _reach(self, node, so_far, named):
        if so_far == UNKNOWN:
            self.unsure.append("a rule that is not understood writes %s" % node.path)
        if so_far != ALL or node.path in [seen.path for seen in self.files] or not node.path.startswith("/"):
            return
        template = node.template or self._default_template or self._module_template
        self.files.append(LogFile(node.path, self._templates.get(template.lower()), named))

    # Each returns (verdict, whether the condition names the facility or Postfix).

    def _judge(self, condition):
        if isinstance(condition, Selector):
            return _select(condition.text, self._message.facility)
        if isinstance(condition, Test):
            return self._test(condition)
        if isinstance(condition, Not):
            judged, dummy = self._judge(condition.condition)
            return invert(judged), False
        if isinstance(condition, Chain):
            combine = both if condition.operator == "and" else either
            judged, named = self._judge(condition.conditions[0])
            for other in condition.conditions[1:]:
                more, names = self._judge(other)
                judged, named = combine(judged, more), named or names
            return judged, named
        return UNKNOWN, False

    def _test(self, test):
        name, value = test.property, test.value
        operator = {"==": "equal", "!=": "equal", "<>": "equal", "isequal": "equal"}.get(test.operator, test.operator)
        negated = test.negated != (test.operator in ("!=", "<>"))
        numbers = {"syslogfacility": FACILITIES[self._message.facility], "syslogseverity": INFO, "syslogpriority": INFO}
        texts = {
            "syslogfacility-text": self._message.facility,
            "syslogseverity-text": "info",
            "syslogpriority-text": "info",
            "programname": self._message.name.partition("/")[0],
            "fromhost-ip": "127.0.0.1",
        }
        name = name.lstrip("$")
        if name in numbers:
            judged = _compare_numbers(numbers[name], test.operator, value)
            negated = test.negated
        elif name in texts:
            judged = compare(texts[name], operator, str(value))
        elif name in ("syslogtag", "app-name"):
            judged = compare(self._message.name + "/", operator, str(value), whole=False)
        else:
            judged = SOME if name in _TEXT else UNKNOWN
        named = judged == ALL and not negated and name in ("syslogfacility", "syslogfacility-text", "programname", "syslogtag", "app-name")
        return (invert(judged) if negated else judged), named


def _compare_numbers(known, operator, value):
    try:
        value = int(value)
    except ValueError:
        return UNKNOWN
    answers = {
        "==": known == value, "isequal": known == value, "!=": known != value, "<>": known != value,
        "<": known < value, "<=": known <= value, ">": known > value, ">=": known >= value,
    }  # fmt: skip
    return verdict(answers[operator]) if operator in answers else UNKNOWN


def _select(text, facility):
    """The verdict of a selector such as C(*.info;mail.none) for a facility at level info."""
    chosen = named = False
    for part in text.rstrip(";").split(";"):
        names, dot, priority = part.strip().rpartition(".")
        facilities = [FACILITY_ALIASES.get(name, name) for name in names.lower().split(",")]
        negated, exact, level = re.match(r"(!?)(=?)(.*)", priority.lower(), re.DOTALL).groups()
        if not dot or not all(name == "*" or name in FACILITIES for name in facilities) or not (level in SEVERITIES or level in ("*", "none")):
            return UNKNOWN, False
        if facility not in facilities and "*" not in facilities:
            continue
        if level == "none":
            chosen = False
        elif level == "*" or (INFO == SEVERITIES[level] if exact else INFO <= SEVERITIES[level]):
            chosen = not negated
            named = facility in facilities
    return verdict(chosen), chosen and named


def _style_of_string(text):
    said = _TIME.match(text)
    return _TIME_FORMATS.get(said.group(1) and said.group(1).lower()) if said else None


def _style_of_template(node):
    if node.parameters.get("type") == "string":
        return _style_of_string(node.parameters.get("string", ""))
    first = node.body[0] if node.body else None
    if not isinstance(first, Object) or first.name != "property" or first.parameters.get("name", "").lower() not in _TIME_NAMES:
        return None
    return _TIME_FORMATS.get(first.parameters.get("dateformat"))
