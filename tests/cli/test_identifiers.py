"""Identifiers on the command line mean what they mean in a message."""
from __future__ import annotations

import pytest

from streams.cli.arguments import identifier


@pytest.mark.parametrize(("written", "meant"), [
    ("email: Jane@Example.com ", "email:jane@example.com"),
    ("Phone:+31 6 12345678", "phone:+31612345678"),
    ("customer_id:Jane", "customer_id:Jane"),
    ("cookie:null", "cookie:null"),
    ("phone:soon", "phone:soon"),
])
def test_who_is_asked_for_is_written_as_the_pipeline_does(written: str, meant: str) -> None:
    assert identifier(written) == meant
