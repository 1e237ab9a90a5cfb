"use strict";
// Beside the picture of the whole model: the one idea of the present step, larger, with its
// numbers.

// The nodes that explain `step` of models[index]; the other models serve to compare gradients.
function lensContent(models, index, step) {
  const model = models[index];
  const content = {
    tokens: tokenLens,
    embeddings: embeddingLens,
    encode: encoderLens,
    handover: handOverLens,
    initial: initialLens,
    recurrence: recurrenceLens,
    scores: scoreLens,
    softmax: softmaxLens,
    context: contextLens,
    readout: readoutLens,
    words: likeliestWordsLens,
  }[step.kind];
  return content ? content(model, step) : gradientLens(models, index, step);
}

// A vector with its name (text, or a node and a label) in front.
function namedStrip(name, values, options = {}, hint) {
  return element(
    "div",
    { class: "named-strip" },
    element("span", { class: "name", title: hint }, name),
    vectorStrip(values, { label: name, ...options }),
  );
}

// The vector of source position i.
function sourceStrip(model, i, values, options) {
  return namedStrip(sourceSign(model, i), values, { label: sourceLabel(model, i), ...options });
}

function featureLens(model) {
  const { features, patches } = model.source;
  const max = patches ? 1 : largestSize(features);
  const scale = patches ? "sequential" : "diverging";
  return [
    ...features.map((values, i) => sourceStrip(model, i, values, { max, scale, perRow: 128 })),
    scaleLegend({ scale, low: patches ? "0" : formatNumber(-max), high: formatNumber(max) }),
  ];
}

function tokenLens(model) {
  if (model.source.features) return featureLens(model);
  return [
    dataTable({
      columns: [
        {
          title: "token",
          value: (token) => token.text,
          show: (token) => element("bdi", {}, token.text),
        },
        { title: "number", value: (token) => token.id, show: (token) => String(token.id) },
        { title: "", value: (token) => (token.unknown ? "unknown" : "") },
      ],
      rows: model.source.tokens,
    }),
    element(
      "p",
      { class: "soft small" },
      `Its vocabulary has ${formatNumber(model.config.source_vocabulary)} tokens.`,
    ),
  ];
}

function embeddingLens(model) {
  const max = largestSize(model.source.embeddings);
  return [
    ...model.source.embeddings.map((values, i) => sourceStrip(model, i, values, { max })),
    scaleLegend({ scale: "diverging", low: formatNumber(-max), high: formatNumber(max) }),
  ];
}

// The parts of the recurrent cells: what each is called, what its values are, what it does.
const SHARE = { scale: "sequential", max: 1 };
const SIGNED = { max: 1 };
const CELL_PARTS = {
  gru: {
    reset: ["reset r", SHARE, "how much of the old state the candidate may use"],
    update: ["update z", SHARE, "how much of the old state stays"],
    candidate: ["candidate n", SIGNED, "what the new word suggests"],
    state: ["new state h", SIGNED],
  },
  lstm: {
    input: ["input i", SHARE, "how much of the candidate enters the cell"],
    forget: ["forget f", SHARE, "how much of the old cell stays"],
    candidate: ["candidate g", SIGNED, "what the new word suggests"],
    output: ["output o", SHARE, "how much of the cell is shown"],
    cell: ["new cell c", {}, "what is remembered"],
    state: ["new state h", SIGNED],
  },
};

// What a cell does with one word: x and h go in, its gates, the new h; and `sum`, {values, max}, if
// its layer adds its input.
function cellCard(model, title, parts, input, previous, sum) {
  return element(
    "div",
    { class: "cell-step" },
    element("h3", {}, title),
    namedStrip("input x", input),
    previous ? namedStrip("state before", previous, SIGNED) : null,
    Object.entries(CELL_PARTS[model.config.cell]).map(([part, [name, values, meaning]]) =>
      namedStrip(name, parts[part], values, meaning),
    ),
    sum ? namedStrip("handed on: h + x", sum.values, { max: sum.max }) : null,
  );
}

