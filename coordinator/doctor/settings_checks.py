"""What the settings alone show. Nothing is sent."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from coordinator.database.engine import normalise_url
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.doctor.patient import Patient
from coordinator.doctor.wire import on_this_machine
from coordinator.errors import ConfigurationError
from coordinator.signing.credentials import CredentialsError

__all__ = ["SETTINGS_CHECKS"]

_LONG_LIFE: Final = timedelta(hours=1)


async def database_url(patient: Patient) -> Verdict:
    url = patient.settings.database_url.get_secret_value()
    if not url:
        return failed("DATABASE_URL is not set", "Set it to postgresql://user:password@host:port/name.")
    try:
        normalise_url(url)
    except ConfigurationError as refused:
        return failed(str(refused), "Write it as postgresql://user:password@host:port/name.")
    return passed("the database's address can be read")


async def addresses(patient: Patient) -> Verdict:
    try:
        public, _ = patient.public, patient.internal
    except ValueError as refused:
        return failed(
            str(refused),
            "Correct store.bucket, store.region, store.endpoint_url or store.public_endpoint_url.",
        )
    return passed(f"URLs are signed for {public.endpoint_url}, bucket {public.bucket}")


async def credentials(patient: Patient) -> Verdict:
    try:
        found = patient.credentials()
    except (CredentialsError, ValueError) as refused:
        return failed(
            f"there are no credentials to sign with: {refused}",
            "Set COORDINATOR_STORE__ACCESS_KEY_ID and COORDINATOR_STORE__SECRET_ACCESS_KEY.",
        )
    if found.expires_at is None:
        return passed("an access key is set, which has no end that is known here")
    left = found.expires_at - patient.clock()
    if left < timedelta(seconds=patient.settings.url_expires):
        return warning(
            f"the credentials end in {max(left, timedelta())}, sooner than a URL may live",
            "Rotate them earlier; a URL ends with the credentials that signed it.",
        )
    return passed(f"temporary credentials, which end in {left}")


async def token_secret(patient: Patient) -> Verdict:
    if patient.settings.token_secret is None:
        return failed(
            "it is not set, and `serve` will not start",
            "Set COORDINATOR_TOKEN_SECRET to what `openssl rand -hex 32` makes.",
        )
    return passed("it is set")


async def origins(patient: Patient) -> Verdict:
    if not patient.origins:
        return warning(
            "no page's origin is named, so CORS cannot be checked",
            "Set COORDINATOR_ALLOWED_ORIGINS, or give --origin; without browsers this may stay.",
        )
    plain = [
        origin for origin in patient.origins if origin.startswith("http:") and not on_this_machine(origin)
    ]
    if plain:
        return warning(
            f"{', '.join(plain)}: a page without https can be changed on its way",
            "Serve the page over https.",
        )
    return passed(f"pages at {', '.join(patient.origins)}")


async def mixed_content(patient: Patient) -> Verdict:
    endpoint = patient.public.endpoint_url
    if endpoint.startswith("https:") or on_this_machine(endpoint):
        return passed("browsers may send to the public endpoint from any page")
    secure = [origin for origin in patient.origins if origin.startswith("https:")]
    if secure:
        return failed(
            f"pages at {', '.join(secure)} may not send to a store without https: browsers block it",
            "Give store.public_endpoint_url an https address.",
        )
    return warning(
        "URLs are signed for http: bytes and URLs can be read and changed on their way",
        "Give store.public_endpoint_url an https address.",
    )


async def public_host(patient: Patient) -> Verdict:
    host = urlsplit(patient.public.endpoint_url).hostname or ""
    distant = [origin for origin in patient.origins if not on_this_machine(origin)]
    if distant and on_this_machine(patient.public.endpoint_url):
        return failed(
            f"pages at {', '.join(distant)} are sent to {host}, which is each visitor's own machine",
            "Set store.public_endpoint_url to the address at which browsers reach the store.",
        )
    if distant and "." not in host and ":" not in host:
        return warning(
            f"{host} looks like a name that is known inside one network alone",
            "Set store.public_endpoint_url to the address at which browsers reach the store.",
        )
    return passed(f"{host} is a host that the pages may reach")


async def url_expires(patient: Patient) -> Verdict:
    life = timedelta(seconds=patient.settings.url_expires)
    if life > _LONG_LIFE:
        return warning(
            f"a part's URL lives {life}; whoever gets hold of it may use it that long",
            "Set COORDINATOR_URL_EXPIRES to 900; clients ask for new URLs by themselves.",
        )
    return passed(f"a part's URL lives {life} at most")


SETTINGS_CHECKS: Final = (
    Check("settings.database_url", database_url),
    Check("settings.store", addresses),
    Check("settings.credentials", credentials),
    Check("settings.token_secret", token_secret),
    Check("settings.origins", origins),
    Check("settings.mixed_content", mixed_content, needs=("settings.store",)),
    Check("settings.public_host", public_host, needs=("settings.store",)),
    Check("settings.url_expires", url_expires),
)
