"""The engine's errors, bottom of all layers.

EngineError ┬ CheckpointError   a checkpoint is wrong, truncated, missing or of a kind that is not served
            ├ RequestError      one request is wrong; carries the HTTP status and OpenAI's error type and code
            └ ModelFault        the model produced NaN or Inf: the request ends with an error, never with garbage"""


class EngineError(Exception):
    """Something that is explained to a person in one message."""


class CheckpointError(EngineError):
    """A checkpoint that cannot be served; the message names the file and the tensor."""


class ModelFault(EngineError):
    """Logits that are no numbers. Fails the request in whose row they stand."""


class RequestError(EngineError):
    """A request that is refused. `param` is the offending field, `code` a word that programs can switch on."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.retry_after = retry_after
