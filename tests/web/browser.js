// Chromium for the tests: a page that fails its test on any console error or request to elsewhere.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const build = path.resolve(root, process.env.BABELGRAD_BUILD ?? "build");
const screenshots = path.join(build, "screenshots");

export async function launch() {
  mkdirSync(screenshots, { recursive: true });
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

// `babelgrad serve` with these flags: {server, address}; the test ends it by server.kill().
export async function serve(...flags) {
  const server = spawn(path.join(build, "babelgrad"), ["serve", ...flags, "--port", "0"]);
  for await (const line of createInterface({ input: server.stderr })) {
    const address = /http:\/\/\S+/.exec(line)?.[0];
    if (address) return { server, address };
  }
  throw new Error("the server did not say where it listens");
}

// Opens `address` (a file's path or a URL). The page's `faults` collect what went wrong; see
// checkFaults().
export async function open(
  browser,
  address,
  { width = 1360, height = 900, dark = false, motion = false, hash = "" } = {},
) {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: motion ? "no-preference" : "reduce",
  });
  const url = address.startsWith("http") ? address : pathToFileURL(address).href;
  page.faults = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      page.faults.push(message.text());
  });
  page.on("pageerror", (error) => page.faults.push(error.stack));
  page.on("request", (request) => {
    const wanted = request.url();
    const own = url.startsWith("http")
      ? wanted.startsWith(new URL(url).origin)
      : wanted.split("#")[0] === url;
    if (!own && !wanted.startsWith("data:")) page.faults.push(`request to ${wanted}`);
  });
  await page.goto(url + hash);
  await page.waitForSelector("#page > :not(noscript)");
  return page;
}

// Waits for condition() to hold. (The page's content security policy forbids the evaluation of
// code, which playwright's own waitForFunction needs.)
export async function until(condition) {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function checkFaults(page) {
  assert.deepEqual(page.faults, []);
}

export async function screenshot(page, name, options = {}) {
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), ...options });
}

// Of an explain page: the title of the step, [its number, how many there are], a key.
export const title = (page) => page.locator(".caption h2").textContent();
export const position = async (page) =>
  (await page.locator(".player-position").textContent()).split(" / ").map(Number);
export const press = (page, key) =>
  page.evaluate(
    (name) =>
      document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
      ),
    key,
  );

// The document that the page was made from.
export function dataOf(page) {
  return page.evaluate(() => JSON.parse(document.getElementById("data").textContent));
}

// Whether a printed share ("83 %", "< 0.1 %") is this number.
export function assertShare(text, share) {
  if (text === "< 0.1 %") assert.ok(share < 0.001, `${share} printed as ${text}`);
  else if (text === "> 99.9 %") assert.ok(share > 0.999, `${share} printed as ${text}`);
  else
    assert.ok(
      Math.abs(parseFloat(text) / 100 - share) < (text.includes(".") ? 0.0006 : 0.006),
      `${share} printed as ${text}`,
    );
}

// Whether a printed number ("0.0123", "−3.2e−7") is this one, to its three (two) significant
// digits.
export function assertNumber(text, value) {
  const printed = Number(text.replaceAll("−", "-").replaceAll(",", ""));
  assert.ok(
    Math.abs(printed - value) <= 0.06 * Math.abs(value) && !Number.isNaN(printed),
    `${value} printed as ${text}`,
  );
}
