"""edgebench template: the families of networks, and the facts of one network."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from edgebench import plugins
from edgebench.cli import completion, options
from edgebench.cli.screen import out, print_facts, print_json, print_table
from edgebench.errors import InputError

app = typer.Typer(help="List templates, or show one network.", no_args_is_help=True)


@app.command("list")
def list_templates(as_json: options.Json = False) -> None:
    """List the templates that come with edgebench, and those of plugins."""
    from edgebench.templates import TEMPLATES

    others = {p.name: p.source for p in plugins.offered("templates") if p.name not in TEMPLATES}
    listed = [{"name": name} for name in sorted(TEMPLATES)]
    listed += [{"name": name, "plugin": source} for name, source in others.items()]
    if as_json:
        print_json({"schema_version": 1, "templates": listed})
        return
    for each in listed:
        source = f"   of {each['plugin']}" if "plugin" in each else ""
        out().print(f"{each['name']}{source}", markup=False)


@app.command("show")
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="A template's name, or module:Class.", autocompletion=completion.templates
        ),
    ],
    shape: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="H,W,C", help="Shape of every input, or one each: H,W,C;H,W,C."
        ),
    ] = None,
    classes: Annotated[
        int | None, typer.Option("--classes", min=1, help="Number of classes, or of masks.")
    ] = None,
    sets: options.Sets = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="A template option. Repeat."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--svg", metavar="FILE", help="Write the drawing there as a picture."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show one network of a template: parameters, bytes, MACs, blocks, layers."""
    from edgebench.templates import (
        draw_svg,
        draw_text,
        load_template,
        read_graph,
        resolve_values,
        usual_arguments,
    )

    shapes, usual_classes = usual_arguments(name)
    if shape is not None:
        given = options.parse_shape(shape)
        shapes = given * len(shapes) if len(given) == 1 else given
    classes = usual_classes if classes is None else classes
    template = load_template(
        name,
        input_shapes=shapes,
        classes=classes,
        options=options.parse_pairs("--option", option),
    )
    values = dict(resolve_values(template, sets=options.parse_pairs("--set", sets)).values)
    facts = read_graph(template.assemble(values))
    blocks = template.blocks(values)
    if picture is not None:
        _write(picture, draw_svg(blocks, f"{template.name}: {template.describe(values)}"))
    document: dict[str, Any] = {
        "schema_version": 1,
        "name": template.name,
        "version": template.version,
        "input": [list(shape) for shape in shapes] if len(shapes) > 1 else list(shapes[0]),
        "classes": classes,
        "hyperparameters": values,
        "architecture": template.describe(values),
        "blocks": [dataclasses.asdict(block) for block in blocks],
        **{key: value for key, value in dataclasses.asdict(facts).items() if key != "layers"},
        "layers": [dataclasses.asdict(layer) for layer in facts.layers],
    }
    if as_json:
        print_json(document)
        return
    hidden = ("schema_version", "layers", "hyperparameters", "blocks")
    print_facts({key: _shown(value) for key, value in document.items() if key not in hidden})
    out().print()
    out().print(draw_text(blocks, out().width), markup=False)
    out().print()
    print_table(
        ("layer", "type", "output shape", "parameters", "MACs"),
        [
            (
                layer.name,
                layer.type,
                "x".join(str(n) for n in layer.output_shape if n is not None),
                f"{layer.params:,}".replace(",", " "),
                f"{layer.macs:,}".replace(",", " "),
            )
            for layer in facts.layers
        ],
        text=3,
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written", why=str(error.strerror)) from None


def _shown(value: Any) -> Any:
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    if isinstance(value, (list, tuple)):
        return (
            " ".join(
                "x".join(str(n) for n in one if n is not None)
                if isinstance(one, (list, tuple))
                else str(one)
                for one in value
            )
            or None
        )
    return value
