from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capirepo.core.names import Label
from capirepo.core.tokens import (
    QUERY_NAMES,
    Scope,
    Token,
    digest_of,
    hidden,
    parse_expiry,
    parse_labels,
    parse_name,
    secret_of,
)
from capirepo.errors import BadInputError

NOW = dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC)
AWESOME = Label("infrastructure-awesome")
SECRET = secret_of(bytes(range(32)))


def token(scope: Scope = Scope.WRITE, *labels: str, expires: dt.datetime | None = None) -> Token:
    return Token(
        name="ci",
        digest=digest_of(SECRET),
        scope=scope,
        labels=labels,
        created=NOW,
        expires=expires,
    )


@pytest.mark.parametrize(
    ("labels", "label", "may"),
    [
        ((), "infrastructure-awesome", True),
        (("infrastructure-awesome",), "infrastructure-awesome", True),
        (("infrastructure-*",), "infrastructure-awesome", True),
        (("infrastructure-*",), "addon-awesome", False),
        (("*-awesome",), "addon-awesome", True),
        (("addon-?",), "addon-ab", False),
        (("ipam-x", "addon-*"), "addon-ab", True),
        (("infrastructure-awesome",), "infrastructure-awesome-2", False),
        (("infrastructure-awesome",), "Infrastructure-awesome", False),
    ],
)
def test_a_token_writes_the_labels_that_it_is_limited_to(
    labels: tuple[str, ...], label: str, *, may: bool
) -> None:
    assert token(Scope.WRITE, *labels).may_write(Label(label)) is may


def test_a_token_that_reads_writes_nothing_and_one_that_writes_reads() -> None:
    assert not token(Scope.READ).may_write(AWESOME)
    assert token(Scope.READ).scopes == ("read",)
    assert token(Scope.WRITE).scopes == ("read", "write")


def test_a_token_ends_at_the_moment_at_which_it_expires() -> None:
    ending = token(expires=NOW)
    assert not ending.expired(NOW - dt.timedelta(microseconds=1))
    assert ending.expired(NOW)
    assert not token().expired(dt.datetime.max.replace(tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("text", "expires"),
    [
        ("12h", NOW + dt.timedelta(hours=12)),
        ("90d", NOW + dt.timedelta(days=90)),
        ("4w", NOW + dt.timedelta(weeks=4)),
        ("2027-01-01", dt.datetime(2027, 1, 1, tzinfo=dt.UTC)),
    ],
)
def test_an_expiry_is_a_span_or_a_day(text: str, expires: dt.datetime) -> None:
    assert parse_expiry(text, NOW) == expires


@pytest.mark.parametrize(
    "text",
    ["", "90", "d", "-1d", "0d", "1.5d", "999999w", "9999999d", "2026-11-22", "2027-02-30",
     "2027-01-01T00:00", "1\u0660d", "90d\n", "tomorrow"],
)  # fmt: skip
def test_what_is_no_moment_to_come_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(BadInputError, match="write a span such as 12h, 90d or 4w"):
        parse_expiry(text, NOW)


@pytest.mark.parametrize("name", ["ci", "CI-2", "team_a.main", "7", "a" * 63])
def test_a_name_is_what_can_stand_in_a_log(name: str) -> None:
    assert parse_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "a b", "-x", ".x", "a\n", "é", "a" * 64, "0123456789ab", "a/b", SECRET]
)
def test_other_names_are_refused_and_a_token_given_as_a_name_is_not_repeated(name: str) -> None:
    with pytest.raises(BadInputError) as raised:
        parse_name(name)
    assert SECRET[:40] not in str(raised.value)


def test_labels_are_globs_of_labels_and_only_for_tokens_that_write() -> None:
    assert parse_labels(["addon-*", "ipam-x", "addon-*"], Scope.WRITE) == ("addon-*", "ipam-x")
    for text in ("", "A", "a b", "[ab]", "a/b", "é"):
        with pytest.raises(BadInputError, match="matches no label"):
            parse_labels([text], Scope.WRITE)
    with pytest.raises(BadInputError, match="add --scope write"):
        parse_labels(["addon-*"], Scope.READ)


@pytest.mark.parametrize("text", ["", "any", "glpat-1", SECRET[:-1], SECRET + "0", SECRET + "\n"])
def test_what_is_no_token_of_ours_has_no_digest(text: str) -> None:
    assert digest_of(text) == ""


def test_the_id_of_a_token_is_what_its_digest_begins_with() -> None:
    assert digest_of(SECRET).startswith(token().id)
    assert SECRET.startswith("capirepo_")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/a?private_token=s3cret", "/a?private_token=[hidden]"),
        ("/a?x=1&job_token=s3cret&y=2", "/a?x=1&job_token=[hidden]&y=2"),
        ("/a?x=1;deploy_token=s3cret", "/a?x=1;deploy_token=[hidden]"),
        ("/a?access_token=s3cret", "/a?access_token=[hidden]"),
        ("/a?PRIVATE_token=s3cret", "/a?PRIVATE_token=[hidden]"),
        ("/a?private%5Ftoken=s3cret", "/a?private%5Ftoken=[hidden]"),
        ("/a?%70rivate_token=s3cret%20", "/a?%70rivate_token=[hidden]"),
        ("/a?private_token=a'b\"c", "/a?private_token=[hidden]"),
        ("/a?private_token=", "/a?private_token=[hidden]"),
        (f"/{SECRET}/v1?token={SECRET}", "/[hidden]/v1?token=[hidden]"),
        ("/a?package_name=private_token&page=2", "/a?package_name=private_token&page=2"),
        ("/a/private_token", "/a/private_token"),
        ("/infrastructure-awesome/v0.1.0/metadata.yaml",) * 2,
    ],
)
def test_tokens_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert hidden(text) == shown


@given(
    name=st.sampled_from(QUERY_NAMES),
    value=st.text(alphabet="abc0'\"%;=[]{}<>\\^", min_size=1),
    before=st.text(alphabet="abc=&?;/%2"),
    after=st.text(alphabet="abc=&?;/%2"),
)
def test_no_value_of_such_a_parameter_stays_wherever_it_stands(
    name: str, value: str, before: str, after: str
) -> None:
    marked = f"S{value}S"
    assert marked not in hidden(f"/{before}?{before}&{name}={marked}&{after}")
