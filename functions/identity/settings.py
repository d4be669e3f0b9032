"""What the functions of this service read from their environment."""

import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from shop.settings import Settings

T = TypeVar("T")


class EmailSettings(Settings):
    """`email_mac_key_arn`: the HMAC key that turns addresses into keys of rows."""

    email_mac_key_arn: str


class PersonalSettings(Settings):
    """`wrapping_key_arn`: the KMS key that wraps the keys of users."""

    wrapping_key_arn: str


class AccountSettings(EmailSettings, PersonalSettings):
    """What finds a user by their address, and opens who they are."""


class MailSettings(AccountSettings):
    """`mail_from`: who mails are from; empty where a stage sends none. `account_url`: where the
    pages are that links of mails lead to."""

    mail_from: str = ""
    account_url: str


class KeySettings(Settings):
    """`token_key_arn`: the P-256 key that signs access tokens until another one takes over;
    `table_identity`: where it is written which one does."""

    token_key_arn: str
    table_identity: str = "identity"


class RotationSettings(KeySettings):
    """`token_keys_purpose`: the tag by which rights know a key for tokens of this stage.
    `token_keys_replicas`: the other regions that sign with it, with blanks between them."""

    token_keys_purpose: str
    token_keys_replicas: str = ""


class IssuerSettings(Settings):
    """`token_issuer`: who issues tokens, `iss`, and the address of all of its endpoints."""

    token_issuer: str


class TokenSettings(KeySettings, IssuerSettings):
    """Who issues access tokens, and for whom: `iss` and `aud`."""

    token_audience: str


class RefreshSettings(TokenSettings, EmailSettings):
    """What refreshing needs of both."""


class AuthorizationSettings(IssuerSettings, EmailSettings):
    """What the pages need on which users agree to clients."""


class SignInSettings(RefreshSettings, PersonalSettings):
    """And signing in, where a device is named."""


class MachineSettings(Settings):
    """`erasure_machine_arn`: what carries erasures out."""

    erasure_machine_arn: str


class ExportMachineSettings(Settings):
    """`export_machine_arn`: what carries exports out."""

    export_machine_arn: str


class GraceSettings(Settings):
    """`erasure_grace_s`: how long a user may take an erasure back; 0: it begins at once."""

    erasure_grace_s: int


class ErasureSettings(GraceSettings, EmailSettings):
    """What asking to be erased needs: a password is counted by the network that it comes from."""


class StepSettings(PersonalSettings, TokenSettings):
    """What carrying an erasure out needs: who is erased, who signs, and for mails `mail_from` and
    `account_url` as above."""

    mail_from: str = ""
    account_url: str


def at_cold_start(build: Callable[[], T]) -> Callable[[], T]:
    """`build`, called once; inside Lambda at once, so that a wrong setting stops the function.

    Elsewhere (tests, the contract generator) on first use: there a module is imported without keys.
    """
    built = cache(build)
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        built()
    return built
