"""How many bugs a served model really solves, by facts that it cannot talk its way around."""
