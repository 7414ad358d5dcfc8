# SPDX-License-Identifier: Apache-2.0
"""The outbox: what a transaction recorded is published, and nothing else."""

from shared.outbox.relay import OutboxRelay
from shared.outbox.store import Outbox
from shared.outbox.tables import OutboxTables, outbox_tables

__all__ = ["Outbox", "OutboxRelay", "OutboxTables", "outbox_tables"]
