"""The first set-up: what a new user said becomes settings, is tried with one request, and is written down."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from kimicode.config import nano
from kimicode.config.catalog import LOCAL, MOONSHOT, MOONSHOT_CN, NANO, OLLAMA
from kimicode.config.load import load
from kimicode.config.schema import Settings, require_endpoint
from kimicode.errors import ConfigError, KimicodeError
from kimicode.llm.local import checkpoint_of, engine_command
from kimicode.llm.probe import Finding, ask, explain
from kimicode.tui.wanted import Wanted

DEFAULT_MODEL = "kimi-k2.6"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is asked for: a name for the field, what to put there, an example; a secret is not shown."""

    name: str
    title: str
    example: str
    secret: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a model."""

    name: str
    title: str
    detail: str
    answers: tuple[Answer, ...] = ()
    """None: the way holds for this session alone, and nothing is written down."""


WAYS = (
    Way(
        "moonshot",
        "A Moonshot key",
        "Kimi K2.6 from its makers; keys are made at platform.moonshot.ai",
        (Answer("api_key", "Key", "sk-...", secret=True),),
    ),
    Way(
        "endpoint",
        "Any OpenAI-compatible server",
        "OpenRouter, vLLM, SGLang, Ollama, a company's own",
        (
            Answer("base_url", "Address", OLLAMA.base_url),
            Answer("api_key", "Key", "none where the server needs none", secret=True, optional=True),
            Answer("model", "Model", "the server's first one", optional=True),
        ),
    ),
    Way(
        "engine",
        "This machine's own engine",
        "serves a checkpoint of the Kimi family from a folder",
        (Answer("checkpoint", "Folder of the checkpoint", "~/models/Kimi-K2.6"),),
    ),
    Way(
        NANO,
        "kimi-nano, for this session: no key, no network",
        "tiny: it finds one-line bugs in small Python files, and little else; it is not Kimi K2.6",
    ),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying: the settings to write, and what was found; `works` where a prompt would be answered."""

    settings: dict[str, object]
    findings: tuple[Finding, ...]

    @property
    def works(self) -> bool:
        return all(finding.status != "failure" for finding in self.findings)


def is_first_run(wanted: Wanted) -> bool:
    """Whether nothing says yet how a model is reached."""
    try:
        loaded = load(wanted.flags, cwd=wanted.folder, environ=wanted.environ)
    except ConfigError:
        return False
    return loaded.settings.base_url is None and not loaded.engine


def flags_of(way: str) -> dict[str, str]:
    """What of a way that was taken holds for this session and stands in no file."""
    return {"model": NANO} if way == NANO else {}


def try_out(way: str, answers: dict[str, str]) -> Trial:
    """Check the answers, with one request where a server is meant (five seconds at most; for a thread)."""
    given = {name: text.strip() for name, text in answers.items() if text.strip()}
    try:
        if way == NANO:
            nano.checkpoint()
            engine_command(())
            return Trial({}, (Finding("ok", nano.ABOUT),))
        if way == "engine":
            return _engine(given.get("checkpoint", ""))
        if way == "moonshot":
            common = {"api_key": given.get("api_key", ""), "model": DEFAULT_MODEL}
            # The keys of Moonshot's two sites look alike.
            return _first_that_works(common | {"base_url": site.base_url} for site in (MOONSHOT, MOONSHOT_CN))
        return _first_that_works([dict(given)])
    except KimicodeError as error:
        message = error.message if isinstance(error, ConfigError) else str(error)
        return Trial({}, (Finding("failure", message),))


def _engine(folder: str) -> Trial:
    if not folder:
        raise ConfigError("the folder of the checkpoint is missing")
    path = Path(folder).expanduser()
    checkpoint_of(_valid({"checkpoint": str(path)}))
    engine_command(())
    values: dict[str, object] = {"model": LOCAL, "checkpoint": str(path), "base_url": None, "api_key": None}
    return Trial(values, (Finding("ok", f"the engine will serve {path}"),))


def _first_that_works(candidates: Iterable[dict[str, str]]) -> Trial:
    """The trial of the first candidate that works, else that of the first one."""
    trials = []
    for values in candidates:
        trial = _served(values)
        if trial.works:
            return trial
        trials.append(trial)
    return trials[0]


def _served(values: dict[str, str]) -> Trial:
    if not values.get("base_url"):
        raise ConfigError("the address of the server is missing")
    settings = _valid(values)
    endpoint = require_endpoint(settings)
    findings = explain(endpoint, ask(endpoint), "this form")
    kept: dict[str, object] = {**dict.fromkeys(("api_key", "model")), **values, "base_url": settings.base_url}
    return Trial(kept, tuple(findings))


def _valid(values: dict[str, str]) -> Settings:
    """Raises ConfigError that names the field and never its value."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_input=False)[0]
        reason = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        raise ConfigError(f"{mistake['loc'][0]} {reason}") from None
