"use strict";
// What colours mean: the names of curves, and the range of a scale.

// seriesLegend([{name, colour}])
function seriesLegend(series) {
  return element(
    "ul",
    { class: "legend" },
    series.map(({ name, colour }, i) =>
      element("li", { style: { "--swatch": colour || seriesColour(i) } }, name),
    ),
  );
}

// scaleLegend({scale, low, high, label}): a bar from the scale's first to its last colour; `low`
// and `high` are texts.
function scaleLegend({ scale = "sequential", low, high, label = "" }) {
  const start = kScales[scale].low;
  const stops = Array.from({ length: 9 }, (_, i) =>
    scaleColour(scale, start + ((1 - start) * i) / 8),
  );
  return element(
    "div",
    { class: "legend scale-legend" },
    label ? element("span", {}, label) : null,
    element("span", { class: "number" }, low),
    element("span", {
      class: "scale-bar",
      style: { background: `linear-gradient(90deg, ${stops.join(", ")})` },
    }),
    element("span", { class: "number" }, high),
  );
}
