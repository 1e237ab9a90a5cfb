"use strict";
// The rows of the model's picture, one cell a source token:
//   {name, kind, label, cell(i, edits), progress(step, i), update?(cell, i, step), gradient?(step)}
// progress() says whether a cell's content is known at a step, and whether the step is about it.

// The order in which things become known. Steps of one output word share a stage, as do backward
// steps.
const kStages = ["tokens", "embeddings", "encode", "handover", "initial"];

function stageOf(step) {
  const stage = kStages.indexOf(step.kind);
  return stage < 0 ? kStages.length : stage;
}

function sourceRows(model) {
  const rows = [wordRow(model), embeddingRow(model)];
  if (sourceKind(model) === "features") rows.splice(1, 0, featureRow(model));
  model.encoder.layers.forEach((layer, l) => {
    rows.push(...directionRows(model, layer, l));
  });
  if (!hasAttention(model)) return rows;
  return [...rows, stateRow(model), scoreRow(model), weightRow(model), weightedRow(model)];
}

function wordRow(model) {
  return {
    name: "words",
    kind: "word",
    label: "source",
    cell: (i, edits) => {
      const sign = sourceSign(model, i);
      return edits
        ? editableWord(sign, i, edits)
        : element("bdi", { class: "word", title: sourceLabel(model, i) }, sign);
    },
    progress: (step) => ({ known: true, active: step.kind === "tokens" }),
    gradient: (step) =>
      step.kind === "gradient-words" ? model.backward[step.t].source_embeddings : null,
  };
}

// The cells of a row of vectors, one a source token.
function strips(model, vectors, what, max = largestSize(vectors)) {
  return (i) => vectorStrip(vectors[i], { label: `${what} ${sourceWord(model, i)}`, max });
}

// What stands in the place of words: numbers of any meaning.
function featureRow(model) {
  return {
    name: "features",
    kind: "vector",
    label: "features",
    cell: strips(model, model.source.features, "features of"),
    progress: (step) => ({ known: true, active: step.kind === "tokens" }),
  };
}

function embeddingRow(model) {
  return {
    name: "embeddings",
    kind: "vector",
    label: "embedding",
    cell: strips(model, model.source.embeddings, "embedding of"),
    progress: (step) => ({ known: stageOf(step) >= 1, active: step.kind === "embeddings" }),
    gradient: (step) =>
      step.kind === "gradient-words" ? model.backward[step.t].source_embeddings : null,
  };
}

function directionRows(model, { forward, backward }, layer) {
  const count = model.source.tokens.length;
  const suffix = model.encoder.layers.length > 1 ? ` ${layer + 1}` : "";
  const last = layer === model.encoder.layers.length - 1;
  const row = (name, label, arrow, gates, pulseOf, norms) => ({
    name: `${name}-${layer}`,
    kind: `vector cell-${arrow === "→" ? "forward" : "backward"}`,
    label: `${label}${suffix} ${arrow}`,
    cell: strips(
      model,
      gates.map((gate) => gate.state),
      `${label} state at`,
      1,
    ),
    progress: (step, i) => {
      const done =
        step.kind !== "encode"
          ? stageOf(step) > 2
          : step.layer > layer || (step.layer === layer && step.i >= pulseOf(i));
      return {
        known: done,
        active: step.kind === "encode" && step.layer === layer && step.i === pulseOf(i),
      };
    },
    gradient: (step) =>
      last && step.kind === "gradient-words" ? model.backward[step.t][norms] : null,
  });
  const fromEnd = (i) => count - 1 - i;
  const rows = [
    model.config.reverse_source
      ? row("forward", readerName(model), "←", forward, fromEnd, "encoder_forward")
      : row("forward", readerName(model), "→", forward, (i) => i, "encoder_forward"),
  ];
  if (backward) rows.push(row("backward", "backward", "←", backward, fromEnd, "encoder_backward"));
  return rows;
}

function stateRow(model) {
  return {
    name: "states",
    kind: "vector",
    label: "handed over",
    cell: strips(model, model.encoder.states, "encoder state", stateBound(model, "encoder")),
    progress: (step) => ({
      known: stageOf(step) >= 3,
      active: ["handover", "scores", "gradient-states"].includes(step.kind),
    }),
    gradient: (step) =>
      step.kind === "gradient-output" ? null : model.backward[step.t].encoder_states,
  };
}

// Whether the attention of step.t has got as far as `kind`.
function attentionKnown(step, kind) {
  const order = ["scores", "softmax", "context", "readout", "words"];
  if (step.kind.startsWith("gradient")) return true;
  return order.indexOf(step.kind) >= order.indexOf(kind);
}

// Whether the weights of step.t are there.
function weightsKnown(model, step) {
  return attentionProgress(model, "softmax")(step).known;
}

function attentionProgress(model, kind) {
  const first = attendsFirst(model);
  return (step) => ({
    known: attentionKnown(step, kind) || (first && step.kind === "recurrence"),
    active: step.kind === kind,
  });
}

function scoreRow(model) {
  return {
    name: "scores",
    kind: "score",
    label: "score",
    cell: () => element("span", { class: "number" }),
    progress: attentionProgress(model, "scores"),
    update: (cell, i, step) => {
      const { scores } = model.decoder.steps[step.t];
      cell.firstChild.textContent = formatNumber(scores[i]);
      setStyle(cell, {
        "--heat": scaleColour("diverging", (0.55 * scores[i]) / largestSize(scores)),
      });
    },
  };
}

function weightRow(model) {
  return {
    name: "weights",
    kind: "weight",
    label: "weight",
    cell: (i, edits) => weightBar(sourceWord(model, i), i, edits),
    progress: attentionProgress(model, "softmax"),
    update: (cell, i, step) => {
      const weight = model.decoder.steps[step.t].weights[i];
      cell.firstChild.showWeight(weight, step.t);
    },
  };
}

// An upright bar of height weight, with the number below; on a live page it can be dragged.
function weightBar(word, i, edits) {
  const fill = element("span", { class: "weight-fill" });
  const number = element("span", { class: "number" });
  const bar = element("span", { class: "weight-bar" }, fill);
  const node = element("div", { class: "weight" }, bar, number);
  let output = 0;
  node.showWeight = (weight, t) => {
    output = t;
    setStyle(fill, { "--share": weight });
    number.textContent = formatShare(weight);
    if (edits) bar.setAttribute("aria-valuenow", (100 * weight).toFixed(1));
  };
  if (edits)
    makeDraggable(
      bar,
      word,
      i,
      (share) => node.showWeight(share, output),
      (share) => edits.weight(output, i, share),
    );
  return node;
}

function weightedRow(model) {
  return {
    name: "weighted",
    kind: "weighted",
    label: "weight × state",
    cell: (i) =>
      vectorStrip(model.encoder.states[i], {
        label: `state of ${sourceWord(model, i)}`,
        max: stateBound(model, "encoder"),
      }),
    progress: attentionProgress(model, "context"),
    update: (cell, i, step) =>
      setStyle(cell, { "--brightness": 0.06 + 0.94 * model.decoder.steps[step.t].weights[i] }),
  };
}
