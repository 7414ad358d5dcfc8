# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, strategies as st

from services.audit.transparency.merkle import EMPTY_ROOT, Frontier, Node, hash_leaf
from tests.support.naive_merkle import tree_hash

# The entries and roots that the implementations of RFC 6962 share as test vectors.
ENTRIES = tuple(
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def leaves(count: int) -> list[bytes]:
    return [hash_leaf(b"%d" % index) for index in range(count)]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    frontier, _ = Frontier().extend(map(hash_leaf, ENTRIES[:size]))

    assert frontier.root().hex() == ROOTS[size]


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert Frontier().root() == EMPTY_ROOT


@given(st.lists(st.binary(max_size=4), max_size=40), st.data())
def test_the_root_is_the_definition_however_the_leaves_arrive(
    entries: list[bytes], data: st.DataObject
) -> None:
    frontier, start = Frontier(), 0
    while start < len(entries):
        end = data.draw(st.integers(start + 1, len(entries)))
        frontier, _ = frontier.extend(map(hash_leaf, entries[start:end]))
        start = end

    assert frontier.size == len(entries)
    assert frontier.root() == tree_hash(entries)


@pytest.mark.parametrize(
    ("size", "completed"),
    [
        (255, []),
        (256, [Node(8, 0)]),
        (511, [Node(8, 0)]),
        (65536, [*(Node(8, number) for number in range(256)), Node(16, 0)]),
    ],
)
def test_inner_nodes_to_store_appear_when_their_subtree_is_complete(
    size: int, completed: list[Node]
) -> None:
    _, nodes = Frontier().extend(leaves(size))

    assert list(nodes) == completed


def test_a_stored_node_is_the_root_of_the_leaves_it_covers() -> None:
    hashes = leaves(512)

    _, nodes = Frontier().extend(hashes)

    assert nodes[Node(8, 1)] == Frontier().extend(hashes[256:])[0].root()


def test_a_frontier_grows_by_whole_subtrees_as_by_their_leaves() -> None:
    hashes = leaves(700)
    expected, nodes = Frontier().extend(hashes)

    by_subtree, _ = Frontier().extend(nodes.values(), level=8)
    frontier, _ = by_subtree.extend(hashes[512:])

    assert frontier == expected


def test_a_subtree_cannot_follow_a_ragged_edge() -> None:
    ragged, _ = Frontier().extend(leaves(3))

    with pytest.raises(ValueError, match="level 8 cannot follow 3 leaves"):
        ragged.extend(leaves(1), level=8)


def test_a_frontier_whose_peaks_do_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="6 leaves cannot have 1 peaks"):
        Frontier(size=6, peaks=(EMPTY_ROOT,))
