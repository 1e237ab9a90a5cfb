"use strict";
// Elements in one expression, the page's data, and numbers as text.

// element("p", {class: "soft", onclick: f, dataset: {id: 3}}, "text", child, [more children])
function element(tag, attributes = {}, ...children) {
  return fillElement(document.createElement(tag), attributes, children);
}

// The same for SVG.
function svg(tag, attributes = {}, ...children) {
  return fillElement(
    document.createElementNS("http://www.w3.org/2000/svg", tag),
    attributes,
    children,
  );
}

function fillElement(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "style" && typeof value === "object") setStyle(node, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return node;
}

// setStyle(node, {"--share": 0.3, opacity: 1})
function setStyle(node, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) node.style.setProperty(name, value);
  }
}

// The JSON that make_page() was given.
function pageData() {
  return JSON.parse(document.getElementById("data").textContent);
}

// 0.012346 -> "0.0123", -3.2e-7 -> "-3.2e-7": three significant digits, with a true minus sign.
function formatNumber(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text;
  if (size === 0) text = "0";
  else if (Number.isInteger(value) && size < 1e12) text = value.toLocaleString("en");
  else if (size >= 1e6 || size < 1e-4) text = value.toExponential(1);
  else text = size >= 1000 ? value.toFixed(0) : value.toPrecision(3);
  return text.replace(/-/g, "−");
}

// 0.8312 -> "83 %", 0.004 -> "0.4 %", 0.00001 -> "< 0.1 %"
function formatShare(share) {
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent > 99.9 && percent < 100) return "> 99.9 %";
  return (percent < 10 && percent > 0 ? percent.toFixed(1) : percent.toFixed(0)) + " %";
}

// Scrolls `scroller` sideways, if its content is wider than it, until `node` inside is in its
// middle.
function scrollToMiddle(scroller, node) {
  if (scroller.scrollWidth <= scroller.clientWidth) return;
  const outer = scroller.getBoundingClientRect();
  const inner = node.getBoundingClientRect();
  const left = scroller.scrollLeft + inner.left + inner.width / 2 - outer.left - outer.width / 2;
  scroller.scrollTo({ left, behavior: motionAllowed() ? "smooth" : "instant" });
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
