#!/usr/bin/env bash
# Carry out the steps of the Dockerfile in a folder and decide there with an empty environment: smoke_image.sh [PYTHON].
# No image is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
bash scripts/build_image.sh "$home/rescind" "${1:-python3}"
cp examples/allowed.json "$home/facts.json"
cd "$home"
answer=$(env -i "$home/rescind/bin/rescind" decide facts.json --at 2025-11-05T10:00:00+08:00)
[[ $answer == 'ALLOWED: 550.00 USD'* ]] || { printf 'expected ALLOWED: 550.00 USD, found:\n%s\n' "$answer" >&2; exit 1; }
for tool in pip setuptools hatchling; do
    if env -i "$home/rescind/bin/python" -c "import $tool" 2>/dev/null; then
        printf 'the image would hold %s\n' "$tool" >&2
        exit 1
    fi
done
printf 'the steps of the Dockerfile give an installation that decides\n'
