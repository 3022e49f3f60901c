"""A form comes back as it was filled, secrets apart, and never into a form about something else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import admin_ui
from iam.web import pages
from iam.web.forms import kept
from iam.web.forms.filled import fill
from iam.web.forms.kept import Kept

PAGE = """<main>ä
<details><summary>x</summary><form method="post" action="/a"><input type="hidden" name="id" value="1"><input name="note" value="old">
<button type="submit">Go</button></form></details>
<form method="post" action="/a?x=1"><input type="hidden" name="csrf_token" value="fresh"><input type="hidden" name="id" value="2"><input name="note" value="">
<textarea name="why">old</textarea><select name="role"><option value="">-</option><option value="a" selected>A</option><option value="b">B</option></select>
<input type="checkbox" name="kinds" value="one" checked><input type="checkbox" name="kinds" value="two"><input type="radio" name="r" value="1"><input type="radio" name="r" value="2">
<input type="text" name="line"><input type="text" name="line"><button type="submit" name="act" value="see">See</button><button type="submit" name="act" value="do">Do</button></form>
<form id="far" method="post" action="/far"><input name="x"></form><button type="submit" form="far" name="act" value="publish">Publish</button>
<form method="post" action="/secret"><input name="mail" value=""><input type="password" name="password"><button type="submit">Go</button></form></main>"""
SENT = {
    "csrf_token": ["old"],
    "id": ["2"],
    "note": ['"><script>'],
    "why": ["</textarea>&"],
    "role": ["b"],
    "kinds": ["two"],
    "r": ["2"],
    "line": ["first", "second"],
    "act": ["do"],
}


def said(found: bool, secret: bool) -> str:
    return f"[found={found} secret={secret}]"


def filled(action: str, **fields: list[str]) -> str:
    return fill(PAGE, Kept(action, fields), said)


def test_every_kind_of_field_has_again_what_was_sent_and_nothing_of_it_is_markup() -> None:
    text = filled("/a", **SENT)
    form = text.partition("[found=True secret=False]")[2].partition("</form>")[0]
    assert form.startswith('<form method="post" action="/a?x=1">')
    assert 'name="note" value="&quot;&gt;&lt;script&gt;"' in form
    assert "\n&lt;/textarea&gt;&amp;</textarea>" in form
    assert re.findall(r"<option[^>]*selected[^>]*>(\w)", form) == ["B"]
    assert re.findall(r'<input[^>]*value="(\w+)" checked', form) == ["two", "2"]
    assert re.findall(r'name="line" value="(\w+)"', form) == ["first", "second"]
    assert 'value="fresh"' in form
    assert re.findall(r'<button[^>]* value="(\w+)" autofocus', form) == ["do"]
    assert 'value="old">' in text, "the other form is left alone"


def test_a_form_that_is_folded_away_is_opened() -> None:
    text = filled("/a", id=["1"], note=["new"])
    assert text.startswith('<main>ä\n<details open=""><summary>')
    assert 'name="note" value="new"' in text
    assert "<details>" not in text


@pytest.mark.parametrize(
    "fields",
    [{"id": ["3"], "note": ["x"]}, {"id": ["2"], "gone": ["x"]}, {"note": ["x"]}],
    ids=["another", "changed", "without"],
)
def test_a_form_about_something_else_is_not_filled_and_the_page_says_that_nothing_was_done(
    fields: dict[str, list[str]],
) -> None:
    assert filled("/a", **fields) == PAGE.replace("<main>", "<main>[found=False secret=False]")


def test_a_form_whose_effects_were_looked_at_comes_back_though_they_are_not_shown_yet() -> None:
    assert filled("/a", **SENT, seen=["digest"]) == filled("/a", **SENT)
    empty = PAGE.replace('name="id" value="2">', 'name="id" value="2"><input type="hidden" name="seen" value="">')
    assert "[found=True secret=False]" in fill(empty, Kept("/a", SENT | {"seen": ["digest"]}), said)


def test_what_is_secret_stays_empty_and_is_where_the_person_goes_on() -> None:
    text = filled("/secret", mail=["a@b.example"], password=["x"])
    assert "[found=True secret=True]" in text
    assert 'name="mail" value="a@b.example"' in text
    assert '<input type="password" name="password" autofocus="" aria-describedby="kept-form">' in text


def test_the_button_that_stands_apart_from_its_form_is_one_press_away() -> None:
    text = filled("/far", x=["1"], act=["publish"])
    assert '<button type="submit" form="far" name="act" value="publish" autofocus' in text


def test_every_field_for_a_secret_on_any_page_is_known_as_one() -> None:
    folders = (Path(pages.__file__).parent / "templates", Path(admin_ui.__file__).parent / "templates")
    text = "\n".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.html"))
    secret = re.compile(r'field\("(\w+)"[^\n]*?(?:type="password"|autocomplete="one-time-code")')
    found = set(secret.findall(text))
    assert {"password", "new_password", "code", "proof"} <= found
    assert found <= kept.SECRETS
