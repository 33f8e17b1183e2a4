"""Log lines: one shape for our own and for libraries', and no secret in any of them.

Presigned URLs are passwords for their lifetime. What reaches a line by accident (an exception's text, a library at
debug level) is redacted here, last of all, in messages and in tracebacks alike: signatures, credentials and session
tokens of SigV4 and SigV2 URLs, Authorization headers, our own keys and tokens, passwords in addresses; and every member
whose name says that it is secret. Source: failure matrix J11.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, Literal, Protocol, TextIO

import structlog
from structlog.typing import Processor

__all__ = ["LogSettings", "configure_logs", "redact", "redact_text"]

_REDACTED: Final = "[redacted]"

_SECRET_NAMES: Final = (
    "authorization",
    "cookie",
    "credential",
    "mark",
    "password",
    "secret",
    "signature",
    "token",
    "url",
)
"""A member is secret when one of these is a word of its name: `token_secret`, `X-Amz-Signature`, `database_url`."""

_PATTERNS: Final = (
    # query parameters of presigned URLs, also percent-encoded ones inside another URL
    (
        re.compile(
            r"(?i)\b((?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId)(?:=|%3D))[^&\s\"'<>\\]+"
        ),
        rf"\1{_REDACTED}",
    ),
    # the header, and SigV4's own form of it; `\s*` cannot meet what follows, so this stays linear
    (
        re.compile(
            r"(?i)(\bauthorization\b[\"']?\s*[:=,]\s*b?[\"']?)(?:bearer|basic|aws4-hmac-sha256)?[ ]?[^\r\n\"']+"
        ),
        rf"\1{_REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer )[A-Za-z0-9._~+/=-]+"), rf"\1{_REDACTED}"),
    (re.compile(r"\b(ck_[0-9a-f]{16}_)[A-Za-z0-9_-]+"), rf"\1{_REDACTED}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), _REDACTED),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"), rf"\1{_REDACTED}"),
)

_QUIET: Final = ("uvicorn.access",)
"""Its lines hold the query; `http.request` says the same without."""

_AT_LEAST: Final = {
    "aiobotocore": logging.INFO,
    "alembic": logging.WARNING,
    "boto3": logging.INFO,
    "botocore": logging.INFO,
}
"""Below, the SDK writes out whole requests, with bare signatures and the marks of objects; and Alembic tells at every
start which database it speaks to."""


class LogSettings(Protocol):
    """The part of the settings that decides how lines look."""

    @property
    def log_format(self) -> Literal["json", "console"]: ...

    @property
    def log_level(self) -> str: ...


def redact_text(text: str) -> str:
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: redacts the whole line, nested members included."""
    return {name: _redact_member(name, value) for name, value in event.items()}


def configure_logs(settings: LogSettings, *, stream: TextIO = sys.stderr) -> None:
    """Route structlog and the standard library's loggers into one redacted stream. Called once, by the entry point."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(settings.log_format, shared, colors=stream.isatty()))
    _take_over(handler, settings.log_level.upper())


def _formatter(
    log_format: Literal["json", "console"], shared: list[Processor], *, colors: bool
) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=colors)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # tracebacks become text before the redaction, so that it sees them
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )


def _take_over(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name not in _QUIET
    for name, lowest in _AT_LEAST.items():
        logging.getLogger(name).setLevel(max(lowest, root.level))


def _redact_member(name: str, value: Any) -> Any:
    if _is_secret(name) and value is not None:
        return _REDACTED
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {key: _redact_member(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_member("", inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact_text(str(value))


def _is_secret(name: str) -> bool:
    words = re.split(r"[^a-z]+", name.lower())
    return any(secret in words for secret in _SECRET_NAMES)
