"use strict";
// Axes for charts: a linear or logarithmic scale with round tick values.

// axisScale([low, high], [from, to], "linear" | "log"): a function from a number to a position,
// with .ticks, the round numbers within, and .range, the positions' range.
function axisScale([low, high], [from, to], kind = "linear") {
  const logarithmic = kind === "log";
  if (logarithmic) {
    high = Math.max(high, Number.MIN_VALUE);
    low = Math.max(low, high * 1e-12);
  }
  if (low === high) [low, high] = logarithmic ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const transform = logarithmic ? Math.log10 : (value) => value;
  const start = transform(low);
  const span = transform(high) - start;
  const position = (value) => {
    const kept = logarithmic ? Math.max(value, low) : value;
    return from + ((transform(kept) - start) / span) * (to - from);
  };
  position.range = [from, to];
  position.ticks = logarithmic
    ? logarithmicTicks(low, high, Math.abs(to - from))
    : roundNumbers(low, high, 5);
  return position;
}

// Labels of ticks that stand closer overlap, in pixels.
const kTickGap = 14;

// At least three: powers of ten, or where they are too few also the multiples of them that an axis
// of so many pixels has room for, or equal steps.
function logarithmicTicks(low, high, length) {
  const decade = length / Math.log10(high / low);
  const apart = (ticks) =>
    ticks.every((tick, i) => i === 0 || decade * Math.log10(tick / ticks[i - 1]) >= kTickGap);
  const powers = multiplesOfPowers([1], low, high);
  if (powers.length >= 3) return powers;
  for (const factors of [
    [1, 2, 5],
    [1, 3],
    [1, 2, 3, 5],
    [1, 1.5, 2, 3, 5, 7],
  ]) {
    const ticks = multiplesOfPowers(factors, low, high);
    if (ticks.length >= 3 && apart(ticks)) return ticks;
  }
  return roundNumbers(low, high, 5);
}

// `factors` times powers of ten, of which at most seven, from low to high.
function multiplesOfPowers(factors, low, high) {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const step = Math.ceil((last - first) / 6);
  const ticks = [];
  for (let power = first; power <= last; power += step) {
    for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(2)));
  }
  return ticks.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
}

// About `count` multiples of 1, 2 or 5 times a power of ten.
function roundNumbers(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

// 1200 -> "1.2k", 0.5 -> "0.5", 1e-7 -> "10⁻⁷": short, for the ends of ticks.
function formatTick(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  if (size === 0 || size >= 1e-3) return String(Number(value.toPrecision(4))).replace("-", "−");
  const power = Math.round(Math.log10(size));
  const digits = String(power).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  return Math.abs(Math.log10(size) - power) < 1e-6 ? `10${digits}` : value.toExponential(0);
}
