"""The words of other rule languages, and which of ours is meant by each.

Why not the nearest spelling alone: `and` is near to `random`, `is_set` to `is_not`, and `not_performed` to its opposite.
Words that say nearly the same are left out: `more_than: 2` is `at_least: 3`, and `times` is one thing here, another there.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from streams.definitions.faults import nearest

FOREIGN: Mapping[str, str] = {
    # Ours: theirs. A word may stand for several of ours; the first that is valid where it stands is meant.
    "all": "and every must match_all",
    "any": "or some should match_any",
    "not": "not_performed has_not has_not_performed did_not did_not_perform not_in_segment none none_of nor unless never "
           "not_all not_any exclude without absence",
    "performed": "did has_done event events behavioral behavior past_event performed_event track count frequency",
    "trait": "attribute user_property person_property profile_property person profile user property",
    "in_segment": "segment cohort audience in_cohort in_audience member_of list",
    "sequence": "funnel followed_by",
    "everyone": "everybody all_users always",
    "random": "percent percentage rollout sample split bucket hash",
    "members": "manual user_ids",
    "event": "event_name event_type action",
    "where": "properties filters filter conditions event_filters property_filters",
    "property": "name path key attribute field trait",
    "name": "trait path key attribute field property",
    "id": "segment cohort audience segment_id",
    "at_least": "min minimum",
    "at_most": "max maximum",
    "within": "in_the_last in_last within_last last past newer_than within_seconds window lookback window_seconds",
    "after": "since from later_than is_after is_date_after after_date",
    "before": "until to earlier_than is_before is_date_before before_date",
    "is": "eq equals equal equal_to exact exactly == =",
    "is_not": "ne neq not_equals not_equal not_equal_to is_not_equal is_not_equal_to isnt not != <>",
    "in": "one_of any_of is_one_of",
    "not_in": "nin is_not_one_of not_one_of not_in_list none_of",
    "gt": "greater_than more_than above >",
    "gte": "greater_than_or_equal greater_than_or_equal_to at_least min >=",
    "lt": "less_than fewer_than below <",
    "lte": "less_than_or_equal less_than_or_equal_to at_most max <=",
    "contains": "icontains substring has",
    "starts_with": "prefix begins_with",
    "ends_with": "suffix",
    "matches": "regex regexp matches_regex pattern like",
    "exists": "is_set set is_not_set not_set not_exists missing is_null isnull null empty is_empty not_empty present known",
    "includes": "all_of contains_all array_contains has_item",
    "within_last": "within in_the_last last past newer newer_than",
    "within_next": "in_the_next next",
    "older_than": "more_than_ago not_within not_within_last not_in_last not_in_the_last before_last",
    "for": "has_been held_for within",
    "steps": "events stages then followed_by",
    "then_not": "not_followed_by",
    "function": "type aggregation calculation",
    "text": "body message content",
    "entered": "on_entry on_enter entry",
    "exited": "on_exit exit left",
    "live": "active enabled running",
    "from": "start begin",
    "to": "end until",
    "average": "avg mean",
    "min": "minimum smallest",
    "max": "maximum largest",
    "sum": "total",
    "most_frequent": "mode top",
    "distinct": "unique unique_list",
    "distinct_count": "unique_count count_distinct unique_list_count",
    "segment": "audience cohort",
    "computed-trait": "trait calculated_attribute user_property computed_property computed_attribute",
    "campaign": "journey broadcast flow",
}
_OURS = {theirs: [ours for ours, words in FOREIGN.items() if theirs in words.split()]
         for words in FOREIGN.values() for theirs in words.split()}
NEGATION = re.compile("(not|without|is_not|isnt|(does|did|has|do)(_not|nt))(_|$)")


def word_meant(word: object, valid: Iterable[str]) -> str:
    """The valid word that another system calls so, else the nearest by its letters; "" where there is none.

    What says no is never near to what does not: `not_contains: x` made `contains: x` would be the opposite."""
    valid = tuple(valid)
    theirs = str(word).lower().replace("-", "_").replace(" ", "_")
    known = next((ours for ours in _OURS.get(theirs, ()) if ours in valid), "")
    if not known and NEGATION.match(theirs):
        valid = tuple(ours for ours in valid if "not" in ours and abs(len(ours) - len(theirs)) <= 2)
    return known or nearest(word, valid)
