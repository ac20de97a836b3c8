"""How the sequencer and a profile agree that the profile ends. Apart from `messages`, as `requests` is.

The profile asks, the sequencer answers: so whatever was decided about the profile meanwhile comes first.
"""
from __future__ import annotations

from dataclasses import dataclass

from streams.core.profile import home
from streams.core.requests import REALM


@dataclass(slots=True)
class Expire:
    """To the sequencer: nothing came to this profile for too long. created, heard: as the profile has them, so that no
    decision is passed over that is still on its way to it; at: the instant. is_known: it has an identifier that is not
    anonymous, and ends by the limit for those."""

    profile: str
    created: int
    heard: int
    at: int
    is_known: bool = False

    @property
    def home(self) -> str:
        return REALM


@dataclass(slots=True)
class Keep:
    """To a profile that asked when it had heard so many decisions: another is on its way to you, live on."""

    profile: str
    heard: int = 0

    @property
    def home(self) -> str:
        return home(self.profile)


@dataclass(slots=True)
class Forget:
    """To a profile: nobody is you any more; say so to the world and go. at: the instant that this is true from."""

    profile: str
    at: int

    @property
    def home(self) -> str:
        return home(self.profile)


@dataclass(slots=True)
class Vacate:
    """To the home of an identifier that was nobody's for long enough: delete what is kept about it. generations: of keys
    named after it so far."""

    identifier: str
    generations: int = 0

    @property
    def home(self) -> str:
        return self.identifier


@dataclass(slots=True)
class Petition:
    """A request about a whole person, to the sequencer: `erase` or `export` whoever has the identifier. created: of the
    lone profile that it is, else None."""

    request_id: str
    action: str
    identifier: str
    reason: str | None
    created: int | None

    @property
    def home(self) -> str:
        return REALM

    @property
    def question(self) -> tuple[str, ...]:
        """What makes two of them the same, see `receipts`."""
        return self.action, self.request_id, self.identifier


@dataclass(slots=True)
class Bar:
    """To the home of an identifier: it was erased, see `barring`; or, lifted, may be somebody's again."""

    identifier: str
    until: int
    is_lifted: bool

    @property
    def home(self) -> str:
        return self.identifier


@dataclass(slots=True)
class Wipe:
    """To a profile: you are erased. receipt: where the sequencer keeps the answer."""

    profile: str
    receipt: str
    at: int

    @property
    def home(self) -> str:
        return home(self.profile)


@dataclass(slots=True)
class Report:
    """To a profile: say what there is of you. receipt: as of `Wipe`."""

    profile: str
    receipt: str

    @property
    def home(self) -> str:
        return home(self.profile)


@dataclass(slots=True)
class Reported:
    """To the sequencer: what a profile did for a request. places: where -> how many records were removed, or are there."""

    receipt: str
    places: dict[str, int]

    @property
    def home(self) -> str:
        return REALM


@dataclass(slots=True)
class Redact:
    """To every task: nobody is this identifier any more; take it out of what others said or did. is_guess: it is what an
    alias took an erased customer id for, before it was seen as one."""

    identifier: str
    is_guess: bool = False

    @property
    def home(self) -> str:
        return self.identifier
