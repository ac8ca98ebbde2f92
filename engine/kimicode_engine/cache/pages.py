"""The cache's pages as numbers: which are free, who holds the others. What lies in them is cache/latent.py's."""

from collections.abc import Iterable

from kimicode_engine.limits import PAGE


def pages_for(tokens: int) -> int:
    """How many pages so many tokens need."""
    return -(-tokens // PAGE)


class PagePool:
    """Counts the holders of `pages` pages, numbered from 0.

    A page is *used* while somebody holds it, else *cached* if it was marked as kept, else *free*. A caller's mistake
    (releasing what is not held, taking more than is free) is an AssertionError, never a page lost or given twice."""

    def __init__(self, pages: int) -> None:
        self.total = pages
        self.cached = 0
        """Pages that nobody holds and whose contents are kept."""
        self._free = list(range(pages - 1, -1, -1))
        self._holders = [0] * pages
        self._kept = [False] * pages

    @property
    def free(self) -> int:
        """Pages that nobody holds and whose contents are of no use."""
        return len(self._free)

    @property
    def used(self) -> int:
        """Pages that somebody holds."""
        return self.total - self.free - self.cached

    def can_take(self, count: int) -> bool:
        """Whether `take(count)` would succeed."""
        return count <= len(self._free)

    def take(self, count: int) -> list[int]:
        """Free pages for one holder: all of them, or an AssertionError and none."""
        assert self.can_take(count), f"{count} pages were asked for, {len(self._free)} are free"
        taken = [self._free.pop() for _ in range(count)]
        for page in taken:
            self._holders[page] = 1
        return taken

    def share(self, pages: Iterable[int]) -> None:
        """One more holder for pages that are used or cached."""
        for page in pages:
            if self._holders[page] == 0:
                assert self._kept[page], f"page {page} is free and cannot be shared"
                self.cached -= 1
            self._holders[page] += 1

    def release(self, pages: Iterable[int]) -> None:
        """One holder less; a page's last holder leaves it cached if it is kept, else free."""
        for page in pages:
            assert self._holders[page] > 0, f"page {page} is released and nobody holds it"
            self._holders[page] -= 1
            if self._holders[page] == 0:
                self._leave(page)

    def keep(self, page: int) -> None:
        """Mark the contents of a used page as worth keeping beyond its last holder."""
        assert self._holders[page] > 0, f"page {page} is to be kept and nobody holds it"
        assert not self._kept[page], f"page {page} is kept already"
        self._kept[page] = True

    def forget(self, page: int) -> None:
        """Take the mark back: a cached page becomes free, a used one once its last holder releases it."""
        assert self._kept[page], f"page {page} is not kept"
        self._kept[page] = False
        if self._holders[page] == 0:
            self.cached -= 1
            self._free.append(page)

    def is_held(self, page: int) -> bool:
        """Whether the page is used."""
        return self._holders[page] > 0

    def _leave(self, page: int) -> None:
        if self._kept[page]:
            self.cached += 1
        else:
            self._free.append(page)
