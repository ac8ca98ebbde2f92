"""The prefix cache: full pages of tokens whose latents are kept, as a tree over the tokens.

A node is one page. Its key holds the page's exact tokens, not a hash of them: no collision, made or met by chance, can
serve one conversation's latents to another."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from kimicode_engine.cache.pages import PagePool
from kimicode_engine.limits import PAGE


@dataclass(slots=True, eq=False)
class _Node:
    """A kept page; its tokens stand as the key in its parent."""

    page: int
    key: tuple[int, ...]
    parent: "_Node | None"
    children: dict[tuple[int, ...], "_Node"] = field(default_factory=dict)


class PrefixCache:
    """Finds the pages of a prompt that were computed before.

    Whoever holds a page holds all pages before it, so a page that nobody holds has no descendant that somebody holds:
    `pool.cached` is exactly what `evict` can free."""

    def __init__(self, pool: PagePool) -> None:
        self._pool = pool
        self._root = _Node(-1, (), None)
        self._nodes: dict[int, _Node] = {}
        """Page → its node."""
        self._order: OrderedDict[_Node, None] = OrderedDict()
        """All nodes, least recently used first; a parent always stands behind its children."""

    def __len__(self) -> int:
        """Pages in the tree, held by somebody or not."""
        return len(self._nodes)

    def match(self, tokens: Sequence[int]) -> list[int]:
        """The pages of the longest known prefix; the caller becomes a holder of them.

        Never all of `tokens`: the last one must be computed anew, since its logits are wanted."""
        node = self._root
        pages = []
        for start in range(0, len(tokens) - PAGE, PAGE):
            child = node.children.get(tuple(tokens[start : start + PAGE]))
            if child is None:
                break
            node = child
            pages.append(node.page)
        self._touch(node)
        self._pool.share(pages)
        return pages

    def insert(self, tokens: Sequence[int], pages: Sequence[int]) -> list[int]:
        """Keep full pages that hold the first `len(pages) * PAGE` of `tokens`; the caller is a holder of them all.

        Returns the pages that hold these tokens from now on: where the tree has the same tokens already, the caller
        becomes a holder of the tree's page, and its own copy is released. Costs as much as there are new pages."""
        known = len(pages)
        while known and pages[known - 1] not in self._nodes:
            known -= 1
        node = self._nodes[pages[known - 1]] if known else self._root
        kept = list(pages[:known])
        for index in range(known, len(pages)):
            key = tuple(tokens[index * PAGE : (index + 1) * PAGE])
            node = self._child(node, key, pages[index])
            kept.append(node.page)
        self._touch(node)
        return kept

    def evict(self, count: int) -> int:
        """Free up to `count` pages that nobody holds, the least recently used first. Returns how many it were."""
        victims: list[_Node] = []
        for node in self._order:
            if len(victims) == count:
                break
            if not self._pool.is_held(node.page):  # nor its children, which stand before it and are victims already
                self._detach(node)
                victims.append(node)
        for node in victims:
            self._drop(node)
        return len(victims)

    def forget(self, pages: Sequence[int]) -> None:
        """Drop these pages and whatever continues them, since what lies there turned out to be wrong.

        Pages that are held stay with their holders, and become free after them."""
        for page in pages:
            node = self._nodes.get(page)
            if node is not None:
                self._detach(node)
                self._drop_subtree(node)

    def _child(self, node: _Node, key: tuple[int, ...], page: int) -> _Node:
        """The child of that key, made from `page` if it is new; else `page` is exchanged for the child's."""
        child = node.children.get(key)
        if child is None:
            child = node.children[key] = self._nodes[page] = _Node(page, key, node)
            self._order[child] = None
            self._pool.keep(page)
        else:
            self._pool.share([child.page])
            self._pool.release([page])
        return child

    def _touch(self, node: _Node) -> None:
        """Make a node and those above it the most recently used, the root's child last."""
        while node.parent is not None:
            self._order.move_to_end(node)
            node = node.parent

    def _detach(self, node: _Node) -> None:
        assert node.parent is not None
        del node.parent.children[node.key]

    def _drop(self, node: _Node) -> None:
        del self._order[node]
        del self._nodes[node.page]
        self._pool.forget(node.page)

    def _drop_subtree(self, node: _Node) -> None:
        todo = [node]
        while todo:
            one = todo.pop()
            todo += one.children.values()
            self._drop(one)
