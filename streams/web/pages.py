"""The pages' files, which stand beside this module, and the templates among them."""
from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template


@cache
def text(name: str) -> str:
    """What stands in that file of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def template(name: str) -> Template:
    """With everything escaped that is put in; refuses what is not given."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, loader=FunctionLoader(text))
    return environment.get_template(name)
