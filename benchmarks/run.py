"""Every benchmark, one after the other, each in a process of its own: `make bench`.

python benchmarks/run.py [NAME…]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

NAMES = ("decide", "cold_start", "memory", "requests")


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names
    if unknown := set(names).difference(NAMES):
        parser.error(f"there is no benchmark `{unknown.pop()}`: {', '.join(NAMES)}")
    for name in names or NAMES:
        print(f"\n== benchmarks/{name}.py", flush=True)
        done = subprocess.run([sys.executable, str(Path(__file__).with_name(f"{name}.py"))], check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
