"use strict";
// A picture from the pixels of its patches, with a number lying over each patch.

// The source of a document: `features` has a row of numbers for each patch (its pixel rows one
// after the other, the colours of each pixel, 0 to 1), `patches` {rows, columns, height, width,
// channels}.

// A <canvas> with the pixels of patches [first, end) of a picture that is `columns` patches wide.
function patchCanvas({ features, patches }, first, end, columns, label) {
  const { height, width, channels } = patches;
  const canvas = element("canvas", {
    width: columns * width,
    height: Math.ceil((end - first) / columns) * height,
    role: label === undefined ? undefined : "img",
    "aria-label": label,
  });
  const context = canvas.getContext("2d");
  const grey = channels < 3;
  features.slice(first, end).forEach((values, at) => {
    const image = context.createImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let colour = 0; colour < 3; colour++)
        image.data[4 * pixel + colour] = 255 * values[channels * pixel + (grey ? 0 : colour)];
      image.data[4 * pixel + 3] = 255;
    }
    context.putImageData(image, (at % columns) * width, Math.floor(at / columns) * height);
  });
  return canvas;
}

// Patch i alone.
function patchImage(source, i, label) {
  const canvas = patchCanvas(source, i, i + 1, 1, label);
  canvas.className = "patch-image";
  return canvas;
}

// patchPicture(source, {name, numbers}): `name(i)` is that of a patch. Returns an element with
// show({values, scale, format, label}): patches with small values step back, relative to the
// largest; without values all are as they are. With `numbers` the pointer, or focus and arrow keys,
// give them.
function patchPicture(source, { name = (i) => `patch ${i + 1}`, numbers = false } = {}) {
  const { rows, columns, height, width } = source.patches;
  const cells = source.features.map((_, i) =>
    element("span", { class: "patch", dataset: { column: i } }),
  );
  const node = element(
    "div",
    {
      class: "patch-picture",
      role: "img",
      tabindex: numbers ? 0 : undefined,
      style: { "--ratio": (columns * width) / (rows * height) },
    },
    patchCanvas(source, 0, cells.length, columns),
    element("div", { class: "patches", style: { "--rows": rows, "--columns": columns } }, cells),
  );
  let shown = {};
  const text = (i) => name(i) + (shown.values ? `  ${shown.format(shown.values[i])}` : "");
  node.show = ({ values = null, scale = "sequential", format = formatNumber, label = "" }) => {
    shown = { values, format };
    node.classList.toggle("has-values", values !== null);
    node.dataset.scale = scale;
    node.setAttribute("aria-label", label);
    if (values) shareOut(cells, values);
  };
  if (numbers) readPatches(node, cells, columns, text);
  return node;
}

// How clear each cell is, beside the one with most, and how strong its frame: full from half of all.
function shareOut(cells, values) {
  const largest = largestSize(values);
  const sum = values.reduce((all, value) => all + value, 0) || 1;
  cells.forEach((cell, i) =>
    setStyle(cell, {
      "--clear": values[i] / largest,
      "--framed": Math.min(1, (2 * values[i]) / sum),
    }),
  );
}

function readPatches(node, cells, columns, text) {
  let focused = 0;
  const focus = (i) => {
    focused = clamp(i, 0, cells.length - 1);
    showTooltip(cells[focused], text(focused));
  };
  node.addEventListener("pointermove", (event) => {
    const i = cells.indexOf(event.target);
    if (i >= 0) showTooltip(event, text(i));
  });
  node.addEventListener("focus", () => focus(focused));
  node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    focus(focused + step);
  });
  for (const type of ["pointerleave", "blur"]) node.addEventListener(type, hideTooltip);
}
