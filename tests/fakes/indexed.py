"""A small shop as a source tree, and an index of any tree: what searches and maps are tested on."""

import os

from kimicode.index.answer import Place
from kimicode.index.build import refresh
from kimicode.index.graph import up_to_date
from kimicode.index.search import Files
from kimicode.index.store import Store

SHOP = {
    "shop/money.py": (
        "class Money:\n"
        '    """An amount in cents."""\n\n'
        "    def split_evenly(self, people):\n"
        "        return divide(self, people)\n\n\n"
        "def divide(amount, parts):\n"
        "    return amount / parts\n"
    ),
    "shop/cart.py": (
        "from shop.money import Money\n\n\n"
        "class ShoppingCart:\n"
        "    def total_price(self) -> Money:\n"
        "        return Money(sum(self.prices))\n"
    ),
    "shop/invoice.py": (
        "from shop.cart import ShoppingCart\n"
        "from shop.money import Money\n\n\n"
        "def write_invoice(cart: ShoppingCart) -> Money:\n"
        "    # rounding errors are for the house\n"
        "    return Money(cart.total_price())\n"
    ),
    "shop/storage.py": "LOCK = 'lock'\n\n\ndef acquire_file_lock(path):\n    '''Waits for other processes.'''\n",
    "tests/test_cart.py": (
        "from shop.cart import ShoppingCart\n\n\ndef test_total():\n    ShoppingCart().total_price()\n"
    ),
    "docs/money.md": "# Money\n\nEvery amount is a `Money`.\n\n## Splitting\n\nBy `split_evenly`.\n",
}


def plant(root, files=SHOP):
    """Write the tree with times long past: what is brand-new would be looked at twice."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        os.utime(root / path, (10**9, 10**9))
    return root


def index_of(folder, root):
    """A store that is up to date; close it."""
    store = Store.open(folder, root)
    refresh(store, root, None)
    return store


def place_of(store, root, **more):
    return Place(root, store, Files.of(store), up_to_date(store), **more)
