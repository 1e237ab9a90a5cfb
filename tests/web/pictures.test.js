// The explain page of a model of pictures: the picture, what lies over it, and the film strip.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import {
  assertNumber,
  assertShare,
  build,
  checkFaults,
  dataOf,
  launch,
  open,
  position,
  press,
  screenshot,
  serve,
  title,
  until,
} from "./browser.js";

const file = (name) => path.join(build, `web-tests/${name}.html`);
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const picture = (page) => page.locator(".picture-view figure .patch-picture");
const frame = (page, t) => page.locator(".film-strip button").nth(t);
// The index of the largest.
const largestAt = (values) => values.indexOf(Math.max(...values));

async function openPicture(options) {
  const page = await open(browser, file("picture"), options);
  const { models } = await dataOf(page);
  return { page, models, model: models[0] };
}

// To the step whose title this is.
async function goTo(page, wanted) {
  await page.evaluate((text) => {
    const { player, steps } = explainPage;
    player.stopAt(steps.findIndex((step) => step.title === text));
  }, wanted);
  assert.equal(await title(page), wanted);
}

// How clear each patch of a picture is: 1 where there is no fog.
async function clearness(shown) {
  const colours = await shown
    .locator(".patch")
    .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
  const fog = colours.map((colour) =>
    Number(/\/ ([\d.e-]+)\)|, ([\d.e-]+)\)/.exec(colour)?.[1] ?? 0),
  );
  const thickest = 0.72;
  return fog.map((share) => 1 - share / thickest);
}

// Whether what lies over a picture's patches is these values, beside the largest.
async function checkOver(shown, values) {
  const largest = Math.max(...values);
  (await clearness(shown)).forEach((clear, i) =>
    assert.ok(Math.abs(clear - values[i] / largest) < 0.02, `patch ${i + 1}: ${clear}`),
  );
}

test("the picture's pixels are its features", async () => {
  const { page, model } = await openPicture();
  const { features, patches } = model.source;
  const { size, pixels } = await picture(page)
    .locator("canvas")
    .evaluate((canvas) => ({
      size: [canvas.width, canvas.height],
      pixels: [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data],
    }));
  assert.deepEqual(size, [patches.columns * patches.width, patches.rows * patches.height]);
  features.forEach((values, i) => {
    const top = Math.floor(i / patches.columns) * patches.height;
    const left = (i % patches.columns) * patches.width;
    for (let at = 0; at < 3 * patches.width * patches.height; at++) {
      const pixel = Math.floor(at / 3);
      const y = top + Math.floor(pixel / patches.width);
      const x = left + (pixel % patches.width);
      const drawn = pixels[4 * (y * size[0] + x) + (at % 3)];
      assert.ok(Math.abs(drawn - 255 * values[at]) <= 1, `patch ${i + 1}, number ${at}`);
    }
  });
  assert.equal(await page.locator('[data-row="words"] canvas').count(), features.length);
  checkFaults(page);
});

test("attention lies over it, step by step and in the film strip", async () => {
  const { page, model } = await openPicture();
  assert.equal(await picture(page).evaluate((node) => node.matches(".has-values")), false);
  for (const [t, step] of model.decoder.steps.entries()) {
    await checkOver(frame(page, t).locator(".patch-picture"), step.weights);
    assert.equal(await frame(page, t).locator("bdi").textContent(), step.chosen.text);
    await frame(page, t).click();
    assert.equal(await title(page), `Word ${t + 1}: softmax`);
    assert.equal(await frame(page, t).getAttribute("aria-current"), "true");
    await checkOver(picture(page), step.weights);
    const best = largestAt(step.weights);
    const label = await picture(page).getAttribute("aria-label");
    const said = /^The picture 3\. Attention for “(.*)”: patch (\d+) \(([^)]*)\)/.exec(label);
    assert.deepEqual(said.slice(1, 3), [step.chosen.text, String(best + 1)]);
    assertShare(said[3], step.weights[best]);
  }
  await screenshot(page, "picture");
  checkFaults(page);
});

test("gradients lie over it in the backward steps", async () => {
  const { page, model } = await openPicture();
  await page.locator(".chapters button", { hasText: "Backward" }).click();
  assert.equal(await picture(page).evaluate((node) => node.matches(".has-values")), false);
  const word = model.decoder.steps[model.backward.length - 1].chosen.text;
  await goTo(page, `Back from “${word}”: the encoder’s states`);
  await checkOver(picture(page), model.backward.at(-1).encoder_states);
  for (const [t, norms] of model.backward.entries()) {
    await checkOver(frame(page, t).locator(".patch-picture"), norms.source_embeddings);
    await frame(page, t).click();
    assert.equal(
      await title(page),
      `Back from “${model.decoder.steps[t].chosen.text}”: through time`,
    );
    await checkOver(picture(page), norms.source_embeddings);
    const [, patch, norm] = /: patch (\d+) \(([^)]*)\)/.exec(
      await picture(page).getAttribute("aria-label"),
    );
    assert.equal(Number(patch), largestAt(norms.source_embeddings) + 1);
    assertNumber(norm, norms.source_embeddings[patch - 1]);
  }
  checkFaults(page);
});

test("the encoder's readers stand on their patches", async () => {
  const { page, model } = await openPicture();
  const count = model.source.tokens.length;
  for (const i of [0, 5, count - 1]) {
    await goTo(page, `Encoder, pulse ${i + 1}`);
    const here = Array.from({ length: count }, (_, at) => Number([i, count - 1 - i].includes(at)));
    await checkOver(picture(page), here);
  }
  checkFaults(page);
});

