"""What a run found, as text on the console, as Markdown, JSON and a chart."""

import datetime
import json
import os
from dataclasses import asdict
from xml.sax.saxutils import escape

from .measure import Spread
from .plan import number


def shown(spread, unit=""):
    """The median, and what it lay between where there were several runs."""
    if spread.runs == 1 or spread.least == spread.most:
        return f"{number(spread.median)}{unit}"
    return f"{number(spread.median)}{unit} ({number(spread.least)}–{number(spread.most)})"


def verdict(aim, spread):
    if aim.least is None and aim.most is None:
        return ""
    return "ok" if aim.is_met(spread.median) else "short of it"


def judged(outcome):
    """Aim, spread and verdict of every figure that was measured."""
    for aim in outcome.row.aims:
        if aim.figure in outcome.figures:
            spread = outcome.spread(aim.figure)
            yield aim, spread, verdict(aim, spread)


def console(outcome):
    lines = [f"{outcome.row.name}: {outcome.row.title}"]
    for variant, samples in outcome.samples.items():
        rate = Spread.of([sample.requests_per_second for sample in samples])
        efficiency = Spread.of([sample.requests_per_cpu_second for sample in samples])
        lines.append(f"    {variant:<36} {shown(rate)}/s, {shown(efficiency)} per CPU-second")
    for aim, spread, word in judged(outcome):
        aimed = f"  [{aim.bound}: {word}]" if word else ""
        lines.append(f"    {aim.text}: {shown(spread, aim.unit)}{aimed}")
    lines += [f"    ! {note}" for note in outcome.notes]
    return "\n".join(lines)


def write(folder, outcomes, settings, machine):
    os.makedirs(folder, exist_ok=True)
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    texts = {
        "results.md": markdown(outcomes, settings, machine, day),
        "results.json": as_json(outcomes, settings, machine, day),
        "ratios.svg": chart(outcomes),
    }
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)


def markdown(outcomes, settings, machine, day):
    lines = [
        "# Benchmark results", "",
        f"{machine['magpie']} ({machine['commit']}) on {day}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['system']}; nginx {machine['nginx']}, wrk {machine['wrk']}, OpenSSL {machine['openssl']}.",
        f"{settings['rounds']} rounds of {settings['seconds']:g} s after {settings['warmup']:g} s of warm-up; "
        f"{settings['sessions']:,} sessions; the median of all rounds, and in brackets the least and the most.", "",
        "What is measured and how: [Benchmarks/README.md](../README.md).", "",
        "![Requests per CPU-second, of nginx's](ratios.svg)", "",
        "| row | | measured | aim | |", "|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        for aim, spread, word in judged(outcome):
            lines.append(
                f"| {outcome.row.name} | {aim.text} | {shown(spread, aim.unit)} | {aim.bound} | {word} |")
    lines += [
        "", "Requests (or whole logins) by server and load. Where the load's core is full, requests per second are the "
        "load's figure and those per CPU-second the server's.", "",
        "| row | server and load | per second | per CPU-second | p50 ms | p99 ms | p99.9 ms | RSS MiB | of nginx "
        "| cores busy: server, load |", "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        for variant, samples in outcome.samples.items():
            names = ("requests_per_second", "requests_per_cpu_second", "p50_ms", "p99_ms", "p999_ms", "rss_mib")
            cells = [shown(Spread.of([getattr(sample, name) for sample in samples])) for name in names]
            ratio = outcome.ratio(variant)
            cells.append(shown(ratio) if ratio else "")
            busy = [Spread.of([getattr(sample, name) for sample in samples]) for name in ("server_busy", "load_busy")]
            cells.append(", ".join(f"{spread.median:.0%}" for spread in busy))
            lines.append(f"| {outcome.row.name} | {variant} | {' | '.join(cells)} |")
    notes = [note for outcome in outcomes for note in outcome.notes]
    if notes:
        lines += ["", *[f"- {note}" for note in notes]]
    return "\n".join(lines) + "\n"


def as_json(outcomes, settings, machine, day):
    rows = []
    for outcome in outcomes:
        figures = [
            {"figure": aim.figure, "text": aim.text, "unit": aim.unit.strip(), "least": aim.least, "most": aim.most,
             "isMet": aim.is_met(spread.median), **spread.as_json()}
            for aim, spread, _ in judged(outcome)]
        loads = [
            {"load": variant, "runs": [asdict(sample) for sample in samples],
             "ofNginx": outcome.ratio(variant).as_json() if outcome.ratio(variant) else None}
            for variant, samples in outcome.samples.items()]
        rows.append({
            "row": outcome.row.name, "title": outcome.row.title, "figures": figures, "loads": loads,
            "notes": outcome.notes})
    return json.dumps({"day": day, "machine": machine, "settings": settings, "rows": rows}, indent=1) + "\n"


STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #24292f }
    .bar { fill: #2f6fab } .rest { fill: #d0d7de } .line, .aim { stroke: #24292f }
    .aim { stroke-width: 2 } .nginx { stroke: #8c959f; stroke-dasharray: 3 3 }
    @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 } .bar { fill: #6cb0f0 } .rest { fill: #30363d } .line, .aim { stroke: #e6edf3 }
        .nginx { stroke: #8b949e }
    }
"""


def chart(outcomes):
    """A bar for each ratio to nginx: its median, a line from the least to the most, and a mark at the aim."""
    bars = [
        (aim, spread) for outcome in outcomes for aim, spread, _ in judged(outcome) if aim.chart]
    left, width, step, top = 160, 440, 34, 44
    scale = width / max([1.1] + [spread.most * 1.02 for _, spread in bars])
    height = top + step * len(bars) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 110}" height="{height}" '
        f'viewBox="0 0 {left + width + 110} {height}" role="img" aria-label="Requests per CPU-second, of nginx\'s">',
        f"<style>{STYLE}</style>",
        '<text x="8" y="20" font-weight="600">Requests per CPU-second, nginx in the same run = 1</text>',
    ]
    for index, (aim, spread) in enumerate(bars):
        y = top + step * index
        middle = y + 10
        end = left + spread.median * scale
        parts += [
            f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{escape(aim.chart)}</text>',
            f'<rect class="rest" x="{left}" y="{y}" width="{width}" height="20" rx="3"/>',
            f'<rect class="bar" x="{left}" y="{y}" width="{spread.median * scale:.1f}" height="20" rx="3"/>',
        ]
        if spread.most > spread.least:
            parts.append(
                f'<path class="line" d="M{left + spread.least * scale:.1f} {middle}H{left + spread.most * scale:.1f}"/>')
        if aim.least is not None:
            x = left + aim.least * scale
            parts.append(f'<path class="aim" d="M{x:.1f} {y - 4}v28"/>')
        parts.append(f'<text x="{max(end, left + width) + 8:.1f}" y="{y + 15}">{spread.median:.2f}</text>')
    bottom = top + step * len(bars)
    one = left + scale
    parts += [
        f'<path class="nginx" d="M{one:.1f} {top - 8}V{bottom}"/>',
        f'<text x="{left}" y="{bottom + 16}">| aim · line from the least to the most of all rounds · dashes: nginx</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
