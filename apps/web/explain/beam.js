"use strict";
// The beam search as a tree: a column for each step, candidates from best to worst, the way to the
// chosen translation drawn strong. Hover or focus on a node shows its score and its attention.

const kBeamColumn = 148;
const kBeamRow = 30;
const kBeamNode = 114; // width

function beamSection(model) {
  if (!model.beam) return null; // chosen greedily
  const { nodes, size } = model.beam;
  const places = beamPlaces(nodes);
  const width = (Math.max(...nodes.map((node) => node.step)) + 1) * kBeamColumn;
  const height = (Math.max(...[...places.values()].map((place) => place.row)) + 1) * kBeamRow + 8;
  const attention = element("div", { class: "beam-attention" });
  const showNode = (node) => attention.replaceChildren(...beamDetail(model, node));
  showNode(nodes.filter((node) => node.best).at(-1) || nodes[0]);
  const picture = svg(
    "svg",
    {
      class: "beam",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "group",
      "aria-label": "Beam search tree",
    },
    nodes.filter((node) => node.parent >= 0).map((node) => beamEdge(node, places)),
    nodes.map((node) => beamNode(node, places.get(node.id), showNode)),
  );
  return element(
    "section",
    { class: "section" },
    element("h2", {}, "The beam"),
    element(
      "p",
      { class: "soft" },
      `At each step the search keeps the ${size} best beginnings of a sentence, not the best word alone. ` +
        "Pale ones were dropped, the strong line became the translation; the numbers are log-probabilities.",
    ),
    element("div", { class: "card" }, element("div", { class: "scroll" }, picture), attention),
  );
}

// Columns by step, rows by probability within it: node id -> {x, y, row}.
function beamPlaces(nodes) {
  const columns = new Map();
  for (const node of nodes) {
    if (!columns.has(node.step)) columns.set(node.step, []);
    columns.get(node.step).push(node);
  }
  const places = new Map();
  for (const [step, column] of columns) {
    column.sort((a, b) => b.best - a.best || b.log_probability - a.log_probability);
    column.forEach((node, row) =>
      places.set(node.id, { x: step * kBeamColumn + 6, y: row * kBeamRow + 20, row }),
    );
  }
  return places;
}

function beamEdge(node, places) {
  const from = places.get(node.parent);
  const to = places.get(node.id);
  const start = from.x + kBeamNode;
  const middle = (start + to.x) / 2;
  return svg("path", {
    class: `beam-edge is-${node.state} ${node.best ? "is-best" : ""}`,
    d: `M${start} ${from.y} C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`,
  });
}

function beamNode(node, { x, y }, showNode) {
  const letters = [...node.text];
  const word = letters.length > 9 ? `${letters.slice(0, 8).join("")}…` : node.text;
  const group = svg(
    "g",
    {
      class: `beam-node is-${node.state || "open"} ${node.best ? "is-best" : ""}`,
      tabindex: 0,
      role: "img",
      transform: `translate(${x} ${y})`,
      "aria-label": beamNodeText(node),
    },
    svg("rect", { x: 0, y: -12, width: kBeamNode, height: 24, rx: 12 }),
    svg("text", { x: 12, y: 4.5, "aria-hidden": "true" }, word),
    svg(
      "text",
      { class: "beam-score", "aria-hidden": "true", x: kBeamNode - 10, y: 4, "text-anchor": "end" },
      node.parent < 0 ? "" : node.log_probability.toFixed(2).replace("-", "−"),
    ),
  );
  explainOnHover(group, () => beamNodeText(node));
  for (const type of ["pointerenter", "focus"]) group.addEventListener(type, () => showNode(node));
  return group;
}

function beamNodeText(node) {
  if (node.parent < 0) return "the beginning";
  const score = node.score === undefined ? "" : `\nscore ${formatNumber(node.score)}`;
  return `${quoted(node.text)} ${node.state}\nlog-probability ${formatNumber(node.log_probability)}${score}`;
}

// The sentence up to a node, and where that node looked.
function beamDetail(model, node) {
  const byId = new Map(model.beam.nodes.map((one) => [one.id, one]));
  const words = [];
  for (let at = node; at && at.parent >= 0; at = byId.get(at.parent)) words.unshift(at.text);
  const line = element(
    "p",
    {},
    element("bdi", {}, words.join(" ") || node.text),
    element("span", { class: "soft number" }, `  ${formatNumber(node.log_probability)}`),
  );
  if (!node.weights?.length) return [line];
  if (model.source.patches) return [line, attendedPatches(model, node.weights)];
  return [
    line,
    element(
      "div",
      { class: "attended" },
      model.source.tokens.map((token, i) =>
        element(
          "span",
          {
            style: { "--heat": scaleColour("sequential", node.weights[i]) },
            class: node.weights[i] > 0.45 ? "is-strong" : undefined,
            title: formatShare(node.weights[i]),
          },
          element("bdi", {}, token.text),
        ),
      ),
    ),
  ];
}

function attendedPatches(model, weights) {
  const picture = patchPicture(model.source, { numbers: true });
  picture.classList.add("attended-patches");
  const label = `Attention: ${largestOf(model, weights, formatShare)}.`;
  picture.show({ values: weights, format: formatShare, label });
  return picture;
}
