"use strict";
// Curves over a common x: line charts with axes and a read-out, and sparklines.

// lineChart({series, x, y, height, marker}): `series` is [{name, points: [[x, y], ...], colour?,
// dots?}], `x` and `y` are {label, scale: "linear" | "log", min?, max?, whole?}; `marker` an x with
// a vertical line. Returns a <figure> with a legend (if there are several series); hover, or focus
// and arrow keys, read the values.
function lineChart({ series, x = {}, y = {}, height = 240, marker }) {
  const shown = series.map((one, i) => ({
    ...one,
    colour: one.colour || seriesColour(i),
    points: one.points.filter(
      ([, value]) => Number.isFinite(value) && (y.scale !== "log" || value > 0),
    ),
  }));
  const figure = element("figure", { class: "line-chart" });
  if (series.length > 1) figure.append(seriesLegend(shown));
  const picture = svg("svg", { tabindex: 0, role: "img", "aria-label": chartLabel(shown, x, y) });
  figure.append(picture);
  const draw = () => drawChart(picture, shown, x, y, height, marker);
  new ResizeObserver(draw).observe(figure);
  figure.setMarker = (value) => {
    marker = value;
    draw();
  };
  return figure;
}

function chartLabel(series, x, y) {
  const names = series
    .map((one) => one.name)
    .filter(Boolean)
    .join(", ");
  return `${y.label || names} over ${x.label || "x"}`;
}

function axisLabel({ label, scale }) {
  return [label, scale === "log" ? "logarithmic" : ""].filter(Boolean).join(", ");
}

function chartRange(series, axis, index) {
  const values = series.flatMap((one) => one.points.map((point) => point[index]));
  const low = axis.min ?? values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = axis.max ?? values.reduce((a, b) => Math.max(a, b), -Infinity);
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : [0.1, 1];
}

function drawChart(picture, series, x, y, height, marker) {
  const width = picture.parentNode.clientWidth;
  if (!width) return;
  const margin = { left: 52, right: 14, top: 18, bottom: 38 };
  const xAt = axisScale(chartRange(series, x, 0), [margin.left, width - margin.right], x.scale);
  const yAt = axisScale(chartRange(series, y, 1), [height - margin.bottom, margin.top], y.scale);
  if (x.whole) xAt.ticks = xAt.ticks.filter(Number.isInteger);
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.setAttribute("height", height);
  const bottom = height - margin.bottom;
  picture.replaceChildren(
    ...[
      yAt.ticks.map((value) =>
        svg("line", {
          class: "chart-grid",
          x1: margin.left,
          x2: width - margin.right,
          y1: yAt(value),
          y2: yAt(value),
        }),
      ),
      yAt.ticks.map((value) =>
        svg(
          "text",
          {
            class: "chart-tick",
            x: margin.left - 8,
            y: yAt(value) + 4,
            "text-anchor": "end",
          },
          formatTick(value),
        ),
      ),
      xAt.ticks.map((value) =>
        svg(
          "text",
          {
            class: "chart-tick",
            x: xAt(value),
            y: bottom + 16,
            "text-anchor": "middle",
          },
          formatTick(value),
        ),
      ),
      svg("text", { class: "chart-label", x: margin.left, y: 11 }, axisLabel(y)),
      svg(
        "text",
        { class: "chart-label", x: width - margin.right, y: height - 4, "text-anchor": "end" },
        axisLabel(x),
      ),
      marker === undefined
        ? []
        : svg("line", {
            class: "chart-marker",
            x1: xAt(marker),
            x2: xAt(marker),
            y1: margin.top,
            y2: bottom,
          }),
      series.map((one) => drawSeries(one, xAt, yAt)),
    ].flat(Infinity),
  );
  addReadOut(picture, series, xAt, x, yAt);
}

function drawSeries({ points, colour, dots }, xAt, yAt) {
  const path = points.map(
    ([a, b], i) => `${i ? "L" : "M"}${xAt(a).toFixed(1)} ${yAt(b).toFixed(1)}`,
  );
  const marks = dots || points.length === 1 ? points : [];
  return [
    svg("path", { class: "chart-line", d: path.join(""), stroke: colour }),
    marks.map(([a, b]) => svg("circle", { cx: xAt(a), cy: yAt(b), r: 3, fill: colour })),
  ];
}

// A vertical line at the nearest x and a tooltip with every series' value there.
function addReadOut(picture, series, xAt, x, yAt) {
  const places = [...new Set(series.flatMap((one) => one.points.map(([a]) => a)))].sort(
    (a, b) => a - b,
  );
  if (!places.length) return;
  const ruler = svg("line", { class: "chart-ruler", visibility: "hidden" });
  picture.append(ruler);
  let at = 0;
  const read = (anchor) => {
    const place = places[at];
    const lines = series.flatMap(({ name, points }) => {
      const point = points.find(([a]) => a === place);
      return point ? [`${name ? `${name}  ` : ""}${formatNumber(point[1])}`] : [];
    });
    const [bottom, top] = yAt.range;
    fillElement(
      ruler,
      { x1: xAt(place), x2: xAt(place), y1: top, y2: bottom, visibility: "visible" },
      [],
    );
    showTooltip(anchor, [`${x.label || "x"} ${formatNumber(place)}`, ...lines].join("\n"));
  };
  const leave = () => {
    ruler.setAttribute("visibility", "hidden");
    hideTooltip();
  };
  picture.onpointermove = (event) => {
    const position = event.clientX - picture.getBoundingClientRect().left;
    at = places.reduce(
      (best, place, i) =>
        Math.abs(xAt(place) - position) < Math.abs(xAt(places[best]) - position) ? i : best,
      0,
    );
    read(event);
  };
  picture.onfocus = () => read(picture);
  picture.onpointerleave = leave;
  picture.onblur = leave;
  picture.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    at = clamp(at + step, 0, places.length - 1);
    read(picture);
  };
}

// sparkline(values, {width, height, colour, label}): a curve the size of a word, its last point
// marked.
function sparkline(values, { width = 96, height = 24, colour = "var(--accent)", label = "" } = {}) {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const points = values.map((value, i) => [
    2 + (i / Math.max(1, values.length - 1)) * (width - 6),
    height - 3 - ((value - low) / span) * (height - 6),
  ]);
  const [endX, endY] = points.at(-1) ?? [0, 0];
  return svg(
    "svg",
    { class: "sparkline", width, height, role: "img", "aria-label": label },
    svg("polyline", { points: points.map((point) => point.join(",")).join(" "), stroke: colour }),
    svg("circle", { cx: endX, cy: endY, r: 2, fill: colour }),
  );
}
