"""Consent strings: what the signals of consent platforms say about our purposes.

`tcf`, `gpp` and `usp` decode what the IAB specifies; `mapping` says what a deployment makes of it. Why our own decoders: the
one TCF library on PyPI (iab-tcf 0.2.2, of 2022) knows neither policy 2.2 nor 2.3 nor GPP."""
