# SPDX-License-Identifier: Apache-2.0
"""Says what it sees of the world, and ends as ``EXIT`` says, or goes on until it is ended."""

import json
import os
import sys
import threading
from pathlib import Path

if __name__ == "__main__":
    seen = {
        "program": sys.argv[0],
        "environment": sorted(set(os.environ) - {"LC_CTYPE"}),  # noqa: TID251 -- what is asked
        "directory": str(Path.cwd()),
        "session": os.getsid(0),
        "pid": os.getpid(),
        "descriptors": sorted(int(each.name) for each in Path("/proc/self/fd").iterdir()),
        "services": sorted(name for name in sys.modules if name.startswith("services")),
        "threads": threading.active_count(),
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    code = os.getenv("EXIT")
    if code is None:
        threading.Event().wait()
    sys.exit(int(code or 0))
