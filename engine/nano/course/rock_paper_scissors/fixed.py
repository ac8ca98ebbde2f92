"""Rock, paper, scissors."""

BEATS = {"rock": "scissors", "scissors": "paper", "paper": "rock"}


def beats(choice, other):
    """Check if choice wins against other."""
    return BEATS[choice] == other


def play_round(first, second):
    """Return 1 or 2 for the player who wins, 0 for a draw."""
    if first == second:
        return 0
    if beats(first, second):
        return 1
    return 2


def play_match(rounds):
    """Return how often player 1 and player 2 won, as a tuple."""
    wins = [0, 0, 0]
    for first, second in rounds:
        wins[play_round(first, second)] += 1
    return wins[1], wins[2]
