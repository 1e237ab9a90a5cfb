// The served page: another sentence, a word retyped, a weight dragged, a position switched off.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { build, checkFaults, launch, open, screenshot, serve, until } from "./browser.js";

let browser;
let server;
let address;

before(async () => {
  browser = await launch();
  ({ server, address } = await serve("--model", path.join(build, "web-tests/luong")));
});

after(async () => {
  await browser.close();
  server.kill("SIGTERM");
});

const translation = (page) => page.locator("h1 bdi").nth(1).textContent();

// Opens the page and has it translate `sentence`.
async function openWith(sentence, options) {
  const page = await open(browser, address, options);
  await page.getByLabel("Sentence to translate").fill(sentence);
  await page.getByRole("button", { name: "Translate" }).click();
  await until(async () => (await page.locator("h1 bdi").first().textContent()) === sentence);
  return page;
}

// To the step at which word `t` gets its attention weights.
async function goToWeights(page, t) {
  await page.locator(".chapters .is-word").nth(t).click();
  while (!(await page.locator(".caption h2").textContent()).endsWith(": softmax"))
    await page.getByRole("button", { name: "Step forward" }).click();
}

// Drags the weight bar of source position `i` to the top and waits for the answer.
async function dragToTop(page, i) {
  const box = await page.locator(".weight-bar").nth(i).boundingBox();
  const answer = page.waitForResponse((response) => response.url().endsWith("/api/explain"));
  await page.mouse.move(box.x + box.width / 2, box.y + box.height - 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y - 4, { steps: 5 });
  await page.mouse.up();
  assert.equal((await answer).status(), 200);
  await until(() => page.evaluate(() => !document.querySelector(".live[aria-busy]")));
}

test("a sentence, and a word of it retyped", async () => {
  const page = await openWith("je suis étudiant");
  const first = await translation(page);
  assert.notEqual(first, "");
  await page.getByLabel("Source word 1").fill("nous");
  await page.getByLabel("Source word 1").press("Enter");
  await until(
    async () => (await page.locator("h1 bdi").first().textContent()) === "nous suis étudiant",
  );
  assert.notEqual(await translation(page), first);
  checkFaults(page);
});

test("a dragged weight changes what the decoder chooses", async () => {
  const page = await openWith("je suis étudiant");
  const original = await translation(page);
  const positions = await page.locator('[data-row="weights"]').count();
  let changed = original;
  for (let i = 0; i < positions && changed === original; i++) {
    await goToWeights(page, 0);
    await dragToTop(page, i);
    assert.equal(await page.locator(".weight .number").nth(i).textContent(), "100 %");
    assert.match(await page.locator(".lens-text").textContent(), /set by hand/);
    changed = await translation(page);
  }
  assert.notEqual(changed, original);
  assert.equal(await page.locator(".live-message").textContent(), `Before the change: ${original}`);
  await screenshot(page, "served-dragged");
  await page.getByRole("button", { name: "Undo changes" }).click();
  await until(async () => (await translation(page)) === original);
  checkFaults(page);
});

test("a position that is switched off gets no attention", async () => {
  const page = await openWith("je suis étudiant");
  await page.locator(".position-switch").first().click();
  await until(async () => (await page.locator(".position-switch").first().textContent()) === "off");
  for (const t of [0, 1]) {
    await goToWeights(page, t);
    assert.equal(await page.locator(".weight .number").first().textContent(), "0 %");
  }
  checkFaults(page);
});

test("what the server refuses is said in a sentence", async () => {
  const page = await openWith("je suis étudiant");
  await page.getByLabel("Sentence to translate").fill("je ".repeat(3000));
  await page.getByRole("button", { name: "Translate" }).click();
  await until(async () => /token/.test(await page.locator(".live-message").textContent()));
  page.faults = page.faults.filter((fault) => !/status of 4\d\d/.test(fault));
  checkFaults(page);
});

test("on a phone", async () => {
  const page = await openWith("je suis étudiant", { width: 390, height: 844 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  await screenshot(page, "served-phone", { fullPage: true });
  checkFaults(page);
});
