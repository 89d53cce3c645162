# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a known number of real messages into each queue of a Postfix instance, where they stay.

Runs as root on the mail host (from ansible.builtin.script with `executable: /usr/bin/python3`) and
prints the counts as one line of JSON. Whatever the instance's queues held before is deleted, and
its main.cf and master.cf are changed: this is for hosts that exist only for tests.

How a message is made to stay in its queue (manual pages in brackets):

maildrop  pickup is switched off, so nobody collects what sendmail(1) leaves there
          [master_service_disable, postconf(5)]
active    behind the "stall" transport is a process that never greets, as qmgr waits for
          [src/qmgr/qmgr_transport.c], with the time limit on the wait raised: daemon_timeout
          [postconf(5)]. It is none of Postfix's own: such a one may end before qmgr when Postfix
          stops, and qmgr would defer the messages
incoming  qmgr takes in no more than qmgr_message_active_limit messages [qmgr(8)]
deferred  the retry transport defers with the text given as next hop [error(8), transport(5)], or
          a server on the port after the instance's own says "try again later" [smtpd(8), defer in
          postconf(5)], for longer than the test
hold      postsuper -h [postsuper(1)]
corrupt   a deferred message's file is cut short and scheduled again by postqueue -i
          [postqueue(1)]; qmgr then sets it aside itself [qmgr(8)]