function cellFormula(model) {
  const lstm = model.config.cell === "lstm";
  const [gate, formula] = lstm
    ? ["f", "c′ = f c + i g,  h′ = o tanh c′"]
    : ["z", "h′ = (1 − z) n + z h"];
  return element(
    "p",
    { class: "soft small" },
    `Where ${gate} is near 1 (deep blue) the old ${lstm ? "cell" : "state"} stays, where it is near 0 ` +
      `${lstm ? "it is forgotten" : "the candidate replaces it"}:`,
    element("br"),
    element("span", { class: "number" }, formula),
  );
}

function encoderLens(model, { layer, i }) {
  const tokens = model.source.tokens;
  const { forward, backward, sums } = model.encoder.layers[layer];
  const input = (at) =>
    layer === 0 ? model.source.embeddings[at] : encoderHandsOn(model.encoder.layers[layer - 1], at);
  const max = stateBound(model, "encoder");
  const sum = (gates, at) => {
    const size = gates[at].state.length;
    const first = gates === forward ? 0 : size;
    return sums && { values: sums[at].slice(first, first + size), max };
  };
  const card = (title, gates, at, before) =>
    cellCard(
      model,
      `${title} reads ${sourceWord(model, at)}`,
      gates[at],
      input(at),
      gates[before]?.state,
      sum(gates, at),
    );
  const mirrored = tokens.length - 1 - i;
  return [
    model.config.reverse_source
      ? card("← from the end", forward, mirrored, mirrored + 1)
      : card("→ forward", forward, i, i - 1),
    backward ? card("← backward", backward, mirrored, mirrored + 1) : null,
    cellFormula(model),
  ];
}

function handOverLens(model) {
  const max = stateBound(model, "encoder");
  return [
    ...model.encoder.states.map((state, i) => sourceStrip(model, i, state, { max })),
    scaleLegend({ scale: "diverging", low: `−${max}`, high: String(max), label: "state" }),
  ];
}

function initialLens(model) {
  return [
    ...model.decoder.initial.map((state, layer) =>
      namedStrip(model.decoder.initial.length > 1 ? `layer ${layer + 1}` : "h₀", state, { max: 1 }),
    ),
    scaleLegend({ scale: "diverging", low: "−1", high: "1", label: "state" }),
  ];
}

function recurrenceLens(model, { t }) {
  const step = model.decoder.steps[t];
  const before =
    t === 0 ? model.decoder.initial : model.decoder.steps[t - 1].layers.map((layer) => layer.state);
  const input = joinedInputs(model, model.config.recurrent_inputs, t).flatMap(
    ({ values }) => values,
  );
  return [
    ...step.layers.map((gates, layer) =>
      cellCard(
        model,
        `decoder ${cellName(model)}${step.layers.length > 1 ? `, layer ${layer + 1}` : ""}`,
        gates,
        layer === 0 ? input : handedOn(step.layers[layer - 1]),
        before[layer],
        gates.sum && { values: gates.sum, max: stateBound(model, "decoder") },
      ),
    ),
    cellFormula(model),
  ];
}

// A bar with a word before and a number after it, for each row of {word, share, text, colour?,
// chosen?, start?, zero?}. A bar takes `share` of the width from `start` on (0 unless given); at
// `zero` is a line.
function barList(rows) {
  return element(
    "ol",
    { class: "bar-list" },
    rows.map((row) =>
      element(
        "li",
        { class: row.chosen ? "is-chosen" : undefined },
        element("bdi", { class: "bar-word" }, row.word),
        element("span", {
          class: row.zero === undefined ? "bar" : "bar has-zero",
          style: {
            "--share": clamp(row.share, 0, 1),
            "--start": row.start,
            "--zero": row.zero,
            "--bar": row.colour,
          },
        }),
        element("span", { class: "number" }, row.text),
      ),
    ),
  );
}

// Of decoder state h and encoder state s, which got u of the attention so far.
function scoreFormula({ score, coverage }) {
  if (score === "additive") return `vᵀ tanh(W h + U s${coverage ? " + w u" : ""})`;
  const formula = {
    dot: "hᵀ s",
    scaled_dot: "hᵀ s / √H",
    general: "hᵀ W s",
    location: "(W h)ₛ",
  }[score];
  return coverage ? `${formula} + w u` : formula;
}

const kCoverage = ", where u is the attention that s got so far, summed over the words before";

