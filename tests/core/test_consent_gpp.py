"""GPP and US privacy strings, and what a deployment makes of all of them."""
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.consent import gpp, usp
from streams.core.consent.bits import LONGEST, Malformed
from streams.core.consent.gpp import Activity
from streams.core.consent.mapping import DEFAULT, NO_OBJECT, ConsentMapping, Purpose, stated
from tests.core.consent_strings import fibonacci, gpp_string, letters, number, tc_string, us_section

SALE, SHARING, ADVERTISING = Activity
TCF = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
GRANTED = tc_string(consents=(1, 3, 4))
OUT, IN = 1, 2


@pytest.mark.parametrize(("string", "sections"), [
    (f"DBABMA~{TCF}", {2: TCF}),
    (f"DBACNYA~{TCF}~1YNN", {2: TCF, 6: "1YNN"}),
    ("DBABLA~BVQqAAAAAgA.QA", {7: "BVQqAAAAAgA.QA"}),
    ("DBAA", {}), ("DBABTA~1YNN", {6: "1YNN"}),
])
def test_public_examples_name_their_sections(string: str, sections: dict[int, str]) -> None:
    assert gpp.decode(string) == sections


def test_a_public_national_section_says_that_nothing_was_opted_out_of() -> None:
    assert gpp.us_activities(7, "BVQqAAAAAgA.QA") == {SALE: True, SHARING: True, ADVERTISING: True}


ALL = {SALE, SHARING, ADVERTISING}


@pytest.mark.parametrize(("section", "text", "out"), [
    (7, "BVVVkkkklWA.YA", ALL), (7, "BVVVkkkklWA", ALL), (7, "BAAAAAAAAQA.QA", set()),
    (8, "BVWSSSVY.YA", ALL), (8, "BVWSSSVY", {SALE, SHARING}), (8, "BAAAAABA", set()),
    (11, "BVVkklWA", {SALE, ADVERTISING}), (11, "BAAAAAQA", set()),
    (23, "BVWSSVWA.YA", ALL), (23, "BVWSSVWA", {SALE, ADVERTISING}), (23, "BAAAAAQA.QA", set()),
])
def test_sections_of_the_iabs_own_library_opt_out_of_what_it_reads(section: int, text: str, out: set[Activity]) -> None:
    """From UsNatTest, UsCaTest, UsUtTest and UsMnTest of IABTechLab/iabgpp-java (Apache-2.0)."""
    assert gpp.us_activities(section, text) == dict.fromkeys(out, False)


def test_sections_given_as_a_range() -> None:
    header = letters(number(3, 6) + number(1, 6) + number(1, 12) + "1" + fibonacci(6) + fibonacci(2))
    assert gpp.decode(f"{header}~a~b~c") == {6: "a", 7: "b", 8: "c"}


@pytest.mark.parametrize(("section", "notices", "fields"), [
    (7, 6, (SALE, SHARING, ADVERTISING)), (8, 3, (SALE, SHARING)), (9, 3, (SALE, ADVERTISING)),
    (10, 3, (SALE, ADVERTISING)), (11, 4, (SALE, ADVERTISING)), (12, 3, (SALE, ADVERTISING)),
    (13, 3, (SALE, ADVERTISING)), (14, 3, (SALE, ADVERTISING)), (15, 3, (SALE, ADVERTISING)),
    (16, 3, (SALE, ADVERTISING)), (17, 3, (SALE, ADVERTISING)), (18, 4, (SALE, ADVERTISING)),
    (19, 3, (SALE, ADVERTISING)), (20, 3, (SALE, ADVERTISING)), (21, 3, (SALE, ADVERTISING)),
    (22, 3, (SALE, ADVERTISING)), (23, 3, (SALE, ADVERTISING)),
])
def test_each_us_section_has_its_opt_outs_in_its_own_place(
    section: int, notices: int, fields: tuple[Activity, ...],
) -> None:
    for out in fields:
        text = us_section(notices, *(OUT if field is out else IN for field in fields))
        assert gpp.us_activities(section, text) == {field: field is not out for field in fields}
    assert gpp.us_activities(section, us_section(notices, *(0 for _ in fields))) == {}
    opted_out = dict.fromkeys(Activity, False)
    assert gpp.us_activities(section, us_section(notices, *(IN for _ in fields), gpc=True)) == opted_out


@pytest.mark.parametrize(("text", "wanted"), [
    ("1YNN", {SALE: True}), ("1YYN", {SALE: False}), ("1nyn", {SALE: False}), ("1---", {}), ("1YN-", {SALE: True}),
])
def test_a_us_privacy_string_is_about_sale(text: str, wanted: dict[Activity, bool]) -> None:
    assert usp.decode(text) == wanted


BOTH = gpp_string({2: GRANTED, 7: us_section(6, IN, OUT, IN)})


