// The report page, opened from disk: its figures and tables against its data, attention at each
// snapshot, examples.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { assertShare, build, checkFaults, dataOf, launch, open, screenshot } from "./browser.js";

const file = path.join(build, "web-tests/report.html");
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("figures, curves and tables show the data", async () => {
  const page = await open(browser, file);
  const { curves, quality } = await dataOf(page);
  const figures = await page.locator(".figure dd").allTextContents();
  assert.ok(figures[0].startsWith(quality.bleu.toFixed(1)));
  assert.ok(figures[1].startsWith(quality.chrf.toFixed(1)));
  assertShare(figures[2].match(/^[^a-z]*%/)[0], quality.exact_match);
  assertShare(figures[3].match(/^[^a-z]*%/)[0], quality.token_error_rate);
  assert.equal(await page.locator("#curves .card").count(), 8);
  const layers = new Set(
    curves.norms.parameters.map(({ name }) => name.split(".").slice(0, -1).slice(0, 2).join(".")),
  );
  assert.ok(layers.size >= 8, [...layers].join(" "));
  assert.equal(await page.locator("#layers .layer-card").count(), layers.size);
  assert.equal(
    await page.locator("#layers details tbody tr").count(),
    curves.norms.parameters.length,
  );
  const lengths = page.locator("#quality table").first().locator("tbody tr");
  assert.equal(await lengths.count(), quality.by_length.length);
  assert.ok((await lengths.first().textContent()).includes(quality.by_length[0].bleu.toFixed(1)));
  await screenshot(page, "report", { fullPage: true });
  checkFaults(page);
  await page.close();
});

test("the slider shows the attention of each snapshot", async () => {
  const page = await open(browser, file);
  const { attention } = await dataOf(page);
  const { moments, sentences } = attention;
  assert.ok(moments.length > 2);
  for (let i = moments.length - 1; i >= 0; i--) {
    const sentence = page.locator("#attention .sentence-grid .card").first();
    const cells = sentence.locator("td[aria-label]");
    const { weights, text } = sentences[0].moments[i];
    assert.equal(await cells.count(), weights.flat().length);
    const label = await cells.first().getAttribute("aria-label");
    assertShare(label.split(": ").at(-1), weights[0][0]);
    assert.ok((await sentence.textContent()).includes(text));
    await page.locator("button[title='Step back']").click();
  }
  checkFaults(page);
  await page.close();
});

test("examples: a sample and the worst", async () => {
  const page = await open(browser, file);
  const { quality } = await dataOf(page);
  for (const [name, rows] of [
    ["The worst", quality.worst],
    ["A sample", quality.sample],
  ]) {
    await page.getByRole("button", { name }).click();
    const cards = page.locator("#examples .example");
    assert.equal(await cards.count(), rows.length);
    assert.ok((await cards.first().textContent()).includes(rows[0].source));
  }
  checkFaults(page);
  await page.close();
});

test("dark, and on a phone nothing is wider than the screen", async () => {
  const page = await open(browser, file, { width: 390, height: 844, dark: true });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `${width} pixels wide`);
  await screenshot(page, "report-phone", { fullPage: true });
  checkFaults(page);
  await page.close();
});
