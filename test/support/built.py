"""For the measurements: programs that must be built before."""
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def need(*programs):
    """Ends with a word to the person who measures if one of them is not built."""
    missing = [os.path.relpath(p, ROOT) for p in programs if not os.access(p, os.X_OK)]
    if missing:
        raise SystemExit(f'{pathlib.Path(sys.argv[0]).name}: not built: {", ".join(missing)}; run `make` first')
