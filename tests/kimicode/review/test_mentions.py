"""Which module a line that imports means, in many languages."""

import pytest

from kimicode.review.mentions import brings, imports_of, together


@pytest.mark.parametrize(
    ("line", "path", "means"),
    [
        ("from shop.money import Money", "shop/money.py", True),
        ("from shop.money import Money", "src/shop/money.py", True),
        ("from shop import cart, money", "shop/money.py", True),
        ("import shop.money as m", "shop/money.py", True),
        ("    from shop.money import Money", "shop/money.py", True),
        ("from .money import Money", "shop/money.py", True),
        ("from . import money", "shop/money.py", True),
        ("import money", "money.py", True),
        ("import money", "src/money.py", True),
        ("from shop import money", "shop/money/__init__.py", True),
        ("import money", "shop/money.py", False),
        ("from bank.money import Money", "shop/money.py", False),
        ("from shop.moneybag import Money", "shop/money.py", False),
        ("from other.sandbox.ghosts import x", "other/sandbox/sandbox.py", False),
        ("text = 'from shop.money import x'", "shop/money.py", False),
        ("import { Pool } from './net/pool'", "src/net/pool.ts", True),
        ("import { Pool } from '@/net/pool.js'", "src/net/pool.js", True),
        ("} from '../pool'", "src/net/pool.ts", True),
        ("const { a } = require('./my-pool')", "lib/my-pool.js", True),
        ("use crate::store::Store;", "src/store.rs", True),
        ("use crate::store::Store;", "src/store/mod.rs", True),
        ("import com.shop.Money;", "src/com/shop/Money.java", True),
        ("use App\\Models\\User;", "app/Models/User.php", True),
        ('#include "net/ring.h"', "src/net/ring.h", True),
        ('#include "ring.h"', "src/ring.h", True),
        ("require_relative 'money'", "lib/shop/money.rb", True),
        ('\t"example.org/x/cache"', "cache/lru.go", True),
        ('\t"example.org/x/cache"', "cash/lru.go", False),
    ],
)
def test_an_import_means_the_module_that_it_names(line, path, means):
    assert brings(imports_of(f"first\n{line}\nlast"), path) is means


def test_nothing_is_imported_from_nowhere():
    assert imports_of("") == frozenset()
    assert not brings(frozenset(), "a.py")
    assert not brings(imports_of("import x"), "__init__.py")


def test_files_of_one_folder_know_each_other_where_the_language_has_it_so():
    assert together("a/b.go", "a/c.go")
    assert not together("a/b.go", "d/c.go")
    assert not together("a/b.py", "a/c.py")
