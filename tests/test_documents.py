"""Documents: each mistake is one sentence with its exact place, and no text can do harm."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, PositiveInt

from edgebench.documents import (
    MAX_DOCUMENT_BYTES,
    Record,
    load_document,
    parse_document,
    read_document,
)
from edgebench.errors import DocumentError, InputError


class Crumb(Record):
    count: PositiveInt = 1
    share: float = 0.5
    size: tuple[PositiveInt, PositiveInt] | None = None


class Loaf(Record):
    name: str
    kind: Literal["rye", "wheat"] = "rye"
    crumb: Crumb = Crumb()
    seeds: Annotated[list[str], Field(max_length=3)] = Field(default_factory=list)
    slices: dict[str, Crumb] = Field(default_factory=dict)
    notes: dict[str, Any] = Field(default_factory=dict)
    fresh: bool = False


class Oven(Record):
    loaf: Loaf


def mistake(text: str, model: type[Record] = Loaf) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_document("f.yaml", text).validate(model)
    return caught.value


def test_a_good_document() -> None:
    text = """
    # a comment
    name: "bread"
    kind: wheat
    crumb: {count: 3, share: 1, size: [4, 5]}
    seeds:
      - poppy
      - sesame
    slices: {first: {count: 2}}
    notes: {a: [1, 2.5, null, true], b: {c: 1e3}, 7: x}
    fresh: true
    """
    loaf = parse_document("f.yaml", text).validate(Loaf)
    assert loaf == Loaf(
        name="bread", kind="wheat", crumb=Crumb(count=3, share=1.0, size=(4, 5)),
        seeds=["poppy", "sesame"], slices={"first": Crumb(count=2)},
        notes={"a": [1, 2.5, None, True], "b": {"c": 1000.0}, "7": "x"}, fresh=True,
    )  # fmt: skip
    assert all(type(value) in (int, float, bool, type(None)) for value in loaf.notes["a"])


MISTAKES = [
    # unknown keys
    ("nmae: x\n", "1:1  nmae is not a key of this document"),
    ("name: x\ncrum:\n  count: 1\n", "2:1  crum is not a key of this document"),
    ("name: x\ncrumb: {conut: 1}\n", "2:9  conut is not a key of crumb"),
    ("name: x\ncrumb:\n  count: 1\n  conut: 1\n", "4:3  conut is not a key of crumb"),
    ("name: x\nslices:\n  a:\n    conut: 1\n", "4:5  conut is not a key of slices.a"),
    ("name: x\n7: x\n", "2:1  7 is not a key of this document"),
    ("kind: barley\nnmae: x\n", "2:1  nmae is not a key of this document"),
    # missing
    ("kind: rye\n", "1:1  name is missing"),
    # wrong types
    ("name: 5\n", "1:7  name should be a valid string"),
    ("name:\n  - x\n", "2:3  name should be a valid string"),
    ("name:\nkind: rye\n", "1:1  name should be a valid string"),
    ("name: x\ncrumb: {count: many}\n", "2:16  count should be a valid integer"),
    ("name: x\ncrumb: {count: '7'}\n", "2:16  count should be a valid integer"),
    ("name: x\ncrumb: {count: 1.5}\n", "2:16  count should be a valid integer"),
    ("name: x\ncrumb: {count: true}\n", "2:16  count should be a valid integer"),
    ("name: x\ncrumb: {count: 0}\n", "2:16  count should be greater than 0"),
    ("name: x\ncrumb:\n  share: true\n", "3:10  share should be a valid number"),
    ("name: x\ncrumb:\n  share: .nan\n", "3:10  share should be a finite number"),
    ("name: x\ncrumb:\n  share: -.inf\n", "3:10  share should be a finite number"),
    ("name: x\nfresh: 1\n", "2:8  fresh should be a valid boolean"),
    ("name: x\ncrumb: 3\n", "2:8  crumb should be a mapping of keys to values"),
    ("name: x\ncrumb:\n\nkind: rye\n", "2:1  crumb should be a mapping of keys to values"),
    ("name: x\nslices: [a]\n", "2:9  slices should be a mapping of keys to values"),
    ("name: x\nslices: {a: 1}\n", "2:13  a should be a mapping of keys to values"),
    ("name: x\nslices: {7: {count: 0}}\n", "2:21  count should be greater than 0"),
    ("name: x\nkind: barley\n", "2:7  kind should be 'rye' or 'wheat'"),
    # lists
    ("name: x\nseeds: poppy\n", "2:8  seeds should be a list"),
    ("name: x\nseeds: [poppy, 2]\n", "2:16  seeds entry 2 should be a valid string"),
    ("name: x\nseeds:\n  - poppy\n  - [a]\n", "4:5  seeds entry 2 should be a valid string"),
    ("name: x\nseeds: [a, b, c, d]\n", "2:8  seeds should have at most 3 items, not 4"),
    ("name: x\ncrumb: {size: 3}\n", "2:15  size should be a list"),
    ("name: x\ncrumb: {size: [3]}\n", "2:15  size has too few entries"),
    ("name: x\ncrumb: {size: [3, -4]}\n", "2:19  size entry 2 should be greater than 0"),
    # twice
    ("name: x\nname: y\n", "2:1  the key name stands here twice"),
    ("name: x\ncrumb: {count: 1, count: 2}\n", "2:19  the key count stands here twice"),
    # no YAML, or no mapping
    ("name: [x\n", "2:1  this is not valid YAML"),
    ("name: x\n\tkind: rye\n", "2:1  this is not valid YAML"),
    ("name: 'x\n", "2:1  this is not valid YAML"),
    ("name: x\n---\nname: y\n", "2:1  this is not valid YAML"),
    ("name: x\nkind: a\x01b\n", "2:8  this is not valid YAML"),
    ("", "1:1  expected a mapping of keys to values"),
    ("# nothing\n", "1:1  expected a mapping of keys to values"),
    ("- name: x\n", "1:1  expected a mapping of keys to values"),
    ("just a sentence\n", "1:1  expected a mapping of keys to values"),
    # what no document needs
    ("name: &a x\n", "1:7  a document may not have an anchor (&a)"),
    ("name: x\nseeds: [*a]\n", "2:9  a document may not have an alias (*a)"),
    ("name: x\ncrumb:\n  <<: {count: 1}\n", "3:3  a document may not have a merge key (<<)"),
    ("name: !secret x\n", "1:7  a document may not have a tag (!secret)"),
    ("name: x\nnotes: !x {a: 1}\n", "2:8  a document may not have a tag (!x)"),
    ("name: x\nseeds: !x [a]\n", "2:8  a document may not have a tag (!x)"),
]


@pytest.mark.parametrize(("text", "head"), MISTAKES)
def test_a_mistake_is_told_with_its_place(text: str, head: str) -> None:
    error = mistake(text)
    assert isinstance(error, DocumentError)
    assert error.message == f"f.yaml:{head}"
    assert f"{error.line}:{error.column}" == head.split(maxsplit=1)[0]
    assert error.exit_code == 2
    assert error.why
    assert "\n" not in error.message + error.why + error.remedy


def test_the_first_mistake_of_several_is_told() -> None:
    error = mistake("name: x\nfresh: 3\nkind: barley\ncrumb: {count: 0}\n")
    assert error.message == "f.yaml:2:8  fresh should be a valid boolean"


def test_a_misspelt_key_tells_the_known_ones_and_the_nearest() -> None:
    error = mistake("name: x\ncrumb: {conut: 1}\n")
    assert error.why == "known keys: count, share, size"
    assert error.remedy == "did you mean count?"
    assert mistake("name: x\nslices: {a: {siz: 1}}\n").remedy == "did you mean size?"


def test_a_missing_key_tells_where_it_belongs() -> None:
    error = mistake("loaf:\n  kind: rye\n", Oven)
    assert error.message == "f.yaml:2:3  name is missing"
    assert error.why == "loaf.name is required"
    assert error.remedy == "add a line `name: ...`"


def test_a_wrong_value_is_shown() -> None:
    assert mistake("name: x\nfresh: maybe\n").why == "found 'maybe'"
    assert mistake("name:\n").why == "found nothing"
    assert mistake("name: true\n").why == "found true"
    assert len(mistake(f"name: x\nkind: {'y' * 500}\n").why) < 80


def test_no_python_type_is_named_in_a_sentence() -> None:
    for text, _ in MISTAKES:
        error = mistake(text)
        assert not any(
            word in error.message + error.why
            for word in ("dict", "tuple", "None", "object", "Crumb", "Loaf", "instance", "ordered")
        )


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system [touch {path}]",
        "!!python/object/apply:subprocess.check_output [[touch, {path}]]",
        "!!python/object/new:pathlib.Path [{path}]",
        "!!python/name:os.system",
        "!!python/module:os",
        "!<tag:yaml.org,2002:python/object/apply:os.mkdir> [{path}]",
    ],
)
@pytest.mark.parametrize("place", ["name: {}", "seeds: {}", "notes:\n  a: {}", "{}"])
def test_a_tag_never_runs_anything(tmp_path: Path, value: str, place: str) -> None:
    text = place.format(value.format(path=tmp_path / "made"))
    error = mistake(text)
    assert "a document may not have a tag" in error.message
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    started = time.process_time()
    error = mistake("\n".join(rows))
    assert time.process_time() - started < 1.0
    assert error.message == "f.yaml:1:5  a document may not have an anchor (&a0)"


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? "])
def test_nesting_without_end_is_refused(piece: str) -> None:
    started = time.process_time()
    error = mistake("notes: " * (piece != "- ") + piece * 3000)
    assert time.process_time() - started < 3.0
    assert isinstance(error, DocumentError)


def test_twenty_levels_are_read() -> None:
    text = "name: x\nnotes:\n  a: " + "[" * 18 + "]" * 18
    assert parse_document("f.yaml", text).validate(Loaf).notes["a"] != []
    assert "more than 20 levels" in mistake(text.replace("[]", "[[]]")).message


def test_values_laid_over_count() -> None:
    document = parse_document("f.yaml", "name: x\nkind: barley\ncrumb: 7\n")
    document.lay_over(("kind",), "wheat", "--kind")
    document.lay_over(("crumb", "count"), 4, "--count")
    document.lay_over(("notes", "new", "deep"), 1.5, "--set")
    loaf = document.validate(Loaf)
    assert (loaf.kind, loaf.crumb.count, loaf.notes) == ("wheat", 4, {"new": {"deep": 1.5}})


@pytest.mark.parametrize(
    ("location", "value", "message"),
    [
        (("crumb", "count"), -1, "--option  count should be greater than 0"),
        (("seeds",), ["a", 2], "--option  seeds entry 2 should be a valid string"),
        (("crumb", "cuont"), 1, "--option  cuont is not a key of crumb"),
        (("slices", "new", "cuont"), 1, "--option  cuont is not a key of slices.new"),
        (("kind",), "barley", "--option  kind should be 'rye' or 'wheat'"),
        (("crumb",), 3, "--option  crumb should be a mapping of keys to values"),
    ],
)
def test_a_mistake_in_what_is_laid_over_names_the_option(
    location: tuple[str, ...], value: object, message: str
) -> None:
    document = parse_document("f.yaml", "name: x\ncrumb: {count: 1}\n")
    document.lay_over(location, value, "--option")
    with pytest.raises(InputError) as caught:
        document.validate(Loaf)
    assert not isinstance(caught.value, DocumentError)
    assert caught.value.message == message


def test_what_a_laid_over_mapping_lacks_is_told_of_the_option() -> None:
    document = parse_document("f.yaml", "{}")
    document.lay_over(("loaf", "kind"), "rye", "--kind")
    with pytest.raises(InputError) as caught:
        document.validate(Oven)
    assert caught.value.message == "--kind  name is missing"


def test_a_mistake_beside_what_is_laid_over_is_still_the_documents() -> None:
    document = parse_document("f.yaml", "name: x\ncrumb: {share: no}\n")
    document.lay_over(("crumb", "count"), 1, "--count")
    with pytest.raises(DocumentError) as caught:
        document.validate(Loaf)
    assert caught.value.message == "f.yaml:2:16  share should be a valid number"


def test_later_checks_point_into_the_document() -> None:
    document = parse_document("f.yaml", "name: x\nseeds:\n- a\n- b\nnotes: {key: value}\n")
    place = {
        (("seeds", 1), False): (4, 3),
        (("notes", "key"), False): (5, 14),
        (("notes", "key"), True): (5, 9),
        (("notes", "absent"), False): (5, 8),
        (("absent",), False): (1, 1),
    }
    for (location, key), (line, column) in place.items():
        error = document.error(location, "is odd", why="because", remedy="mend it", key=key)
        assert error.message == f"f.yaml:{line}:{column}  is odd"
        assert (error.why, error.remedy) == ("because", "mend it")


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("name: größe\n", encoding="utf-8")
    assert load_document(tmp_path / "f.yaml", Loaf).name == "größe"
    (tmp_path / "f.yaml").write_bytes(b"\xef\xbb\xbfname: marked\r\nkind: wheat\r\n")
    assert load_document(str(tmp_path / "f.yaml"), Loaf).kind == "wheat"


def test_a_mistake_in_a_file_begins_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("name: 5\n")
    with pytest.raises(DocumentError) as caught:
        load_document(path, Loaf)
    assert caught.value.message == f"{path}:1:7  name should be a valid string"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: größe\n".encode("latin-1"))
    (tmp_path / "large.yaml").write_bytes(b"name: " + b"x" * MAX_DOCUMENT_BYTES)
    (tmp_path / "fits.yaml").write_bytes(b"name: " + b"x" * (MAX_DOCUMENT_BYTES - 6))
    sentences = {
        tmp_path / "absent.yaml": "does not exist",
        tmp_path: "is a folder",
        tmp_path / "latin.yaml": "cannot be read",
        tmp_path / "latin.yaml" / "below": "cannot be read",
        tmp_path / "large.yaml": "is too large for a document",
        Path("/dev/zero"): "is too large for a document",
    }
    for path, sentence in sentences.items():
        with pytest.raises(InputError) as caught:
            read_document(path)
        assert caught.value.message == f"{path} {sentence}"
        assert caught.value.why
    assert read_document(tmp_path / "fits.yaml")
