"""From an activation to the body of a request. Pure.

OpenRTB says how a user and their segments are written, but not how an exchange is told of a change. So `user` is OpenRTB
2.6's (`connectors.openrtb`), and its segment's `value` says whether the user is in it ("1") or was taken out ("0").
"""
from __future__ import annotations

from connectors.delivery import Activation, Refused
from connectors.openrtb import IN_CLEAR, Provider, user
from streams.core.values import Json

ENTERED, LEFT = "1", "0"


def body_of(activation: Activation, provider: Provider) -> dict[str, Json] | Refused:
    if not activation.audience:
        return Refused(why="no change of an audience")
    namespace, _, _ = activation.identifier.partition(":")
    if namespace in IN_CLEAR:
        return Refused(why=f"a {namespace} is not told to an exchange; expected a cookie, a device or an id of yours")
    said = user(provider, [(activation.identifier, [activation.audience])])
    for data in said["data"]:
        for segment in data["segment"]:
            segment["value"] = LEFT if activation.is_removal else ENTERED
    return {"id": activation.activation_id, "user": said}
