"""What mails say, and what never gets into one."""

import html

import pytest

from identity.domain import mail as mails
from identity.domain.mail import Mail

TOKEN = "mai_use1_x.y.z"
URL = 'https://shop.example/account?a="1"&b=<2>'
LETTERS = (
    mails.prove_address("ada@example.com", TOKEN, account_url=URL),
    mails.address_is_taken("ada@example.com", account_url=URL),
    mails.set_password("ada@example.com", TOKEN, account_url=URL),
    mails.one_time_code("ada@example.com", "492039", account_url=URL),
    mails.factor_added("ada@example.com", account_url=URL),
    mails.factor_removed("ada@example.com", account_url=URL),
    mails.factors_reset("ada@example.com", account_url=URL),
    mails.recovery_code_used("ada@example.com", account_url=URL),
)


@pytest.mark.parametrize("mail", LETTERS)
def test_a_subject_is_one_line_and_says_nothing_of_its_reader(mail: Mail) -> None:
    assert mail.subject.isprintable()
    assert "ada" not in mail.subject.lower()
    assert TOKEN not in mail.subject


@pytest.mark.parametrize("mail", LETTERS)
def test_what_stands_in_html_is_escaped(mail: Mail) -> None:
    assert URL in mail.text
    assert URL not in mail.html
    assert html.escape(URL, quote=True) in mail.html


@pytest.mark.parametrize("mail", [LETTERS[0], LETTERS[2]])
def test_a_link_carries_its_token_where_no_server_reads_it_and_the_code_can_be_pasted(
    mail: Mail,
) -> None:
    link = next(line for line in mail.text.splitlines() if line.startswith("https:"))
    assert link.endswith(f"#token={TOKEN}")
    assert TOKEN in mail.text.splitlines()
    assert f"<code>{TOKEN}</code>" in mail.html


def test_a_one_time_code_comes_first_where_a_preview_shows_it() -> None:
    mail = LETTERS[3]
    assert mail.text.startswith("492039 ")
    assert mail.html.partition("<p>")[2].startswith("492039 ")
    assert "492039" not in mail.subject


def test_who_has_an_account_is_sent_no_token() -> None:
    assert TOKEN not in LETTERS[1].text + LETTERS[1].html


def test_no_address_and_no_token_shows_in_a_repr() -> None:
    assert not [each for each in map(repr, LETTERS) if "ada" in each or TOKEN in each]
