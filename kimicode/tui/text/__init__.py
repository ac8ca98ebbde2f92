"""Text to lines: safe, wrapped, highlighted. Nothing here knows an event or a widget."""
