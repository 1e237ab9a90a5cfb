// The explain page, opened from disk: plays every step, reads its numbers against its data.
import assert from "node:assert/strict";
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
  title,
  until,
} from "./browser.js";

const file = path.join(build, "web-tests/explain.html");
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const texts = (page, selector) => page.locator(selector).allTextContents();

// What the picture shows in the row `name`, one entry a source token.
const row = (page, name) => page.locator(`[data-row="${name}"]`);

// Reads the numbers of the step that is shown against the model's data; returns what kind of step
// it was.
async function checkStep(page, model) {
  const heading = await title(page);
  const word = /^Word (\d+): /.exec(heading);
  if (!word) return heading.split(/[,“]/)[0];
  const step = model.decoder.steps[Number(word[1]) - 1];
  if (heading.endsWith(": scores")) {
    const shown = await row(page, "scores").allTextContents();
    shown.forEach((text, i) => assertNumber(text, step.scores[i]));
    return "scores";
  }
  if (heading.endsWith(": softmax")) {
    const shown = await row(page, "weights").locator(".number").allTextContents();
    assert.equal(shown.length, step.weights.length);
    shown.forEach((text, i) => assertShare(text, step.weights[i]));
    return "softmax";
  }
  if (heading.endsWith(": the context")) {
    const opacities = await row(page, "weighted")
      .locator("canvas")
      .evaluateAll((all) => all.map((one) => Number(getComputedStyle(one).opacity)));
    opacities.forEach((opacity, i) =>
      assert.ok(Math.abs(opacity - 0.06 - 0.94 * step.weights[i]) < 1e-4),
    );
    return "context";
  }
  if (!heading.endsWith("is chosen")) return heading.replace(word[0], "");
  assert.deepEqual(
    (await texts(page, ".lens-body .bar-word")).slice(0, step.top.length),
    step.top.map((one) => one.text),
  );
  const shares = await texts(page, ".lens-body .bar-list .number");
  step.top.forEach((one, i) => assertShare(shares[i], Math.exp(one.log_probability)));
  assert.equal((await texts(page, ".map-output li")).at(-1), step.chosen.text);
  return "words";
}

test("plays every step, with the numbers of its data", async () => {
  const page = await open(browser, file);
  const {
    models: [model],
  } = await dataOf(page);
  const [, count] = await position(page);
  const words = model.decoder.steps.length;
  const seen = new Map();
  for (let i = 0; i < count; i++) {
    assert.deepEqual(await position(page), [i + 1, count]);
    const kind = await checkStep(page, model);
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    await press(page, "ArrowRight");
  }
  for (const kind of ["scores", "softmax", "context", "words"])
    assert.equal(seen.get(kind), words, kind);
  assert.equal([...seen].filter(([kind]) => kind === "Encoder").length, 1);
  assert.equal(seen.get("Encoder"), model.source.tokens.length * model.encoder.layers.length);
  assert.deepEqual(
    await texts(page, ".map-output li"),
    model.decoder.steps.map((step) => step.chosen.text),
  );
  checkFaults(page);
});

test("models of other settings: every step, and what their layers read", async () => {
  const three = ["context", "hidden", "embedding"];
  const two = ["context", "hidden"];
  for (const [name, formula, sizes, start, said, score] of [
    [
      "inside",
      "maxout(W [c; h′; e] + b)",
      three,
      "The mean of",
      "additive score",
      "vᵀ tanh(W h + U s)",
    ],
    ["fed", "W [c; h] + b", two, "a state of zeros", "input feeding", "hᵀ W s"],
    ["demo", "tanh(W [c; h] + b)", two, "last states", "scaled_dot score", "hᵀ s / √H"],
    ["fixed", "maxout(W [c; h; e] + b)", three, "no attention", "a fixed context"],
  ]) {
    const page = await open(browser, path.join(build, `web-tests/${name}.html`));
    const {
      models: [model],
    } = await dataOf(page);
    const size = { ...model.config, context: model.encoder.states[0].length };
    assert.ok((await page.locator("body").textContent()).includes(`, ${said}`));
    const [, count] = await position(page);
    let readouts = 0;
    for (let i = 0; i < count; i++) {
      const kind = await checkStep(page, model);
      if (kind === "The decoder’s first state")
        assert.ok((await page.locator(".caption").textContent()).includes(start));
      if (kind === "scores")
        assert.ok((await page.locator(".lens-body").textContent()).includes(` score: ${score}.`));
      if (kind.endsWith("are joined")) {
        readouts += 1;
        const lens = await page.locator(".lens-body").textContent();
        assert.ok(lens.includes(formula), lens);
        assert.ok(
          lens.includes(`${sizes.map((key) => size[key]).join(" + ")} numbers go in`),
          lens,
        );
      }
      await press(page, "ArrowRight");
    }
    assert.equal(readouts, model.decoder.steps.length);
    checkFaults(page);
    await page.close();
  }
});

