"""The game hangman, without the drawing."""


def show_word(secret, guesses):
    """Return the word with _ for every letter that was not guessed yet."""
    shown = ""
    for letter in secret:
        if letter in guesses:
            shown += letter
        else:
            shown += "_"
    return shown


def wrong_guesses(secret, guesses):
    """Return the guesses that are not in the word."""
    return [guess for guess in guesses if guess not in secret]


def is_won(secret, guesses):
    """Check if all letters were guessed."""
    return "_" not in show_word(secret, guesses)


def is_lost(secret, guesses, lives=6):
    """Check if there were too many wrong guesses."""
    return len(wrong_guesses(secret, guesses)) >= lives
