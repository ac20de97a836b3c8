"""TC strings: what each field, policy and segment decides. Strings are written by `consent_strings`; one is public."""
from __future__ import annotations

import pytest

from streams.core.consent.bits import Malformed
from streams.core.consent.tcf import Basis, decode
from tests.core.consent_strings import tc_string, vendors

PUBLIC = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
"""The TC string in the examples of the GPP specification: policy 2, nothing granted to anybody."""
CONSENT, INTEREST = Basis.CONSENT, Basis.LEGITIMATE_INTEREST
OURS = 755


@pytest.mark.parametrize(("string", "purpose", "basis", "vendor", "wanted"), [
    (tc_string(consents=(1, 3)), 3, CONSENT, None, True),
    (tc_string(consents=(1, 3)), 2, CONSENT, None, False),
    (tc_string(consents=(24,)), 24, CONSENT, None, True),
    (tc_string(interests=(3,)), 3, CONSENT, None, False),
    (tc_string(interests=(2,)), 2, INTEREST, None, True),
    (tc_string(interests=(1,), policy=2), 1, INTEREST, None, False),
    (tc_string(interests=(3, 6), policy=3), 3, INTEREST, None, True),
    (tc_string(interests=(3, 6), policy=4), 3, INTEREST, None, False),
    (tc_string(interests=(3, 6), policy=5), 6, INTEREST, None, False),
    (tc_string(interests=(7,), policy=4), 7, INTEREST, None, True),
    (tc_string(consents=(3,)), 3, CONSENT, OURS, False),
    (tc_string(consents=(3,), vendor_consents=vendors((2, OURS))), 3, CONSENT, OURS, True),
    (tc_string(consents=(3,), vendor_consents=vendors((2, OURS))), 3, CONSENT, OURS - 1, False),
    (tc_string(consents=(3,), vendor_consents=vendors((2, OURS))), 3, CONSENT, OURS + 1, False),
    (tc_string(consents=(3,), vendor_interests=vendors((OURS,))), 3, CONSENT, OURS, False),
    (tc_string(consents=(3,), vendor_consents=vendors(of_ranges=[(2, 2), (700, OURS)])), 3, CONSENT, OURS, True),
    (tc_string(consents=(3,), vendor_consents=vendors(of_ranges=[(2, 2), (700, OURS)])), 3, CONSENT, 700, True),
    (tc_string(consents=(3,), vendor_consents=vendors(of_ranges=[(2, 2), (700, OURS)])), 3, CONSENT, 3, False),
    (tc_string(interests=(2,), vendor_interests=vendors((OURS,))), 2, INTEREST, OURS, True),
])
def test_a_purpose_needs_its_basis_and_the_vendors(
    string: str, purpose: int, basis: Basis, vendor: int | None, *, wanted: bool,
) -> None:
    assert decode(string).permits(purpose, basis, vendor) is wanted


@pytest.mark.parametrize(("kind", "whom", "consented", "interested"), [
    (0, [(OURS, OURS)], False, False),
    (1, [(OURS, OURS)], True, False),
    (2, [(1, 1000)], False, True),
    (0, [(1, OURS - 1), (OURS + 1, 2000)], True, True),
])
def test_a_publisher_restricts_a_vendors_purpose(
    kind: int, whom: list[tuple[int, int]], *, consented: bool, interested: bool,
) -> None:
    string = decode(tc_string(
        consents=(2,), interests=(2,), vendor_consents=vendors((OURS,)), vendor_interests=vendors((OURS,)),
        restrictions=[(9, 0, [(OURS, OURS)]), (2, kind, whom)]))
    assert string.permits(2, CONSENT, OURS) is consented
    assert string.permits(2, INTEREST, OURS) is interested


