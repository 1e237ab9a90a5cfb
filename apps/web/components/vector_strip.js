"use strict";
// A vector as a strip of coloured cells; hover, or focus and arrow keys, give the numbers.

// vectorStrip(values, {label, scale, max, perRow}): `values` is an array of numbers, `max` the size
// that has the full colour (by default the largest in it), `perRow` the cells in a row (by default
// at most 64, so that 512 numbers make 8 rows). Returns a <canvas> with update(values).
function vectorStrip(values, { label = "", scale = "diverging", max, perRow = 64 } = {}) {
  const canvas = element("canvas", { class: "vector-strip", tabindex: 0, role: "img" });
  const rowHeight = 6;
  let columns = 1;
  let focused = 0;

  const draw = () => {
    const rows = Math.ceil(values.length / perRow);
    columns = Math.ceil(values.length / rows);
    const cell = 4;
    canvas.width = columns * cell;
    canvas.height = rows * rowHeight;
    canvas.style.setProperty("--rows", rows);
    const largest = max || largestSize(values);
    const colour = canvasScale(scale);
    const context = canvas.getContext("2d");
    values.forEach((value, i) => {
      context.fillStyle = colour(value / largest);
      context.fillRect((i % columns) * cell, Math.floor(i / columns) * rowHeight, cell, rowHeight);
    });
    canvas.setAttribute("aria-label", `${label}: vector of ${values.length} numbers`);
  };
  const text = (i) => `${label}[${i}] = ${formatNumber(values[i])}`;
  const indexAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = clamp(
      Math.floor(((event.clientX - box.left) / box.width) * columns),
      0,
      columns - 1,
    );
    const rows = Math.ceil(values.length / columns);
    const row = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1);
    return Math.min(row * columns + column, values.length - 1);
  };
  canvas.addEventListener("pointermove", (event) => showTooltip(event, text(indexAt(event))));
  canvas.addEventListener("focus", () => showTooltip(canvas, text(focused)));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    focused = clamp(focused + step, 0, values.length - 1);
    showTooltip(canvas, text(focused));
  });
  for (const type of ["pointerleave", "blur"]) canvas.addEventListener(type, hideTooltip);

  canvas.update = (next) => {
    values = next;
    draw();
  };
  canvas.redraw = draw;
  draw();
  return canvas;
}
