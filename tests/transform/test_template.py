"""The mini-language of titles and descriptions: separators, sections, escapes, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trakt_ical.transform.template import UnknownPart, parse_template

PARTS = ("a", "b", "c")


def render(text: str, **known: str) -> str:
    """*text* with what is *known* of the parts a, b and c."""
    return parse_template(text, PARTS).bind({part: lambda part=part: known.get(part, "") for part in PARTS})()


RENDERED = [
    ("{a} - {b} - {c}", {"a": "1", "b": "2", "c": "3"}, "1 - 2 - 3", "everything is known"),
    ("{a} - {b} / {c}", {"b": "2", "c": "3"}, "2 / 3", "the first part takes the separator after it"),
    ("{a} - {b} / {c}", {"a": "1", "c": "3"}, "1 / 3", "one in the middle takes that before it"),
    ("{a} - {b} / {c}", {"a": "1", "b": "2"}, "1 - 2", "and so does the last"),
    ("{a} - {b} / {c}", {"a": "1"}, "1", "two after each other take both"),
    ("{a} - {b} / {c}", {"b": "2"}, "2", "those on both sides leave the middle bare"),
    ("{a} - {b} / {c}", {"c": "3"}, "3", "those before leave the last bare"),
    ("{a} - {b} / {c}", {}, "", "nothing known is no text"),
    ("{a}{b}{c}", {"a": "1", "c": "3"}, "13", "there may be no separator"),
    ("{a} {a}", {"a": "1"}, "1 1", "a part may be there twice"),
    ("<{a} {b}>", {"a": "1"}, "<1>", "what stands around all parts stays"),
    ("<{a} {b}>", {}, "", "unless there is nothing within"),
    ("{a}\n\n{b}", {"a": "1", "b": "2"}, "1\n\n2", "a line break is a separator like any other"),
    ("{a}[ ({b})]", {"a": "1", "b": "2"}, "1 (2)", "a section is there when its part is known"),
    ("{a}[ ({b})]", {"a": "1"}, "1", "and gone with its text when it is not"),
    ("{a}[ ({b})]", {"b": "2"}, " (2)", "it keeps its text where it is the first that is known"),
    ("{a} [({b}, {c})]", {"a": "1", "b": "2"}, "1", "a section needs every part in it"),
    ("{a} [({b}, {c})] {a}", {"a": "1"}, "1 1", "a section that is gone takes the separator before it"),
    ("[{a}] [{b}] [{c}]", {"b": "2"}, "2", "sections are parted as parts are"),
    ("{{{a}}} [[{b}]]", {"a": "1", "b": "2"}, "{1} [2]", "doubled braces and brackets are themselves"),
    ("[<{{{a}}}>]{b}", {"a": "1", "b": "2"}, "<{1}>2", "within a section too"),
    ("{a} \\n %s $b {b}", {"a": "1", "b": "2"}, "1 \\n %s $b 2", "nothing else has a meaning"),
    ("{a} {b}", {"a": "{b}", "b": "[x]"}, "{b} [x]", "what a part says is never read as a template"),
]


@pytest.mark.parametrize(("text", "known", "expected", "reason"), RENDERED)
def test_a_template_renders(text: str, known: Mapping[str, str], expected: str, reason: str) -> None:
    """A template becomes what the table says."""
    assert render(text, **known) == expected, reason


REFUSED = [
    ("", "no {part} in it"),
    ("Trakt", "no {part} in it"),
    ("{{a}}", "no {part} in it"),
    ("[Trakt] {a}", "no {part} between [ and ]"),
    ("{a} [", "a [ is never closed"),
    ("{a} [{b}", "a [ is never closed"),
    ("{a} [{b}]]", "a [ is never closed"),
    ("[{a} [{b}]]", "a [ is out of place"),
    ("{a}]", "a ] is out of place"),
    ("{a", "a { is out of place"),
    ("a}", "a } is out of place"),
    ("{ a }", "a { is out of place"),
    ("{a!r}", "a { is out of place"),
    ("{a:>10}", "a { is out of place"),
    ("{a.__class__}", "a { is out of place"),
    ("{a[0]}", "a { is out of place"),
    ("{}", "there is no part {}"),
    ("{0}", "there is no part {0}"),
    ("{d}", "there is no part {d}"),
    ("{A}", "there is no part {A}"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_template_of_no_sense_is_refused(text: str, reason: str) -> None:
    """What says no template is refused with the reason."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_template(text, PARTS)


