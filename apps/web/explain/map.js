"use strict";
// The whole model as one picture: a column for each source token, with a row for each thing that
// the model computes of it, and the decoder's chain below. It is built once; show(step) fills in
// what has been computed by then, lights what the step is about, and in the backward steps colours
// the gradients.

// The first step shows, faintly, the picture of this one: what the story is going to fill in.
const kPreview = { kind: "words", t: 0 };

// class ModelMap: `node` is the picture; `edits` (or null) are what a live page lets the reader
// change: {word(i, text), toggle(i), weight(t, i, share), masked: Set}.
class ModelMap {
  constructor(model, edits) {
    this.model = model;
    this.rows = sourceRows(model);
    this.blocks = decoderBlocks(model);
    this.overlay = svg("svg", { class: "connectors", "aria-hidden": "true" });
    this.cells = new Map(); // row's name -> [S] cells
    this.scroller = element(
      "div",
      { class: "map-source scroll", tabindex: -1 },
      this.sourceGrid(edits),
    );
    this.chain = new Map(); // block's name -> its node
    this.output = element("ol", {
      class: "map-output item-row",
      "aria-label": "Translation so far",
    });
    this.node = element(
      "div",
      { class: "map" },
      this.overlay,
      this.scroller,
      this.decoderChain(),
      element(
        "div",
        { class: "map-sentence" },
        element("span", { class: "map-label" }, "output"),
        this.output,
      ),
    );
    this.step = null;
    const redraw = () => this.step && this.connect(this.step);
    this.scroller.addEventListener("scroll", redraw, { passive: true });
    new ResizeObserver(redraw).observe(this.node);
  }

  sourceGrid(edits) {
    const columns = this.model.source.tokens.length;
    const place = (i) => (i === 0 ? " is-first" : "") + (i === columns - 1 ? " is-last" : "");
    const grid = element("div", { class: "map-grid", style: { "--columns": columns } });
    this.rows.forEach((row, at) => {
      const line = { "grid-row": at + 1 };
      grid.append(element("div", { class: "map-label", style: line }, row.label));
      const cells = this.model.source.tokens.map((_, i) =>
        element(
          "div",
          {
            class: `cell cell-${row.kind}${place(i)}`,
            dataset: { row: row.name, column: i },
            style: { ...line, "grid-column": i + 2 },
          },
          row.cell(i, edits),
        ),
      );
      this.cells.set(row.name, cells);
      grid.append(...cells);
    });
    return grid;
  }

  decoderChain() {
    const chain = element("div", { class: "map-chain" });
    for (const block of this.blocks) {
      const body = element("div", { class: "block-body" });
      const node = element(
        "div",
        { class: "block", dataset: { block: block.name } },
        element("div", { class: "map-label" }, block.label),
        body,
      );
      this.chain.set(block.name, { node, body });
      chain.append(node);
    }
    return chain;
  }

  show(step) {
    this.step = step;
    const preview = step.kind === "tokens";
    const drawn = preview ? kPreview : step;
    const backward = step.kind.startsWith("gradient");
    this.node.classList.toggle("is-backward", backward);
    this.node.classList.toggle("is-preview", preview);
    for (const row of this.rows) {
      this.cells.get(row.name).forEach((cell, i) => {
        this.showCell(row, cell, i, drawn, backward);
        cell.classList.toggle("is-active", row.progress(step, i).active);
      });
    }
    for (const block of this.blocks) {
      this.showBlock(block, drawn, backward);
      this.chain
        .get(block.name)
        .node.classList.toggle("is-active", block.active.includes(step.kind));
    }
    this.showOutput(drawn);
    this.bringIntoView(step);
    this.connect(step);
  }

  showCell(row, cell, i, step, backward) {
    const { known } = row.progress(step, i);
    cell.classList.toggle("is-known", known);
    if (row.update && known) row.update(cell, i, step);
    const norm = backward && row.gradient ? row.gradient(step) : null;
    showGradient(cell, norm?.[i], norm && largestSize(norm));
  }

