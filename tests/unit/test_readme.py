"""The commands in README.md run, and print what it says; `python -m tests.readme` writes what they print."""

from __future__ import annotations

import pytest

from tests.readme import PAGE, Transcript, blocks_of, run, shows, with_output

README = PAGE.read_text("utf-8")
TRANSCRIPTS = [transcript for block in blocks_of(README) for transcript in block]


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda transcript: transcript.command[:60])
def test_the_readme_tells_the_truth(transcript: Transcript) -> None:
    printed = run(transcript.command)
    assert shows(transcript.shown, printed), printed


def test_the_readme_has_a_tour() -> None:
    assert len(TRANSCRIPTS) > 5
    assert README.count("\n$ ") == len(TRANSCRIPTS)


def test_every_fence_of_the_readme_is_that_of_a_block() -> None:
    """A remainder of a block, left behind by one that was cut off at a fence within, would open another."""
    opened = ""
    for line in README.splitlines():
        fence = line[: len(line) - len(line.lstrip("`"))]
        if len(fence) < 3:
            continue
        if not opened:
            assert line != fence, f"a block without a language: {line}"
            opened = fence
        elif line == opened:
            opened = ""
    assert not opened
    assert README.count("## R0332 ") == 1


PRINTED = """\
## R0332 a title

```yaml
a: b
```

The end.
"""


def test_output_with_fences_in_it_is_kept_whole() -> None:
    page = "Before.\n\n```console\n$ rescind explain R0332\n```\n\nAfter.\n"
    once = with_output(page, lambda _: PRINTED)
    assert once == f"Before.\n\n````console\n$ rescind explain R0332\n{PRINTED}````\n\nAfter.\n"
    assert blocks_of(once) == [[Transcript("rescind explain R0332", PRINTED)]]
    assert with_output(once, lambda _: PRINTED) == once
    assert with_output(once, lambda _: "short\n") == page.replace("R0332\n", "R0332\nshort\n")


def test_what_is_left_out_stays_so() -> None:
    page = "```console\n$ rescind a\none\ntwo\n…\n\n$ rescind b\nall …\n```\n"
    printed = {"rescind a": "1\n2\n3\n4\n", "rescind b": "all (0.12 s)\n"}
    assert with_output(page, printed.__getitem__) == page.replace("one\ntwo", "1\n2")


@pytest.mark.parametrize(
    ("shown", "printed", "truth"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("b\n", "a\nb\n", False),
        ("a\n…\n", "a\nb\nc\n", True),
        ("a\n…\nc\n", "a\nb\nc\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
        ("all …\n", "all (0.1 s)\n", True),
        ("all …\n", "all (0.1 s)\nmore\n", False),
    ],
)
def test_the_whole_output_is_compared(shown: str, printed: str, truth: bool) -> None:
    assert shows(shown, printed) is truth
