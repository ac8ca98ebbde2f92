"""What people ask and what the model says: users in many ways, the model in few and short ones."""

import random

REQUESTS = (
    "Some tests of {file} fail. Find the bug and fix it.",
    "A test fails. Please find out why and fix the code.",
    "Fix the bug in {file}.",
    "Fix the failing test.",
    "Fix the failing tests in {test_file}.",
    "Make the tests pass.",
    "Make `{command}` pass.",
    "{file} has a bug. Find it and fix it.",
    "There is a bug in `{function}`. Fix it.",
    "`{function}` in {file} gives wrong results. Please fix it.",
    "`{function}` does not do what its tests say. Can you fix it?",
    "{test} fails, fix it.",
    "`{test}` fails in {test_file}. Fix the code, not the test.",
    "Why does {test} fail? Fix it.",
    "My tests are red and I cannot see why. Please repair {file}.",
    "Something is wrong with {file}, the tests show it. Fix it please.",
    "Run the tests, find the mistake and correct it.",
    "Run `{command}` and fix what fails.",
    "Please fix the mistake in {module}.",
    "I made a mistake somewhere in {file}. Find it, fix it and run the tests.",
    "The test suite broke after my last change. Find the bug and fix it.",
    "Find the bug.",
    "fix the bug",
    "fix the tests",
    "tests fail, please fix",
    "Debug {file} until all tests pass.",
    "One function in {file} is broken. Which one? Fix it.",
    "The last commit broke {module}. Repair it; leave the tests as they are.",
    "`{function}` returns the wrong thing. Find out why and fix it.",
    "Correct the error in {file} so that {test_file} passes.",
    "Can you get {test} to pass?",
    "{test_file} shows a bug in {file}. Fix it with the smallest change.",
    "Please look into the failing tests here.",
    "The tests should pass but they do not. Fix the code.",
    "Solve the failing unit tests.",
    "I need {file} working again: the tests fail.",
)
USUAL = "The tests fail. Find the bug and fix it."
LOOKS = (
    "There is a mistake in {file}. Find it and fix it.",
    "{file} has a bug. Find it and fix it.",
    "Find the bug in {file}.",
    "Review {file} and fix the bug in it.",
    "`{function}` in {file} is wrong. Fix it.",
    "Fix the bug in `{function}`.",
    "Something in {file} is wrong, and there are no tests. Find it.",
    "Read {file} and correct the mistake.",
    "One line of {file} is wrong. Fix it.",
    "`{function}` does not do what it says. Fix it.",
    "Please check {file} for a bug and fix it.",
    "I broke {file}. Can you see where? Fix it.",
)

TESTING = ("", "I run the tests first.", "Let me run the tests.")
OTHERWISE = ("pytest is not installed here, so I use unittest.", "Without pytest: unittest can run them.")
VIEWING = ("", "I look at {file}.", "Let me look at {file}.")
MISQUOTED = ("I quote the line exactly.", "The line reads differently; again, exactly.")
AMBIGUOUS = ("That stands there more than once; I quote more.", "It needs the lines around it to be unique.")
GARBLED = ("That broke the syntax; I mend it.", "A slip: that does not parse. Again.")
STILL = ("Still the same, so that was not it.", "That was not it: the same failure.")
NO_LONGER = ("That was not it.", "That is not right.")
ENDLESS = ("The tests do not end now, so I stop them.", "Now they never end; I stop them.")
STUCK = ("The tests do not end: a loop never stops. I look at {file}.", "They never end, so I look at {file}.")
GIVING_UP = ("That was not it either. I take it back.", "No luck; I take it back.")
FIXED = ("{why} Fixed in {file}; all tests pass.", "{why} I fixed that in {file}, and the tests pass.")
UNTESTED = ("{why} Fixed in {file}. There are no tests to run.", "{why} I fixed that in {file}; there are no tests.")
LOST = (
    "I did not find the bug. I tried {count} changes in {file} and took them all back; {test} still fails.",
    "I could not find the bug: {count} changes did not help and are taken back. {test} still fails.",
)


def usual(rng: random.Random) -> str:
    """What a user asks, with fields for names; a third of them say the usual thing."""
    return USUAL if rng.random() < 0.33 else rng.choice(REQUESTS)
