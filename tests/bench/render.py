# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes docs/benchmarks.md and its plots of the results in .build/bench: of each part those of its
last run. The text around them is in page/PART.md. A part without results there keeps its section of
the page."""

from __future__ import annotations

import collections
import json
import pathlib
import re
import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / ".build" / "bench"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "images" / "bench"
TEXTS = pathlib.Path(__file__).parent / "page"

# Okabe and Ito's, which differ for every kind of colour vision, then two more.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"),
    *("#E69F00", "#000000", "#F0E442", "#8C564B", "#7F7F7F"),
)
OURS = ("gatherer", "module", "walk", "details")
# To postqueue -j.
LISTING_GOALS = {"gatherer": 1.1, "module": 1.1, "details": 1.3}
NAMES = {
    "fleet": {
        "raw": "`raw`: `find` in six queues, `wc -l`",
        "gatherer": "**postfix_queue**, by the gatherer",
        "module": "**postfix_queue**, by the module",
        "ping": "`ping`",
        "command": "`command`: `find` in six queues",
    },
    "counting": {
        "floor": "loop over getdents64 in C (the floor)",
        "walk": "**the module's walk**",
        "module": "**the module**, with the start of Python",
        "gatherer": "**the gatherer's script**",
        "find": "`find \\| wc -l`",
        "upstream": "as Datadog's check: `sudo find`",
        "munin": "munin's postfix_mailqueue",
        "exporter": "a scrape of prometheus-postfix-exporter",
        "builtin_find": "ansible.builtin.find",
        "qshape": "qshape",
    },
    "listing": {
        "postqueue": "`postqueue -j > /dev/null`",
        "module": "**the module**, no details",
        "details": "**the module**, all details",
        "gatherer": "**the gatherer's script**, no details",
        "exporter": "a scrape of prometheus-postfix-exporter",
    },
}


class Part:
    """The results of a part. walls, peaks (and inner, where there are some) are lists by case and
    contender; cases are in the order of running, and have their values as text."""

    def __init__(self, name):
        self.name = name
        self.about = json.loads((RESULTS / f"{name}.json").read_text())
        self.walls = collections.defaultdict(list)
        self.peaks = collections.defaultdict(list)
        self.tasks = collections.defaultdict(list)
        self.cases = []
        self.contenders = []
        for sample in self.about["samples"]:
            case = tuple(sample["case"].values())
            contender = sample["contender"]
            if case not in self.cases:
                self.cases.append(case)
            if contender not in self.contenders:
                self.contenders.append(contender)
            # What a process took without its own start, where it measures that itself.
            self.walls[case, contender].append(sample.get("inner", sample["wall"]))
            self.peaks[case, contender].append(sample.get("peak", 0) / 1024)
            self.tasks[case, contender].append(sample.get("tasks", {}))

    def median(self, case, contender):
        return statistics.median(self.walls[case, contender])

    def peak(self, case, contender):
        return statistics.median(self.peaks[case, contender])

    def spread(self, case, contender):
        walls = self.walls[case, contender]
        return f"{seconds(min(walls))} to {seconds(max(walls))}"

    def task(self, case, contender, name):
        return statistics.median(tasks[name] for tasks in self.tasks[case, contender])


def main():
    PLOTS.mkdir(parents=True, exist_ok=True)
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9})
    texts = [(TEXTS / "head.md").read_text()]
    present = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    kept = {section.partition("\n")[0]: f"## {section.rstrip()}\n" for section in present}
    for name, results in (
        ("fleet", fleet),
        ("counting", counting),
        ("listing", listing),
        ("controller", controller),
    ):
        # Without its licence, which the page's head has.
        around = (TEXTS / f"{name}.md").read_text().partition("-->\n\n")[2]
        if (RESULTS / f"{name}.json").exists():
            part = Part(name)
            texts.append(around.replace("<!-- results -->\n", results(part) + about(part)))
        else:
            texts.append(kept[around.partition("\n")[0].removeprefix("## ")])
    PAGE.write_text("\n".join(texts))
    print(PAGE.relative_to(ROOT))


def about(part):
    """When, where and with what a part was measured."""
    known = part.about
    settings = " ".join(f'{name}="{value}"' for name, value in known["settings"].items())
    lines = [
        f"- {known['date']}, {known['runs']} runs each, {known['seconds'] / 60:.0f} minutes:"
        f" `{f'{settings} ' if settings else ''}make bench B={part.name}`",
        "- " + ", ".join(f"{name} {value}" for name, value in known["machine"].items()),
        "- " + ", ".join(f"{name} {value}" for name, value in known["versions"].items()),
    ]
    failed = sum(sample.get("failed", 0) for sample in known["samples"])
    if failed:
        lines.append(f"- {failed} runs were repeated, because a host did not answer in time")
    return "\n" + "\n".join(lines) + "\n"


def table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def seconds(value):
    return f"{value:.3g} s" if value >= 0.1 else f"{value * 1000:.3g} ms"


def verdict(value, most):
    return f"{value:.2f}", f"≤ {most}", "yes" if value <= most else "**no**"


def fleet(part):
    rows = []
    for case in part.cases:
        raw = part.median(case, "raw")
        for contender in part.contenders:
            median = part.median(case, contender)
            ratio = (f"{median / raw:.2f}", "", "")
            if contender == "gatherer":
                ratio = verdict(median / raw, 1.2)
            rows.append(
                (
                    fleet_case(case),
                    NAMES["fleet"][contender],
                    seconds(median),
                    part.spread(case, contender),
                    *ratio,
                )
            )
    figure, axes = plt.subplots(figsize=(7, 1 + 0.7 * len(part.cases)))
    width = 0.8 / len(part.contenders)
    for position, contender in enumerate(part.contenders):
        places = [row + (position - 2) * width for row in range(len(part.cases))]
        values = [part.median(case, contender) for case in part.cases]
        axes.barh(places, values, width, label=plain(part, contender), color=COLOURS[position])
    axes.set_yticks(range(len(part.cases)), [fleet_case(case) for case in part.cases])
    axes.invert_yaxis()
    axes.set_xlabel("s for the whole fleet")
    legend(axes)
    heading = ("case", "way", "median", "fastest to slowest", "to `raw`", "wanted", "met")
    return f"{image('fleet', figure, 'Seconds by case and way')}\n{table(heading, rows)}"


def fleet_case(case):
    link, forks, pipelining, dummy = case
    settings = "pipelining" if pipelining else "defaults"
    return f"{forks} forks, {settings}" + (", slow link" if link == "delayed" else "")


def counting(part):
    rows = []
    for case in part.cases:
        files, depth = case
        floor = part.median(case, "floor")
        for contender in part.contenders:
            median = part.median(case, contender)
            ratio = (f"{median / floor:.2f}", "", "")
            if contender == "walk" and files >= 100000:
                ratio = verdict(median / floor, 1.7)
            rows.append(
                (
                    f"{files:,}",
                    depth,
                    NAMES["counting"][contender],
                    seconds(median),
                    part.spread(case, contender),
                    f"{part.peak(case, contender):.0f} MiB",
                    *ratio,
                )
            )
    depths = [depth for dummy, depth in part.cases]
    shown = 1 if 1 in depths else depths[0]
    figure, axes = plt.subplots(figsize=(7, 4.5))
    lines(axes, part, [case for case in part.cases if case[1] == shown], "files")
    heading = (
        *("files", "depth", "way", "median", "fastest to slowest", "memory"),
        *("to the floor", "wanted", "met"),
    )
    title = f"Seconds by number of files, at depth {shown}"
    return f"{image('counting', figure, title)}\n{table(heading, rows)}\n{ahead(part)}"


def ahead(part):
    """Which peers are faster than the walk, of 100,000 files and more."""
    faster = [
        f"{NAMES['counting'][contender]} ({case[0]:,} files, depth {case[1]})"
        for case in part.cases
        for contender in part.contenders
        if case[0] >= 100000
        and contender not in ("floor", *OURS)
        and part.median(case, contender) < part.median(case, "walk")
    ]
    found = ", ".join(faster)
    return (
        "Wanted from 100,000 files up: the walk ahead of each peer. "
        f"Faster than the walk: {found or 'none'}.\n"
    )


def listing(part):
    empty = next(case for case in part.cases if not case[0])
    rows = []
    for case in part.cases:
        if case == empty:
            continue
        postqueue = part.median(case, "postqueue")
        for contender in part.contenders:
            median = part.median(case, contender)
            # Of few messages it would be the difference of two times that are about the same.
            without = ""
            if case[0] >= 10000:
                started = median - part.median(empty, contender)
                without = f"{started / (postqueue - part.median(empty, 'postqueue')):.2f}"
            ratio = (f"{median / postqueue:.2f}", "", "")
            if contender in LISTING_GOALS:
                ratio = verdict(median / postqueue, LISTING_GOALS[contender])
            rows.append(
                (
                    f"{case[0]:,}",
                    f"{case[1]:,}",
                    NAMES["listing"][contender],
                    seconds(median),
                    part.spread(case, contender),
                    f"{part.peak(case, contender):.0f} MiB",
                    *ratio,
                    without,
                )
            )
    least = min(case[1] for case in part.cases if case != empty)
    figure, axes = plt.subplots(figsize=(7, 3.5))
    lines(axes, part, [case for case in part.cases if case[1] == least], "messages")
    heading = (
        *("messages", "domains", "way", "median", "fastest to slowest", "memory"),
        *("to `postqueue`", "wanted", "met", "without the start"),
    )
    title = f"Seconds by number of messages, from {least:,} domains"
    return f"{image('listing', figure, title)}\n{table(heading, rows)}"


def controller(part):
    rows = []
    names = {}
    for case in part.cases:
        (hosts,) = case
        for contender in ("report", "table"):
            memory = f"{part.peak(case, contender):.0f} MiB"
            for name in part.tasks[case, contender][0]:
                taken = part.task(case, contender, name)
                names.setdefault((contender, name), []).append(taken)
                rows.append(
                    (f"{hosts:,}", f"{contender}: {name}", seconds(taken), "", memory, "", "")
                )
        total = sum(part.median(case, contender) for contender in ("report", "table"))
        fastest, slowest = (
            sum(pick(part.walls[case, contender]) for contender in ("report", "table"))
            for pick in (min, max)
        )
        spread = f"{seconds(fastest)} to {seconds(slowest)}"
        wanted = ("< 60 s", "yes" if total < 60 else "**no**") if hosts == 10000 else ("", "")
        rows.append((f"{hosts:,}", "all of it", seconds(total), spread, "", *wanted))
    figure, axes = plt.subplots(figsize=(7, 1.2 + 0.5 * len(part.cases)))
    left = [0.0] * len(part.cases)
    longest = sorted(names.items(), key=lambda item: -max(item[1]))
    for position, ((contender, name), values) in enumerate(longest[: len(COLOURS)]):
        label = f"{contender}: {name}"
        axes.barh(range(len(values)), values, left=left, label=label, color=COLOURS[position])
        left = [begin + value for begin, value in zip(left, values)]
    axes.set_yticks(range(len(part.cases)), [f"{hosts:,} hosts" for (hosts,) in part.cases])
    axes.set_xlabel("s")
    legend(axes)
    heading = ("hosts", "part", "median", "fastest to slowest", "memory", "wanted", "met")
    title = "Seconds by number of hosts and part"
    return f"{image('controller', figure, title)}\n{table(heading, rows)}"


def lines(axes, part, cases, what):
    """A line for each contender over the sizes of the cases, ours thicker."""
    for position, contender in enumerate(part.contenders):
        axes.plot(
            [case[0] for case in cases],
            [part.median(case, contender) for case in cases],
            label=plain(part, contender),
            color=COLOURS[position],
            linewidth=2 if contender in OURS else 1,
            linestyle="-" if contender in OURS else "--" if position % 2 else ":",
            marker="o",
            markersize=3,
        )
    axes.set(xscale="log", yscale="log", xlabel=what, ylabel="s")
    axes.grid(alpha=0.3)
    legend(axes)


def legend(axes):
    """Below the plot, where nothing is hidden by it."""
    lowest = -0.5 / axes.figure.get_figheight() - 0.08
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, lowest), ncols=2, fontsize=7)


def plain(part, contender):
    """The name of a contender without Markdown."""
    name = NAMES[part.name][contender]
    return name.replace("\\", "").replace("*", "").replace("`", "")


def image(name, figure, title):
    figure.savefig(PLOTS / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return f"![{title}](images/bench/{name}.svg)\n"


if __name__ == "__main__":
    main()
