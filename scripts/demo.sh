#!/usr/bin/env bash
# Decides examples that show every outcome, and a bad input with its message. Prints each command before its output.
# The exit status is 0 only where every command did what it should.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0

# rescind_shows STATUS WORDS ARGUMENT…: run `rescind ARGUMENT…`; it must end with STATUS and say WORDS.
rescind_shows() {
    local status=$1 words=$2 output
    shift 2
    printf '\n$ rescind %s\n' "$*"
    output=$(rescind "$@" 2>&1)
    local got=$?
    printf '%s\n' "$output"
    if [[ $got -ne $status ]]; then
        printf '!! expected status %s, found %s\n' "$status" "$got" >&2
        failed=1
    fi
    if [[ $output != *"$words"* ]]; then
        printf '!! expected to read: %s\n' "$words" >&2
        failed=1
    fi
}

# A checkout without an installed `rescind` has the same command in cli.py.
command -v rescind >/dev/null || rescind() { python3 cli.py "$@"; }

printf '== the book of policies has no errors\n'
rescind_shows 0 'no problems' check policies.yaml

printf '\n== allowed: what was paid in cash and with a valid coupon comes back\n'
rescind_shows 0 'ALLOWED: 550.00 USD' decide examples/allowed.json --at 2025-11-05T10:00:00+08:00

printf '\n== review required: an order of more than USD 1,000, in the version of that time\n'
rescind_shows 0 'REVIEW REQUIRED: 1100.01 USD' decide examples/review.json --at 2024-11-05T10:00:00+08:00

printf '\n== the same request a day later: nobody answered in time\n'
rescind_shows 0 'approved automatically' decide examples/review.json --at 2024-11-06T09:00:01+08:00

printf '\n== blocked, for three reasons at once\n'
rescind_shows 0 'frozen for legal reasons' decide examples/blocked.json --at 2025-11-05T10:00:00+08:00

printf '\n== not applicable: not a package that starts later\n'
rescind_shows 0 'NOT APPLICABLE' decide examples/not-applicable.json --at 2025-11-05T10:00:00+08:00 --policy inactive-resources

printf '\n== a bad input: every mistake with its place (status 1)\n'
rescind_shows 1 'did you mean `resource_package`?' decide examples/bad.json --at 2025-11-05T10:00:00+08:00

printf '\n== a script that stops on outcomes (status 3)\n'
rescind_shows 3 'BLOCKED' decide examples/blocked.json --at 2025-11-05T10:00:00+08:00 --fail-on blocked

printf '\n== a thousand cases: the summary\n'
printf '\n$ rescind decide examples/cases.jsonl --at 2026-06-01 | tail -n 6\n'
if ! rescind decide examples/cases.jsonl --at 2026-06-01 | tail -n 6; then
    printf '!! expected a thousand decisions\n' >&2
    failed=1
fi

if [[ $failed -ne 0 ]]; then
    printf '\nthe demonstration did not go as expected\n' >&2
    exit 1
fi
printf '\neverything behaved as it should\n'
