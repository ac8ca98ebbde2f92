"""Episodes: an oracle that knows the bug works through the actual agent, and what was said is what is learnt."""
