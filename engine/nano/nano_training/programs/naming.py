"""Other names for the same things: what a programmer might have called them."""

import random
import re
import sys
from collections.abc import Collection, Sequence
from functools import cache

from nano_training.programs.rename import Names, Renaming

GROUPS = """
values numbers items data entries nums elements xs sequence seq
value number item element entry v x val
total acc running amount sum_so_far subtotal
count counter tally n num how_many
result output out res answer found collected built
results found matches output collected
index i position pos idx place
j k other second inner
text string s sentence content phrase line
word token term w part piece
words tokens terms parts pieces
char c ch character letter symbol
chars characters letters symbols
start begin first initial origin low lo left
end stop finish last final high hi right
limit maximum cap most bound threshold max_size
minimum least floor lower min_size
size length width span n
key name label k field
pairs entries records items_list couples
pair record couple
table mapping lookup d index_of entries
grid matrix board cells rows_list
row r line y
column col c x
rows lines records
left a first one lhs
right b second two rhs
best top winner record leader
current cur now here active
previous prev before last_seen old
seen visited known done already
stack pending todo
queue waiting pending line_up
low lo lower smallest start
high hi upper largest end
middle mid center half
step stride gap interval increment
factor scale multiplier ratio
default fallback otherwise missing
separator sep delimiter glue
prefix head start_with
suffix tail ending
digit figure d
digits figures numerals
price cost amount rate
quantity amount count units
target goal wanted sought
remaining rest left_over remainder
counts tallies frequencies totals
groups buckets bins clusters
group bucket bin_ cluster
width w columns
height h rows_count
number n num value integer
divisor d denominator
other another second
person user member
score points mark grade
scores points marks grades
order ordering sequence
flag enabled on
node vertex item
path route trail way
"""
VERBS = """
count tally number_of
find locate search_for get
get fetch take read
compute calculate work_out
make build create
remove drop delete strip_out
merge combine join unite
split divide separate
is check_is test_is
sum total add_up
max largest maximum biggest
min smallest minimum least
first leading initial
last final trailing
reverse reversed flip
sorted ordered
unique distinct
list values
string text
number value
word term
words terms
average mean
convert change turn
filter select keep
insert add put
parse read decode
format render show
"""
PLAIN = ("solve", "process", "calculate", "compute", "evaluate", "transform", "apply", "work")
PREFIXES = ("get", "compute", "calc", "find", "my", "simple", "do")
BEFORE = ("simple", "my", "small", "basic", "new", "plain")
AFTER = ("thing", "model", "object", "type", "store", "two")
"""Of a class."""
SUFFIXES = ("of", "from", "for_all", "v2", "value", "result")
MODULES = """
shop store inventory orders billing report ledger metrics textkit toolbox mathkit numerics survey garden school bank
core basics exercise solution practice library algorithms routines scoring catalog planner schedule budget cart
records analysis geometry counting warehouse account games puzzle word_list series tracker pipeline formulas
"""
ENDINGS = ("", "", "_tools", "_functions", "lib", "_kit", "_basics", "s_and_more")
"""Of a module named after its topic."""


@cache
def table(text: str) -> dict[str, tuple[str, ...]]:
    """Name -> the others of the first line that holds it."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.strip().split("\n"):
        for name in line.split():
            found.setdefault(name, tuple(other for other in line.split() if other != name))
    return found


def renaming(names: Names, taken: Collection[str], rng: random.Random) -> Renaming:
    """New names for some of a family's, none of them `taken` or already in its code."""
    used = {*taken, *names.all}
    rate = rng.choice((0.0, 0.3, 0.6, 0.9))
    inner = {name: fresh(variable(name, rng), used, name) for name in names.inner if rng.random() < rate}
    attributes = {
        name: inner.get(name) or fresh(phrase(name, rng), used, name)
        for name in names.attributes
        if rng.random() < rate
    }
    top = {}
    for name in names.top:
        if name in taken or rng.random() < 0.5:
            top[name] = fresh([*globally(name, rng), name + "_2", name + "_3"], used, name)
        else:
            top[name] = name
    return Renaming(top, inner, attributes)


def fresh(candidates: Sequence[str], used: set[str], name: str) -> str:
    """The first that nothing is called yet, which then is used; the name itself where all are."""
    for one in candidates:
        if one not in used and one.isidentifier():
            used.add(one)
            return one
    return name


def variable(name: str, rng: random.Random) -> list[str]:
    """What else a variable could be called, the likeliest first."""
    others = list(table(GROUPS).get(name, ()))
    rng.shuffle(others)
    if others and rng.random() < 0.95:
        return others
    return (
        [name[0]] if rng.random() < 0.25 else [f"{rng.choice(('current', 'new', 'my'))}_{name}"] * (rng.random() < 0.1)
    )


def phrase(name: str, rng: random.Random) -> list[str]:
    """What else a function or method could be called: one of its words, or one more, or less."""
    words = name.split("_")
    at = rng.randrange(len(words))
    others = [*table(VERBS).get(words[at], ()), *table(GROUPS).get(words[at], ())]
    rng.shuffle(others)
    found = ["_".join([*words[:at], other, *words[at + 1 :]]) for other in others[:2]]
    found += [f"{rng.choice(PREFIXES)}_{name}", f"{name}_{rng.choice(SUFFIXES)}"]
    if len(words) > 2:
        found.append("_".join([*words[:at], *words[at + 1 :]]))
    rng.shuffle(found)
    return [rng.choice(PLAIN), *found] if rng.random() < 0.06 else found


def globally(name: str, rng: random.Random) -> list[str]:
    """What else a function, class or constant could be called, in its own style."""
    if name.isupper():
        return [one.upper() for one in phrase(name.lower(), rng)]
    if not name[0].isupper():
        return phrase(name, rng)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    around = [f"{rng.choice(BEFORE)}_{words}", f"{words}_{rng.choice(AFTER)}"]
    return [camel(one) for one in rng.sample(around, 2)]


def camel(name: str) -> str:
    """`running_total` as a class is called: RunningTotal."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def module(topic: str, taken: Collection[str], rng: random.Random) -> str:
    """A module's name, after its topic or a trade; nothing that Python or the module itself has."""
    refused = {*sys.stdlib_module_names, *taken}
    while True:
        own = rng.random() < 0.4
        name = re.sub("(?<=[a-z][^aeiou])s$", "", topic) + rng.choice(ENDINGS) if own else rng.choice(MODULES.split())
        if name not in refused and name.isidentifier():
            return name