def test_an_unknown_part_is_told_by_its_name() -> None:
    """So that the nearest one can be offered."""
    with pytest.raises(UnknownPart) as caught:
        parse_template("{a} [{bb}]", PARTS)
    assert caught.value.name == "bb"


pieces = st.sampled_from(
    ["{a}", "{b}", "{c}", "{d}", "{", "}", "[", "]", "{{", "}}", "[[", "]]", " ", "-", "\n", "x", "{a"]
)
texts = st.one_of(st.text(), st.lists(pieces).map("".join))
known = st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, st.sampled_from(["1", "{b}", "[a]", "two words"])))


@given(texts, known)
@example("{a.__init__.__globals__}", {"a": "1"})
def test_any_text_is_a_template_or_refused(text: str, values: dict[str, str]) -> None:
    """Whatever is written becomes a text or a ValueError, and only what was written or is known is in the text."""
    try:
        template = parse_template(text, PARTS)
    except ValueError as error:
        message = str(error)
        template = None
    if template is None:
        assert re.search(r"no \{part\}|there is no part|out of place|never closed", message)
        return
    result = template.bind({part: lambda part=part: values.get(part, "") for part in PARTS})()
    assert set(result) <= set(text) | set("".join(values.values()))


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.booleans()), min_size=1, max_size=6), known)
def test_no_separator_is_ever_doubled_or_left_over(items: list[tuple[str, bool]], values: dict[str, str]) -> None:
    """Between what is known stands one separator, and none before the first or after the last."""
    text = " - ".join(
        f"[<{part}>]".replace(part, f"{{{part}}}") if section else f"{{{part}}}" for part, section in items
    )
    shown = [f"<{values[part]}>" if section else values[part] for part, section in items if values.get(part, "")]
    assert render(text, **values) == " - ".join(shown)


@given(st.text(min_size=1))
def test_text_alone_says_nothing_whatever_it_is(text: str) -> None:
    """A title that would be the same for everything is refused, also where it looks like a template."""
    escaped = re.sub(r"[{}\[\]]", lambda found: found[0] * 2, text)
    with pytest.raises(ValueError, match="no {part} in it"):
        parse_template(escaped, PARTS)
    assert render(f"{escaped}{{a}}", a="1") == f"{text}1"


MARK = "\u200e"
ARABIC, HEBREW = "حكايات", "שלום"


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("{a} {b}", {"a": ARABIC, "b": "2x03"}, f"{ARABIC}{MARK} 2x03"),
        ("{a} {b}", {"a": HEBREW, "b": "27"}, f"{HEBREW}{MARK} 27"),
        ("{a} {b} {c}", {"a": HEBREW, "b": "2x03", "c": ARABIC}, f"{HEBREW}{MARK} 2x03 {ARABIC}"),
        ("{a} {b}", {"a": f"{HEBREW} 5!", "b": "2x03"}, f"{HEBREW} 5!{MARK} 2x03"),
        ("{a}[ ({b})]", {"a": HEBREW, "b": "TV"}, f"{HEBREW}{MARK} (TV)"),
        ("{a} {b}", {"a": HEBREW, "b": ARABIC}, f"{HEBREW} {ARABIC}"),
        ("{a} {b}", {"a": f"{HEBREW} TV", "b": "2x03"}, f"{HEBREW} TV 2x03"),
        ("{a} {b}", {"a": "Café", "b": "2x03"}, "Café 2x03"),
        ("{a} {b}", {"a": "月下の屋台", "b": "2x03"}, "月下の屋台 2x03"),
        ("{a}\n\n{b}", {"a": HEBREW, "b": "2x03"}, f"{HEBREW}\n\n2x03"),
        ("{a} {b}", {"a": HEBREW}, HEBREW),
    ],
)
def test_what_follows_a_right_to_left_text_stays_readable(text: str, known: dict[str, str], expected: str) -> None:
    """A mark keeps digits on their side; where the text goes on from right to left, or a line ends, there is none."""
    assert render(text, **known) == expected
