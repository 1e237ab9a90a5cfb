// The components that the pages share, called in a page that has them.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { build, checkFaults, launch, open } from "./browser.js";

let browser;
let page;
before(async () => {
  browser = await launch();
  page = await open(browser, path.join(build, "web-tests/explain.html"));
});
after(() => browser.close());

test("numbers as text", async () => {
  const numbers = [0, 0.0123456, -3.25e-7, 1234567, 12345.678, 0.5, null, Infinity, -Infinity];
  assert.deepEqual(await page.evaluate((all) => all.map(formatNumber), numbers), [
    "0",
    "0.0123",
    "−3.3e−7",
    "1,234,567",
    "12346",
    "0.500",
    "–",
    "∞",
    "−∞",
  ]);
  const shares = [0, 0.0004, 0.004, 0.0999, 0.83, 0.9996, 1];
  assert.deepEqual(await page.evaluate((all) => all.map(formatShare), shares), [
    "0 %",
    "< 0.1 %",
    "0.4 %",
    "10.0 %",
    "83 %",
    "> 99.9 %",
    "100 %",
  ]);
});

test("round ticks on linear and logarithmic axes", async () => {
  const cases = [
    [[0, 100], "linear", [0, 20, 40, 60, 80, 100]],
    [[0, 0.37], "linear", [0, 0.1, 0.2, 0.3]],
    [[5, 5], "linear", [4.6, 4.8, 5, 5.2, 5.4]],
    [[0.002, 0.06], "log", [0.002, 0.005, 0.01, 0.02, 0.05]],
    [[1e-6, 1], "log", [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]],
    [[0.015, 6], "log", [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]],
    [[0.015, 6], "log", [0.03, 0.1, 0.3, 1, 3], 94],
  ];
  for (const [range, scale, ticks, length = 300] of cases) {
    const found = await page.evaluate(
      ([a, b, c]) => axisScale(a, [0, c], b).ticks,
      [range, scale, length],
    );
    assert.deepEqual(found, ticks, `${range} ${scale} ${length}`);
  }
  const middle = await page.evaluate(() => axisScale([1, 100], [0, 300], "log")(10));
  assert.equal(Math.round(middle), 150);
});

test("a table sorts by a column, and the other way", async () => {
  const sorted = await page.evaluate(() => {
    const table = dataTable({
      columns: [
        { title: "name", value: (row) => row.name },
        { title: "norm", value: (row) => row.norm },
      ],
      rows: [
        { name: "b", norm: 2 },
        { name: "c", norm: 10 },
        { name: "a", norm: 1 },
      ],
      sortable: true,
    });
    const order = () =>
      [...table.querySelectorAll("tbody tr")].map((row) => row.cells[0].textContent).join("");
    const titles = table.querySelectorAll("th button");
    const orders = [order()];
    for (const title of [titles[0], titles[1], titles[1]]) {
      title.click();
      orders.push(order());
    }
    return orders;
  });
  assert.deepEqual(sorted, ["bca", "abc", "cba", "abc"]);
});

test("text is never read as markup", async () => {
  const text = "<img src=x onerror=alert(1)>";
  const shown = await page.evaluate((wicked) => {
    const map = heatMap({ rows: [wicked], columns: [wicked], values: [[0.5]] });
    return {
      images: map.querySelectorAll("img").length,
      row: map.querySelector("tbody th").textContent,
    };
  }, text);
  assert.deepEqual(shown, { images: 0, row: text });
});

test("curves and canvases without values draw nothing, without a fault", async () => {
  await page.evaluate(() => {
    const box = document.body.appendChild(element("div"));
    box.append(
      lineChart({ series: [{ name: "empty", points: [] }] }),
      sparkline([]),
      sparkline([1]),
    );
    box.append(lineChart({ series: [{ name: "one", points: [[0, 0]] }], y: { scale: "log" } }));
    box.append(vectorStrip([0]), matrixMap({ values: [] }));
  });
  checkFaults(page);
});
