"""A review as people and programs want it: for a terminal, a forge, a runner's log, a tool that reads SARIF."""
