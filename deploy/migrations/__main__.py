# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.migrations``: bring the database of ``DATABASE_URL`` up to date."""

from deploy.migrations.runner import run
from shared.settings import DatabaseSettings

if __name__ == "__main__":
    run(DatabaseSettings().url.get_secret_value())
