"""What the composer stands on, without a widget: pastes, history, completion."""
