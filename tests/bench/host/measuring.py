# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs commands and scrapes on a host of the benchmark, and measures them."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")


def rounds(contenders, runs):
    """Names in the order of running: each once a round, another one first in each round."""
    names = list(contenders)
    for number in range(runs):
        first = number % len(names)
        yield from names[first:] + names[:first]


def timed(command, expected=None, stdin=None):
    """Wall time in s, peak memory in KiB and the output of a command, which must contain the
    expected text."""
    measured = pathlib.Path("/run/bench-timed")
    with open(stdin or "/dev/null", "rb") as given:
        done = subprocess.run(
            (HERE / "timed", measured, *command),
            stdin=given,
            capture_output=True,
            check=False,
        )
    output = done.stdout.decode(errors="replace")
    if done.returncode or expected and expected not in output:
        said = f"{output[:2000]}\n{done.stderr.decode()}"
        raise SystemExit(f"{command}: exit code {done.returncode}, no {expected!r} in\n{said}")
    wall, peak = measured.read_text().split()
    return {"wall": float(wall), "peak": int(peak)}, output


class Exporter:
    """Debian's prometheus-postfix-exporter, which lists the queue at each scrape."""

    ADDRESS = "127.0.0.1:9154"

    def __init__(self):
        log = pathlib.Path("/run/bench-mail.log")
        log.touch()
        self._process = subprocess.Popen(
            (
                "prometheus-postfix-exporter",
                f"--web.listen-address={self.ADDRESS}",
                f"--postfix.logfile_path={log}",
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while True:
            time.sleep(0.1)
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("prometheus-postfix-exporter does not answer")
            with contextlib.suppress(OSError):
                self._get()
                return

    def scrape(self, expected):
        """Wall time in s of a scrape, and the exporter's peak memory in KiB meanwhile. expected:
        how many messages it must see."""
        process = pathlib.Path(f"/proc/{self._process.pid}")
        # Forget the peak so far (proc(5)).
        (process / "clear_refs").write_text("5")
        began = time.monotonic()
        text = self._get()
        wall = time.monotonic() - began
        seen = sum(
            float(line.split()[-1])
            for line in text.splitlines()
            if line.startswith("postfix_showq_message_age_seconds_count{")
        )
        if seen != expected:
            raise SystemExit(f"the exporter sees {seen:.0f} messages of {expected}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        return {"wall": wall, "peak": int(status["VmHWM"].split()[0])}

    def _get(self):
        with urllib.request.urlopen(f"http://{self.ADDRESS}/metrics", timeout=600) as answer:
            return answer.read().decode()

    def stop(self):
        self._process.terminate()
        self._process.wait()