test("a patch's number on hover and by key, and its column marked", async () => {
  const { page, model } = await openPicture();
  const { weights } = model.decoder.steps[0];
  await frame(page, 0).click();
  const tooltip = page.locator(".tooltip");
  const check = async (i) => {
    const [, patch, share] = /^patch (\d+)  (.*)$/.exec(await tooltip.textContent());
    assert.equal(Number(patch), i + 1);
    assertShare(share, weights[i]);
  };
  await picture(page).locator(".patch").nth(7).hover();
  await check(7);
  const marked = await page
    .locator(".cell.is-pointed")
    .evaluateAll((cells) => cells.map((cell) => cell.dataset.column));
  assert.ok(marked.length > 5 && marked.every((column) => column === "7"));
  await page.locator('[data-row="words"]').nth(3).hover();
  assert.equal(await picture(page).locator(".patch.is-pointed").getAttribute("data-column"), "3");
  await picture(page).focus();
  await page.keyboard.press("ArrowDown");
  await check(model.source.patches.columns);
  await page.keyboard.press("ArrowRight");
  await check(model.source.patches.columns + 1);
  checkFaults(page);
});

test("a model without attention: gradients in the film strip", async () => {
  const { page, models } = await openPicture();
  await page.locator(".model-tabs button").nth(1).click();
  const model = models[1];
  assert.equal(model.decoder.steps[0].weights, undefined);
  for (const [t, norms] of model.backward.entries())
    await checkOver(frame(page, t).locator(".patch-picture"), norms.source_embeddings);
  await frame(page, 0).click();
  assert.match(await title(page), /: through time$/);
  checkFaults(page);
});

test("every step, without a fault", async () => {
  const { page } = await openPicture();
  const [, count] = await position(page);
  for (let i = 1; i < count; i++) await press(page, "ArrowRight");
  assert.deepEqual(await position(page), [count, count]);
  checkFaults(page);
});

test("readable on a phone, and in the dark", async () => {
  for (const [name, options] of [
    ["light", {}],
    ["dark", { dark: true }],
    ["tablet", { width: 760 }],
    ["phone", { width: 390, height: 844 }],
    ["phone-dark", { width: 390, height: 844, dark: true }],
  ]) {
    const { page } = await openPicture(options);
    const fits = async () =>
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth),
        options.width ?? 1360,
        `${name}, ${await title(page)}`,
      );
    await fits();
    await press(page, "End");
    await fits();
    await page.locator(".chapters .is-word").first().click();
    await goTo(page, "Word 1: softmax");
    await fits();
    await screenshot(page, `picture-${name}`, { fullPage: true });
    checkFaults(page);
    await page.close();
  }
});

test("features that are of no picture: numbers and strips", async () => {
  const features = path.join(build, "web-tests/features.html");
  writeFileSync(
    features,
    readFileSync(file("picture"), "utf8").replaceAll(/"patches":\{[^}]*\},/g, ""),
  );
  const page = await open(browser, features);
  const { models } = await dataOf(page);
  const { tokens } = models[0].source;
  assert.equal(models[0].source.patches, undefined);
  assert.equal(await page.locator(".patch-picture, .patch-image").count(), 0);
  assert.deepEqual(
    await page.locator('[data-row="words"]').allTextContents(),
    tokens.map((token) => token.text),
  );
  assert.equal(await page.locator('[data-row="features"] canvas').count(), tokens.length);
  assert.equal(await title(page), "The source is a row of vectors");
  await press(page, "End");
  assert.match(await page.locator(".lens-text").textContent(), / Position \d+ receives most/);
  checkFaults(page);
});

test("the page of a model of words has no picture", async () => {
  const page = await open(browser, file("explain"));
  const selectors = ".picture-view, .patch-picture, .patch-image, .patch-sign, .film-strip";
  assert.equal(await page.locator(selectors).count(), 0);
  checkFaults(page);
});

test("the report: attention over each picture, word by word, and the examples' pictures", async () => {
  const page = await open(browser, file("report-picture-global"));
  const { attention, quality } = await dataOf(page);
  const { target, moments } = attention.sentences[0];
  const frames = page.locator("#attention .card:has(.film-strip)").first().locator(".frame");
  assert.deepEqual(await frames.locator("bdi").allTextContents(), target);
  for (let t = 0; t < target.length; t++) await checkOver(frames.nth(t), moments.at(-1).weights[t]);
  assert.equal(await page.locator("#examples .example canvas").count(), quality.sample.length);
  const breakdown = await page.locator("#quality").textContent();
  assert.ok(breakdown.includes("% of the references' tokens; of the tokens that it wrote"));
  assert.equal(quality.by_length.length, 1);
  assert.ok(!breakdown.includes("By length"));
  await screenshot(page, "report-pictures", { fullPage: true });
  checkFaults(page);
  await page.close();
});

test("the report of a model of pictures without attention", async () => {
  const page = await open(browser, file("report-picture-none"));
  const { attention } = await dataOf(page);
  assert.equal(await page.locator("#attention .frame").count(), attention.sentences.length);
  assert.ok((await page.locator("#attention").textContent()).includes("has no attention"));
  checkFaults(page);
  await page.close();
});

test("served: an item of the features is asked for by its number", async () => {
  const { server, address } = await serve(
    "--model",
    path.join(build, "web-tests/picture-global"),
    "--source-features",
    path.join(build, "web-tests/pictures/test.safetensors"),
  );
  try {
    const page = await open(browser, address);
    await until(() => page.getByLabel("Item to translate").count());
    await page.getByLabel("Item to translate").fill("3");
    await page.getByRole("button", { name: "Translate" }).click();
    await until(() => picture(page).count());
    assert.equal(await page.locator("h1 bdi").first().textContent(), "picture 3");
    assert.equal(await page.getByLabel("Item to translate").inputValue(), "3");
    checkFaults(page);
    await page.close();
  } finally {
    server.kill("SIGTERM");
  }
});
