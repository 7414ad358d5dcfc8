# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
from uuid import UUID

from services.orchestrator.tools.workspace.effect_records import EffectRecord, EffectRecords

EFFECT = UUID("0192f0c0-0000-7000-8000-000000000001")


def test_a_note_is_found_again_and_replaced_by_a_later_one(tmp_path: Path) -> None:
    records = EffectRecords(tmp_path)
    records.note(EFFECT, EffectRecord(digest="a", result="first"))
    records.note(EFFECT, EffectRecord(digest="b", result="second"))

    assert records.find(EFFECT) == EffectRecord(digest="b", result="second")


def test_an_effect_without_a_note_has_none(tmp_path: Path) -> None:
    assert EffectRecords(tmp_path).find(EFFECT) is None


def test_a_note_that_was_cut_short_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / str(EFFECT)).write_text('{"digest": "a", "res')

    assert EffectRecords(tmp_path).find(EFFECT) is None
