"use strict";
// dataTable({columns, rows, sortable, caption}): `columns` are {title, value(row), show?(row)}:
// `value` gives a number or text (to sort by and, without `show`, to print), `show` a text or node.
// Numbers stand on the right. With `sortable`, a press on a title sorts by it, a second one the
// other way. Returns a scrollable <div>.
function dataTable({ columns, rows, sortable = false, caption }) {
  const body = element("tbody");
  const order = { column: -1, descending: false };
  const fill = () =>
    body.replaceChildren(
      ...sortedRows(rows, columns, order).map((row) =>
        element(
          "tr",
          {},
          columns.map((column) => tableCell(column, row)),
        ),
      ),
    );
  const titles = columns.map((column, i) => {
    const numeric = rows.length > 0 && typeof column.value(rows[0]) === "number";
    const attributes = { scope: "col", class: numeric ? "numeric" : undefined };
    if (!sortable) return element("th", attributes, column.title);
    const sort = () => {
      order.descending = order.column === i ? !order.descending : numeric;
      order.column = i;
      titles.forEach((title, at) =>
        title.setAttribute(
          "aria-sort",
          at !== i ? "none" : order.descending ? "descending" : "ascending",
        ),
      );
      fill();
    };
    return element(
      "th",
      { ...attributes, "aria-sort": "none" },
      element("button", { type: "button", onclick: sort }, column.title),
    );
  });
  fill();
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      { class: "data-table" },
      caption ? element("caption", {}, caption) : null,
      element("thead", {}, element("tr", {}, titles)),
      body,
    ),
  );
}

function sortedRows(rows, columns, { column, descending }) {
  if (column < 0) return rows;
  const value = columns[column].value;
  const compare = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
  return [...rows].sort((a, b) => compare(value(a), value(b)) * (descending ? -1 : 1));
}

function tableCell(column, row) {
  const value = column.value(row);
  const number = typeof value === "number";
  return element(
    "td",
    { class: number ? "numeric" : undefined },
    column.show ? column.show(row) : number ? formatNumber(value) : value,
  );
}
