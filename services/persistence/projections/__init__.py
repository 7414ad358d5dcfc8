# SPDX-License-Identifier: Apache-2.0
"""What each event changes in the read models. No I/O."""

from services.persistence.projections.project import READ_MODELS, project
from services.persistence.projections.read_model import Merge, ReadModel
from services.persistence.projections.rows import Key, Row, Rows

__all__ = ["READ_MODELS", "Key", "Merge", "ReadModel", "Row", "Rows", "project"]
