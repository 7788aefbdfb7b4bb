#!/usr/bin/env bash
# Install rescind, with what the lock names and nothing else, into PREFIX: build_image.sh PREFIX [PYTHON]. What it is
# built with (pip, setuptools, hatchling, the compiler) stays outside. The Dockerfile runs this; so does CI, in a folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
prefix=$1 python=${2:-python3}

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
"$python" -m venv "$build/venv"
pip=("$build/venv/bin/python" -m pip)
"${pip[@]}" install -qq -r requirements/build.txt
bash scripts/build_extension.sh "${pip[0]}" requirements/demo.txt "$build/wheels"
"${pip[@]}" wheel -qq --no-build-isolation --no-deps --wheel-dir "$build/wheels" .

"$python" -m venv --without-pip "$prefix"
"${pip[@]}" --python "$prefix/bin/python" install -qq --only-binary :all: --find-links "$build/wheels" -r requirements/demo.txt
"${pip[@]}" --python "$prefix/bin/python" install -qq --no-deps "$build"/wheels/rescind-*.whl
"${pip[@]}" --python "$prefix/bin/python" check
