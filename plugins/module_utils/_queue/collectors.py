# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways to count the messages of one instance's queues, a class each.

A collector has C(method), its name; C(tells), the details that it can give; C(sees), the queues
that it can give them for; and C(collect(queues, details)), which returns the counts (dict of queue
name to int, or to None for a count that cannot be known this way) and a list of warnings, and fills
the Details, if given. It raises HostError rather than return a count that is not true."""

from __future__ import annotations

import functools
import itertools
import operator
import os
import stat

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    find_refusal,
    is_sudo_refusal,
    lacks_json,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import DETAILS
from ansible_collections.mailops.postfix.plugins.module_utils._queue.listings import (
    CutShort,
    ListingError,
    parse_json_listing,
    parse_plain_listing,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import (
    LISTED_QUEUES,
    QUEUES,
)

_BATCH = 65536


class FindCollector:
    """Counts what C(find DIRECTORY -type f) counts, in each queue's directory."""

    method = "find"
    # A long queue ID holds the arrival time, and a file's name is its queue ID.
    tells = frozenset(["age"])
    sees = QUEUES

    def __init__(self, runner, queue_directory, sudo_user=None, as_command=False):
        """as_command: run find instead of walking in this process; always so with sudo_user."""
        self._runner = runner
        self._queue_directory = queue_directory
        self._sudo_user = sudo_user
        self._count = self._count_by_command if as_command or sudo_user else self._count_by_walk

    def collect(self, queues, details=None):
        counts = {}
        for queue in queues:
            directory = os.path.join(self._queue_directory, queue)
            self._check(directory)
            counts[queue] = self._count(
                directory, functools.partial(details.add_file, queue) if details else None
            )
        return counts, []

    def _check(self, directory):
        # find neither follows a link that it is given nor minds a file: it would count 0 or 1.
        try:
            mode = os.lstat(directory).st_mode
        except FileNotFoundError:
            raise HostError("missing_queue", f"{directory} does not exist") from None
        except PermissionError:
            return  # the counting itself will tell, perhaps as another user
        if not stat.S_ISDIR(mode):
            raise HostError(
                "missing_queue", f"{directory} is not a directory (find does not follow links)"
            )

    def _count_by_walk(self, directory, see):
        count = 0
        waiting = [directory]
        while waiting:
            path = waiting.pop()
            try:
                with os.scandir(path) as entries:
                    files, directories = self._count_entries(entries, see)
            except PermissionError:
                raise HostError("permission_denied", f"{path} cannot be read") from None
            except (FileNotFoundError, NotADirectoryError):
                if path == directory:
                    raise HostError("missing_queue", f"{directory} does not exist") from None
                continue  # a hashed directory that went away is normal on a live queue
            count += files
            waiting += directories
        return count

    def _count_entries(self, entries, see):
        """Counts the files; the loops over entries run in C, which halves the time (make bench).
        see: gets each file's name, if any."""
        is_file = operator.methodcaller("is_file", follow_symlinks=False)
        files, directories = 0, []
        while True:
            tally = itertools.count()
            batch = map(operator.itemgetter(0), zip(itertools.islice(entries, _BATCH), tally))
            if see:
                batch = list(batch)
                for entry in filter(is_file, batch):
                    see(entry.name)
            others = list(itertools.filterfalse(is_file, batch))
            seen = next(tally)
            files += seen - len(others)
            directories += [entry.path for entry in others if entry.is_dir(follow_symlinks=False)]
            self._runner.deadline.check(f"counting in {self._queue_directory}")
            if seen < _BATCH:
                return files, directories

    def _count_by_command(self, directory, see):
        command = (
            commands.sudo_find_files(self._sudo_user, directory)
            if self._sudo_user
            else commands.find_files(directory)
        )
        process = self._runner.start(command)
        prefix = directory + "/"
        count = 0
        for line in process.lines():
            # A file's name may hold a newline, so not every line is a file.
            if line.startswith(prefix):
                count += 1
                if see:
                    see(line.rpartition("/")[2])
        rc, stderr = process.finish()
        if rc == 0:
            return count
        if self._sudo_user and is_sudo_refusal(stderr):
            kind = "sudo_refused"
        elif rc == 1:
            kind = find_refusal(stderr, directory)
            if kind is None and stderr.strip():
                return count
        else:
            kind = "command_failed"
        raise HostError(
            kind or "command_failed",
            f"{directory} could not be counted: {_cause(rc, stderr)}",
            process.args,
            rc,
            stderr,
        )


class PostqueueCollector:
    """Counts what postqueue lists: C(-j), or C(-p) where there is no C(-j)."""

    method = "postqueue"
    tells = frozenset(DETAILS)
    sees = LISTED_QUEUES

    def __init__(self, runner, config_directory=None):
        self._runner = runner
        self._config_directory = config_directory

    def collect(self, queues, details=None):
        warnings = []
        try:
            counts = self._count_json(warnings, details)
        except HostError as error:
            if not lacks_json(error.stderr):
                raise
            if details:
                message = (
                    "this Postfix has no 'postqueue -j', and 'postqueue -p' does not tell"
                    f" {', '.join(sorted(details.wanted))}"
                )
                raise HostError(
                    "unknowable",
                    message,
                    hint="Leave out details, or update Postfix to 3.1 or later.",
                ) from None
            counts = self._count_plain(warnings)
        return {queue: counts.get(queue) for queue in queues}, warnings

    def _count_json(self, warnings, details):
        def parse(lines):
            messages = parse_json_listing(lines)
            return details.watch(messages) if details else messages

        counts = dict.fromkeys(LISTED_QUEUES, 0)
        for message in self._messages(
            commands.postqueue_json(self._config_directory), parse, warnings
        ):
            counts[message["queue_name"]] += 1
        return counts

    def _count_plain(self, warnings):
        counts = {"active": 0, "hold": 0, None: 0}
        for message in self._messages(
            commands.postqueue_plain(self._config_directory), parse_plain_listing, warnings
        ):
            counts[message.queue] += 1
        unmarked = counts.pop(None)
        if unmarked:
            warnings.append(
                "This Postfix has no 'postqueue -j', and 'postqueue -p' does not tell maildrop,"
                f" incoming and deferred apart: {unmarked} messages are in these three queues"
                " together."
            )
            return counts
        return dict(counts, maildrop=0, incoming=0, deferred=0)

    def _messages(self, command, parse, warnings):
        """Yields the messages of a whole listing; what is wrong with it is raised after the last of
        them."""
        process = self._runner.start(command)
        lines = process.lines()
        seen = 0
        flaw = None
        try:
            for message in parse(lines):
                seen += 1
                yield message
        except ListingError as error:
            flaw = error
            for dummy in lines:
                pass  # the exit code and stderr, known at the end, tell more than the flaw
        rc, stderr = process.finish()
        if rc != 0:
            kind = "truncated_listing" if seen else postfix_refusal(stderr)
            raise HostError(
                kind,
                f"the queue could not be listed: {_cause(rc, stderr)}",
                process.args,
                rc,
                stderr,
            )
        if flaw:
            kind = "truncated_listing" if isinstance(flaw, CutShort) else "unparsed_listing"
            raise HostError(
                kind, f"the listing cannot be trusted: {flaw}", process.args, rc, stderr
            )
        warnings += stderr.splitlines()


def _cause(rc, stderr):
    """The last line that a failed command said; that is where Postfix, sudo and find name the
    cause."""
    said = stderr.strip().splitlines()
    return said[-1] if said else f"exit code {rc} without a message"