@pytest.mark.parametrize(("policy", "disclosed", "wanted"), [
    (4, None, True), (5, None, False), (5, vendors((OURS,)), True), (5, vendors((OURS - 1,)), False),
    (4, vendors((OURS - 1,)), False), (5, vendors(of_ranges=[(1, OURS)]), True),
])
def test_since_2_3_a_vendor_must_have_been_disclosed(policy: int, disclosed: str | None, *, wanted: bool) -> None:
    string = tc_string(policy=policy, consents=(3,), vendor_consents=vendors((OURS,)), disclosed=disclosed)
    assert decode(string).permits(3, CONSENT, OURS) is wanted


def test_the_public_example_grants_nothing() -> None:
    string = decode(PUBLIC)
    assert string.policy == 2
    assert not any(string.permits(purpose, basis, None) for purpose in range(1, 25) for basis in Basis)


CORE = "COrEAV4OrXx94ACABBENAHCIAD-AAAAAAACAAxAAAAgAIAwgAgAAAAEAgQAAAAAEAYQAQAAAACAAAABAAA"
DISCLOSED, ALLOWED, PUBLISHER = "IBAgAAAgAIAwgAgAAAAEAAAACA", "QAagAQAgAIAwgA", "cAAAAAAAITg="
OTHER = "COtybn4PA_zT4KjACBENAPCIAEBAAECAAIAAAAAAAAAA"
RANGES = "COwBOpCOwBOpCLqAAAENAPCAAAAAAAAAAAAAFfwAYFfAV-BVkAGBVYFWAAA"


@pytest.mark.parametrize(("text", "basis", "purposes", "vendors"), [
    (CORE, CONSENT, {3, 4, 5, 6, 7, 8, 9}, {23, 37, 47, 48, 53, 65, 98}),
    (f"{CORE}.{DISCLOSED}.{ALLOWED}.{PUBLISHER}", CONSENT, {3, 4, 5, 6, 7, 8, 9}, {23, 37, 47, 48, 53, 65, 98}),
    (f"{CORE}.{PUBLISHER}.{DISCLOSED}", CONSENT, {3, 4, 5, 6, 7, 8, 9}, {23, 37, 47, 48, 53, 65, 98}),
    (OTHER, CONSENT, {2, 10}, set()), (OTHER, INTEREST, {2, 9}, set()),
    (RANGES, CONSENT, set(), {702, 703}),
    ("COv__-wOv__-wC2AAAENAPCgAAAAAAAAAAAAA_wAQA_gEBABAEAAAA", INTEREST, set(), {128}),
    ("COwxsONOwxsONKpAAAENAdCAAMAAAAAAAAAAAAAAAAAA", CONSENT, {1, 2}, set()),
])
def test_strings_of_the_iabs_own_library_say_what_it_reads(
    text: str, basis: Basis, purposes: set[int], vendors: set[int],
) -> None:
    """From TCStringV2Test of InteractiveAdvertisingBureau/iabtcf-java (Apache-2.0)."""
    string = decode(text)
    assert {number for number in range(1, 25) if string.permits(number, basis, None)} == purposes
    named = string.vendor_consents if basis is CONSENT else string.vendor_interests
    assert {number for number in range(1, 800) if number in named} == vendors


def test_special_features_are_read() -> None:
    assert decode(tc_string(features=(1, 2))).special_features == {1, 2}


@pytest.mark.parametrize(("string", "reason"), [
    ("", "ends too early"),
    ("C", "ends too early"),
    (PUBLIC[:30], "ends too early"),
    ("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", "not version 2"),
    ("CP%20" + PUBLIC[5:], "not base64url"),
    ("é" + PUBLIC[1:], "not base64url"),
    ("C" * 20_000, "too long"),
    (tc_string(vendor_consents=vendors(of_ranges=[(9, 8)])), "range ends before it starts"),
    (tc_string(consents=(3,)) + ".", "ends too early"),
])
def test_what_is_no_tc_string_says_why_without_showing_it(string: str, reason: str) -> None:
    with pytest.raises(Malformed, match=f"^{reason}$"):
        decode(string)
