"""`python -m bakeoff.web FOLDER [PORT]`: the server alone, for tests and measurements; people say `bakeoff open`."""

import sys
from pathlib import Path

from bakeoff.web.serve import serve
from bakeoff.web.settings import Settings

if __name__ == "__main__":
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 8642
    serve(
        Settings(Path(sys.argv[1] if len(sys.argv) > 1 else "."), port=port),
        started=lambda url: print(url, flush=True),
        browser=False,
    )
