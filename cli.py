"""The command `rescind` in a checkout that nobody has installed: `python cli.py --help`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "engine"))
from rescind.commands import main

if __name__ == "__main__":
    main(prog_name="rescind")