// Opens the page of a model of scripts/test_web.sh and returns it with the texts of all its steps.
async function textsOf(name) {
  const page = await open(browser, path.join(build, `web-tests/${name}.html`));
  const {
    models: [model],
  } = await dataOf(page);
  const [, count] = await position(page);
  const steps = [];
  for (let i = 0; i < count; i++) {
    await checkStep(page, model);
    const [said, lens] = await Promise.all(
      [".caption", ".lens-body"].map((part) => page.locator(part).textContent()),
    );
    steps.push({ heading: await title(page), said, lens });
    await press(page, "ArrowRight");
  }
  checkFaults(page);
  return { page, model, steps, of: (end) => steps.filter(({ heading }) => heading.endsWith(end)) };
}

test("residual layers: what they hand on is shown and said", async () => {
  const { page, model, of, steps } = await textsOf("residual");
  const taken = of("takes a step");
  assert.equal(taken.length, model.decoder.steps.length);
  for (const { said, lens } of taken) {
    assert.ok(said.includes("(residual)"), said);
    assert.equal(lens.split("handed on: h + x").length, 3);
  }
  assert.equal(
    steps.filter(({ heading, said }) => /layer [23]/.test(heading) && said.includes("(residual)"))
      .length,
    2 * model.source.tokens.length,
  );
  const at = steps.findIndex(({ heading }) => heading.endsWith("is chosen"));
  await page.evaluate(
    (hash) => {
      location.hash = hash;
    },
    `#step=${at + 1}`,
  );
  await until(async () => (await position(page))[0] === at + 1);
  const block = page.locator('[data-block="state"] canvas');
  const box = await block.boundingBox();
  await page.mouse.move(box.x + 1, box.y + 2);
  const shown = await page.locator(".tooltip").textContent();
  assertNumber(/= (\S+)$/.exec(shown)[1], model.decoder.steps[0].layers[2].sum[0]);
  await page.close();
});

test("local-p: weights by softmax and distance, of which no sum is claimed", async () => {
  const { page, model, of } = await textsOf("predicted");
  for (const [t, { said, lens }] of of(": softmax").entries()) {
    assert.ok(lens.includes("Σ exp(scoreⱼ) · exp(−(i − p)² / 2s²)"), lens);
    assert.ok(lens.includes("s = 1, half of that"), lens);
    assert.ok(said.includes("no longer add up to 1"), said);
    const most = /The largest weight, (\S+), is that of/.exec(said)[1];
    assertNumber(most, Math.max(...model.decoder.steps[t].weights));
  }
  for (const [t, { said }] of of(": scores").entries()) {
    const { scores, center } = model.decoder.steps[t];
    const within = scores.filter((_, i) => Math.abs(i - center) <= 2);
    assertNumber(/matches best, with (\S+)\.$/.exec(said)[1], Math.max(...within));
    assert.equal(
      said.includes("Of the positions that may be looked at"),
      within.length < scores.length,
    );
  }
  await page.close();
});

test("monotonic: where the search begins, what it may reach, what coverage adds", async () => {
  const { page, model, of } = await textsOf("monotonic");
  let from = 0;
  for (const [t, { said }] of of(": weights").entries()) {
    assert.ok(
      said.includes(t === 0 ? "The first position whose score" : "goes on where the word before"),
      said,
    );
    assert.ok(said.includes("Here it goes to "), said);
  }
  for (const [t, { said, lens }] of of(": scores").entries()) {
    const { scores, weights } = model.decoder.steps[t];
    assert.ok(lens.includes("where u is the attention"), lens);
    assertNumber(/matches best, with (\S+)\.$/.exec(said)[1], Math.max(...scores.slice(from)));
    from = weights.indexOf(1);
  }
  await page.close();
});

test("a reader that goes from the end is called so", async () => {
  const page = await open(browser, path.join(build, "web-tests/fed.html"));
  const labels = await texts(page, ".map-grid .map-label");
  assert.ok(labels.some((label) => label.startsWith("from the end")));
  assert.ok(!labels.some((label) => label.startsWith("forward")));
  await page.close();
});

test("gradients are those of the data", async () => {
  const page = await open(browser, file);
  const {
    models: [model],
  } = await dataOf(page);
  await press(page, "End");
  const norms = model.backward.at(-1);
  for (const [name, values] of [
    ["embeddings", norms.source_embeddings],
    ["states", norms.encoder_states],
    [`forward-${model.encoder.layers.length - 1}`, norms.encoder_forward],
  ]) {
    const shown = await row(page, name).evaluateAll((cells) =>
      cells.map((cell) => cell.dataset.gradient),
    );
    assert.equal(shown.length, values.length);
    shown.forEach((text, i) => assertNumber(text, values[i]));
  }
  await screenshot(page, "explain-backward", { fullPage: true });
  checkFaults(page);
});

