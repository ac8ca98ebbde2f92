from cachebox.lru import LRUCache
from cachebox.memoize import memoize

__all__ = ["LRUCache", "memoize"]
