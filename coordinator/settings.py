"""Every setting, its default, its bounds and its words: the only reader of the environment and of the YAML file.

Order: arguments (flags), environment (`COORDINATOR_...`, nested with `__`; `DATABASE_URL` alone is understood too), the
file named by `COORDINATOR_CONFIG`. The README's table is generated from here. Secrets never show in a repr.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from coordinator.errors import ConfigurationError

__all__ = ["Policy", "Settings", "StoreSettings", "load_settings"]

ENV_PREFIX = "COORDINATOR_"

Seconds = Annotated[int, Field(ge=1)]


class StoreSettings(BaseModel):
    """The bucket and how to reach it."""

    model_config = {"extra": "forbid"}

    endpoint_url: str | None = Field(
        None,
        description="Where the service itself reaches the store; empty for AWS S3, whose address follows from the region.",
    )
    public_endpoint_url: str | None = Field(
        None,
        description="Where browsers and clients reach the store; URLs are signed for it. Empty: the same as `endpoint_url`.",
    )
    region: str = Field(
        "us-east-1", min_length=1, description="The bucket's region; `auto` for Cloudflare R2."
    )
    bucket: str = Field("uploads", min_length=3, max_length=63, description="The bucket, which must exist.")
    access_key_id: str | None = Field(
        None,
        description="Empty: AWS_ACCESS_KEY_ID and its companions, else web identity, profile, container or instance.",
    )
    secret_access_key: SecretStr | None = Field(None, description="Goes with `access_key_id`.")
    session_token: SecretStr | None = Field(None, description="Of temporary credentials.")
    addressing_style: Literal["path", "virtual"] = Field(
        "path",
        description="`path` works everywhere but on new AWS buckets' dualstack names; `virtual` puts the bucket into the host name.",
    )
    digests: Literal["auto", "md5", "sha256"] = Field(
        "auto",
        description="What parts can be bound to: `auto` asks the store whether it enforces SHA-256; MD5 always counts.",
    )

    @field_validator("access_key_id", "secret_access_key", "session_token", mode="before")
    @classmethod
    def _empty_is_not_given(cls, value: object) -> object:
        return value or None

    @field_validator("endpoint_url", "public_endpoint_url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        return None if not value else _origin(value)

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key are given together or not at all")
        return self

    @property
    def signing_endpoint_url(self) -> str:
        """The origin that URLs are signed for."""
        return self.public_endpoint_url or self.endpoint_url or f"https://s3.{self.region}.amazonaws.com"


class Policy(BaseModel):
    """A named set of rules an upload is started under."""

    model_config = {"extra": "forbid"}

    max_size: int | None = Field(None, ge=0, description="Bytes; empty: the store's limit.")
    max_part_size: int | None = Field(
        None, ge=5 * 2**20, description="Bytes; caps what a client may ask for."
    )
    content_types: tuple[str, ...] = Field(
        (), description="Allowed types, `image/*` for a family; empty: all. Others are refused."
    )
    content_encodings: tuple[Literal["gzip"], ...] | None = Field(
        None,
        description='What files may be compressed with on their way, as a JSON list: `["gzip"]`, or `[]` for nothing; '
        "empty: all.",
    )
    lifetime: Seconds = Field(86_400, description="Seconds without activity until an upload is stale.")
    small_files: Literal["put", "multipart"] = Field(
        "put",
        description="How a file of one part is sent: `put`, in one PutObject where the bucket allows it, or `multipart`.",
    )
    digests: Literal["off", "optional", "required"] = Field(
        "optional",
        description="Of parts: `required` signs none without one, `off` tells clients to compute none.",
    )

    @field_validator("content_encodings", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        if value is not None and not isinstance(value, list | tuple):
            raise ValueError('it must be a list: ["gzip"], or [] for nothing')
        return value and tuple(one.lower() if isinstance(one, str) else one for one in value)


class Settings(BaseSettings):
    """The service's settings."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", case_sensitive=False
    )

    database_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("database_url", "COORDINATOR_DATABASE_URL", "DATABASE_URL"),
        description="`postgresql://user:password@host:port/name`. `DATABASE_URL` is understood too.",
    )
    database_pool_size: int = Field(10, ge=2, le=200, description="Connections a process may hold.")
    database_statement_cache: bool = Field(
        True, description="Switch off behind a pooler that shares connections between statements."
    )
    store: StoreSettings = Field(default_factory=StoreSettings, description="See below.")
    policies: dict[str, Policy] = Field(
        default_factory=dict, description="Further rules by name; the one named `default` always exists."
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8080, ge=0, le=65_535, description="The port to listen on.")
    public_url: str | None = Field(
        None, description="Where clients reach this service, when a reverse proxy stands before it."
    )
    allowed_origins: tuple[str, ...] = Field(
        (), description="Exact origins whose pages may call the API, as a JSON list. `*` is refused."
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Host headers that are answered, without port; empty: all. `dev` sets it to loopback."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses whose X-Forwarded-* headers are believed."
    )
    token_secret: SecretStr | None = Field(
        None, description="Signs upload tokens; at least 32 characters. `serve` refuses to start without it."
    )
    anonymous: bool = Field(
        False, description="Whether requests without credentials are let in; `dev` alone sets it."
    )
    url_expires: int = Field(
        900, ge=60, le=604_800, description="Seconds a presigned part URL lives at most."
    )
    download_expires: int = Field(
        300, ge=1, le=604_800, description="Seconds a presigned download URL lives at most."
    )
    hard_lifetime: Seconds = Field(
        6 * 86_400, description="Seconds after which an upload is stale whatever happens."
    )
    lease: int = Field(
        30, ge=1, le=600, description="Seconds a half-done upload stays with the process that drives it."
    )
    complete_deadline: int = Field(
        300, ge=1, le=3_600, description="Seconds one Complete may take; nobody sends a second one earlier."
    )
    late_check_after: int = Field(
        3_600,
        ge=0,
        le=604_800,
        description="Seconds after the last URL's end when an aborted upload is checked once more.",
    )
    sweep_interval: float = Field(
        5.0, gt=0, le=3_600, description="Seconds between two looks for due uploads."
    )
    sweep: bool = Field(True, description="Whether this process sweeps; at least one must.")
    retention: int = Field(
        365,
        ge=0,
        le=36_500,
        description="Days an ended upload's row and its events are kept; 0: for ever. Objects are never removed.",
    )
    quota_tenant_bytes: int | None = Field(
        None,
        ge=0,
        description="Bytes a tenant may have under way and completed; empty: no limit. `bytes_limit` of its row in "
        "the table `quotas` goes before. Who deletes objects lowers `used` there.",
    )
    quota_owner_bytes: int | None = Field(
        None, ge=0, description="Bytes an owner may have under way and completed; empty: no limit."
    )
    max_open_uploads_owner: int | None = Field(
        None, ge=1, description="Uploads an owner may have under way at once; empty: no limit."
    )
    drain: int = Field(10, ge=0, le=600, description="Seconds a stopping process waits for running requests.")
    log_format: Literal["json", "console"] = Field("json", description="How log lines are written.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Which log lines are written."
    )
    relay: bool = Field(
        True, description="Whether parts may go through this server where the direct way is blocked."
    )
    relay_at_once: int = Field(
        32,
        ge=1,
        le=1_000,
        description="Relayed parts under way at once in a process; each takes about 1 MiB. A sender gets no more while it has "
        "as many as are free: alone, half.",
    )
    relay_min_rate: int = Field(
        16_384,
        ge=1,
        description="Bytes per second below which a relayed part is given up, averaged over `relay_patience`.",
    )
    relay_patience: float = Field(
        30.0, gt=0, le=3_600, description="Seconds a relayed part may pause, at its beginning or later."
    )
    metrics: bool = Field(True, description="Whether `/metrics` answers.")
    page: bool = Field(True, description="Whether the upload page is served at `/upload/`.")

    @field_validator("allowed_origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in value:
            raise ValueError("`*` is refused: name each origin, such as https://app.example")
        return tuple(_origin(origin) for origin in value)

    @field_validator("public_url")
    @classmethod
    def _public_origin(cls, value: str | None) -> str | None:
        return None if not value else _origin(value)

    @field_validator("token_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("it needs at least 32 characters; `openssl rand -hex 32` makes one")
        return value

    @model_validator(mode="after")
    def _a_default_policy(self) -> Self:
        self.policies.setdefault("default", Policy())
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it; .env files are not read
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _YamlFile(settings_cls), file_secret_settings


class _YamlFile(PydanticBaseSettingsSource):
    """The file named by COORDINATOR_CONFIG."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base class's signature
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        path = os.environ.get(f"{ENV_PREFIX}CONFIG")
        return {} if not path else _read_yaml(Path(path))


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Read all sources. Raises ConfigurationError naming the first wrong setting as the operator wrote it."""
    try:
        return Settings(**dict(overrides or {}))  # type: ignore[arg-type]  # pydantic validates what it is given
    except SettingsError as refused:
        raise ConfigurationError(
            _setting_in(str(refused)), "this setting is a list or a mapping, written as JSON"
        ) from None
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(
            ".".join(str(step) for step in first["loc"]) or "store",
            first["msg"].removeprefix("Value error, "),
        ) from None


def _setting_in(message: str) -> str:
    """The name pydantic-settings quotes in its one message."""
    quoted = message.split('"')
    return quoted[1] if len(quoted) > 1 else "settings"


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as refused:
        raise ConfigurationError(
            f"{ENV_PREFIX}CONFIG", f"{path} cannot be read ({refused.strerror})"
        ) from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{ENV_PREFIX}CONFIG", f"{path} is not YAML") from None
    if not isinstance(loaded, dict):
        raise ConfigurationError(f"{ENV_PREFIX}CONFIG", f"{path} must hold a mapping of settings")
    return loaded


def _origin(value: str) -> str:
    """`https://host:port`, nothing after it."""
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise ValueError("it must look like https://host or https://host:port")
    try:
        _ = parts.port  # reading it checks it
    except ValueError:
        raise ValueError("its port must be a number from 1 to 65535") from None
    if parts.path not in {"", "/"}:
        raise ValueError("it must not have a path")
    return f"{parts.scheme}://{parts.netloc}"
