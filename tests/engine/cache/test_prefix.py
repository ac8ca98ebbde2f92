"""The tree of pages against a simple model: what it finds is true, what is in use stays, the oldest goes first."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from kimicode_engine.cache.pages import PagePool
from kimicode_engine.cache.prefix import PrefixCache
from kimicode_engine.limits import PAGE


def tokens(*letters):
    """A page of equal tokens for each letter, and one token more."""
    return [ord(letter) for letter in letters for _ in range(PAGE)] + [0]


def stored(pool, prefix, letters):
    """Compute and leave a text: its pages are in the tree and nobody holds them."""
    pages = prefix.match(tokens(*letters))
    pages += pool.take(len(letters) - len(pages))
    pages = prefix.insert(tokens(*letters), pages)
    pool.release(pages)
    return pages


def found(pool, prefix, letters):
    """How many pages of a text are known."""
    pages = prefix.match(tokens(*letters))
    pool.release(pages)
    return len(pages)


def a_cache(pages=8):
    pool = PagePool(pages)
    return pool, PrefixCache(pool)


def test_a_stored_text_is_found_by_its_pages():
    pool, prefix = a_cache()
    pages = stored(pool, prefix, "abc")
    assert prefix.match(tokens(*"abd")) == pages[:2]
    assert prefix.match(tokens(*"xbc")) == []
    assert pool.used == 2
    assert pool.cached == 1


def test_the_last_token_of_a_prompt_is_never_found():
    pool, prefix = a_cache()
    pages = stored(pool, prefix, "ab")
    text = tokens(*"ab")
    assert prefix.match(text[:-1]) == pages[:1]
    assert prefix.match(text) == pages
    assert prefix.match(text[:PAGE]) == []
    assert prefix.match([]) == []


def test_texts_share_what_they_have_in_common():
    pool, prefix = a_cache()
    first, second = stored(pool, prefix, "abc"), stored(pool, prefix, "abd")
    assert first[:2] == second[:2]
    assert first[2] != second[2]
    assert pool.cached == len(prefix) == 4


def test_who_computed_the_same_at_the_same_time_gets_the_pages_of_the_tree():
    pool, prefix = a_cache()
    one, other = pool.take(2), pool.take(2)
    assert prefix.insert(tokens(*"ab"), one) == one
    assert prefix.insert(tokens(*"ab"), other) == one
    assert pool.used == 2
    pool.release(one)
    pool.release(one)
    assert pool.cached == 2
    assert pool.free == 6


def test_the_least_recently_used_goes_first_leaves_before_what_they_continue():
    pool, prefix = a_cache()
    stored(pool, prefix, "ab")
    x = stored(pool, prefix, "xy")[:1]
    found(pool, prefix, "ab")
    assert prefix.evict(1) == 1
    assert prefix.match(tokens(*"x")) == x
    pool.release(x)
    assert prefix.evict(1) == 1
    assert found(pool, prefix, "x") == 1
    assert found(pool, prefix, "ab") == 1


def test_pages_in_use_are_never_evicted():
    pool, prefix = a_cache()
    stored(pool, prefix, "abc")
    held = prefix.match(tokens(*"ab"))
    assert prefix.evict(8) == 1
    assert prefix.match(tokens(*"abc")) == held


def test_what_was_wrong_is_forgotten_with_all_that_continues_it():
    pool, prefix = a_cache()
    stored(pool, prefix, "abc")
    stored(pool, prefix, "abd")
    stored(pool, prefix, "x")
    held = prefix.match(tokens(*"ab"))
    prefix.forget(held[1:])
    assert found(pool, prefix, "abc") == 1
    assert found(pool, prefix, "x") == 1
    assert pool.used == 2
    assert pool.cached == 1
    pool.release(held)
    assert pool.free == 6
    assert pool.cached == 2


def test_pages_that_were_forgotten_in_use_can_come_back():
    pool, prefix = a_cache()
    pages = prefix.insert(tokens(*"ab"), pool.take(2))
    prefix.forget(pages)
    assert prefix.insert(tokens(*"ab"), pages) == pages
    assert found(pool, prefix, "ab") == 2


LETTERS = st.text("ab", min_size=1, max_size=5)


class Readers(RuleBasedStateMachine):
    """Readers compute texts page by page, share, leave and are forgotten. `written` is what lies in each page."""

    readers = Bundle("readers")

    def __init__(self):
        super().__init__()
        self.pool, self.prefix = a_cache(12)
        self.written = {}
        self.alive = []

    @rule(target=readers, letters=LETTERS)
    def begin(self, letters):
        pages = self.prefix.match(tokens(*letters))
        assert [self.written[page] for page in pages] == list(prefixes(letters))[: len(pages)]
        reader = {"letters": letters, "pages": pages, "gone": False}
        self.alive.append(reader)
        return reader

    @rule(reader=readers)
    def compute_a_page(self, reader):
        done = len(reader["pages"])
        if reader["gone"] or done == len(reader["letters"]):
            return
        if not self.pool.can_take(1) and self.prefix.evict(1) == 0:
            return
        (page,) = self.pool.take(1)
        assert all(page not in other["pages"] for other in self.alive), "a page in use was given out"
        self.written[page] = reader["letters"][: done + 1]
        reader["pages"] = self.prefix.insert(tokens(*reader["letters"]), [*reader["pages"], page])

    @rule(reader=consumes(readers))
    def leave(self, reader):
        self.pool.release(reader["pages"])
        reader["gone"] = True
        self.alive.remove(reader)

    @rule(reader=readers)
    def turn_out_wrong(self, reader):
        self.prefix.forget(reader["pages"])

    @precondition(lambda self: self.pool.cached)
    @rule(count=st.integers(1, 12))
    def evict(self, count):
        cached = self.pool.cached
        assert self.prefix.evict(count) == min(count, cached), "everything that nobody holds can be evicted"

    @invariant()
    def no_page_is_lost(self):
        held = {page for reader in self.alive for page in reader["pages"]}
        assert self.pool.used == len(held)
        assert self.pool.free + self.pool.used + self.pool.cached == 12

    @invariant()
    def readers_still_have_what_they_read(self):
        for reader in self.alive:
            assert [self.written[page] for page in reader["pages"]] == list(prefixes(reader["letters"]))[
                : len(reader["pages"])
            ]


def prefixes(letters):
    return (letters[: length + 1] for length in range(len(letters)))


TestReaders = Readers.TestCase
TestReaders.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
