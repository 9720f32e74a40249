"""Computes the engine's indicators a second time, from their definitions, and compares.

    python3 tests/parity/indicators.py CANDLES.csv VALUES.csv

CANDLES.csv has the columns open, high, low, close, volume. VALUES.csv has one column an indicator, named like "ema 21"; NaN is
a bar without a value. The last line printed is a JSON object; the exit code is 1 when anything differs by more than 1e-9,
relative to values above 1, or begins on another bar.

Nothing here runs bar by bar: every value is a weighted sum over all bars before it, so that the two programs share no recursion.
Sources: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, for RSI, ATR and ADX; TA-Lib for how sums are seeded.
"""

import csv
import json
import sys

import numpy as np

TOLERANCE = 1e-9


def decaying(inputs, keep, seed, first):
    """seed * keep^(t - first) + sum of inputs[i] * keep^(t - i) over first < i <= t, for every t >= first; before it nothing."""
    count = len(inputs)
    bars = np.arange(count)
    age = bars[:, None] - bars[None, :]
    weights = np.where((age >= 0) & (bars[None, :] > first), keep ** np.maximum(age, 0), 0.0)
    values = weights @ inputs + seed * keep ** np.maximum(bars - first, 0)
    return np.where(bars >= first, values, np.nan)


def windows(inputs, period):
    """The last `period` inputs of each bar that has as many; rows of nothing before."""
    full = np.lib.stride_tricks.sliding_window_view(inputs, period)
    return np.vstack([np.full((period - 1, period), np.nan), full])


def sma(inputs, period):
    return windows(inputs, period).mean(axis=1)


def wma(inputs, period):
    return windows(inputs, period) @ np.arange(1, period + 1) / (period * (period + 1) / 2)


def ema(inputs, period):
    step = 2 / (period + 1)
    return decaying(step * inputs, 1 - step, inputs[:period].mean(), period - 1)


def wilder(inputs, period):
    """Wilder's mean of inputs that begin on bar 0: the plain mean of the first `period`, then a step of 1/period."""
    return decaying(inputs / period, 1 - 1 / period, inputs[:period].mean(), period - 1)


def later(values, bars):
    return np.concatenate([np.full(bars, np.nan), values])


def rsi(close, period):
    change = np.diff(close)
    gain = wilder(np.maximum(change, 0), period)
    loss = wilder(np.maximum(-change, 0), period)
    total = gain + loss
    return later(np.where(total > 0, 100 * gain / np.where(total > 0, total, 1), total), 1)


def true_range(high, low, close):
    reach = np.stack([high[1:] - low[1:], np.abs(high[1:] - close[:-1]), np.abs(low[1:] - close[:-1])])
    return reach.max(axis=0)


def atr(high, low, close, period):
    return later(wilder(true_range(high, low, close), period), 1)


def adx(high, low, close, period):
    rise = np.diff(high)
    fall = -np.diff(low)
    up = np.where((rise > fall) & (rise > 0), rise, 0.0)
    down = np.where((fall > rise) & (fall > 0), fall, 0.0)

    def wilder_sum(inputs):
        # The first period - 1 are added up; from then on each bar takes a period-th of the sum away before it adds its own.
        return decaying(inputs, 1 - 1 / period, inputs[: period - 1].sum(), period - 2)[period - 1 :]

    plus = wilder_sum(up)
    minus = wilder_sum(down)
    both = plus + minus
    index = np.where(both > 0, 100 * np.abs(plus - minus) / np.where(both > 0, both, 1), 0.0)
    return later(wilder(index, period), period)


def highest(high, period):
    return windows(high, period).max(axis=1)


def lowest(low, period):
    return windows(low, period).min(axis=1)


def deviation(close, period):
    return windows(close, period).std(axis=1)


def rate_of_change(close, period):
    return later(close[period:] / close[:-period] - 1, period)


def compute(name, candles):
    kind, period = name.split(" ")
    high, low, close = candles["high"], candles["low"], candles["close"]
    period = int(period)
    return {
        "sma": lambda: sma(close, period),
        "wma": lambda: wma(close, period),
        "ema": lambda: ema(close, period),
        "rsi": lambda: rsi(close, period),
        "atr": lambda: atr(high, low, close, period),
        "adx": lambda: adx(high, low, close, period),
        "highest": lambda: highest(high, period),
        "lowest": lambda: lowest(low, period),
        "deviation": lambda: deviation(close, period),
        "rateOfChange": lambda: rate_of_change(close, period),
    }[kind]()


def columns(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def compare(ours, theirs):
    absent = np.isnan(ours)
    same_bars = bool(np.array_equal(absent, np.isnan(theirs)))
    both = ~absent & ~np.isnan(theirs)
    difference = np.abs(ours[both] - theirs[both]) / np.maximum(1, np.abs(ours[both]))
    largest = float(difference.max()) if both.any() else None
    agrees = same_bars and largest is not None and largest <= TOLERANCE
    return {"compared": int(both.sum()), "sameBars": same_bars, "largestDifference": largest, "agrees": agrees}


def main(candle_path, value_path):
    candles = columns(candle_path)
    values = columns(value_path)
    report = {name: compare(compute(name, candles), engine) for name, engine in values.items()}
    print(json.dumps(report))
    return 0 if report and all(item["agrees"] for item in report.values()) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
