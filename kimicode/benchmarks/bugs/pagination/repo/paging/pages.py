from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    items: list
    number: int
    pages: int

    @property
    def has_next(self):
        return self.number < self.pages

    @property
    def has_previous(self):
        return self.number > 1


def page_count(total, size):
    """Pages for `total` items; there is always at least one."""
    if size < 1:
        raise ValueError("a page holds at least one item")
    return max(1, total // size)


def paginate(items, number, size=20):
    pages = page_count(len(items), size)
    number = min(max(number, 1), pages)
    start = (number - 1) * size
    return Page(items[start : start + size], number, pages)
