"""Which tools are offered: the six of the core, or those with search and the plan; in plan mode none that writes.

`fetch` is there where the user wants it.
"""

from typing import Any, Literal

from kimicode.tools.base import Access, Tool
from kimicode.tools.bash import BashTool
from kimicode.tools.createfile import CreateFile
from kimicode.tools.insert import Insert
from kimicode.tools.outline import Outline
from kimicode.tools.plan import Plan
from kimicode.tools.search import Search
from kimicode.tools.strreplace import StrReplace
from kimicode.tools.submit import Submit
from kimicode.tools.view import View

Toolset = Literal["full", "swe"]


def tools(toolset: Toolset = "full", *, planning: bool = False, fetch: bool = False) -> dict[str, Tool[Any]]:
    """Tools by name, in the order in which the model is told of them."""
    core: list[Tool[Any]] = [BashTool(), View(), CreateFile(), Insert(), StrReplace()]
    chosen: list[Tool[Any]] = [*core, Submit()]
    if toolset == "full":
        chosen = [*core, Search(), Outline(), *_web(fetch), Plan(), Submit()]
    return {tool.name: tool for tool in chosen if not (planning and tool.access is Access.WRITE)}


def _web(wanted: bool) -> list[Tool[Any]]:
    if not wanted:
        return []
    from kimicode.tools.fetch import Fetch

    return [Fetch()]
