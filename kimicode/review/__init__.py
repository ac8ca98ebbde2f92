"""Reviews a change: finds real bugs in it and says nothing else."""