@pytest.mark.parametrize(("consent", "wanted", "faults"), [
    ({}, None, ()),
    ({"tcf": GRANTED}, True, ()),
    ({"tcf": tc_string(consents=(1, 3))}, False, ()),
    ({"tcf": "nonsense"}, False, ("tcf: not version 2",)),
    ({"tcf": 7}, False, ("tcf: ends too early",)),
    ({"gpp": gpp_string({2: GRANTED})}, True, ()),
    ({"gpp": BOTH}, False, ()),
    ({"gpp": BOTH, "gpp_sid": [2]}, True, ()),
    ({"gpp": BOTH, "gpp_sid": [7]}, False, ()),
    ({"gpp": BOTH, "gpp_sid": [-1]}, None, ()),
    ({"gpp": BOTH, "gpp_sid": ["2"]}, True, ()),
    ({"gpp": BOTH, "gpp_sid": ["7"]}, False, ()),
    ({"gpp": BOTH, "gpp_sid": ["usnat"]}, False, ()),
    ({"gpp": gpp_string({8: us_section(3, IN, IN)})}, True, ()),
    ({"gpp": gpp_string({8: us_section(3, 0, 0)})}, None, ()),
    ({"gpp": gpp_string({99: "whatever"})}, None, ()),
    ({"gpp": gpp_string({8: us_section(3, IN, 3)})}, False, ("gpp: opt-out out of range",)),
    ({"gpp": "DBABMA"}, False, ("gpp: header and sections differ",)),
    ({"gpp": GRANTED}, False, ("gpp: not version 1",)),
    ({"gpp": gpp_string({6: "2YNN"})}, False, ("gpp: not version 1",)),
    ({"usp": "1YYN"}, False, ()),
    ({"tcf": GRANTED, "usp": "1YYN"}, False, ()),
    ({"tcf": GRANTED, "usp": "1YN"}, False, ("usp: not version 1",)),
])
def test_without_a_mapping_strings_speak_of_personalised_ads(
    consent: dict[str, Any], *, wanted: bool | None, faults: tuple[str, ...],
) -> None:
    assert stated(DEFAULT, consent) == ({} if wanted is None else {"personalised-ads": wanted}, faults)


def test_every_purpose_is_asked_what_its_own_mapping_says() -> None:
    mapping = ConsentMapping(purposes=(
        Purpose(name="ads", consent=(1, 4)), Purpose(name="measuring", legitimate_interest=(7,)),
        Purpose(name="nearby", consent=(1,), special_features=(1,)), Purpose(name="selling", opt_outs=(SALE,))))
    string = tc_string(consents=(1, 4), interests=(7,))
    assert stated(mapping, {"tcf": string})[0] == {"ads": True, "measuring": True, "nearby": False}
    assert stated(mapping, {"usp": "1YYN"})[0] == {"selling": False}


@pytest.mark.parametrize(("consent", "wanted", "faults"), [
    ({"purposes": {"personalised-ads": True, "b": False}, "tcf": GRANTED}, {"personalised-ads": True, "b": False}, ()),
    ({"purposes": {"personalised-ads": True}, "usp": "1YYN"}, {"personalised-ads": False}, ()),
    ({"purposes": {"personalised-ads": False}, "tcf": GRANTED}, {"personalised-ads": False}, ()),
    ({"categoryPreferences": {"a": True, "b": False}}, {"a": True, "b": False}, ()),
    ({"purposes": {"a": True, "b": True}, "categoryPreferences": {"b": False}}, {"a": True, "b": False}, ()),
    ({"us_privacy": "1YYN"}, {"personalised-ads": False}, ()),
    ({"us_privacy": "1YNN"}, {"personalised-ads": True}, ()),
    ({"purposes": {"a": None, "b": True}}, {"b": True}, ()),
    ({"purposes": {"a": "false", "b": True}}, {"a": False, "b": True}, ("purposes: neither true nor false",)),
    ({"purposes": {"a": "granted"}}, {"a": False}, ("purposes: neither true nor false",)),
    ({"categoryPreferences": {"a": 1}}, {"a": False}, ("categoryPreferences: neither true nor false",)),
    ({"purposes": ["a"]}, {}, ("purposes: no object of purposes",)),
    ({"a": True}, {}, (NO_OBJECT,)),
    ("CPXxRfAPXxRfA", {}, (NO_OBJECT,)),
])
def test_purposes_beside_strings_bind_with_them_and_what_is_neither_true_nor_false_is_no_permission(
    consent: Any, wanted: dict[str, bool], faults: tuple[str, ...],
) -> None:
    assert stated(DEFAULT, consent) == (wanted, faults)


@given(st.one_of(st.text(max_size=60), st.text("ABCDEFQYgaz09-_.~", max_size=80)), st.sampled_from(("tcf", "gpp", "usp")))
def test_no_text_does_worse_than_granting_nothing(text: str, kind: str) -> None:
    statement, faults = stated(DEFAULT, {kind: text})
    assert not faults or statement == {"personalised-ads": False}


def test_a_hostile_string_costs_no_more_than_its_length() -> None:
    entries = (LONGEST * 6 - 300) // 33
    string = tc_string(consents=(1, 3, 4), vendor_consents=number(65_535, 16) + "1" + number(entries, 12) + (
        "1" + number(1, 16) + number(65_535, 16)) * entries)
    assert stated(DEFAULT, {"tcf": string}) == ({"personalised-ads": True}, ())


def test_a_number_of_sections_without_end_is_refused() -> None:
    with pytest.raises(Malformed):
        gpp.decode(letters(number(3, 6) + number(1, 6) + number(4095, 12) + "1" + "0" * 400 + "11") + "~a")
