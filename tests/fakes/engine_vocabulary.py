"""A vocabulary that a person can read: a character's id is its code point, control tokens lie behind them."""

CONTROL = (
    *("<|im_system|>", "<|im_user|>", "<|im_assistant|>", "<|im_middle|>", "<|im_end|>", "<think>", "</think>"),
    *("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
    *("<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"),
    *("<|media_begin|>", "<|media_content|>", "<|media_pad|>", "<|media_end|>"),
)


class Characters:
    """Ids back and forth; `without` leaves out control tokens, as older checkpoints do."""

    def __init__(self, without=()):
        names = [name for name in CONTROL if name not in without]
        self.control = {name: 0x110000 + index for index, name in enumerate(names)}

    def encode(self, text):
        return [ord(character) for character in text]

    def read(self, ids):
        """Control tokens in guillemets, so that they cannot be mistaken for text."""
        names = {token: f"«{name.strip('<|>')}»" for name, token in self.control.items()}
        names[self.control.get("</think>", -1)] = "«/think»"
        return "".join(names.get(token) or chr(token) for token in ids)
