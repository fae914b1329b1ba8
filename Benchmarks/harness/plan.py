"""What a row is: a function that plays one round. It starts servers, loads them one after the other, and notes samples
(a server under a load) and figures (what the aims are about)."""

from dataclasses import dataclass, field

from . import loads
from .measure import Spread, ratios
from .servers import Magpie, Nginx, Stage

ROWS = {}


def number(value):
    """Three digits that mean something, and no more."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


@dataclass
class Aim:
    """What a figure's median should be. Without a bound it is only told."""

    figure: str
    text: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    # What its bar in the chart is called; only ratios to nginx have one.
    chart: str = ""

    def is_met(self, value):
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    @property
    def bound(self):
        if self.least is not None:
            return f"≥ {number(self.least)}{self.unit}"
        return f"≤ {number(self.most)}{self.unit}" if self.most is not None else ""


@dataclass
class Row:
    name: str
    title: str
    aims: list
    play: object
    # Some need one round only, or are long or need root and come only by their name.
    is_single: bool = False
    is_extra: bool = False


@dataclass
class Outcome:
    """What the rounds of one row gave."""

    row: Row
    samples: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    def sample(self, variant, sample):
        self.samples.setdefault(variant, []).append(sample)
        return sample

    def figure(self, name, value):
        self.figures.setdefault(name, []).append(value)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def reference(self, variant):
        """nginx's samples under the same load; None for what has no counterpart there."""
        server, _, load = variant.partition(", ")
        same = f"nginx, {load}" if load else "nginx"
        if server != "magpie":
            return None
        return self.samples.get(same) or self.samples.get("nginx")

    def ratio(self, variant):
        """To nginx in the same round, in requests per CPU-second."""
        reference = self.reference(variant)
        if not reference or len(reference) != len(self.samples[variant]):
            return None
        return Spread.of(ratios(
            [sample.requests_per_cpu_second for sample in self.samples[variant]],
            [sample.requests_per_cpu_second for sample in reference]))

    def spread(self, name):
        return Spread.of(self.figures[name])


@dataclass
class Bench:
    """What a round may use: the stage, a platform that answers at once, and how much of everything is wanted."""

    stage: Stage
    platform: object
    seconds: float
    warmup: float
    sessions: int
    urls: int
    flights: int
    idle: int
    starts: int
    made: dict = field(default_factory=dict)

    def once(self, key, make):
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def magpie(self, **options):
        return Magpie(self.stage, self.platform, **options)

    def nginx(self, locations=None, **options):
        return Nginx(self.stage, locations, **options)

    def measured(self, server, *arguments, headers=(), **options):
        options.setdefault("warmup", self.warmup)
        return loads.measured(server, self.seconds, arguments, headers, **options)


    def in_turn(self, *runs, **options):
        """A sample for each server and its load, of servers that run at the same time."""
        return loads.in_turn(runs, self.seconds, self.warmup, **options)


def row(name, title, aims, **options):
    def register(play):
        ROWS[name] = Row(name, title, aims, play, **options)
        return play

    return register


def per_cpu(sample, reference):
    return sample.requests_per_cpu_second / reference.requests_per_cpu_second
