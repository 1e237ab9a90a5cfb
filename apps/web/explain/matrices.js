"use strict";
// The two matrices that grow as the story plays: attention forward, reach of the gradient backward.

// class GrowingMatrices: `node` holds the cards. With `oneAtATime` only the one that is growing is
// there, otherwise both.
class GrowingMatrices {
  constructor(model, oneAtATime) {
    this.oneAtATime = oneAtATime;
    this.words = model.decoder.steps.length;
    this.attention = hasAttention(model) ? attentionCard(model) : null;
    this.reach = model.backward ? reachCard(model) : null;
    this.node = element(
      "div",
      { class: oneAtATime ? "growing" : "columns section-cards" },
      this.attention,
      this.reach,
    );
  }

  show(step) {
    const backward = step.kind.startsWith("gradient");
    let attended = 0;
    if (backward) attended = this.words;
    else if (step.t !== undefined) attended = step.t + (attentionKnown(step, "softmax") ? 1 : 0);
    const traced = backward ? step.t + (step.kind === "gradient-words" ? 1 : 0) : 0;
    this.attention?.map.showRows(attended);
    this.reach?.map.showRows(traced);
    if (!this.oneAtATime) return;
    this.attention?.toggleAttribute("hidden", step.t === undefined || backward);
    this.reach?.toggleAttribute("hidden", !backward);
  }
}

function attentionCard(model) {
  return matrixCard(
    "Attention",
    `Each row is a word that was written, each column ${wasRead(model, "a ")}: how much it was looked at.`,
    scaleLegend({ low: "0", high: "1", label: "weight" }),
    { ...sentenceSides(model), values: attentionMatrix(model), format: formatShare },
    attentionNote(model),
  );
}

function reachCard(model) {
  const values = reachMatrix(model);
  const max = largestSize(values);
  return matrixCard(
    "Reach of the gradient",
    "The same table backward: how much the log-probability of each word that was written depends on " +
      `each ${wasRead(model)}.`,
    scaleLegend({ scale: "gradient", low: "0", high: formatNumber(max), label: "norm" }),
    { ...sentenceSides(model), values, scale: "gradient", max },
  );
}

// Why the table may differ from who translates whom.
function attentionNote(model) {
  const { one, many } = sourceNouns(model);
  const { bidirectional, reverse_source: reversed } = model.config;
  const side = bidirectional ? "on both sides of it" : reversed ? "after it" : "before it";
  return (
    `Attention need not be alignment: a state has also read the ${many} ${side}, ` +
    `so the model may look beside the ${one} that counts and still find it there.`
  );
}

// What a column stands for: "one that was read", of words; "a patch that was read"
function wasRead(model, article = "") {
  const { one } = sourceNouns(model);
  return `${one === "word" ? "one" : article + one} that was read`;
}

// A card whose .map is the heat map, with a note below it that the narrow card has, too.
function matrixCard(title, text, legend, options, note) {
  const map = heatMap(options);
  const card = element(
    "div",
    { class: "card matrix-card" },
    element("h3", {}, title),
    element("p", { class: "soft small" }, text),
    legend,
    element("div", { class: "scroll" }, map),
    note ? element("p", { class: "soft small note" }, note) : null,
  );
  card.map = map;
  return card;
}

// Rows and columns of a heat map: the words that were written and what was read.
function sentenceSides(model) {
  return {
    rows: model.decoder.steps.map((step) => step.chosen.text),
    ...sourceColumns(model),
  };
}

// [T][S] attention weights
function attentionMatrix(model) {
  return model.decoder.steps.map((step) => step.weights);
}

// [T][S] norms of the gradient of each output word at each source embedding
function reachMatrix(model) {
  return model.backward.map((norms) => norms.source_embeddings);
}
