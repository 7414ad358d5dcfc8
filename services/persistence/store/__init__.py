# SPDX-License-Identifier: Apache-2.0
"""What is written to the database: events, read models and figures, in one transaction."""

from services.persistence.store.persistence_store import PersistenceStore
from services.persistence.store.schema_check import SchemaCheck

__all__ = ["PersistenceStore", "SchemaCheck"]
