"use strict";
// Curves over a picture from one element to another: who gives to whom, and how much.

// drawConnectors(overlay, links): `overlay` is an <svg> that covers its parent, `links` are {from,
// to, strength, backward}, elements inside the parent and a strength of 0 .. 1. Curves leave at the
// bottom of `from` and arrive at the top of `to`, or the other way around if it stands higher.
// Elements that are scrolled out of view get none.
function drawConnectors(overlay, links) {
  const frame = overlay.parentNode.getBoundingClientRect();
  overlay.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  overlay.replaceChildren(
    ...links
      .filter((link) => inView(link.from) && inView(link.to))
      .map((link) => connector(link, frame)),
  );
}

function inView(node) {
  const scroller = node.closest(".scroll");
  if (!scroller) return true;
  const outer = scroller.getBoundingClientRect();
  const inner = node.getBoundingClientRect();
  const middle = inner.left + inner.width / 2;
  const covered = parseFloat(getComputedStyle(scroller).scrollPaddingLeft) || 0; // by the labels
  return middle > outer.left + covered && middle < outer.right;
}

function connector({ from, to, strength, backward }, frame) {
  const start = from.getBoundingClientRect();
  const end = to.getBoundingClientRect();
  const down = start.top <= end.top;
  const x1 = start.left + start.width / 2 - frame.left;
  const x2 = end.left + end.width / 2 - frame.left;
  const y1 = (down ? start.bottom : start.top) - frame.top;
  const y2 = (down ? end.top : end.bottom) - frame.top;
  const bend = (y2 - y1) * 0.5;
  return svg("path", {
    class: backward ? "connector backward" : "connector",
    d: `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`,
    "stroke-width": (0.75 + 5.25 * strength).toFixed(2),
    "stroke-opacity": (0.12 + 0.78 * strength).toFixed(3),
  });
}
