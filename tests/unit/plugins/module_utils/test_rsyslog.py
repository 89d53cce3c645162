# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.mailops.postfix.plugins.module_utils import rsyslog
from ansible_collections.mailops.postfix.plugins.module_utils.syslog import LogFile, Message, SyslogError

MAIL = Message("mail", "postfix")
INPUT = 'module(load="imuxsock")\n'


def found(text, message=MAIL):
    return rsyslog.destinations(rsyslog.parse(INPUT + text), message)


def paths(text, message=MAIL):
    answer = found(text, message)
    assert answer.unsure == []
    return [file.path for file in answer.files]


@pytest.mark.parametrize(
    "release, style, files",
    [
        ("bullseye", "traditional", ["/var/log/syslog", "/var/log/mail.log", "/var/log/mail.info"]),
        ("bookworm", "rfc3339", ["/var/log/syslog", "/var/log/mail.log"]),
        ("trixie", "rfc3339", ["/var/log/syslog", "/var/log/mail.log"]),
    ],
)
def test_what_debian_ships(sample, release, style, files):
    nodes = rsyslog.parse(sample("rsyslog_%s.conf" % release))
    answer = rsyslog.destinations(nodes, MAIL)
    assert answer.files == [LogFile(path, style, path != "/var/log/syslog") for path in files]
    assert (answer.unsure, answer.sources) == ([], ["imuxsock"])
    assert [node.pattern for node in nodes if isinstance(node, rsyslog.Include)] == ["/etc/rsyslog.d/*.conf"]


def test_what_red_hat_ships():
    text = """
    global(workDirectory="/var/lib/rsyslog")
    module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
    module(load="imuxsock" 	  # provides support for local system logging
           SysSock.Use="off") # Turn off message reception via local log socket
    module(load="imjournal" 	    # provides access to the systemd journal
           UsePid="system" # PID nummber is retrieved as the ID of the process
           FileCreateMode="0644"
           StateFile="imjournal.state") # File to store the position in the journal
    include(file="/etc/rsyslog.d/*.conf" mode="optional")
    *.info;mail.none;authpriv.none;cron.none                /var/log/messages
    authpriv.*                                              /var/log/secure
    mail.*                                                  -/var/log/maillog
    *.emerg                                                 :omusrmsg:*
    uucp,news.crit                                          /var/log/spooler
    local7.*                                                /var/log/boot.log
    """
    answer = rsyslog.destinations(rsyslog.parse(text), MAIL)
    assert answer.files == [LogFile("/var/log/maillog", "traditional", True)]
    assert answer.sources == ["imjournal"]


@pytest.mark.parametrize(
    "selector, facility, reached",
    [
        ("mail.*", "mail", True),
        ("mail.info", "mail", True),
        ("mail.debug", "mail", True),
        ("mail.notice", "mail", False),
        ("mail.=info", "mail", True),
        ("mail.=notice", "mail", False),
        ("mail.!notice", "mail", False),
        ("mail.*;mail.!notice", "mail", True),
        ("mail.*;mail.!info", "mail", False),
        ("mail.*;mail.!=info", "mail", False),
        ("*.*;mail.none", "mail", False),
        ("*.*;mail.none", "local0", True),
        ("auth,mail.info", "mail", True),
        ("*.=debug;auth,authpriv.none;mail.none", "mail", False),
        ("MAIL.INFO", "mail", True),
        ("mail.*", "local3", False),
        ("security.*", "auth", True),
    ],
)
def test_selectors(selector, facility, reached):
    assert paths("%s /f\n" % selector, Message(facility, "postfix")) == (["/f"] if reached else [])


@pytest.mark.parametrize(
    "text, files",
    [
        ("mail.* -/f;RSYSLOG_FileFormat\n", ["/f"]),
        ("mail.* /f\n& stop\n*.* /g\n", ["/f"]),
        ("mail.* /f\n& ~\n*.* /g\n", ["/f"]),
        ("mail.* /f\n& /g\n", ["/f", "/g"]),
        ("mail.* @@loghost:514\n*.* /g\n", ["/g"]),
        ("mail.* stop\n*.* /g\n", []),
        ("mail.*;\\\n   auth.none   /f\n", ["/f"]),
        (':programname, isequal, "postfix" /f\n', ["/f"]),
        (':programname, startswith, "post" /f\n& stop\nmail.* /g', ["/f"]),
        (':programname, !isequal, "postfix" /f\n', []),
        (':programname, isequal, "postfix-out" /f\n', []),
        (':syslogtag, startswith, "postfix/" /f\n', ["/f"]),
        (':syslogtag, isequal, "postfix" /f\n', []),
        (':msg, contains, "noise" stop\nmail.* /f\n', ["/f"]),
        ("if $syslogfacility-text == 'mail' then /f\n", ["/f"]),
        ("if $syslogfacility-text == 'mail' then {\n  -/f\n  stop\n}\n*.* /g\n", ["/f"]),
        ('if ($syslogfacility-text == "mail" and $syslogseverity <= 6) then action(type="omfile" file="/f")\n', ["/f"]),
        ("if $syslogfacility == 2 and $syslogseverity < 6 then /f\n", []),
        ("if not ($programname startswith 'postfix') then stop\n*.* /f", ["/f"]),
        ("if $programname == 'dovecot' then /f\nelse if $programname == 'postfix' then /g\nelse /h\n", ["/g"]),
        ("if prifilt('mail.*') then { action(type='omfile' file='/f' template='RSYSLOG_FileFormat') stop }\n*.* /g", ["/f"]),
        ('if $msg contains "lost connection" then stop\nmail.* /f\n', ["/f"]),
        ('ruleset(name="remote") { mail.* /r\n }\ninput(type="imudp" port="514" ruleset="remote")\nmail.* /f\n', ["/f"]),
        ('ruleset(name="local") { mail.* /r\n }\ncall local\n', ["/r"]),
        ("$RuleSet remote\nmail.* /r\n$RuleSet RSYSLOG_DefaultRuleset\nmail.* /f\n", ["/f"]),
        ('mail.* action(type="omfwd" target="h" port="514" protocol="tcp" queue.type="LinkedList")\nmail.* /f', ["/f"]),
        ('set $!x = "y";\nmail.* {\n /f\n}\n', ["/f"]),
        ("*.emerg :omusrmsg:*\nmail.* |/dev/xconsole\nmail.* root,operator\nmail.* /f", ["/f"]),
    ],
)
def test_rules(text, files):
    assert paths(text) == files


