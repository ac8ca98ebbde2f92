"""Prefix sums over the heights of pages that change all the time: a Fenwick tree."""

from collections.abc import Iterable


class Heights:
    """Heights in lines. Changing one, summing those before one and finding a line cost O(log n) each."""

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._values = list(values)
        self._tree = [0, *self._values]  # (pages + 1,): entry i sums the lowest-set-bit-of-i values up to value i - 1
        for index in range(1, len(self._tree)):
            parent = index + (index & -index)
            if parent < len(self._tree):
                self._tree[parent] += self._tree[index]
        self.total = sum(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    def append(self, value: int) -> None:
        self._values.append(value)
        index = len(self._values)
        below = self.before(index - 1) - self.before(index - (index & -index))
        self._tree.append(below + value)
        self.total += value

    def add(self, index: int, change: int) -> None:
        """Let a height grow or shrink."""
        self._values[index] += change
        self.total += change
        index += 1
        while index < len(self._tree):
            self._tree[index] += change
            index += index & -index

    def before(self, index: int) -> int:
        """The sum of all heights ahead of `index`."""
        total = 0
        while index > 0:
            total += self._tree[index]
            index -= index & -index
        return total

    def find(self, line: int) -> tuple[int, int]:
        """Which entry holds a line, and which of its lines that is. Lines outside belong to the first or last entry.

        Entries of no height hold no line. There has to be one entry at least.
        """
        line = max(0, min(line, self.total - 1))
        index, step = 0, 1 << len(self._values).bit_length()
        while step:
            further = index + step
            if further < len(self._tree) and self._tree[further] <= line:
                index = further
                line -= self._tree[further]
            step >>= 1
        return min(index, len(self._values) - 1), max(0, line)
