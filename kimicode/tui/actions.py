"""Everything that a key can do: its name, default keys and meaning, one line each.

An action's name is CONTEXT.ACTION; the widget of that context has a method action_ACTION and binds with
`BINDINGS = bindings(CONTEXT)`. `keys` lays the person's own keys over them."""

import re
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does. A key with priority is looked at before the focused widget sees it."""

    name: str
    keys: tuple[str, ...]
    description: str
    priority: bool = False

    @property
    def context(self) -> str:
        return self.name.partition(".")[0]


_TABLE = """
editor.newline            shift+enter ctrl+j alt+enter     Begin a new line (also: a backslash, then Enter)
editor.cursor_up          up                               One line up; on the first one, the previous prompt
editor.cursor_down        down                             One line down; on the last one, the next prompt
editor.cursor_left        left                             One character to the left
editor.cursor_right       right                            One character to the right
editor.word_left          alt+b ctrl+left alt+left         One word to the left
editor.word_right         alt+f ctrl+right alt+right       One word to the right
editor.line_start         ctrl+a home                      To the start of the line
editor.line_end           ctrl+e end                       To the end of the line
editor.delete_left        backspace ctrl+h                 Delete the character to the left
editor.delete_right       delete                           Delete the character to the right
editor.kill_to_end        ctrl+k                           Cut to the end of the line
editor.kill_to_start      ctrl+u super+backspace           Cut to the start of the line
editor.kill_word_left     ctrl+w alt+backspace             Cut the word to the left
editor.kill_word_right    alt+d                            Cut the word to the right
editor.yank               ctrl+y                           Insert what was cut last
editor.undo               ctrl+underscore super+z          Undo
editor.redo               alt+underscore shift+super+z     Redo
editor.select_left        shift+left                       Select to the left
editor.select_right       shift+right                      Select to the right
editor.select_up          shift+up                         Select upwards
editor.select_down        shift+down                       Select downwards
editor.select_all         super+a                          Select everything
composer.submit           enter                            Send; while the agent works: queue
composer.steer            ctrl+s                           Send into the work that is going on
composer.older            up                               The previous prompt; a queued one comes back first
composer.newer            down                             The next prompt
composer.search_history   ctrl+r                           Search the prompts of before
composer.complete         tab                              Complete a file, a command or a path
composer.clear            ctrl+c                           Copy what is selected, else clear; twice when empty: quit
composer.end_of_input     ctrl+d                           Quit when empty, else delete to the right
composer.escape           escape                           Close what is open, interrupt; twice when idle: rewind
composer.external_editor  ctrl+g                           Write in $VISUAL or $EDITOR
composer.paste_image      ctrl+v                           Insert the image from the clipboard
completion.next           down ctrl+n                      The next proposal
completion.previous       up ctrl+p                        The previous proposal
completion.accept         tab                              Take the proposal
completion.take           enter                            Take the proposal; a command without arguments runs
completion.close          escape                           No proposals for this word
approval.once             1 y                              Allow this once
approval.session          2                                Allow it for this session
approval.rule             3                                Show the rule that would allow it for good; again: make it
approval.words            4                                Say no, and what to do instead
approval.reject           n                                Say no
approval.next             down tab                         The next answer
approval.previous         up                               The previous answer
approval.choose           enter                            Take the marked answer
approval.scroll_down      pagedown                         Further down in what is asked about
approval.scroll_up        pageup                           Further up
approval.interrupt        escape ctrl+c                    Close the words, else stop the turn
screen.close              escape                           Close what lies over the transcript
picker.previous           up                               The row above
picker.next               down                             The row below
picker.page_up            pageup                           Ten rows up
picker.page_down          pagedown                         Ten rows down
picker.choose             enter                            Take the marked row
sessions.everywhere       tab                              The sessions of this folder, or of all
sessions.rename           ctrl+r                           Another title for the session
sessions.delete           ctrl+d                           Delete the session; again: for good
reader.line_up            up k                             One line up
reader.line_down          down j                           One line down
reader.page_up            pageup                           One page up
reader.page_down          pagedown space                   One page down
reader.top                home                             To the beginning
reader.end                end                              To the end
reader.close              q                                Close the text
browser.previous          up k                             The entry above
browser.next              down j                           The entry below
diff.sides                s                                Side by side, or one below the other
diff.span                 tab                              What the last turn changed, or the session
search.earlier            enter up shift+enter             The match before
search.later              down                             The match after
search.close              escape ctrl+c                    End the search
setup.previous            up                               The way, or the field, above
setup.next                down                             The way, or the field, below
setup.take                enter                            Take the way
crash.leave               enter q ctrl+c                   Leave after a fault
tasks.next                down                             The next job
tasks.previous            up                               The previous job
tasks.stop                x delete                         Stop the job
transcript.line_up        up k                             One line up
transcript.line_down      down j                           One line down
transcript.block_up       ctrl+up left_square_bracket      The block before
transcript.block_down     ctrl+down right_square_bracket   The next block
transcript.prompt_up      alt+up p                         The prompt before
transcript.prompt_down    alt+down n                       The next prompt
transcript.fold           enter space                      Fold or unfold
transcript.select_up      shift+up                         Select upwards
transcript.select_down    shift+down                       Select downwards
app.cycle_mode            shift+tab                        The next mode: plan, ask, auto-edit, auto
app.unfold                ctrl+o                           Unfold or fold all long outputs
app.plan                  ctrl+t                           Show or hide the plan
app.search                ctrl+f                           Search the transcript
app.scroll_up             pageup                           One page up
app.scroll_down           pagedown                         One page down
app.scroll_home           home ctrl+home                   To the beginning
app.scroll_end            end ctrl+end                     To the end, and follow
app.repaint               ctrl+l                           Paint the screen anew
app.suspend               ctrl+z                           To the shell; `fg` comes back
app.help                  f1                               Help
"""
_PRIORITY = (
    *("completion.next", "completion.previous", "completion.close", "app.cycle_mode"),
    *("picker.choose", "sessions.", "diff.span", "search.close", "crash.leave"),
)
"""The list's keys are the editor's own as well, and a picker's those of the field that searches it; Textual's screens
take tab and shift+tab for themselves."""


def _actions() -> tuple[Action, ...]:
    rows = (re.split(r"  +", row) for row in _TABLE.strip().splitlines())
    return tuple(Action(name, tuple(keys.split()), text, name.startswith(_PRIORITY)) for name, keys, text in rows)


ACTIONS = _actions()


def bindings(context: str) -> list[BindingType]:
    """Textual's bindings of a context, with the default keys; each has its action's name as its id."""
    return [
        Binding(
            ",".join(action.keys),
            action.name.partition(".")[2],
            action.description,
            show=False,
            priority=action.priority,
            id=action.name,
        )
        for action in ACTIONS
        if action.context == context
    ]
