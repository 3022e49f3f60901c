"""What an HR row says, column by column."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings, strategies as st

from connectors.hr import COLUMNS
from iam.clock import FOREVER, HELSINKI, LONG_AGO
from iam.sources.reading.columns import Rejection, code_is_whole
from iam.sources.reading.days import day
from tests.kit.feeds.reading import CODE, KOIVU, RANTA, TEACHER, employment, outcome, rejection, said

AUGUST, JUNE = datetime(2026, 7, 31, 21, tzinfo=UTC), datetime(2027, 5, 31, 21, tzinfo=UTC)
PERSONAL = (
    "henkilonumero",
    "hetu",
    "etunimet",
    "kutsumanimi",
    "sukunimi",
    "tyopuhelin",
    "sijaistettava",
    "esihenkilo_henkilonumero",
)


def test_the_person_is_described_by_number_names_phone_and_the_day_of_the_last_update() -> None:
    person = employment().person
    assert person is not None
    assert (person.key, person.as_, person.describes, person.updated) == (
        "1001",
        "employee-number",
        True,
        date(2026, 9, 10),
    )
    names = ("given_names", "call_name", "family_name", "phone", "email", "birth_date", "login")
    assert [person.attributes.get(name) for name in names] == [
        "Aino Maria",
        "Aino",
        "Esimerkki",
        "040 555 1234",
        None,
        None,
        None,
    ]


def test_the_employee_number_is_an_identifier_of_the_source_and_the_identity_code_is_kept_apart() -> None:
    found = employment()
    assert found.identifiers == [("employee-number", "lahde", "1001")]
    assert found.code == CODE


def test_two_workplaces_are_two_affiliations_of_which_the_first_is_primary() -> None:
    assert employment().affiliations == [
        (KOIVU, "employee", "luokanopettaja", "Luokanopettaja", True, None, AUGUST, JUNE),
        (RANTA, "employee", "luokanopettaja", "Luokanopettaja", False, None, AUGUST, JUNE),
    ]


def test_without_workplaces_the_unit_is_where_the_person_works() -> None:
    assert [one[0] for one in employment(toimipisteet="", yksikko_koodi="RANTA").affiliations] == [RANTA]


def test_the_same_workplace_twice_is_one_affiliation() -> None:
    assert [one[0] for one in employment(toimipisteet="KOIVU:60|KOIVU:40| RANTA ").affiliations] == [KOIVU, RANTA]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("vakinainen", "employee"),
        ("maaraaikainen", "employee"),
        ("tuntityo", "employee"),
        ("sijainen", "substitute"),
        ("harjoittelija", "trainee"),
        ("luottamushenkilo", "elected-official"),
    ],
)
def test_each_kind_of_employment_is_a_kind_of_affiliation(told: str, kind: str) -> None:
    assert [one.kind for one in employment(palvelussuhteen_laji=told, toimipisteet="KOIVU").affiliations] == [kind]


def test_an_unlisted_kind_of_employment_rejects_the_row_with_its_code() -> None:
    problem = rejection(palvelussuhteen_laji="talkoolainen").problem
    assert (problem.field, dict(problem.params)) == ("palvelussuhteen_laji", {"value": "talkoolainen"})
    assert "column matching" in problem.remedy


def test_an_identity_code_in_place_of_the_kind_is_not_repeated() -> None:
    assert dict(rejection(palvelussuhteen_laji=CODE).problem.params) == {"value": "…"}


def test_whom_a_substitute_stands_in_for_is_kept() -> None:
    assert [
        one.substitute_for
        for one in employment(palvelussuhteen_laji="sijainen", sijaistettava="1007", toimipisteet="RANTA").affiliations
    ] == ["1007"]


def test_occupation_and_title_may_be_missing() -> None:
    assert [
        (one.occupation, one.title)
        for one in employment(tehtavanimike_koodi="", nimike=" ", toimipisteet="RANTA").affiliations
    ] == [(None, None)]


def test_an_employment_without_a_last_day_has_no_known_end() -> None:
    assert employment(paattymispvm="").affiliations[0][-2:] == (AUGUST, FOREVER)


def test_an_employment_without_a_first_day_has_always_been() -> None:
    assert employment(alkamispvm="").affiliations[0][-2:] == (LONG_AGO, JUNE)
    assert employment(alkamispvm="", paattymispvm="").affiliations[0][-2:] == (LONG_AGO, FOREVER)


@pytest.mark.parametrize(
    ("last", "end"),
    [
        ("31.5.2027", datetime(2027, 5, 31, 21, tzinfo=UTC)),
        ("18.12.2026", datetime(2026, 12, 18, 22, tzinfo=UTC)),
        ("24.10.2026", datetime(2026, 10, 24, 21, tzinfo=UTC)),
        ("25.10.2026", datetime(2026, 10, 25, 22, tzinfo=UTC)),
        ("27.3.2027", datetime(2027, 3, 27, 22, tzinfo=UTC)),
        ("28.3.2027", datetime(2027, 3, 28, 21, tzinfo=UTC)),
    ],
)
def test_the_last_day_ends_at_midnight_in_helsinki_in_summer_and_in_winter_time(last: str, end: datetime) -> None:
    assert employment(paattymispvm=last).affiliations[0][-1] == end


def test_an_employment_of_one_day_lasts_that_day() -> None:
    assert employment(paattymispvm="1.8.2026").affiliations[0][-2:] == (AUGUST, datetime(2026, 8, 1, 21, tzinfo=UTC))


def test_days_are_those_of_the_source_s_own_zone() -> None:
    found = said("hr", "employment", TEACHER, zone="Europe/Stockholm")
    assert found.affiliations[0][-2:] == (datetime(2026, 7, 31, 22, tzinfo=UTC), datetime(2027, 5, 31, 22, tzinfo=UTC))


def test_an_absence_is_an_interval_of_its_own_and_its_reason_is_read_by_nobody() -> None:
    found = employment(keskeytys_alku="1.10.2026", keskeytys_loppu="31.10.2026", keskeytys_syy="salainen syy")
    assert found.absence == (datetime(2026, 9, 30, 21, tzinfo=UTC), datetime(2026, 10, 31, 22, tzinfo=UTC))
    assert "salainen" not in repr(found)
    assert employment().absence is None
    assert employment(keskeytys_alku="1.10.2026").absence == (datetime(2026, 9, 30, 21, tzinfo=UTC), FOREVER)


def test_the_manager_is_manager_of_this_person_for_as_long_as_the_employment() -> None:
    assert employment().relationships == [("manager_of", "1000", False, AUGUST, JUNE, True)]
    assert employment(esihenkilo_henkilonumero="").relationships == []


def test_nobody_is_manager_of_themselves() -> None:
    assert employment(esihenkilo_henkilonumero="1001").relationships == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.8.2026", date(2026, 8, 1)),
        ("01.08.2026", date(2026, 8, 1)),
        ("2026-08-01", date(2026, 8, 1)),
        ("2026-08-01T00:00:00+03:00", date(2026, 8, 1)),
        ("29.2.2028", date(2028, 2, 29)),
        ("9999-12-31T23:00:00Z", date(9999, 12, 31)),
    ],
)
def test_a_day_is_read_in_finnish_and_in_iso(text: str, expected: date) -> None:
    assert day(text, HELSINKI) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-31T22:00:00Z", date(2027, 1, 1)),
        ("2026-12-31T21:59:59.999Z", date(2026, 12, 31)),
        ("2026-12-31 22:00:00Z", date(2027, 1, 1)),
        ("2026-12-31T22:00:00.000Z", date(2027, 1, 1)),
        ("2026-06-30T21:00Z", date(2026, 7, 1)),
        ("2026-12-31T23:30:00+02:00", date(2026, 12, 31)),
        ("2027-01-01T00:00:00+0300", date(2026, 12, 31)),
        ("2026-12-31t17:00:00-05", date(2027, 1, 1)),
        ("2026-12-31 23:59:59", date(2026, 12, 31)),
        ("2026-12-31T23:59:59.9999999", date(2026, 12, 31)),
    ],
)
def test_a_moment_with_an_offset_is_the_source_s_own_day_and_one_without_is_its_wall_clock(
    text: str, expected: date
) -> None:
    assert day(text, HELSINKI) == expected


def test_whoever_s_last_day_is_told_in_utc_keeps_the_whole_day_in_the_source_s_zone() -> None:
    ends = [employment(paattymispvm=last).affiliations[0][-1] for last in ("2026-12-30T22:00:00Z", "31.12.2026")]
    assert ends[0] == ends[1] == datetime(2026, 12, 31, 22, tzinfo=UTC)
    begins = [employment(alkamispvm=first).affiliations[0][-2] for first in ("2026-07-31T21:00:00Z", "1.8.2026")]
    assert begins[0] == begins[1]


WRONG_DAYS = (
    "31.2.2027",
    "29.2.2027",
    "0.1.2027",
    "1.13.2027",
    "1.8.26",
    "1/8/2026",
    "2026-8-1",
    "elokuu",
    "1.8.2026 ja",
    "2026-08-01T",
    "2026-08-01Tjotain",
    "2026-08-01T25:00:00Z",
    "1.1.0001",
    "0001-01-01",
)


@pytest.mark.parametrize("text", WRONG_DAYS)
@pytest.mark.parametrize("column", ["alkamispvm", "paattymispvm", "keskeytys_alku", "paivitetty"])
def test_what_is_no_day_is_rejected_with_its_column_and_how_to_write_it(column: str, text: str) -> None:
    problem = rejection(**{column: text}).problem
    assert (problem.field, problem.message) == (column, "This is not a day.")
    assert "d.m.yyyy" in problem.remedy
    assert text not in str(problem)


def test_a_last_day_before_the_first_is_rejected() -> None:
    assert rejection(paattymispvm="31.7.2026").problem.field == "paattymispvm"
    assert rejection(keskeytys_alku="2.10.2026", keskeytys_loppu="1.10.2026").problem.field == "keskeytys_loppu"


@pytest.mark.parametrize("column", ["toimipisteet", "yksikko_koodi"])
def test_an_unknown_organisation_is_rejected_by_its_key(column: str) -> None:
    problem = rejection(
        **{"toimipisteet": "", column: "KADONNUT:100" if column == "toimipisteet" else "KADONNUT"}
    ).problem
    assert problem.field == column
    assert "There is no organisation KADONNUT." in str(problem)


def test_one_unknown_workplace_of_two_rejects_the_row() -> None:
    assert rejection(toimipisteet="KOIVU:60|KADONNUT:40").problem.params == {"key": "KADONNUT"}


def test_an_identity_code_where_an_organisation_belongs_is_not_repeated() -> None:
    assert CODE not in str(rejection(toimipisteet=CODE).problem)


@pytest.mark.parametrize("column", ["henkilonumero", "palvelussuhteen_laji"])
def test_a_missing_value_that_is_needed_is_named(column: str) -> None:
    assert rejection(**{column: " "}).problem.field == column


def test_a_row_without_any_workplace_is_rejected() -> None:
    assert rejection(toimipisteet="", yksikko_koodi="").problem.field == "yksikko_koodi"


@pytest.mark.parametrize(
    "code", ["140381-902F", "140381-902", "140381902E", "140381-902e", "x", "140381-902E1", "١٤٠٣٨١-٩٠٢E"]
)
def test_an_identity_code_that_is_not_whole_is_rejected_and_not_repeated(code: str) -> None:
    problem = rejection(hetu=code).problem
    assert problem.field == "hetu"
    assert code not in repr(problem)


@pytest.mark.parametrize("code", ["140381-902E", "140381Y902E", "010519F998S", "301175-9153", "301175+9153"])
def test_a_whole_identity_code_has_any_separator_of_the_reform(code: str) -> None:
    assert code_is_whole(code)


def test_a_row_without_an_identity_code_is_a_person_all_the_same() -> None:
    found = employment(hetu="")
    assert found.code is None
    assert found.person is not None


TEXTS = st.one_of(
    st.text(max_size=40),
    st.dates().map(date.isoformat),
    st.dates().map(lambda d: f"{d.day}.{d.month}.{d.year}"),
    st.sampled_from(
        ["KOIVU", "KOIVU:50|RANTA:50", "|", ":", "vakinainen", CODE, "9999-12-31", "31.12.9999", "1.1.1900"]
    ),
)


@settings(max_examples=400, deadline=None)
@given(fields=st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, TEXTS)))
def test_whatever_a_row_holds_it_is_read_or_rejected(fields: dict[str, str]) -> None:
    found = outcome("hr", "employment", TEACHER | fields)
    if isinstance(found, Rejection):
        assert found.problem.field in COLUMNS
        return
    intervals = [one[-2:] for one in found.affiliations] + ([found.absence] if found.absence else [])
    assert all(LONG_AGO - timedelta(days=1) < start < end <= FOREVER for start, end in intervals)


@settings(max_examples=300, deadline=None)
@given(
    canary=st.text(alphabet="qxzåäöQXZÅÄÖ0123456789-+.", min_size=6, max_size=30),
    column=st.sampled_from(PERSONAL),
    others=st.fixed_dictionaries({}, optional={name: TEXTS for name in COLUMNS if name not in PERSONAL}),
)
def test_no_value_of_a_personal_column_is_in_a_problem(canary: str, column: str, others: dict[str, str]) -> None:
    assume(not any(canary in value for value in others.values()))
    found = outcome("hr", "employment", TEACHER | others | {column: canary})
    if isinstance(found, Rejection):
        assert canary not in str(found.problem)
        assert canary not in repr(found)


DIRECTION, UNSEEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2069\u200e\u200f\u061c\u2028", "\u200b\ufeff\xad\u2060"
KEYS = (
    "henkilonumero",
    "toimipisteet",
    "esihenkilo_henkilonumero",
    "tehtavanimike_koodi",
    "palvelussuhteen_laji",
    "alkamispvm",
)


@pytest.mark.parametrize("sign", DIRECTION)
@pytest.mark.parametrize("column", ["sukunimi", "nimike", "tyopuhelin", *KEYS])
def test_a_sign_that_turns_the_direction_of_text_refuses_the_row(column: str, sign: str) -> None:
    problem = rejection(**{column: TEACHER[column][:2] + sign + TEACHER[column][2:]}).problem
    assert (problem.field, problem.params) == (column, {"sign": f"{ord(sign):04X}"})


@pytest.mark.parametrize("sign", UNSEEN + "\u200d\u200c")
@pytest.mark.parametrize("column", KEYS)
def test_a_sign_without_width_in_a_key_refuses_the_row_so_that_nobody_is_two_people(column: str, sign: str) -> None:
    problem = rejection(**{column: TEACHER[column][:2] + sign + TEACHER[column][2:]}).problem
    assert (problem.field, problem.params) == (column, {"sign": f"{ord(sign):04X}"})


@pytest.mark.parametrize("sign", UNSEEN)
def test_a_sign_without_width_is_left_out_of_a_name_with_a_warning(sign: str) -> None:
    found = employment(sukunimi=f"{sign}Esi{sign}merkki", nimike=f"Luokan{sign}opettaja")
    assert found.person is not None
    assert found.person.attributes["family_name"] == "Esimerkki"
    assert found.affiliations[0].title == "Luokanopettaja"
    assert sorted((one.field, one.params["sign"]) for one in found.cleaned) == [
        ("nimike", f"{ord(sign):04X}"),
        ("sukunimi", f"{ord(sign):04X}"),
    ]


@pytest.mark.parametrize("joiner", ["\u200d", "\u200c"])
def test_a_joiner_between_the_letters_of_a_name_stays_and_one_elsewhere_does_not(joiner: str) -> None:
    name = f"\u0646{joiner}\u0627"
    assert employment(sukunimi=name).person.attributes["family_name"] == name  # type: ignore[union-attr]
    assert employment(sukunimi=name).cleaned == ()
    assert employment(sukunimi=f"Esimerkki{joiner}").person.attributes["family_name"] == "Esimerkki"  # type: ignore[union-attr]


def test_a_name_and_a_key_typed_with_combining_marks_are_those_typed_with_whole_letters() -> None:
    found = employment(sukunimi="A\u030akesson", henkilonumero="A\u030a1", tehtavanimike_koodi="a\u0308")
    assert found.person is not None
    assert (found.person.attributes["family_name"], found.person.key) == ("\u00c5kesson", "\u00c51")
    assert found.affiliations[0].occupation == "\u00e4"
    assert found.cleaned == ()


def test_a_sign_in_a_column_that_nobody_reads_takes_nothing_from_anybody() -> None:
    assert employment(kustannuspaikka="31\u200b00").cleaned == ()
