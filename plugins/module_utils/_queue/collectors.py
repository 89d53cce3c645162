# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways to count the messages of one instance's queues, a class each."""

from __future__ import annotations

import os
from typing import Any, Callable, Collection, Iterable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._host import commands
from ansible_collections.mailops.postfix.plugins.module_utils._host.children import as_user
from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError
from ansible_collections.mailops.postfix.plugins.module_utils._host.refusals import (
    cause_of,
    find_refusal,
    lacks_json,
    postfix_refusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._host.runner import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._queue.details import (
    DETAILS,
    Ages,
    Details,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.listings import (
    CutShort,
    ListingError,
    PlainMessage,
    parse_json_listing,
    parse_plain_listing,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queues import (
    LISTED_QUEUES,
    QUEUES,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.walk import (
    check_directory,
    count_files,
)


class Collected(NamedTuple):
    """counts: by queue, None if the count cannot be known this way; warnings: texts."""

    counts: dict[str, int | None]
    warnings: list[str]


class Files(NamedTuple):
    """The files of one queue; oldest and buckets as Ages has them."""

    number: int
    oldest: int | None
    buckets: list[int]


class Collector:
    """A way to count.

    C(method): its name; C(details): the details that it gives; C(queues): the queues that it
    sees."""

    method: str
    details: frozenset[str]
    queues: tuple[str, ...]

    def collect(self, queues: Collection[str], details: Details | None = None) -> Collected:
        """Counts the messages in these queues, and fills the details, if given.

        Raises HostError rather than return a count that is not true; of kind unknowable if it
        cannot give the details here."""
        raise NotImplementedError


class FindCollector(Collector):
    """Counts what C(find DIRECTORY -type f) counts, in each queue's directory."""

    method = "find"
    # A long queue ID contains the arrival time, and the name of a message's file is its queue ID.
    details = frozenset(["age"])
    queues = QUEUES

    def __init__(self, runner: Runner, queue_directory: str, sudo_user: str | None = None) -> None:
        """sudo_user: the user as whom sudo runs find. Without, a child process counts with the
        rights of the runner's commands."""
        self._runner = runner
        self._queue_directory = queue_directory
        self._sudo_user = sudo_user

    def collect(self, queues: Collection[str], details: Details | None = None) -> Collected:
        return Collected(dict(self.count(queues, details)), [])

    def count(self, queues: Collection[str], details: Details | None = None) -> dict[str, int]:
        """The counts by queue; find knows them all."""
        directories = {queue: os.path.join(self._queue_directory, queue) for queue in queues}
        now = details.now if details else None
        if self._sudo_user:
            self._in_child(_check, directories)
            found = {
                queue: self._count_by_sudo(self._sudo_user, directory, now)
                for queue, directory in directories.items()
            }
        else:
            found = self.walk(directories, now)
        if details:
            for queue, files in found.items():
                details.ages[queue].oldest = files.oldest
                details.ages[queue].counts = files.buckets
        return {queue: files.number for queue, files in found.items()}

    def walk(self, directories: dict[str, str], now: float | None) -> dict[str, Files]:
        """The files in the directories, by queue. now: moment at which the ages are those of the
        messages; None to count only."""
        found = self._in_child(_walk, directories, now)
        return {queue: Files(*files) for queue, files in found.items()}

    def _in_child(self, function: Callable[..., Any], *arguments: Any) -> Any:
        doing = f"counting in {self._queue_directory}"
        self._runner.deadline.check(doing)
        # Nothing else can end a call on a mount that hangs.
        try:
            return as_user(self._runner.uid, self._runner.deadline, function, *arguments)
        except HostError as error:
            if error.kind == "timeout":
                raise self._runner.deadline.error(doing) from None
            raise

    def _count_by_sudo(self, user: str, directory: str, now: float | None) -> Files:
        process = self._runner.start(commands.sudo_find_files(user, directory))
        ages, ageless = Ages(now or 0), None
        prefix = directory + "/"
        count = 0
        for line in process.lines():
            # A file's name may contain a newline, so not every line is a file.
            if line.startswith(prefix):
                count += 1
                name = line.rpartition("/")[2]
                if now is not None and not ages.add_file(name):
                    ageless = name
        rc, stderr = process.finish()
        kind = find_refusal(stderr, directory) if rc == 1 else "command_failed"
        if rc != 0 and kind:
            message = f"{directory} could not be counted: {cause_of(stderr, rc)}"
            raise HostError(kind, message, process.args, rc, stderr)
        if ageless is not None:
            raise _ageless(ageless)
        return Files(count, ages.oldest, ages.counts)


def _check(directories: dict[str, str]) -> None:
    for directory in directories.values():
        check_directory(directory)


def _walk(directories: dict[str, str], now: float | None) -> dict[str, Files]:
    found = {}
    for queue, directory in directories.items():
        check_directory(directory)
        ages = Ages(now or 0)

        def see(name: str, ages: Ages = ages) -> None:
            if not ages.add_file(name):
                raise _ageless(name)

        count = count_files(directory, None if now is None else see)
        found[queue] = Files(count, ages.oldest, ages.counts)
    return found


def _ageless(name: str) -> HostError:
    return HostError(
        "unknowable",
        f"the age of a message cannot be read from the name of its file: {name}",
        hint=(
            "Only long queue IDs contain the arrival time (postconf enable_long_queue_ids). Leave"
            " out queue_directory to get the age from Postfix."
        ),
    )


class PostqueueCollector(Collector):
    """Counts what postqueue lists: C(-j), or C(-p) where there is no C(-j)."""

    method = "postqueue"
    details = frozenset(DETAILS)
    queues = LISTED_QUEUES

    def __init__(self, runner: Runner, config_directory: str | None = None) -> None:
        self._runner = runner
        self._config_directory = config_directory

    def collect(self, queues: Collection[str], details: Details | None = None) -> Collected:
        warnings: list[str] = []
        try:
            counts = self.count_json(warnings, details)
        except HostError as error:
            if not lacks_json(error.stderr):
                raise
            if details:
                message = (
                    "this Postfix has no 'postqueue -j', and 'postqueue -p' does not show"
                    f" {', '.join(sorted(details.wanted))}"
                )
                raise HostError(
                    "unknowable",
                    message,
                    hint="Leave out details, or update Postfix to 3.1 or later.",
                ) from None
            counts = self._count_plain(warnings)
        return Collected({queue: counts.get(queue) for queue in queues}, warnings)

    def count_json(self, warnings: list[str], details: Details | None) -> dict[str, int]:
        """The messages that C(postqueue -j) lists, by queue. Raises HostError."""

        def parse(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
            messages = parse_json_listing(lines)
            return details.watch(messages) if details else messages

        counts = dict.fromkeys(LISTED_QUEUES, 0)
        for message in self._messages(
            commands.postqueue_json(self._config_directory), parse, warnings
        ):
            counts[message["queue_name"]] += 1
        return counts

    def _count_plain(self, warnings: list[str]) -> dict[str, int]:
        counts = {"active": 0, "hold": 0}
        unmarked = 0
        messages: Iterator[PlainMessage] = self._messages(
            commands.postqueue_plain(self._config_directory), parse_plain_listing, warnings
        )
        for message in messages:
            if message.queue is None:
                unmarked += 1
            else:
                counts[message.queue] += 1
        if unmarked:
            warnings.append(
                "This Postfix has no 'postqueue -j', and 'postqueue -p' does not distinguish"
                f" maildrop, incoming and deferred: {unmarked} messages are in these three queues"
                " together."
            )
            return counts
        return dict(counts, maildrop=0, incoming=0, deferred=0)

    def _messages(
        self,
        command: list[str],
        parse: Callable[[Iterable[str]], Iterator[Any]],
        warnings: list[str],
    ) -> Iterator[Any]:
        """Yields the messages of a complete listing; raises what is wrong with it after the last of
        them."""
        process = self._runner.start(command)
        lines = process.lines()
        seen = False
        flaw = None
        try:
            for message in parse(lines):
                seen = True
                yield message
        except ListingError as error:
            flaw = error
            for dummy in lines:
                pass  # the exit code and stderr, known at the end, say more than the flaw
        rc, stderr = process.finish()
        warnings += judge_listing(process.args, rc, stderr, seen, flaw)


def judge_listing(
    args: list[str], rc: int, stderr: str, seen: int, flaw: ListingError | None = None
) -> list[str]:
    """The warnings of a listing that is complete; seen: number of its messages; flaw: what the
    parser found wrong. Raises HostError for any other listing."""
    if rc != 0:
        kind = "truncated_listing" if seen else postfix_refusal(stderr)
        message = f"the queue could not be listed: {cause_of(stderr, rc)}"
        raise HostError(kind, message, args, rc, stderr)
    if flaw:
        kind = "truncated_listing" if isinstance(flaw, CutShort) else "unparsed_listing"
        raise HostError(kind, f"the listing is not usable: {flaw}", args, rc, stderr)
    return [line for line in stderr.splitlines() if line.strip()]
