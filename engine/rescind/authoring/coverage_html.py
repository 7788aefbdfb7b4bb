"""Coverage as one HTML page: no script, nothing loaded from elsewhere. It opens on what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from rescind.authoring.coverage import Coverage, CoveredPart, VersionCoverage, percent

__all__ = ["coverage_page"]

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-top: 1px solid #d6dae0; vertical-align: top; }
th { font-weight: 600; border-top: 0; } td.rule { font-weight: 600; white-space: nowrap; }
code { font: 13px ui-monospace, monospace; }
.seen { color: #156f3b; } .missing { color: #fff; background: #b3261e; border-radius: .2rem; padding: 0 .3rem; }
meter { width: 8rem; } a { color: inherit; }
@media (prefers-color-scheme: dark) {
  body { background: #14171b; color: #e4e7eb; } th, td { border-color: #3a4049; } .seen { color: #6bd596; }
}
"""


def coverage_page(coverage: Coverage, title: str) -> str:
    """The page, for a book with this title."""
    return "\n".join(_lines(coverage, title)) + "\n"


def _lines(coverage: Coverage, title: str) -> Iterator[str]:
    head = f"What the cases try: {escape(title)}"
    yield "<!DOCTYPE html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{head}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE}</style></head><body>"
    share = percent(coverage.met, coverage.goals)
    yield f"<h1>{head}</h1><p>{share} %: {coverage.met} of {coverage.goals}."
    yield "A rule has to be seen both ways, a limit below, at and above.</p>"
    yield "<table><thead><tr><th>version</th><th>cases</th><th>tried</th><th></th></tr></thead><tbody>"
    for version in coverage.versions:
        name = _name(version)
        meter = f'<meter min="0" max="{max(version.goals, 1)}" value="{version.met}">{version.met}</meter>'
        yield f'<tr><td><a href="#{_anchor(version)}">{name}</a></td><td>{version.cases}</td>'
        yield f"<td>{percent(version.met, version.goals)} %</td><td>{meter}</td></tr>"
    yield "</tbody></table>"
    for version in coverage.versions:
        yield from _version(version)
    yield "</body></html>"


def _name(version: VersionCoverage) -> str:
    return escape(f"{version.policy} {version.version}")


def _anchor(version: VersionCoverage) -> str:
    return escape(f"{version.policy}/{version.version}", quote=True)


def _version(version: VersionCoverage) -> Iterator[str]:
    """A version, its rules folded where everything was tried."""
    whole = version.met == version.goals
    yield f'<h2 id="{_anchor(version)}">{_name(version)}</h2>'
    summary = f"{version.met} of {version.goals} tried by {version.cases} cases"
    yield f"<details{'' if whole else ' open'}><summary>{summary}</summary>"
    yield "<table><thead><tr><th>rule</th><th>part</th><th>seen</th></tr></thead><tbody>"
    for rule, parts in groupby(version.parts, key=lambda part: part.rule):
        for number, part in enumerate(parts):
            yield f'<tr><td class="rule">{escape(rule) if not number else ""}</td>'
            yield f"<td><code>{escape(part.words)}</code></td><td>{_goals(part)}</td></tr>"
    yield "</tbody></table></details>"


def _goals(part: CoveredPart) -> str:
    words = []
    for goal in part.goals:
        seen = goal in part.seen
        mark = f"✓ {escape(goal)}" if seen else f"never {escape(goal)}"
        words.append(f'<span class="{"seen" if seen else "missing"}">{mark}</span>')
    return " ".join(words)
