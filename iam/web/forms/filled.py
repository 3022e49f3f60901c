"""Brings a kept form back into its page: fills it, opens what hides it, and says that it has not been sent.

A page has many forms, and several with the same address: the one is filled whose hidden fields are those that were
sent. What the page itself says in them now stands, so that nothing is sent that was not read: whoever changed meanwhile
what a form is about is not overruled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import accumulate

from iam.web.forms.kept import SECRETS, Kept

_VOLATILE = frozenset({"csrf_token", "flow", "from_page", "seen"})
"""What differs each time a form is shown. ``seen`` stands for effects that were looked at: they are looked at anew."""
_TICKED = frozenset({"checkbox", "radio"})
_UNTOUCHED = frozenset({"hidden", "password", "submit", "button", "reset", "image", "file"})

Attributes = dict[str, str | None]
Notice = Callable[[bool, bool], str]
"""Says that a form has not been sent: whether it was found, and whether something secret is asked again in it."""
NOTICE = "kept-form"
"""The id of the notice."""
_FOCUS: Attributes = {"autofocus": "", "aria-describedby": NOTICE}


@dataclass(slots=True)
class Control:
    """A field or a button of a form: its tag and attributes, and where it stands in the page; ``end`` is where its
    content ends."""

    tag: str
    attributes: Attributes
    start: int
    length: int
    end: int = -1
    options: list[Control] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name under which it is sent, or empty."""
        return self.attributes.get("name") or ""

    @property
    def value(self) -> str:
        """The value it has in the page."""
        return self.attributes.get("value") or ""

    @property
    def is_button(self) -> bool:
        """Whether pressing it sends the form."""
        return self.tag == "button" and (self.attributes.get("type") or "submit") == "submit"


@dataclass(slots=True)
class Form:
    """A form of the page, with the folded parts around it."""

    id: str
    action: str
    start: int
    folded: list[Control]
    controls: list[Control] = field(default_factory=list)

    def fits(self, kept: Kept) -> bool:
        """Whether this is the form that was sent: the same address, fields and hidden values."""
        names = {one.name for one in self.controls}
        hidden = [one for one in self.controls if one.attributes.get("type") == "hidden" and one.name not in _VOLATILE]
        return (
            self.action.partition("?")[0] == kept.action
            and {name for name in kept.fields if name not in _VOLATILE} <= names
            and all(one.value in kept.fields.get(one.name, ()) for one in hidden if one.name not in SECRETS)
        )


class _Reader(HTMLParser):
    """Finds the forms of a page, each with its fields and where they stand."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self.forms: list[Form] = []
        self.main = -1
        self._open: Form | None = None
        self._folded: list[Control] = []
        self._inside: Control | None = None
        self._apart: list[Control] = []
        self.feed(text)
        for one in self._apart:
            for form in self.forms:
                form.controls += [one] if form.id == one.attributes["form"] else []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See ``HTMLParser``."""
        line, column = self.getpos()
        one = Control(tag, dict(attrs), self._lines[line - 1] + column, len(self.get_starttag_text() or ""))
        if tag == "main":
            self.main = one.start + one.length
        elif tag == "details":
            self._folded.append(one)
        elif tag == "form":
            self._open = Form(
                one.attributes.get("id") or "", one.attributes.get("action") or "", one.start, list(self._folded)
            )
            self.forms.append(self._open)
        elif tag == "button" and one.attributes.get("form"):
            self._apart.append(one)
        elif self._open is not None:
            self._take(self._open, one)

    def _take(self, form: Form, one: Control) -> None:
        if one.tag == "option" and self._inside is not None:
            self._inside.options.append(one)
        elif one.tag in ("input", "select", "textarea", "button"):
            form.controls.append(one)
            self._inside = one if one.tag in ("select", "textarea") else None

    def handle_endtag(self, tag: str) -> None:
        """See ``HTMLParser``."""
        if tag == "form":
            self._open = None
        elif tag == "details" and self._folded:
            self._folded.pop()
        elif self._inside is not None and tag == self._inside.tag:
            line, column = self.getpos()
            self._inside.end, self._inside = self._lines[line - 1] + column, None


def fill(text: str, kept: Kept, notice: Notice) -> str:
    """Return the page with the form as it was sent, under a notice; with the notice on top where the page has no such
    form any more."""
    read = _Reader(text)
    form = next((one for one in read.forms if one.fits(kept)), None)
    if form is None:
        return text if read.main < 0 else text[: read.main] + notice(False, False) + text[read.main :]
    edits = [(form.start, form.start, notice(True, any(_is_secret(one) for one in form.controls)))]
    edits += [(one.start, one.start + one.length, _tag(one, {"open": ""})) for one in form.folded]
    next_, left = _next(form, kept), {name: list(values) for name, values in kept.fields.items()}
    for one in form.controls:
        edits += _edits(one, {} if one.name in SECRETS else left, _FOCUS if one is next_ else {})
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _is_secret(one: Control) -> bool:
    return one.name in SECRETS and one.attributes.get("type") != "hidden"


def _next(form: Form, kept: Kept) -> Control | None:
    """Return what the person does next: types what is secret, or presses the button that was pressed."""
    typed = [one for one in form.controls if _is_secret(one)]
    buttons = [one for one in form.controls if one.is_button]
    pressed = [one for one in buttons if one.name and one.value in kept.fields.get(one.name, ())]
    return next(iter([*typed, *pressed, *buttons]), None)


def _edits(one: Control, left: dict[str, list[str]], focus: Attributes) -> list[tuple[int, int, str]]:
    """Return what changes in the page for one field: from where to where, and to what. Of fields with one name each
    takes its own value."""
    end, kind, given = one.start + one.length, one.attributes.get("type") or "text", left.get(one.name, [])
    if one.tag == "input" and kind in _TICKED and one.name:
        return [(one.start, end, _tag(one, {"checked": "" if one.value in given else None} | focus))]
    if one.tag == "button" or kind in _UNTOUCHED or not given:
        return [(one.start, end, _tag(one, focus))] if focus else []
    if one.tag == "select":
        return [
            (o.start, o.start + o.length, _tag(o, {"selected": "" if o.value in given else None})) for o in one.options
        ]
    value = given.pop(0)
    return (
        [(end, one.end, "\n" + escape(value))]
        if one.tag == "textarea"
        else [(one.start, end, _tag(one, {"value": value}))]
    )


def _tag(one: Control, changes: Attributes) -> str:
    """Return the start tag with some of its attributes set, or taken away where a change is None."""
    told = {name: value or "" for name, value in one.attributes.items()} | changes
    kept = (f' {name}="{escape(value)}"' for name, value in told.items() if value is not None)
    return f"<{one.tag}{''.join(kept)}>"
