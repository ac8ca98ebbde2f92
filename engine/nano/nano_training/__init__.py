"""How kimi-nano is made: programs with bugs, the agent's work on them, training, judging. Not shipped."""
