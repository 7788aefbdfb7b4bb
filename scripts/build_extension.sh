#!/usr/bin/env bash
# Build the wheel of durable_rules into FOLDER: build_extension.sh PYTHON LOCK FOLDER. PYTHON has pip and setuptools;
# LOCK is the requirements file that names the release.
set -euo pipefail
python=$1 lock=$2 folder=$3

# Its setup drops CFLAGS, so that plain pip compiles without optimisation; CPPFLAGS gets through. The other two are
# what Python's own flags say to the C compiler, and are dropped with them. `EXTENSION_FLAGS=` builds as plain pip does.
flags=${EXTENSION_FLAGS--O2 -fwrapv -fno-strict-aliasing}

# It calls a C function that Python 3.13 dropped; the successor takes the same arguments.
if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then
    flags+=' -DPyEval_CallObject=PyObject_CallObject'
fi

# pip's cache knows releases, not flags: it would bring back a plain build.
CPPFLAGS="${CPPFLAGS:+$CPPFLAGS }$flags" "$python" -m pip wheel -qq --no-cache-dir --no-deps --no-build-isolation \
    --no-binary durable_rules --constraint "$lock" --wheel-dir "$folder" durable_rules
