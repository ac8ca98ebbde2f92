"""From tokens to pieces of an answer: thinking, content, tool calls. Pure folds; nothing here waits or fails."""
