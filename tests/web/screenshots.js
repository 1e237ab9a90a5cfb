// Writes pictures of explain pages: node screenshots.js PAGE.html PICTURES.html FOLDER
import path from "node:path";
import { checkFaults, launch, open } from "./browser.js";

const [words, pictures, folder] = process.argv.slice(2).map((name) => path.resolve(name));
const browser = await launch();

// The stage at the step whose title is `title`.
async function picture(name, page, title, options) {
  const tab = await open(browser, page, { width: 1240, height: 1000, ...options });
  const heading = tab.locator(".caption h2");
  while (!(await heading.textContent()).endsWith(title))
    await tab.getByRole("button", { name: "Step forward" }).click();
  await tab.waitForTimeout(300);
  await tab.locator(".stage").screenshot({ path: path.join(folder, `${name}.png`) });
  checkFaults(tab);
  await tab.close();
}

await picture("explain-forward", words, "“student” is chosen", {});
await picture("explain-backward", words, "Back from “student”: through time", { dark: true });
await picture("explain-picture", pictures, "Word 8: softmax", { height: 1240 });
await browser.close();
