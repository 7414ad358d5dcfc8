# SPDX-License-Identifier: Apache-2.0
"""``python -m services.agentctl`` is ``agentctl``."""

from services.agentctl.cli import main

if __name__ == "__main__":
    main()
