"""Figures: what /proc says of a process, and what is made of several samples."""

import os
import statistics
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_ticks(stat):
    """utime + stime of one line of /proc/PID/stat. The command's name may hold anything, brackets and spaces too."""
    fields = stat[stat.rindex(")") + 2:].split()
    return int(fields[11]) + int(fields[12])


def status_field(status, name):
    """A number of /proc/PID/status, such as VmRSS (in kB) or Threads."""
    for line in status.splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise KeyError(name)


def process_tree(pid):
    """The process and its children (nginx serves in one)."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(word) for word in file.read().split()]
    return [pid] + children


@dataclass
class Vitals:
    """What a server has used so far, and what it holds."""

    cpu_seconds: float
    rss_kib: int
    threads: int

    @staticmethod
    def of(pid):
        ticks = rss = threads = 0
        for one in process_tree(pid):
            with open(f"/proc/{one}/stat") as file:
                ticks += cpu_ticks(file.read())
            with open(f"/proc/{one}/status") as file:
                status = file.read()
            rss += status_field(status, "VmRSS")
            threads += status_field(status, "Threads")
        return Vitals(ticks / TICKS, rss, threads)


def percentile(values, share):
    """The smallest value that at least `share` of all do not exceed (nearest rank); `values` in any order."""
    if not values:
        raise ValueError("a percentile of nothing")
    ranked = sorted(values)
    rank = -(-share * len(ranked) // 1)
    return ranked[min(len(ranked), max(1, int(rank))) - 1]


@dataclass
class Spread:
    """The median of several runs, and between what they lay."""

    median: float
    least: float
    most: float
    runs: int

    @staticmethod
    def of(values):
        return Spread(statistics.median(values), min(values), max(values), len(values))

    def as_json(self):
        return {"median": self.median, "min": self.least, "max": self.most, "runs": self.runs}


def ratios(numerators, denominators):
    """Run by run: what was measured one after the other had the same neighbours."""
    if len(numerators) != len(denominators):
        raise ValueError("runs do not pair")
    return [one / other for one, other in zip(numerators, denominators)]
