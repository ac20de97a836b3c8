"""The size of a text message, against 3GPP TS 23.038 section 6.2.1 written down a second time, as code points."""
from __future__ import annotations

import pytest

from streams.core.campaigns.text_message import ALPHABET, EXTENSION, Size, size_of

# Rows of eight septets, 0x00 first, as Unicode code points; 001B is the escape.
DEFAULT = """
0040 00A3 0024 00A5 00E8 00E9 00F9 00EC  00F2 00C7 000A 00D8 00F8 000D 00C5 00E5
0394 005F 03A6 0393 039B 03A9 03A0 03A8  03A3 0398 039E 001B 00C6 00E6 00DF 00C9
0020 0021 0022 0023 00A4 0025 0026 0027  0028 0029 002A 002B 002C 002D 002E 002F
0030 0031 0032 0033 0034 0035 0036 0037  0038 0039 003A 003B 003C 003D 003E 003F
00A1 0041 0042 0043 0044 0045 0046 0047  0048 0049 004A 004B 004C 004D 004E 004F
0050 0051 0052 0053 0054 0055 0056 0057  0058 0059 005A 00C4 00D6 00D1 00DC 00A7
00BF 0061 0062 0063 0064 0065 0066 0067  0068 0069 006A 006B 006C 006D 006E 006F
0070 0071 0072 0073 0074 0075 0076 0077  0078 0079 007A 00E4 00F6 00F1 00FC 00E0
"""
ESCAPED = "000C 005E 007B 007D 005C 005B 007E 005D 007C 20AC"


def test_the_alphabet_is_3gpps_position_by_position() -> None:
    assert [f"{ord(character):04X}" for character in ALPHABET] == DEFAULT.split()
    assert [f"{ord(character):04X}" for character in EXTENSION] == ESCAPED.split()


@pytest.mark.parametrize(("text", "size"), [
    ("", Size("gsm-7", 0, 1)),
    ("a" * 160, Size("gsm-7", 160, 1)),
    ("a" * 161, Size("gsm-7", 161, 2)),
    ("a" * 306, Size("gsm-7", 306, 2)),
    ("a" * 307, Size("gsm-7", 307, 3)),
    ("€" * 80, Size("gsm-7", 160, 1)),
    ("€" * 153, Size("gsm-7", 306, 3)),
    ("a" * 152 + "€" + "a" * 152, Size("gsm-7", 306, 3)),
    ("a" * 153 + "€" + "a" * 151, Size("gsm-7", 306, 2)),
    ("ç", Size("ucs-2", 1, 1)),
    ("\u2019" * 70, Size("ucs-2", 70, 1)),
    ("\u2019" * 71, Size("ucs-2", 71, 2)),
    ("😀" * 35, Size("ucs-2", 70, 1)),
    ("😀" * 67, Size("ucs-2", 134, 3)),
    ("a\x1bb", Size("ucs-2", 3, 1)),
])
def test_length_and_segments(text: str, size: Size) -> None:
    assert size_of(text) == size
