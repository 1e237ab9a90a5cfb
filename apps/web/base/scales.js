"use strict";
// Numbers as colours. Each scale maps onto the page's palette, so that it follows the theme:
//   sequential  0 .. 1    attention weights, probabilities (light to deep blue)
//   gradient    0 .. 1    norms of gradients (light to deep orange)
//   diverging  -1 .. 1    signed numbers such as hidden states (orange, nothing, blue)

const kScales = {
  sequential: { low: 0, stops: ["--heat-none", "--heat-mid", "--heat-full"] },
  gradient: { low: 0, stops: ["--heat-none", "--gradient-mid", "--gradient-full"] },
  diverging: { low: -1, stops: ["--negative", "--heat-none", "--positive"] },
};

// A CSS colour that follows the theme by itself; for elements and SVG.
function scaleColour(scale, value) {
  const { low, stops } = kScales[scale];
  const at = ((clamp(value, low, 1) - low) / (1 - low)) * (stops.length - 1);
  const left = Math.min(Math.floor(at), stops.length - 2);
  const share = ((at - left) * 100).toFixed(1);
  return `color-mix(in oklab, var(${stops[left + 1]}) ${share}%, var(${stops[left]}))`;
}

const kPaletteSize = 128;
const paletteCache = new Map();

// The same colours resolved for a canvas in the present theme: value -> colour.
function canvasScale(scale) {
  const key = `${document.documentElement.dataset.theme} ${scale}`;
  if (!paletteCache.has(key)) paletteCache.set(key, resolvedPalette(scale));
  const palette = paletteCache.get(key);
  const low = kScales[scale].low;
  return (value) => {
    const share = (clamp(value, low, 1) - low) / (1 - low);
    return palette[Math.round(share * (kPaletteSize - 1))];
  };
}

// All colours are asked for at once, so that the browser computes styles once.
function resolvedPalette(scale) {
  const low = kScales[scale].low;
  const probes = Array.from({ length: kPaletteSize }, (_, i) => {
    const value = low + ((1 - low) * i) / (kPaletteSize - 1);
    return element("span", { style: { color: scaleColour(scale, value) } });
  });
  const box = document.body.appendChild(element("div", { hidden: true }, probes));
  const palette = probes.map((probe) => getComputedStyle(probe).color);
  box.remove();
  return palette;
}

// The colour of the i-th curve of a chart.
function seriesColour(i) {
  return `var(--series-${(i % 6) + 1})`;
}

// The largest absolute value in (nested) arrays; 1 if all are 0, so that it can divide.
function largestSize(values) {
  let largest = 0;
  for (const value of values.flat(Infinity)) largest = Math.max(largest, Math.abs(value));
  return largest || 1;
}
