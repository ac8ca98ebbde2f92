"""Words for kinds of mistakes: tables of sentences by what stands there and what should.

`{right}` and `{wrong}` are the texts that differ; a sentence with either is used only where that text is short.
"""

COMPARISONS = {
    ("<=", "<"): ("`<` leaves out the case where both are equal.", "The equal case is missed: `<` should be `<=`."),
    (">=", ">"): ("`>` leaves out the case where both are equal.", "The equal case is missed: `>` should be `>=`."),
    ("<", "<="): ("`<=` also takes the case where both are equal.", "The equal case must not count: `<`, not `<=`."),
    (">", ">="): ("`>=` also takes the case where both are equal.", "The equal case must not count: `>`, not `>=`."),
    ("==", "!="): ("The test is the wrong way round: it should be `==`.", "`!=` asks the opposite of what is meant."),
    ("!=", "=="): ("The test is the wrong way round: it should be `!=`.", "`==` asks the opposite of what is meant."),
    ("in", "not in"): ("`not in` asks the opposite of what is meant.", "The membership test is the wrong way round."),
    ("not in", "in"): ("A `not` is missing: `in` asks the opposite.", "The membership test is the wrong way round."),
    ("is", "is not"): (
        "`is not` asks the opposite of what is meant.",
        "The test is the wrong way round: it should be `is`.",
    ),
    ("is not", "is"): (
        "`is` asks the opposite of what is meant.",
        "The test is the wrong way round: it should be `is not`.",
    ),
}
TURNED = ("The comparison points the wrong way.", "`{wrong}` compares the wrong way: it should be `{right}`.")

WORDINGS: dict[str, tuple[str, ...]] = {
    "comparison": ("The comparison `{wrong}` should be `{right}`.", "This compares the wrong way."),
    "operator": (
        "It uses `{wrong}` where `{right}` is meant.",
        "The operator `{wrong}` should be `{right}`.",
        "The operator is wrong.",
    ),
    "division": (
        "It divides with `{wrong}` where `{right}` is meant.",
        "The division should be `{right}`, not `{wrong}`.",
        "The division is of the wrong kind.",
    ),
    "and/or": (
        "`{wrong}` joins the conditions where `{right}` is meant.",
        "The conditions should be joined by `{right}`.",
        "The conditions are joined the wrong way.",
    ),
    "missing condition": (
        "Only part of the condition is checked.",
        "A condition is missing here.",
        "The check leaves out a condition.",
    ),
    "negation": ("The condition is the wrong way round.", "The condition asks the opposite of what is meant."),
    "sign": ("The sign is wrong.", "The sign of `{right}` is wrong here.", "A minus sign is wrong here."),
    "swapped branches": (
        "The two values of the conditional are swapped.",
        "The conditional gives each value in the other's case.",
    ),
    "assignment": (
        "It should be `{right}`, not `{wrong}`.",
        "`{wrong}` changes the value wrongly: `{right}` is meant.",
        "The value is updated in the wrong way.",
    ),
    "constant": (
        "`{wrong}` should be `{right}`.",
        "The constant is wrong: `{right}` is meant, not `{wrong}`.",
        "A constant is wrong here.",
    ),
    "bound": (
        "`{wrong}` is the wrong bound: it should be `{right}`.",
        "The bounds are off.",
        "The range of positions is wrong here.",
    ),
    "index": (
        "`{wrong}` is the wrong index: it should be `{right}`.",
        "It takes the wrong element: `{right}` is meant.",
        "The index is wrong.",
    ),
    "off by one": ("It is off by one: `{right}` is meant, not `{wrong}`.", "This is off by one."),
    "default": (
        "The default should be `{right}`, not `{wrong}`.",
        "The default value is wrong.",
        "`{wrong}` is the wrong default.",
    ),
    "initial value": (
        "It starts at `{wrong}` instead of `{right}`.",
        "The initial value should be `{right}`.",
        "The initial value is wrong.",
    ),
    "increment": (
        "It steps by `{wrong}` instead of `{right}`.",
        "The step should be `{right}`, not `{wrong}`.",
        "The step is wrong.",
    ),
    "wrong variable": (
        "It uses `{wrong}` where `{right}` is meant.",
        "`{wrong}` is the wrong name here: `{right}` is meant.",
        "The wrong variable is used here.",
    ),
    "wrong return": (
        "It returns `{wrong}` where `{right}` is meant.",
        "The function should return `{right}`, not `{wrong}`.",
        "It returns the wrong thing.",
    ),
    "missing self": ("`{right}` is meant, not `{wrong}`.", "The attribute is looked up in the wrong place."),
    "method": (
        "`{wrong}` is the wrong method: `{right}` is meant.",
        "It calls `{wrong}` where `{right}` is meant.",
        "The wrong method is called.",
    ),
    "function": (
        "It calls `{wrong}` where `{right}` is meant.",
        "`{wrong}` is the wrong function: it should be `{right}`.",
        "The wrong function is called.",
    ),
    "exception": (
        "The exception should be `{right}`, not `{wrong}`.",
        "`{wrong}` is the wrong exception: `{right}` is meant.",
        "The exception is of the wrong type.",
    ),
    "swapped arguments": ("The arguments are in the wrong order.", "The arguments are swapped."),
    "swapped operands": ("The operands are the wrong way round.", "The two sides of the operation are swapped."),
    "order": ("The elements are in the wrong order.", "The two values are swapped."),
    "missing argument": ("An argument is missing in the call.", "The call lacks `{right}`."),
    "missing call": ("The value is used without the call it needs.", "`{right}` is meant, not plain `{wrong}`."),
    "yield": ("`{wrong}` should be `{right}`.", "It yields the wrong thing."),
    "missing return": ("A `return` is missing.", "The result is not returned."),
    "missing check": (
        "The check `{right}` is missing.",
        "A special case is not handled.",
        "A check is missing before this.",
    ),
    "missing line": ("The line `{right}` is missing.", "A step is missing here.", "A line is missing here."),
    "doubled line": ("`{wrong}` is done twice.", "The same step is done twice.", "A line stands there twice."),
    "swapped lines": ("Two steps are in the wrong order.", "The two lines must be the other way round."),
    "indentation": ("The indentation is wrong.", "The line stands in the wrong block."),
    "break/continue": (
        "`{wrong}` should be `{right}`.",
        "It goes on wrongly here: `{right}` is meant, not `{wrong}`.",
        "The loop goes on in the wrong way.",
    ),
    "elif": ("`{wrong}` should be `{right}`.", "The branches are chained wrongly."),
    "loop": ("`{wrong}` should be `{right}`.", "The condition is checked in the wrong way: `{right}` is meant."),
    "missing import": ("`{right}` is missing.", "An import is missing."),
}