test("a vector's numbers on hover", async () => {
  const page = await open(browser, file, { hash: "#step=2" });
  const {
    models: [model],
  } = await dataOf(page);
  const strip = row(page, "embeddings").nth(1).locator("canvas");
  const box = await strip.boundingBox();
  await page.mouse.move(box.x + 1, box.y + 2);
  const text = await page.locator(".tooltip").textContent();
  assertNumber(/= (\S+)$/.exec(text)[1], model.source.embeddings[1][0]);
  checkFaults(page);
});

test("the alignment grows as it plays", async () => {
  const page = await open(browser, file);
  const {
    models: [model],
  } = await dataOf(page);
  const coloured = () =>
    page
      .locator(".matrix-card")
      .first()
      .locator("tbody tr:not([inert]) td:not(.heat-empty)")
      .count();
  for (const [t, step] of model.decoder.steps.entries()) {
    await page.locator(".chapters .is-word").nth(t).click();
    assert.equal(await coloured(), t * step.weights.length);
  }
  checkFaults(page);
});

test("play, pause, first step, speed and links", async () => {
  const page = await open(browser, file, { hash: "#step=5" });
  assert.equal((await position(page))[0], 5);
  await page.selectOption(".player select", "4");
  await page.getByRole("button", { name: "Play" }).click();
  await until(async () => (await position(page))[0] >= 7);
  await page.getByRole("button", { name: "Pause" }).click();
  const [stopped] = await position(page);
  await page.waitForTimeout(900);
  assert.equal((await position(page))[0], stopped);
  await page.evaluate(() => {
    location.hash = "#step=3";
  });
  await until(async () => (await position(page))[0] === 3);
  await press(page, "Home");
  assert.equal((await position(page))[0], 1);
  await press(page, " ");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  checkFaults(page);
});

test("the beam as a tree", async () => {
  const page = await open(browser, file);
  const {
    models: [model],
  } = await dataOf(page);
  const nodes = page.locator(".beam-node");
  assert.equal(await nodes.count(), model.beam.nodes.length);
  const at = model.beam.nodes.findIndex((node) => node.state === "dropped");
  await nodes.nth(at).hover();
  const node = model.beam.nodes[at];
  assert.match(
    await page.locator(".tooltip").textContent(),
    new RegExp(`“.*” dropped\nlog-probability `),
  );
  const shares = await page
    .locator(".attended span")
    .evaluateAll((all) => all.map((one) => one.title));
  assert.equal(shares.length, node.weights.length);
  shares.forEach((text, i) => assertShare(text, node.weights[i]));
  checkFaults(page);
});

test("learning: a slider over the snapshots", async () => {
  const page = await open(browser, file);
  const {
    models: [model],
  } = await dataOf(page);
  const slider = page.locator("#learning input[type=range]");
  for (const [i, snapshot] of model.snapshots.entries()) {
    await slider.fill(String(i));
    assert.equal(
      await page.locator(".learning-sentence bdi").textContent(),
      snapshot.text || "(nothing)",
    );
    assert.equal(
      await page.locator("#learning tbody td:not(.heat-empty)").count(),
      snapshot.weights.flat().length,
    );
  }
  checkFaults(page);
});

test("several models: in the picture by turns, and side by side", async () => {
  const page = await open(browser, file);
  const { models } = await dataOf(page);
  assert.equal((await page.locator("#models tbody tr").count()) >= models.length, true);
  for (const [i, model] of models.entries()) {
    await page.locator(".model-tabs button").nth(i).click();
    await press(page, "End");
    assert.deepEqual(
      await texts(page, ".map-output li"),
      model.decoder.steps.map((step) => step.chosen.text),
    );
    const attention = await row(page, "weights").count();
    assert.equal(attention, model.decoder.steps[0].weights ? model.source.tokens.length : 0);
  }
  checkFaults(page);
});

test("readable on a phone, in the dark, without motion", async () => {
  for (const [name, options] of [
    ["light", {}],
    ["dark", { dark: true }],
    ["phone", { width: 390, height: 844 }],
    ["phone-dark", { width: 390, height: 844, dark: true }],
  ]) {
    const page = await open(browser, file, { ...options, hash: "#step=12" });
    const width = options.width ?? 1360;
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, name);
    assert.equal(
      await page.evaluate(
        () => document.getAnimations().filter((one) => one.effect.getTiming().duration > 1).length,
      ),
      0,
    );
    await screenshot(page, `explain-${name}`, { fullPage: true });
    checkFaults(page);
    await page.close();
  }
});

test("switches for theme and motion", async () => {
  const page = await open(browser, file, { motion: true });
  const paper = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: "Theme: light" }).click();
  assert.notEqual(await paper(), light);
  await page.getByRole("button", { name: "Motion: on" }).click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.motion), "off");
  checkFaults(page);
});