def test_instance_with_a_name_of_its_own():
    text = ':programname, isequal, "postfix-out" /out\n& stop\nmail.* /f\n'
    assert paths(text, Message("mail", "postfix-out")) == ["/out"]
    assert paths(text) == ["/f"]


@pytest.mark.parametrize(
    "text, style",
    [
        ("mail.* /f\n", "rfc3339"),
        ("$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat\nmail.* /f\n", "traditional"),
        ("mail.* /f\n$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat\n", "rfc3339"),
        ('module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")\nmail.* /f\n', "traditional"),
        ("mail.* /f;RSYSLOG_TraditionalFileFormat\n", "traditional"),
        ('mail.* action(type="omfile" file="/f" template="RSYSLOG_SyslogProtocol23Format")\n', None),
        ('$template Own,"%timegenerated% %HOSTNAME% %syslogtag%%msg%\\n"\nmail.* /f;Own\n', "traditional"),
        ('$template Own,"%TIMESTAMP:::date-rfc3339% %HOSTNAME%\\n"\nmail.* /f;Own\n', "rfc3339"),
        ('template(name="Own" type="string" string="%hostname% %timestamp%\\n")\nmail.* /f;Own\n', None),
        ('template(name="Own" type="list") { property(name="timestamp" dateFormat="rfc3339") constant(value=" ") }\nmail.* /f;Own\n', "rfc3339"),
        ('template(name="Own" type="list") { constant(value="x") }\nmail.* /f;Own\n', None),
        ("mail.* /f;Nowhere\n", None),
    ],
)
def test_timestamps(text, style):
    assert found(text).files == [LogFile("/f", style, True)]


@pytest.mark.parametrize(
    "text",
    [
        "if $hostname == 'a' then /f\n",
        "if $x == 1 and 1 == 1 or 2 == 2 then /f\n",
        "mail.* ?Dynamic\n",
        'mail.* action(type="omfile" dynaFile="Dynamic")\n',
        "nosuch.* /f\n",
        "if exec_template('a') == 'b' then /f\n",
    ],
)
def test_doubt_is_told(text):
    answer = found(text)
    assert answer.files == []
    assert answer.unsure


@pytest.mark.parametrize(
    "text",
    [
        "if $hostname == 'a' then stop\nmail.* /f\n",
        "!postfix\n*.* /f\n",
        "& /f\n",
        "mail.* {\n /f\n",
        "call nowhere\n",
        'input(type="imuxsock" socket="/dev/log" ruleset="x")\n',
        "$DefaultRuleset x\n",
        'ruleset(name="a") { call a }\ncall a\n',
        "if (" * 5000,
    ],
)
def test_what_is_not_understood_is_an_error(text):
    with pytest.raises(SyslogError):
        found(text)


def test_sources():
    assert rsyslog.destinations(rsyslog.parse("mail.* /f\n"), MAIL).sources == []
    assert rsyslog.destinations(rsyslog.parse("$ModLoad imuxsock.so\n"), MAIL).sources == ["imuxsock"]


PIECES = strategies.sampled_from(
    ["mail.*", "*.info", ";", "mail.none", " ", "\t", "\n", "/f", "-/f", "& ", "stop", "~", "if ", " then ", "else ", "$msg", "$programname", " == ",
     " contains ", "'x'", '"postfix"', "(", ")", "{", "}", "and ", "or ", "not ", "action(", 'type="omfile"', 'file="/f"', "template(", 'name="x"',
     "call x", "ruleset(", "$ActionFileDefaultTemplate x", ":msg,", "contains,", "#", "/*", "*/", "\\\n", "[", "]", ",", "1", "prifilt("]
)  # fmt: skip


@hypothesis.given(strategies.one_of(strategies.text(), strategies.lists(PIECES, max_size=30).map("".join)))
def test_no_text_raises_anything_else(text):
    try:
        rsyslog.destinations(rsyslog.parse(text), MAIL)
    except SyslogError:
        pass


FACILITIES = strategies.sampled_from(["mail", "auth", "local0", "*"])
LEVELS = strategies.sampled_from(["*", "debug", "info", "notice", "err", "none", "=info", "=err"])


@hypothesis.given(strategies.lists(strategies.tuples(FACILITIES, LEVELS), min_size=1, max_size=5))
def test_selectors_follow_the_manual(parts):
    """The last part that speaks of the facility and the level decides, and only V(none) takes away."""
    expected = False
    for facility, level in parts:
        if facility in ("mail", "*"):
            expected = False if level == "none" else expected or level in ("*", "debug", "info", "=info")
    assert paths("%s /f\n" % ";".join("%s.%s" % part for part in parts)) == (["/f"] if expected else [])
