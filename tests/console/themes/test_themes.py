"""Themes load from the checkout, are told apart, readable, and a broken one is reported and skipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from pointsman.console.themes import DEFAULT, BrokenTheme, bundled, default, load_themes, read_theme

NAMES = {
    "pointsman-dark",
    "pointsman-light",
    "pointsman-contrast",
    "pointsman-safe-dark",
    "pointsman-safe-light",
    "pointsman-terminal",
}


def test_the_bundled_themes_load() -> None:
    themes, problems = load_themes()
    assert problems == ()
    assert {theme.name for theme in themes} == NAMES
    assert DEFAULT in NAMES
    assert bundled().is_dir()


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """How many to 1."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [one for one in load_themes()[0] if not one.ansi], ids=lambda theme: theme.name)
def test_every_status_is_readable(theme: object) -> None:
    """WCAG: 4.5 to 1 for what speaks, 3 to 1 for what is at rest."""
    background = Color.parse(theme.background)  # type: ignore[attr-defined]
    for name, least in (
        ("failed", 4.5),
        ("waiting", 4.5),
        ("moving", 4.5),
        ("ok", 4.5),
        ("stopped", 4.5),
        ("idle", 3.0),
    ):
        colour = Color.parse(theme.variables[f"tone-{name}"])  # type: ignore[attr-defined]
        assert contrast(background, colour) >= least, name


@pytest.mark.parametrize("name", ["pointsman-safe-dark", "pointsman-safe-light"])
def test_the_safe_pair_tells_good_from_bad_in_blue_against_orange(name: str) -> None:
    theme = next(one for one in load_themes()[0] if one.name == name)
    good, bad = (Color.parse(theme.variables[f"tone-{tone}"]) for tone in ("ok", "failed"))
    assert good.b > good.r
    assert bad.r > bad.b


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not YAML"),
        ("- a", "a theme is a mapping"),
        ("name: x\ncolour: {}", "colour: no such key"),
        ("colours: {primary: red}", "name: a theme needs one"),
        ("name: x", "colours.primary: a theme needs it"),
        ("name: x\ncolours: {primary: notacolour}", "colours.primary: 'notacolour' is no colour"),
        ("name: x\ncolours: {primary: red, primry: red}", "colours.primry: no such name"),
        ("name: x\ncolours: {primary: red}\nstyles: {tone-faild: red}", "styles.tone-faild: no such name"),
        ("name: x\ncolours: {primary: 5}", "colours.primary: 5 is no text"),
        (
            "name: x\ncolours: {primary: red}\nvariables: {border: notacolour}",
            "variables.border: 'notacolour' is no colour",
        ),
        ("name: x\ncolours: {primary: red}\nvariables: {border: 'a } b'}", "variables.border: 'a } b' is no colour"),
        (
            "name: x\ncolours: {primary: red}\nvariables: {a-style: 'bold; x'}",
            "variables.a-style: 'bold; x' is no style",
        ),
        ("name: x\ncolours: {primary: red}\nvariables: {'a b': red}", "variables.a b: names are written in small"),
        ("name: x\ndark: perhaps\ncolours: {primary: red}", "dark: true or false"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(BrokenTheme) as caught:
        read_theme(text)
    assert said in str(caught.value)


def test_a_broken_file_is_reported_and_the_others_load(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: x")
    (tmp_path / "b.yaml").write_text("name: mine\ncolours: {primary: red}")
    (tmp_path / "notes.txt").write_text("no theme")
    themes, problems = load_themes(tmp_path, tmp_path / "missing")
    assert [theme.name for theme in themes] == ["mine"]
    assert len(problems) == 2
    assert problems[0] == "theme a.yaml was skipped: colours.primary: a theme needs it"


def test_the_default_theme_at_hand_is_the_one_of_the_file() -> None:
    assert default() == next(one for one in load_themes()[0] if one.name == DEFAULT)


def test_variables_are_colours_shades_of_them_and_styles() -> None:
    text = "name: x\ncolours: {primary: red}\nvariables: {border: 'red 50%', input-cursor-text-style: 'bold not dim'}"
    theme = read_theme(text)
    assert (theme.variables["border"], theme.variables["input-cursor-text-style"]) == ("red 50%", "bold not dim")
