from functools import wraps

from cachebox.lru import LRUCache


def memoize(capacity=128):
    def decorate(function):
        cache = LRUCache(capacity)

        @wraps(function)
        def wrapper(*args):
            if args in cache:
                return cache.get(args)
            value = function(*args)
            cache.put(args, value)
            return value

        wrapper.cache = cache
        return wrapper

    return decorate