ADDED: dict[str, tuple[str, ...]] = {
    "negation": ("There is a `not` too many.", "The condition is negated but should not be."),
    "missing condition": ("There is a condition too many.", "The condition asks too much."),
    "missing self": ("`{right}` is meant, without `self`.", "This is no attribute of the object."),
    "missing argument": ("The call has an argument too many.", "The last argument does not belong there."),
    "missing call": (
        "The call around `{right}` is not needed.",
        "There is a call too many.",
        "`{wrong}` does too much: plain `{right}` is meant.",
    ),
    "missing return": ("It returns too early.", "There is a `return` too many."),
    "missing line": ("`{wrong}` does not belong there.", "There is a line too many."),
    "doubled line": ("A step is missing here.", "It must be done once more: `{right}`."),
    "missing check": ("There is a check too many.", "The check `{wrong}` does not belong there."),
    "missing import": ("There is an import too many.",),
    "sign": ("There is a minus sign too many.", "The sign is wrong."),
}
"""The same kinds, where the mistake is that something came in."""

BARE_RETURN = (
    "It returns nothing where `{right}` is meant.",
    "The function should return `{right}`.",
    "The value is not returned.",
)
NOT_RETURNED = ("The result is computed but not returned.", "A `return` is missing before the value.")
TOO_DEEP = ("The line belongs outside the block.", "It is indented too far: it belongs after the block.")
TOO_SHALLOW = ("The line belongs inside the block.", "It is not indented enough: it belongs into the block.")
EARLY_RETURN = (
    "The `return` stands inside the loop and ends it at the first turn.",
    "It returns too early: the `return` belongs after the loop.",
)
LATE_RETURN = ("The `return` belongs inside the block.", "The `return` is not indented enough.")
EARLY_END = ("The range ends one too early.", "It stops one item early: it should be `{right}`.")
LATE_END = ("The range ends one too late.", "It goes one item too far: it should be `{right}`.")
SKIPS_FIRST = ("It skips the first item.", "It starts at 1, so the first item is left out.")
COUNTS_FROM_ONE = ("It counts from 1 but should count from 0.", "Counting starts one too late.")
ONE_MORE = ("It is one too many: `{right}` is meant.", "It should be `{right}`, one less.", "It is off by one.")
ONE_LESS = ("It is one too few: `{right}` is meant.", "It should be `{right}`, one more.", "It is off by one.")
SHARED = ("The default `{wrong}` is shared by all calls.", "A mutable default keeps its contents between calls.")
UNCOPIED = ("It changes the caller's value because no copy is made.", "A copy is missing: the original gets changed.")
