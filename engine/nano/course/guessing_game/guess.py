"""Guess the number: hints, and a player who halves the range every time."""


def hint(secret, guess):
    """Say how guess compares with the secret number."""
    if guess > secret:
        return "too low"
    if guess < secret:
        return "too high"
    return "correct"


def play(secret, low=1, high=100):
    """Return the guesses of a clever player until the secret number is found."""
    guesses = []
    while low <= high:
        guess = (low + high) // 2
        guesses.append(guess)
        answer = hint(secret, guess)
        if answer == "correct":
            break
        if answer == "too low":
            low = guess + 1
        else:
            high = guess - 1
    return guesses
