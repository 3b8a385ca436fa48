"""S3-compatible storage, by pyarrow's own client: what there is, and the bytes of it. The only file that imports it.

The address, the keys and the region come from where the AWS tools have them: `AWS_ENDPOINT_URL_S3`,
`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on, and the profile in `~/.aws/config` and `~/.aws/credentials`. Without
keys it is asked anonymously. The role of an EC2 instance is asked for only where `AWS_EC2_METADATA_DISABLED=false` is
set: elsewhere that question goes nowhere and takes seconds.
"""

import configparser
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bakeoff.errors import BakeoffError, DataError, KeyMissing, NetworkError, UsageError

CONTACT_SECONDS = 6.0
"""Until a connection must stand."""

ATTEMPTS = 3
"""Of each request, by pyarrow's client; then it is an error."""

HEADS_AT_ONCE = 16

DEFAULT_REGION = "us-east-1"
"""What servers that know no regions are signed for."""

KEYS_IN_ENVIRONMENT = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
KEYS_IN_PROFILE = frozenset(
    ("aws_access_key_id", "credential_process", "role_arn", "sso_session", "sso_account_id", "web_identity_token_file")
)

REFUSED = (
    "ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "INVALID_CLIENT_TOKEN_ID", "SIGNATURE_DOES_NOT_MATCH", "EXPIRED_TOKEN",
    "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "UNRECOGNIZED_CLIENT", "HTTP status 401", "HTTP status 403",
)  # fmt: skip
"""What pyarrow's messages say where the storage does not let us in."""

OFFLINE_HINT = (
    "run it once where the storage can be reached; AWS_ENDPOINT_URL is the address of one that is not Amazon's"
)


@dataclass(frozen=True, slots=True)
class S3Object:
    """One object, as the storage describes it now."""

    key: str
    size_bytes: int
    etag: str
    """Changes with the content; the MD5 of it where it was uploaded in one piece and not encrypted by a key of KMS.
    Where a server gives none, the time at which it was written."""


