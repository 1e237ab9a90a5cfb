"use strict";
// Light or dark, motion or none: as the system wishes until the reader presses a switch, whose
// state is kept for this page's next visit where the browser allows it.

const themeListeners = [];

// Calls `listener` after a change of theme or motion. CSS follows by itself, and every <canvas>
// that is on the page has its redraw() called.
function onThemeChange(listener) {
  themeListeners.push(listener);
}

function motionAllowed() {
  return document.documentElement.dataset.motion !== "off";
}

// The two switches, for the top of a page.
function themeSwitches() {
  return element(
    "div",
    { class: "switches" },
    settingSwitch("motion", ["on", "off"], "Motion"),
    settingSwitch("theme", ["light", "dark"], "Theme"),
  );
}

function settingSwitch(name, values, title) {
  const root = document.documentElement;
  const button = element("button", {
    type: "button",
    onclick: () => applySetting(name, values[1 - values.indexOf(root.dataset[name])], true),
  });
  const show = () => {
    button.textContent = `${title}: ${root.dataset[name]}`;
  };
  onThemeChange(show);
  show();
  return button;
}

function applySetting(name, value, keep) {
  document.documentElement.dataset[name] = value;
  if (keep) storedSetting(name, value);
  for (const listener of themeListeners) listener();
  for (const canvas of document.querySelectorAll("canvas")) canvas.redraw?.();
}

// Reads, or with a value writes. Browsers may forbid storage for pages that are opened from disk.
function storedSetting(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`babelgrad-${name}`, value);
    return localStorage.getItem(`babelgrad-${name}`);
  } catch {
    return null;
  }
}

function followSystem(name, query, matching, otherwise) {
  const media = matchMedia(query);
  const apply = () => applySetting(name, media.matches ? matching : otherwise, false);
  if (storedSetting(name)) applySetting(name, storedSetting(name), false);
  else apply();
  media.addEventListener("change", () => {
    if (!storedSetting(name)) apply();
  });
}

followSystem("theme", "(prefers-color-scheme: dark)", "dark", "light");
followSystem("motion", "(prefers-reduced-motion: reduce)", "off", "on");
