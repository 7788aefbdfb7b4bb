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
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    for name in parser.parse_args().names or NAMES:
        print(f"\n== benchmarks/{name}.py", flush=True)
        done = subprocess.run([sys.executable, str(Path(__file__).with_name(f"{name}.py"))], check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
