"""Real faults pass, what review bots are dismissed for does not: measured on claims of both kinds."""

import dataclasses

import pytest

from kimicode.review.findings import Finding, Severity
from kimicode.review.noise import noise

FAULT = Finding("a.py", "new", 3, 3, "f", "correctness", Severity.HIGH, 0.9, "", "", proof="read")

REAL = """
`average` divides by zero when the cart is empty
The last row is skipped: `range(len(rows) - 1)` ends one too early
`timeout` is in seconds, but `wait` takes milliseconds
The default list is shared by all calls of `add`
`is` compares strings by identity, so a name that was read from a file never matches
A negative index reads from the end of the buffer instead of being refused
`strip(".py")` removes letters, not the suffix: "happy.py" becomes "ha"
The cache key leaves out `locale`, so users get pages in a language of somebody else
`except OSError` also hides PermissionError, and the old file is deleted
The comparison `a < b < c` is evaluated as `(a < b) < c`
`round` rounds half to even, so 2.5 becomes 2 and the invoice is off by one cent
DST: adding 86,400 s to a local time lands on the wrong day twice a year
The generator is exhausted by `len(list(rows))`, so the loop below sees nothing
Ids above 2**53 lose digits when JSON is parsed as doubles
A missing key raises KeyError where the old code returned None
SQL injection: `name` is put into the query with an f-string
`yaml.load` without a safe loader runs code from the uploaded file
Path traversal: `..` in the name of an archive member escapes the folder
The token is compared with `==`, so its bytes leak through timing
`verify=False` turns off certificate checks for every request
The password is written to the log when the login fails
XSS: the title is inserted with `innerHTML`
A redirect to `next` is not limited to this host, so a login page may send users anywhere
The HMAC covers the body alone, so a replayed request with an old timestamp is accepted
Hard-coded secret key signs sessions in production
Any user can delete documents of others: the owner check was removed
`_count` is read and written without the lock, so two workers can get one id
Deadlock: `transfer` takes the locks in the order of its arguments
`await` between the check and the insert lets two requests create one user
The file is closed before the thread that writes it has ended
The callback may be called twice when `close` races with `on_error`
`asyncio.create_task` keeps no reference, so the task can vanish before it ends
`close` could run before `open` has returned if the connection is refused
The double-checked lock reads `_instance` before it is fully built
Iterating over `sessions` while `remove` runs raises RuntimeError
`os.rename` fails across file systems with OSError 18
`subprocess.run(check=False)` ignores that git failed, and an empty diff is reviewed
`datetime.utcnow()` is naive and is compared with an aware one: TypeError
`fetch` does not reject for status 500, so errors are stored as data
`json.dumps` writes NaN, which the other side refuses
`readline` returns at most 8192 bytes here, so long lines are split
`requests.get` is called without a timeout: a silent server blocks the worker for ever
`Optional.get` throws when the user has no address
`memcpy` copies `len` bytes into a buffer of 64
`free(node)` runs before `node->next` is read
The response body is never closed, so each retry leaks a connection
The assertion compares the mock with itself and cannot fail
The test passes even if `parse` returns nothing: the loop over results never runs
`pytest.raises(Exception)` also catches the NameError in the test itself
The test awaits nothing: `assert client.get()` is always true for a coroutine
The fixture deletes the user's real configuration folder
The test compares `sorted(result)` although the order is what it is about
The parser treats a comment node as a statement and crashes on `# end`
Documentation strings with a `%` are passed to `format` and raise ValueError
The unused slots are never zeroed, so attention reads old keys
The name of the style attribute is escaped twice
A validation error is swallowed, and the form is saved half
Renaming a column drops its data: the migration adds and removes instead
`const` pointer is cast away and the literal is written to: it crashes
Every insert should be followed by a flush but the branch for large rows returns first
The checksum of a file without a trailing newline is wrong
Logging the request consumes its body, so the handler reads an empty one
`print` raises UnicodeEncodeError if stdout is ASCII
Unicode names lose their accents: "José" is stored as "Jos"
The index may be one past the end after `pop` in the loop
No rows are returned for a customer without orders because of the inner join
The validator accepts an empty string
Unsigned subtraction wraps: `size - header` is huge when `size` is 3
Retry loop never increments `attempt`, so it spins forever on 5xx
Empty `Authorization` header is treated as authenticated
`parse_date` swaps day and month for ISO input
Lost update: two requests both read balance 10 and both write 9
`finally` returns and swallows the exception raised in `try`
Mutable default argument accumulates headers across requests
`offset` is applied after `limit`, so page 2 repeats page 1
The new index is not unique, so upsert inserts duplicates
Cookie is set without `Secure` and is sent over plain HTTP
`len(data) & 1` is true for odd lengths; the padding is inverted
Comment IDs are reused after delete, so replies attach to the wrong comment
Documentation builds crash: `conf.py` imports a module that was removed
Missing `await` on `self.save()` means the record is never written
Missing `break` makes the `case` fall through to deletion
Missing null check after `find` dereferences a null pointer for unknown ids
No bounds check before `memcpy`: a packet longer than 512 bytes overwrites the stack
The regex is unanchored, so `evil-example` passes the origin check
Validation happens after the file is already written
Error from `Close` is ignored, so a full disk loses the last block
`defer` in a loop keeps every file open until the function returns
Goroutine leak: nobody reads from `results` after the timeout
The refactored `merge` no longer copies nested dicts, so defaults are mutated
Type confusion: a string "0" is truthy and disables the check
Renamed field `user_id` is still read as `userId` by the exporter
The README example is executed by tests and now raises TypeError
Test mocks `time.time` after importing it by name, so the mock is never used
Unused result of `str.replace` leaves the placeholder in the mail
Duplicate key in the dict silently drops the first handler
Should be `>=`: exactly `max_size` entries are rejected
`is_valid` returns None instead of False for empty input, and the caller compares with `is False`
Use after free when `resize` moves the buffer
Potential deadlock: `a.lock` is taken while holding `b.lock`, and `swap` does the opposite
Possible integer overflow when `width * height` exceeds 2**31
`format` string with user input lets `{0.__class__}` read attributes
Prefer header is parsed case-sensitively, so `Return=Minimal` is ignored
Extracted archive overwrites files outside the target
The backoff is multiplied before it is capped, so it overflows after 40 tries
`restore` applies the oldest backup, because the list is sorted ascending
Deleting a parent leaves its children without an owner
The check runs on the decoded path but the file is opened by the raw one
Empty batch sends `LIMIT 0` and the consumer waits for ever
Negative quantity gives the customer money
The admin flag is taken from the request body
The signature is verified after the payload is parsed
`select_for_update` is used outside a transaction and locks nothing
Two timers share one handle, so cancelling the first stops the second
The thread pool is shut down while its own worker submits to it
`volatile` does not make `count++` atomic
`Map.get` is called with a number while keys are strings
`shutil.move` into an existing folder nests it instead of replacing
`parseInt` without a radix reads "08" as expected but "0x10" as 16
The HTTP client follows redirects with the Authorization header
The mock returns what the assertion expects, so the code under test is never reached
The test catches the AssertionError it raises itself
Snapshot is updated on every run, so the comparison always passes
A newline in the user name splits the log entry in two
The loop variable is captured by reference, so all handlers see the last one
Time zone is dropped when the date is saved
`strcmp` returns 0 for equal strings, so the branch is inverted
Handle is inherited by child processes, so the port stays in use
Memory grows with each request because listeners are never removed
The migration is not reversible: `down` drops the wrong column
Escape sequences are removed after the length check, so short passwords pass
Wrap-around at 255 sends the counter back to 0 and frames are dropped
Validate returns early for guests, so their uploads are never scanned
Split on "," breaks quoted fields
Log lines of other tenants are visible to support users
Simplified condition no longer covers `None`
Comments by deleted users crash the page
Update of the docs table runs without a WHERE clause
""".strip().splitlines()