  showBlock(block, step, backward) {
    const { node, body } = this.chain.get(block.name);
    const content = block.content(step);
    node.classList.toggle("is-known", content !== null);
    body.replaceChildren(...[content ?? []].flat());
    const norm = backward && block.gradient ? block.gradient(step) : undefined;
    const largest = backward ? largestSize(decoderNorms(this.model, step.t)) : 1;
    showGradient(node, norm, largest);
  }

  showOutput(step) {
    const steps = this.model.decoder.steps;
    const count = writtenWords(this.model, step);
    this.output.replaceChildren(
      ...steps
        .slice(0, count)
        .map((one, t) =>
          element(
            "li",
            { class: t === step.t ? "is-active" : undefined },
            element("bdi", {}, one.chosen.text),
          ),
        ),
    );
  }

  // The column that the step is about, when the columns do not fit.
  bringIntoView(step) {
    scrollToMiddle(this.scroller, this.cells.get("words")[centralColumn(this.model, step)]);
  }

  connect(step) {
    drawConnectors(this.overlay, mapLinks(this, step));
  }
}

// Writes norm / largest as depth of orange into a cell or block, and the norm as a number, unless it
// is negligible beside the largest; no norm removes both.
function showGradient(node, norm, largest) {
  node.classList.toggle("has-gradient", norm !== undefined);
  if (norm === undefined) return;
  setStyle(node, {
    "--gradient": scaleColour("gradient", norm / largest),
    "--share": norm / largest,
  });
  node.dataset.gradient = formatNumber(norm);
  node.classList.toggle("is-negligible", norm > 0 && norm < largest / 1000);
}

// How many output words stand there at a step.
function writtenWords(model, step) {
  if (step.kind.startsWith("gradient")) return model.decoder.steps.length;
  if (step.t === undefined) return 0;
  return step.kind === "words" ? step.t + 1 : step.t;
}

function centralColumn(model, step) {
  if (step.kind === "encode") return step.i;
  const weights = step.t === undefined ? null : model.decoder.steps[step.t].weights;
  return weights ? weights.indexOf(Math.max(...weights)) : 0;
}

// The cells of the last layer that the decoder's first state is made of.
function initialSources({ model, cells }) {
  const layer = model.encoder.layers.length - 1;
  const forward = cells.get(`forward-${layer}`);
  const backward = cells.get(`backward-${layer}`) ?? [];
  return {
    zero: [],
    last: [forward.at(model.config.reverse_source ? 0 : -1), ...backward.slice(0, 1)],
    mean: [...forward, ...backward],
  }[model.config.initial_state];
}

// Which curves a step draws.
function mapLinks(map, step) {
  const { model, cells, chain } = map;
  const block = (name) => chain.get(name).node;
  const each = (row, to, strengths, backward = false) =>
    cells.get(row).map((from, i) => ({ from, to, strength: strengths[i], backward }));
  const here = step.t === undefined ? null : model.decoder.steps[step.t];
  switch (step.kind) {
    case "initial":
      return initialSources(map).map((from) => ({ from, to: block("state"), strength: 0.5 }));
    case "recurrence": {
      const word = map.output.lastElementChild;
      return word ? [{ from: word, to: block("input"), strength: 0.3 }] : [];
    }
    case "scores":
      return each(
        "scores",
        block("state"),
        here.weights.map(() => 0.15),
      );
    case "context":
    case "readout":
    case "words":
      return here.weights ? each("weighted", block("context"), here.weights) : [];
    case "gradient-states":
    case "gradient-words": {
      if (!here.weights)
        return initialSources(map).map((from) => ({
          from,
          to: block("state"),
          strength: 0.5,
          backward: true,
        }));
      const norms = model.backward[step.t].encoder_states;
      return each(
        "states",
        block("context"),
        norms.map((norm) => norm / largestSize(norms)),
        true,
      );
    }
    default:
      return [];
  }
}
