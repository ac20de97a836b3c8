"""Which addresses mail can be sent to and from. What is refused here would be refused by every mail server. Pure."""
from __future__ import annotations

import re
from email.errors import InvalidHeaderDefect
from email.headerregistry import HeaderRegistry
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[ !#-\[\]-~]|\\[ -~])*")@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*')
"""A Mailbox of RFC 5321, 4.1.2, without address literals. Asked before `email`, whose parser stumbles over some others."""
_WEB_ADDRESS = re.compile(r"https://[!-~]+")
LONGEST_ADDRESS, LONGEST_HOST = 254, 253


def is_address(text: str) -> bool:
    """Whether it is an address without a name."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def is_sender(text: str) -> bool:
    """Whether it is one address, with or without a name, that every reader of From understands alike."""
    address = parseaddr(text)[1]
    if not is_address(address):
        return False
    found: Any = HeaderRegistry()("From", text)
    return ([(group.display_name, [each.addr_spec for each in group.addresses]) for group in found.groups]
            == [(None, [address])] and not any(isinstance(defect, InvalidHeaderDefect) for defect in found.defects))


def is_host(text: str) -> bool:
    """Whether it is a host name that can be looked up, or an IP address."""
    try:
        if ":" in text:
            return bool(ip_address(text))
        return 0 < len(text.encode("idna")) <= LONGEST_HOST and not set(" /@?#<>") & set(text) and text.isprintable()
    except ValueError:
        return False


def is_web_address(text: str) -> bool:
    """Whether it can stand between < and > in a header."""
    try:
        return (_WEB_ADDRESS.fullmatch(text) is not None and not {"<", ">"} & set(text)
                and bool(urlsplit(text).hostname) and urlsplit(text).port != 0)
    except ValueError:
        return False