function scoreLens(model, { t }) {
  const { scores } = model.decoder.steps[t];
  const sizes = scores.map((score) => score ?? 0); // none where a position is off
  const low = Math.min(0, ...sizes);
  const span = Math.max(0, ...sizes) - low || 1;
  return [
    barList(
      scores.map((_, i) => ({
        word: sourceSign(model, i),
        share: Math.abs(sizes[i]) / span,
        start: (Math.min(0, sizes[i]) - low) / span,
        zero: low < 0 ? -low / span : undefined,
        text: formatNumber(scores[i]),
        colour: scores[i] < 0 ? "var(--negative)" : "var(--positive)",
      })),
    ),
    element(
      "p",
      { class: "soft small" },
      `The ${model.config.score.replace("_", " ")} score: `,
      element("span", { class: "number" }, scoreFormula(model.config)),
      model.config.coverage ? kCoverage : null,
      low < 0 ? ". Bars to the left of the line, 0, are negative scores." : ".",
    ),
  ];
}

// How the scores became weights.
function windowText(model, t) {
  const { attention, window } = model.config;
  if (attention === "monotonic") return "One position has the weight 1, all others 0.";
  const softmax = "aᵢ = exp(scoreᵢ) / Σ exp(scoreⱼ)";
  const formula = (text) => element("span", { class: "number" }, text);
  if (attention !== "local_p")
    return [
      "Softmax: ",
      formula(softmax),
      attention === "local_m"
        ? `, over the ${window} positions on each side of the step’s own number.`
        : ".",
    ];
  const center = formatNumber(model.decoder.steps[t].center);
  return [
    "Softmax times a bell curve: ",
    formula(`${softmax} · exp(−(i − p)² / 2s²)`),
    `, over the ${window} positions on each side of p = ${center}, which the state predicts (the first is 0); s = ${formatNumber(window / 2)}, half of that. ` +
      "The curve is below 1 beside p, so the weights no longer add up to 1.",
  ];
}

function softmaxLens(model, { t }) {
  const { weights } = model.decoder.steps[t];
  const best = Math.max(...weights);
  return [
    barList(
      weights.map((_, i) => ({
        word: sourceSign(model, i),
        share: weights[i],
        text: formatShare(weights[i]),
        chosen: weights[i] === best,
      })),
    ),
    element(
      "p",
      { class: "soft small" },
      setByHand(model, t)
        ? "Set by hand: the softmax of the scores is not used here."
        : windowText(model, t),
    ),
  ];
}

function contextLens(model, { t }) {
  const { weights, context } = model.decoder.steps[t];
  const max = stateBound(model, "encoder");
  return [
    ...model.encoder.states.map((state, i) => {
      const share = `${formatShare(weights[i])} `;
      const label = share + sourceLabel(model, i);
      const strip = namedStrip([share, sourceSign(model, i)], state, { label, max });
      strip.lastChild.style.opacity = 0.06 + 0.94 * weights[i];
      return strip;
    }),
    element("hr"),
    namedStrip("sum: context c", context, { max }),
  ];
}

function readoutLens(model, { t }) {
  const { readout } = model.decoder.steps[t];
  const inputs = joinedInputs(model, model.config.readout_inputs, t);
  const bounds = { c: stateBound(model, "encoder"), h: stateBound(model, "decoder") };
  return [
    ...inputs.map(({ name, letter, values }) => namedStrip(name, values, { max: bounds[letter] })),
    element("p", { class: "lens-arrow number" }, `↓ ${readoutFormula(model)}`),
    namedStrip("readout", readout, model.config.readout === "tanh" ? { max: 1 } : {}),
    element(
      "p",
      { class: "soft small" },
      `${inputs.map(({ values }) => values.length).join(" + ")} numbers go in, ${readout.length} come out.`,
    ),
  ];
}

function likeliestWordsLens(model, { t }) {
  const { top, chosen } = model.decoder.steps[t];
  const row = ({ text, log_probability: logProbability }, isChosen) => {
    const share = Math.exp(logProbability);
    return { word: text, share, text: formatShare(share), chosen: isChosen };
  };
  const rows = top.map((word) => row(word, word.id === chosen.id));
  if (!top.some((word) => word.id === chosen.id)) rows.push(row(chosen, true));
  return [
    barList(rows),
    element(
      "p",
      { class: "soft small" },
      `The ${top.length} likeliest of ${formatNumber(model.config.target_vocabulary)} tokens.`,
    ),
  ];
}
