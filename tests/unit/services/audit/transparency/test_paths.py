# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, settings, strategies as st

from services.audit.transparency.errors import VerificationError
from services.audit.transparency.merkle import EMPTY_ROOT, Frontier, Node, hash_leaf
from services.audit.transparency.paths import (
    Span,
    consistency_path,
    fold,
    inclusion_path,
    stored_nodes,
    verify_consistency,
    verify_inclusion,
)
from tests.support.naive_merkle import consistency_proof, inclusion_proof, tree_hash

LARGEST = 2000
ENTRIES = [b"%d" % index for index in range(LARGEST)]
HASHES = [hash_leaf(entry) for entry in ENTRIES]
INNER = Frontier().extend(HASHES)[1]
STORED = {**{Node(0, index): leaf for index, leaf in enumerate(HASHES)}, **INNER}

sizes = st.integers(1, 130) | st.sampled_from([255, 256, 257, 511, 512, 513, 1024, 1999, 2000])


def included(index: int, size: int) -> list[bytes]:
    return [fold(span, STORED) for span in inclusion_path(index, size)]


def consistent(old: int, new: int) -> list[bytes]:
    return [fold(span, STORED) for span in consistency_path(old, new)]


def root(size: int) -> bytes:
    return Frontier().extend(HASHES[:size])[0].root()


def flip(data: bytes, bit: int) -> bytes:
    place, mask = bit // 8 % len(data), 1 << bit % 8
    return data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


@settings(deadline=None)
@given(sizes, st.data())
def test_inclusion_proofs_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))

    proof = included(index, size)

    assert proof == inclusion_proof(index, ENTRIES[:size])
    verify_inclusion(HASHES[index], proof, index=index, size=size, root=tree_hash(ENTRIES[:size]))


@settings(deadline=None)
@given(sizes, st.data())
def test_consistency_proofs_are_those_of_the_definition(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))

    proof = consistent(old, new)

    assert proof == consistency_proof(old, ENTRIES[:new])
    verify_consistency(
        proof,
        old_size=old,
        old_root=tree_hash(ENTRIES[:old]),
        new_size=new,
        new_root=tree_hash(ENTRIES[:new]),
    )


@given(sizes, st.integers(0, 255), st.data())
def test_one_flipped_bit_anywhere_breaks_an_inclusion_proof(
    size: int, bit: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    evidence = [HASHES[index], root(size), *included(index, size)]
    place = data.draw(st.integers(0, len(evidence) - 1))
    evidence[place] = flip(evidence[place], bit)
    leaf, wrong_root, *path = evidence

    with pytest.raises(VerificationError, match="is not in the log"):
        verify_inclusion(leaf, path, index=index, size=size, root=wrong_root)


@given(sizes.filter(lambda size: size > 1), st.data())
def test_an_inclusion_proof_holds_for_its_own_index_alone(size: int, data: st.DataObject) -> None:
    index, other = data.draw(
        st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True)
    )

    with pytest.raises(VerificationError):
        verify_inclusion(
            HASHES[index], included(index, size), index=other, size=size, root=root(size)
        )


@given(st.integers(2, 300), st.integers(0, 255), st.data())
def test_one_flipped_bit_anywhere_breaks_a_consistency_proof(
    new: int, bit: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new - 1))
    evidence = [root(old), root(new), *consistent(old, new)]
    place = data.draw(st.integers(0, len(evidence) - 1))
    evidence[place] = flip(evidence[place], bit)
    old_root, new_root, *path = evidence

    with pytest.raises(VerificationError, match="does not extend"):
        verify_consistency(path, old_size=old, old_root=old_root, new_size=new, new_root=new_root)


@pytest.mark.parametrize("length", [0, 3, 6])
def test_a_path_of_the_wrong_length_is_refused(length: int) -> None:
    path = (included(5, 9) * 2)[:length]
    growth = (consistent(5, 9) * 2)[:length]

    with pytest.raises(VerificationError, match=f"an inclusion proof of {length} hashes, not 4"):
        verify_inclusion(HASHES[5], path, index=5, size=9, root=root(9))
    with pytest.raises(VerificationError, match=f"a consistency proof of {length} hashes, not 5"):
        verify_consistency(growth, old_size=5, old_root=root(5), new_size=9, new_root=root(9))


def test_every_log_extends_the_empty_one_and_itself() -> None:
    verify_consistency([], old_size=0, old_root=EMPTY_ROOT, new_size=7, new_root=root(7))
    verify_consistency([], old_size=7, old_root=root(7), new_size=7, new_root=root(7))


@pytest.mark.parametrize(("old", "new"), [(0, 7), (7, 7)])
def test_an_empty_proof_does_not_excuse_a_wrong_root(old: int, new: int) -> None:
    with pytest.raises(VerificationError, match="does not extend"):
        verify_consistency([], old_size=old, old_root=root(3), new_size=new, new_root=root(7))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_path_to_an_entry_outside_the_log(index: int, size: int) -> None:
    with pytest.raises(VerificationError, match="has no entry"):
        inclusion_path(index, size)


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_there_is_no_path_to_a_log_that_was_never_that_size(old: int, new: int) -> None:
    with pytest.raises(VerificationError, match="was never one of"):
        consistency_path(old, new)


@given(st.integers(1, 2**62), st.data())
def test_a_proof_reads_a_number_of_nodes_that_grows_with_the_logarithm(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size)

    nodes = [node for span in path for node in stored_nodes(span)]

    assert len(path) <= size.bit_length()
    assert len(nodes) <= 510 * (size.bit_length() // 8 + 1)


@given(st.integers(0, 2**40), st.integers(1, 70_000))
def test_stored_nodes_tile_their_span(block: int, length: int) -> None:
    span = Span(block << 17, (block << 17) + length)

    nodes = list(stored_nodes(span))

    place = span.start
    for level, number in nodes:
        assert level % 8 == 0
        assert number << level == place
        place += 1 << level
    assert place == span.end
