"use strict";
// One tooltip for the page. It follows the mouse, or stands at an element that has the keyboard's
// focus.

const tooltipNode = document.body.appendChild(
  element("div", { class: "tooltip", role: "status", hidden: true }),
);

// Shows `content` (text or nodes) near `at`, a mouse event or an element.
function showTooltip(at, ...content) {
  tooltipNode.replaceChildren(...content);
  tooltipNode.hidden = false;
  const box = at.clientX === undefined ? at.getBoundingClientRect() : null;
  const x = box ? box.left + box.width / 2 : at.clientX;
  const y = box ? box.top : at.clientY;
  const size = tooltipNode.getBoundingClientRect();
  const left = clamp(x - size.width / 2, 8, document.documentElement.clientWidth - size.width - 8);
  const above = y - size.height - 12;
  tooltipNode.style.transform = `translate(${left}px, ${above > 4 ? above : y + 20}px)`;
}

function hideTooltip() {
  tooltipNode.hidden = true;
}

// Lets `node` show text(event) on hover and on focus.
function explainOnHover(node, text) {
  const show = (event) => showTooltip(event.type === "focus" ? node : event, text());
  node.addEventListener("pointermove", show);
  node.addEventListener("focus", show);
  for (const type of ["pointerleave", "blur"]) node.addEventListener(type, hideTooltip);
  return node;
}

window.addEventListener("scroll", hideTooltip, { passive: true, capture: true });
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideTooltip();
});
