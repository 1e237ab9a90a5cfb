"use strict";
// Matrices as colours: heatMap() with a word at each row and column, matrixMap() for large ones.

// heatMap({rows, columns, heads, values, scale, max, rowTitle, columnTitle, format, onHover}): `rows`
// and `columns` are words, `heads` what stands for the columns if not they, `values` rows of numbers
// (there may be fewer rows than words: the others are still empty). Returns a <table> with
// showRows(count), which empties the rows from there on; focus and arrow keys move over the cells.
// onHover(row, column) is called with (-1, -1) when the pointer leaves.
function heatMap(options) {
  const {
    rows,
    columns,
    heads = columns,
    rowTitle = "target",
    columnTitle = "source",
    onHover,
  } = options;
  const head = element(
    "tr",
    {},
    element("td", { class: "heat-corner" }),
    heads.map((head) =>
      element("th", { scope: "col" }, element("span", {}, element("bdi", {}, head))),
    ),
  );
  const body = rows.map((word, row) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("bdi", {}, word)),
      columns.map((_, column) => heatCell(options, row, column)),
    ),
  );
  const dense = columns.length > 14 ? "is-dense" : "";
  const table = element(
    "table",
    { class: `heat-map ${dense}`, "aria-label": `${rowTitle} by ${columnTitle}` },
    element("thead", {}, head),
    element("tbody", {}, body),
  );
  table.addEventListener("keydown", moveBetweenCells);
  table.showRows = (count) => {
    [...table.tBodies[0].rows].forEach((line, row) => line.toggleAttribute("inert", row >= count));
  };
  if (onHover) table.addEventListener("pointerleave", () => onHover(-1, -1));
  return table;
}

function heatCell(
  { rows, columns, values, scale = "sequential", max = 1, format = formatNumber, onHover },
  row,
  column,
) {
  const value = values[row]?.[column];
  if (value === undefined) return element("td", { class: "heat-empty" });
  const cell = element("td", {
    tabindex: row === 0 && column === 0 ? 0 : -1,
    style: { "--heat": scaleColour(scale, value / max) },
    "aria-label": `${rows[row]}, ${columns[column]}: ${format(value)}`,
  });
  explainOnHover(cell, () => `${rows[row]} ← ${columns[column]}  ${format(value)}`);
  if (onHover) {
    cell.addEventListener("pointerenter", () => onHover(row, column));
    cell.addEventListener("focus", () => onHover(row, column));
  }
  return cell;
}

function moveBetweenCells(event) {
  const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[
    event.key
  ];
  const cell = event.target.closest("td");
  if (!move || !cell) return;
  event.preventDefault();
  event.stopPropagation();
  const table = cell.closest("table");
  table.rows[cell.parentNode.rowIndex + move[0]]?.cells[cell.cellIndex + move[1]]?.focus();
}

// matrixMap({values, scale, max, label, cell}): a <canvas> of `cell` pixels a number, no words.
function matrixMap({ values, scale = "diverging", max, label = "", cell = 4 }) {
  const rows = values.length;
  const columns = values[0]?.length ?? 0;
  const largest = max || largestSize(values);
  const canvas = element("canvas", {
    class: "matrix-map",
    width: columns * cell,
    height: rows * cell,
    role: "img",
    "aria-label": `${label}: ${rows} by ${columns} numbers`,
  });
  canvas.redraw = () => {
    const colour = canvasScale(scale);
    const context = canvas.getContext("2d");
    values.forEach((line, row) =>
      line.forEach((value, column) => {
        context.fillStyle = colour(value / largest);
        context.fillRect(column * cell, row * cell, cell, cell);
      }),
    );
  };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const row = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1);
    const column = clamp(
      Math.floor(((event.clientX - box.left) / box.width) * columns),
      0,
      columns - 1,
    );
    showTooltip(event, `${label}[${row}, ${column}] = ${formatNumber(values[row][column])}`);
  });
  canvas.addEventListener("pointerleave", hideTooltip);
  canvas.redraw();
  return canvas;
}