NITS = {
    "documentation": """
Docstring is missing a description of the `timeout` parameter
This comment is now stale
It'd be helpful to document why 3 retries were chosen
Public API change isn't reflected in the docs
The description of this parameter is unclear
Please add a changelog entry
Outdated comment
Missing docstring for `parse_config`
The public function lacks documentation
Consider adding a docstring to explain the parameters
The README should mention the new flag
Typo in comment: "recieve" should be "receive"
Update the changelog for this release
The comment above is outdated
The comment does not match the code any more
Add a comment to explain this regular expression
Document the exceptions raised by this method
The docstring doesn't describe the return value
New environment variable is not documented
Missing JSDoc on exported helper
""",
    "style": """
Function name doesn't follow snake_case
The variable `res` could have a more meaningful name
Long parameter list; consider a config object
Nested ternaries hurt readability
Hardcoded string should be extracted to a constant
Import statements are not sorted
Unnecessary else after return
Redundant parentheses
Use `isinstance` instead of `type(x) ==`
Logging level should be debug rather than info
Repeated code block; extract to a function
Missing newline at end of file
Consider using a context manager
Error messages could be more helpful
Error message lacks context
Abbreviated names make this harder to read
Inconsistent use of quotes
Consider splitting this into two functions
Use a named constant for 3600
This block is duplicated in `load`
Prefer early returns
`list` shadows a builtin
Missing return type
Could use a dict comprehension
Variable name `x` is not descriptive
Consider renaming `data` to `payload` for clarity and readability
Magic number 42 should be a named constant
This function is too long and should be split
The method is overly complex
Code duplication between `load` and `reload`
Unused import `os`
Use f-string instead of `format`
Use const instead of let
Missing type hints on `handler`
Inconsistent naming: camelCase and snake_case are mixed
This could be simplified with a list comprehension
Extract this logic into a helper method
Prefer `pathlib` over `os.path`
Nit: trailing whitespace
Line is too long (130 characters)
Refactor this nested conditional with an early return
`tmp` is a confusing variable name
This class violates the single responsibility principle
Consider using an enum here
The helper should be private
Commented-out code should be removed
""",
    "speculative": """
Consider memoizing this function
Consider adding a timeout
Tests should cover the negative case
There are no tests covering the retry path
Potential performance issue with large inputs
This may cause confusion for future maintainers
Could be a security risk
Might be better to use a set here
Possible edge case not handled
You should probably add a null check
Are we sure this is thread safe?
Ensure backward compatibility
Please add error handling
Be sure to update the migration guide
Validate user input before use
Add input validation
Deprecated API usage may be removed in future versions
A short comment here would help future readers
Consider logging the exception
There might be a race condition here
This may not scale
What about empty lists?
Should we handle timeouts?
Needs more tests
Test coverage is insufficient
Make sure the caller closes the file
Security: consider rate limiting
It's recommended to pin the version
Consider caching the result for performance
Possible performance regression
Potentially unsafe cast
You may want to check for null here
Add a guard clause
This seems wrong
Not sure this is correct
Consider handling the case where the response is empty
Ensure that `user` is not None
Make sure this is tested
Add unit tests for the new branch
No tests for `parse_range`
Missing error handling
Missing test coverage for the failure path
This could potentially cause performance issues
This might lead to unexpected behaviour
Potential memory leak
Possible null pointer dereference
It may be worth adding a retry
You might want to validate the input
Please verify that the migration is idempotent
Check whether callers rely on the old order
What happens when the list is huge?
Is this intentional?
Perhaps a timeout would help
Verify the new limit with the product team
Double-check the regular expression
This change may break existing clients
The new dependency may have security vulnerabilities
In theory the buffer overflows
The input should be validated
It would be good to log the failure
Consider adding input validation for robustness
This may impact performance
Potential race condition
""",
}


def of(claim, **changes):
    return dataclasses.replace(FAULT, claim=claim, **changes)


def claims(text):
    return text.strip().splitlines()


@pytest.mark.parametrize("claim", REAL)
def test_a_real_fault_passes(claim):
    assert noise(of(claim)) == ""


@pytest.mark.parametrize(("kind", "claim"), [(kind, claim) for kind, text in NITS.items() for claim in claims(text)])
def test_what_bots_are_dismissed_for_is_known(kind, claim):
    assert noise(of(claim)) == kind


def test_what_was_shown_by_running_it_is_no_speculation():
    claim = "The pool may leak connections"
    assert noise(of(claim)) == "speculative"
    assert noise(of(claim, proof="ran")) == ""


def test_a_hedge_with_its_condition_is_a_claim():
    assert noise(of("The pool may leak connections when `connect` times out")) == ""
