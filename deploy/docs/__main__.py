# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.docs`` writes the generated documents; ``--check`` only compares."""

import argparse
import sys

from deploy.docs.documents import broken_promises, out_of_date, write


def main() -> None:
    """Write the documents, or exit with 1 and the reasons why that would be wrong."""
    parser = argparse.ArgumentParser(prog="python -m deploy.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if one is not current")
    check: bool = parser.parse_args().check
    problems = [
        f"{problem}; give the event a new version and an upcaster" for problem in broken_promises()
    ]
    if check:
        problems += [f"{path} is not current; run: make docs" for path in out_of_date()]
    if problems:
        sys.exit("\n".join(problems))
    if not check:
        for path in write():
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