class Storage:
    """One bucket of the storage that the environment names."""

    def __init__(self, bucket: str) -> None:
        """Connect to nothing yet.

        Raises:
            UsageError: pyarrow is not installed, or the address or the profile in the environment is wrong.
            DataError, NetworkError: Amazon has no such bucket, or cannot be asked where it is.
        """
        self.bucket = bucket
        self.endpoint = endpoint()
        self._anonymous = not _has_keys()
        self._files = self._filesystem()

    def find(self, keys: Sequence[str]) -> list[S3Object | None]:
        """What there is under each of these keys; None where there is nothing.

        Raises:
            KeyMissing, NetworkError: the storage refuses or does not answer.
        """
        if len(keys) == 1:
            return [self._find(keys[0])]
        with ThreadPoolExecutor(HEADS_AT_ONCE, thread_name_prefix="bakeoff-s3") as threads:
            return list(threads.map(self._find, keys))

    def keys(self, folder: str) -> list[str]:
        """The keys below a folder, at any depth, in order; empty where there is no such folder.

        Raises:
            DataError: there is no such bucket.
            KeyMissing, NetworkError: the storage refuses or does not answer.
        """
        from pyarrow import fs

        where = f"{self.bucket}/{folder}".rstrip("/")
        try:
            with self._errors(where):
                found = self._files.get_file_info(fs.FileSelector(where, recursive=True))
        except FileNotFoundError:
            return []
        return sorted(one.path[len(self.bucket) + 1 :] for one in found if one.type == fs.FileType.File)

    def require_bucket(self) -> None:
        """Nothing, where the bucket is there: the storage says the same of a missing object and a missing bucket.

        Raises:
            DataError: there is no such bucket.
            KeyMissing, NetworkError: the storage refuses or does not answer.
        """
        from pyarrow import fs

        with self._errors(self.bucket):
            found = self._files.get_file_info(self.bucket)
        if found.type == fs.FileType.NotFound:
            raise self._no_bucket()

    @contextmanager
    def opened(self, key: str) -> Iterator[tuple[S3Object, Callable[[int, int], bytes]]]:
        """An object as it is now, and what reads (bytes, from where) of it.

        Raises:
            FileNotFoundError: there is none.
            KeyMissing, NetworkError: the storage refuses, or the connection broke.
        """
        where = f"{self.bucket}/{key}"
        with self._errors(where):
            file = self._files.open_input_file(where)

        def read(n_bytes: int, start: int) -> bytes:
            with self._errors(where):
                block: bytes = file.read_at(n_bytes, start)
            if not block:
                raise NetworkError(f"s3://{where}: it ended after {start:,} bytes", hint="run the same command again")
            return block

        with file:
            yield _described(key, file), read

    def _find(self, key: str) -> S3Object | None:
        try:
            with self.opened(key) as (found, _):
                return found
        except FileNotFoundError:
            return None

    def _filesystem(self) -> Any:
        try:
            from pyarrow import fs
        except ImportError:
            raise UsageError(
                f"reading s3://{self.bucket} takes the package pyarrow, which is not installed",
                hint='pip install "bakeoff[ray]", or download the file and name it under [data]',
            ) from None
        address = urlsplit(self.endpoint or "")
        return fs.S3FileSystem(
            anonymous=self._anonymous,
            region=_region() or (DEFAULT_REGION if self.endpoint else self._region_of_bucket()),
            endpoint_override=address.netloc or None,
            scheme=address.scheme or None,
            connect_timeout=CONTACT_SECONDS,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
            **({"tls_ca_file_path": bundle} if (bundle := os.environ.get("AWS_CA_BUNDLE")) else {}),
        )

    def _region_of_bucket(self) -> str:
        from pyarrow import fs

        try:
            with self._errors(self.bucket):
                region: str = fs.resolve_s3_region(self.bucket)
        except FileNotFoundError:
            raise self._no_bucket() from None
        return region

    @contextmanager
    def _errors(self, where: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._error(where, str(error)) from None

    def _error(self, where: str, text: str) -> BakeoffError:
        """An error of pyarrow, as one for people."""
        if "NO_SUCH_BUCKET" in text or ("resolve" in text and "not found" in text):
            return self._no_bucket()
        if any(sign in text for sign in REFUSED):
            return KeyMissing(f"s3://{where}: the storage refuses access{self._at()}", hint=self._key_hint())
        why = text.rpartition("Details: ")[2] if "NETWORK_CONNECTION" in text else text.rpartition("AWS Error ")[2]
        if "curlCode: 18" in text:
            return NetworkError(
                f"s3://{where}: the connection broke: {why}",
                hint="run the same command again: what has arrived is kept",
            )
        if "NETWORK_CONNECTION" in text:
            return NetworkError(f"s3://{where}: the storage cannot be reached{self._at()}: {why}", hint=OFFLINE_HINT)
        hint = "set AWS_REGION to the bucket's region" if "HTTP status 301" in text else "try again later"
        return NetworkError(f"s3://{where}: the storage answered{self._at()}: {why}", hint=hint)

    def _no_bucket(self) -> DataError:
        hint = "check the spelling; AWS_ENDPOINT_URL names a storage that is not Amazon's"
        return DataError(f"there is no bucket {self.bucket!r}{self._at()}", hint=hint)

    def _at(self) -> str:
        return f" at {self.endpoint}" if self.endpoint else " at Amazon S3"

    def _key_hint(self) -> str:
        if self._anonymous:
            return (
                "no key was found, so it was asked anonymously: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                "AWS_PROFILE to a profile in ~/.aws/credentials"
            )
        return "the key that was found may not read it, is wrong or out of date, or there is no such object"


def endpoint() -> str | None:
    """The address of the storage, as `http://HOST:PORT`; None means Amazon's.

    Raises:
        UsageError: what the environment or the profile has is no address.
    """
    name = next((one for one in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") if os.environ.get(one)), None)
    given = os.environ[name] if name else _profile().get("endpoint_url", "")
    address = given.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        sound = not address or (parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
        plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        sound = plain = False
    if not sound or not plain:
        raise UsageError(
            f"{name or 'endpoint_url'} is {given!r}, which is no address of a storage",
            hint="write http://HOST:PORT or https://HOST, without a path, or unset it",
        )
    return address or None


def _described(key: str, file: Any) -> S3Object:
    facts = {name: value.decode("utf-8", "replace") for name, value in (file.metadata() or {}).items()}
    return S3Object(key, int(file.size()), facts.get("ETag", "").strip('"') or facts.get("Last-Modified", ""))


def _region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _profile().get("region")


def _has_keys() -> bool:
    if any(os.environ.get(name) for name in KEYS_IN_ENVIRONMENT) or not KEYS_IN_PROFILE.isdisjoint(_profile()):
        return True
    return os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "false"


def _profile() -> dict[str, str]:
    """The settings of the chosen profile, from both of the AWS tools' files.

    Raises:
        UsageError: AWS_PROFILE names one that neither file has.
    """
    chosen = os.environ.get("AWS_PROFILE", "")
    name = chosen or "default"
    found: dict[str, str] = {}
    seen = False
    for variable, usual, section in (
        ("AWS_CONFIG_FILE", "config", name if name == "default" else f"profile {name}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", name),
    ):
        path = Path(os.environ.get(variable) or Path.home() / ".aws" / usual).expanduser()
        parser = configparser.RawConfigParser(strict=False, default_section="")
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, RuntimeError, configparser.Error, UnicodeDecodeError):
            continue
        if parser.has_section(section):
            seen = True
            found |= dict(parser[section])
    if chosen and not seen:
        raise UsageError(
            f"AWS_PROFILE is {chosen!r}, and neither ~/.aws/config nor ~/.aws/credentials has such a profile",
            hint="check the spelling, or unset it",
        )
    return found
