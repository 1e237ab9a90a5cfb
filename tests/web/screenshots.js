// Writes pictures of an explain page: node screenshots.js PAGE.html FOLDER
import path from "node:path";
import { checkFaults, launch, open } from "./browser.js";

const [page, folder] = process.argv.slice(2).map((name) => path.resolve(name));
const browser = await launch();

// The stage at the step whose title is `title`.
async function picture(name, title, options) {
  const tab = await open(browser, page, { width: 1240, height: 1000, ...options });
  const heading = tab.locator(".caption h2");
  while (!(await heading.textContent()).endsWith(title))
    await tab.getByRole("button", { name: "Step forward" }).click();
  await tab.waitForTimeout(300);
  await tab.locator(".stage").screenshot({ path: path.join(folder, `${name}.png`) });
  checkFaults(tab);
  await tab.close();
}

await picture("explain-forward", "“student” is chosen", {});
await picture("explain-backward", "Back from “student”: through time", { dark: true });
await browser.close();