After a restart qmgr moves active messages back to incoming and fills up to the limit again, so the
counts are the same."""

import argparse
import json
import os
import re
import smtplib
import subprocess
import sys
import time

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
LOGS = ("bounce", "defer", "trace")
LONG = "30d"

# (sender, recipient). The characters are those which have misled parsers of queue listings.
ENVELOPES = (
    ("alice@example.com", "bob@example.org"),
    ("star*sender@example.com", "shooting*star@example.net"),
    ("hurry!@example.net", "wow!such!mail@example.org"),
    ("", "nobody.home@example.com"),
    ("jürgen@bücher.example", "用户@例子.example"),
    ('"quoted sender"@example.org', '"John * Doe!"@example.net'),
)
REASONS = {
    "example.org": "4.2.2 Mailbox full! Quota of *all* users reached",
    "": (
        "4.7.1 Greylisted * see the postmaster's page! Bitte in fünf Minuten erneut versuchen:"
        " später geht es bestimmt"
    ),
}
SETTINGS = {
    "transport_maps": (
        "inline:{ {stall.example = stall:}, {example.net = smtp:[127.0.0.1]:%d},"
        f" {{example.org = retry:{REASONS['example.org']}}} }}"
    ),
    "default_transport": f"retry:{REASONS['']}",
    "relayhost": "",
    "smtputf8_enable": "yes",
    "in_flow_delay": "0",
    "qmgr_clog_warn_time": "0",
    "authorized_submit_users": "static:anyone",  # postmulti makes instances that let nobody submit
    "notify_classes": "",  # a notice to the postmaster would be one message more
    "daemon_timeout": LONG,
    "queue_run_delay": LONG,
    "minimal_backoff_time": LONG,
    "maximal_backoff_time": LONG,
    "maximal_queue_lifetime": "100d",
    "bounce_queue_lifetime": "100d",
}


# A connection that nobody accepts stays open for as long as somebody listens. The mail owner, to
# whom the directory belongs, could put a link in the place of a socket whose mode is yet to be
# changed.
LISTENER = """
import os, signal, socket, sys
listener = socket.socket(socket.AF_UNIX)
os.umask(0o111)
listener.bind(sys.argv[1])
listener.listen(4096)
signal.pause()
"""


class Failure(Exception):
    """Something is not as it has to be; the text goes to the user."""


def run(*command, **options):
    """Run a command, return what it printed, raise Failure where it fails."""
    done = subprocess.run(command, capture_output=True, timeout=300, check=False, **options)
    if done.returncode:
        text = done.stderr.decode("utf-8", "replace").strip()
        raise Failure(f"{' '.join(command)}: exit code {done.returncode}: {text}")
    return done.stdout.decode("utf-8")


class Instance:
    def __init__(self, directory, port):
        self.directory = directory
        self.port = port
        self.spool = self.setting("queue_directory")

    def tool(self, name, *arguments, **options):
        return run(name, "-c", self.directory, *arguments, **options)

    def setting(self, name):
        return self.tool("postconf", "-hx", name).strip()

    def is_default(self):
        return self.directory == run("postconf", "-dh", "config_directory").strip()

    def files(self, *queues):
        """The paths of all files in these queues."""
        for queue in queues:
            for parent, dummy, names in os.walk(os.path.join(self.spool, queue)):
                for name in names:
                    yield os.path.join(parent, name)

    def counts(self):
        return {queue: sum(1 for dummy in self.files(queue)) for queue in QUEUES}

    def wait_for(self, **expected):
        """Wait until the named queues hold that many files."""
        deadline = time.monotonic() + 60 + 0.1 * sum(expected.values())
        while True:
            found = {queue: count for queue, count in self.counts().items() if queue in expected}
            if found == expected:
                return
            if time.monotonic() > deadline:
                raise Failure(
                    f"expected in the queues: {json.dumps(expected)}; found: {json.dumps(found)}"
                )
            time.sleep(0.1)

    def unit(self):
        """The systemd unit that the running master belongs to, or that starts the default instance;
        None otherwise."""
        if not os.path.isdir("/run/systemd/system"):
            return None
        try:
            with open(os.path.join(self.spool, "pid", "master.pid"), encoding="ascii") as stream:
                pid = int(stream.read())
            with open(f"/proc/{pid}/cgroup", encoding="utf-8") as stream:
                found = re.search(r"/(postfix[^/]*\.service)$", stream.read(), re.MULTILINE)
        except (OSError, ValueError):
            found = None
        if found:
            return found.group(1)
        return "postfix.service" if self.is_default() else None

    def is_running(self):
        status = ("postfix", "-c", self.directory, "status")
        return subprocess.run(status, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def stop(self, unit):
        if unit:
            run("systemctl", "stop", unit)
        if self.is_running():
            self.tool("postfix", "stop")

    def start(self, unit):
        if unit:
            run("systemctl", "restart", unit)
        else:
            # With descriptors of its own the master does not keep our caller waiting for the end of
            # our output.
            self.tool("postfix", "start", stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self.is_running():
            if time.monotonic() > deadline:
                raise Failure(f"expected a running Postfix for {self.directory}; there is none")
            time.sleep(0.1)

    def configure(self, active_limit):
        # An instance made by postmulti has all network services disabled, for its port 25 is the
        # default instance's.
        disabled = (
            "smtp/inet pickup/unix"
            if "inet" in self.setting("master_service_disable")
            else "pickup/unix"
        )
        settings = dict(
            SETTINGS, qmgr_message_active_limit=str(active_limit), master_service_disable=disabled
        )
        settings["transport_maps"] %= self.port + 1
        self.tool("postconf", "-e", *("{}={}".format(*item) for item in settings.items()))
        listener, refusing = (f"127.0.0.1:{port}" for port in (self.port, self.port + 1))
        self.tool(
            "postconf",
            "-Me",
            f"{listener}/inet={listener} inet n - n - - smtpd -o smtpd_tls_security_level=none -o"
            " mynetworks=127.0.0.1 -o smtpd_relay_restrictions=permit_mynetworks,reject -o"
            " smtpd_reject_unlisted_recipient=no",
            # Under its own name smtp(8) would take it for a mail loop.
            f"{refusing}/inet={refusing} inet n - n - - smtpd -o smtpd_tls_security_level=none -o"
            " myhostname=mx.example.net -o smtpd_relay_restrictions=defer -o"
            " smtpd_delay_reject=yes",
        )

    def stall(self):
        """Start the process behind the stall transport, in the place of an earlier one."""
        path = os.path.join(self.spool, "private", "stall")
        subprocess.run(("pkill", "-f", f"AF_UNIX.* {path}$"), check=False)
        if os.path.lexists(path):
            os.remove(path)
        silent = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
        }
        subprocess.Popen(
            (sys.executable, "-c", LISTENER, path), cwd="/", start_new_session=True, **silent
        )
        deadline = time.monotonic() + 30
        while not os.path.exists(path) or os.stat(path).st_mode & 0o777 != 0o666:
            if time.monotonic() > deadline:
                raise Failure(f"expected a socket {path}; there is none")
            time.sleep(0.05)

    def empty(self):
        for path in self.files(*QUEUES + LOGS):
            os.remove(path)


class Mailer:
    """Submits messages by SMTP and hands back their queue IDs."""

    def __init__(self, port):
        deadline = time.monotonic() + 30
        while True:
            try:
                self.server = smtplib.SMTP("127.0.0.1", port, timeout=60)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Failure(f"expected an SMTP server at port {port}: {error}") from None
                time.sleep(0.1)
        self.server.ehlo("localhost")
        self.utf8 = self.server.has_extn("smtputf8")
        self.server.command_encoding = "utf-8"

    @staticmethod
    def accepted(reply):
        code, text = reply
        if code != 250:
            raise Failure(f"the SMTP server answers {code} {text.decode('utf-8', 'replace')}")
        return text.decode("utf-8")

    def send(self, count, domain=None):
        """Submit messages, all of them to that domain if one is given."""
        envelopes = [pair for pair in ENVELOPES if self.utf8 or "".join(pair).isascii()]
        identifiers = []
        for number in range(count):
            sender, recipient = envelopes[number % len(envelopes)]
            if domain:
                recipient = f"{recipient.rpartition('@')[0]}@{domain}"
            self.accepted(
                self.server.docmd("MAIL", f"FROM:<{sender}>{' SMTPUTF8' if self.utf8 else ''}")
            )
            self.accepted(self.server.docmd("RCPT", f"TO:<{recipient}>"))
            text = f"Subject: Test message {number}\r\n\r\n" + "Some text.\r\n" * (
                1 + number % 7 * 20
            )
            identifiers.append(self.accepted(self.server.data(text)).rpartition(" ")[2])
        return identifiers


def corrupt(instance, identifiers):
    """Damage deferred messages and let qmgr find out."""
    paths = {os.path.basename(path): path for path in instance.files("deferred")}
    for identifier in identifiers:
        # The mail owner could have put a link there.
        with open(os.open(paths[identifier], os.O_RDWR | os.O_NOFOLLOW), "r+b") as message:
            message.truncate(os.fstat(message.fileno()).st_size // 2)
        instance.tool("postqueue", "-i", identifier)


def drop(instance, count):
    """Leave messages in maildrop."""
    environment = dict(os.environ, MAIL_CONFIG=instance.directory)
    for number in range(count):
        sender, recipient = ENVELOPES[number % len(ENVELOPES)]
        text = f"Subject: Test message {number}\n\nSome text.\n"
        run("sendmail", "-f", sender, "-i", "--", recipient, input=text.encode(), env=environment)


def fill(instance, wanted):
    unit = instance.unit()
    instance.stop(unit)
    instance.empty()
    instance.configure(max(1, wanted["active"]))
    instance.start(unit)
    instance.stall()

    mailer = Mailer(instance.port)
    held, broken = wanted["hold"], wanted["corrupt"]
    identifiers = mailer.send(wanted["deferred"] + held + broken)
    instance.wait_for(incoming=0, active=0, deferred=len(identifiers))
    if held:
        instance.tool("postsuper", "-h", "-", input="\n".join(identifiers[:held]).encode())
    corrupt(instance, identifiers[held : held + broken])
    instance.wait_for(incoming=0, active=0, deferred=wanted["deferred"], hold=held, corrupt=broken)

    mailer.send(wanted["active"], "stall.example")
    instance.wait_for(incoming=0, active=wanted["active"])
    mailer.send(wanted["incoming"], "stall.example")
    drop(instance, wanted["maildrop"])
    instance.wait_for(**wanted)
    time.sleep(1)
    found = instance.counts()
    if found != wanted:
        raise Failure(
            f"the counts do not stay: expected {json.dumps(wanted)}; found: {json.dumps(found)}"
        )
    return found


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for queue in QUEUES:
        parser.add_argument(
            "--" + queue,
            type=int,
            default=0,
            metavar="N",
            help="messages in this queue (default: 0)",
        )
    parser.add_argument(
        "--config-directory",
        metavar="DIR",
        help="the instance's configuration (default: the default instance)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=10025,
        help=(
            "where the instance shall listen on 127.0.0.1, also on the port after it (default:"
            " 10025)"
        ),
    )
    options = parser.parse_args()
    if min(getattr(options, queue) for queue in QUEUES) < 0:
        parser.error("a queue cannot hold less than nothing")
    if options.incoming and not options.active:
        parser.error(
            "incoming needs active >= 1: qmgr leaves messages in incoming only while active is full"
        )
    return options


def main():
    options = parse_arguments()
    try:
        if os.geteuid() != 0:
            raise Failure("only root can do this: run it as root")
        directory = options.config_directory or run("postconf", "-dh", "config_directory").strip()
        counts = fill(
            Instance(directory, options.port), {queue: getattr(options, queue) for queue in QUEUES}
        )
    except (Failure, OSError, subprocess.SubprocessError, smtplib.SMTPException) as error:
        sys.exit(f"fill_queues: {error}")
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
