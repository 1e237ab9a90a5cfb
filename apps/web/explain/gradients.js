"use strict";
// The backward pass: how much of a word's gradient arrives where, over time steps and beside the
// other models.

function gradientLens(models, index, { kind, t }) {
  const model = models[index];
  const norms = model.backward[t];
  if (kind === "gradient-output") {
    const rows = [
      ["feedforward", norms.readout],
      ["context c", norms.context],
      ["state h", norms.state],
    ].filter(([, norm]) => norm !== undefined);
    const largest = Math.max(...rows.map(([, norm]) => norm));
    return [
      barList(
        rows.map(([word, norm]) => ({
          word,
          share: norm / largest,
          text: formatNumber(norm),
          colour: "var(--warm)",
        })),
      ),
      element(
        "p",
        { class: "soft small" },
        "Each number is the length (L2 norm) of the gradient of ",
        element(
          "span",
          { class: "number" },
          `log p(${model.decoder.steps[t].chosen.text}) = ${formatNumber(norms.log_probability)}`,
        ),
        ".",
      ),
    ];
  }
  return [
    gradientBars(
      model,
      kind === "gradient-states" ? norms.encoder_states : norms.source_embeddings,
    ),
  ];
}

// Below the picture, while the gradient runs through time: its norms over the time steps.
function timeCharts(models, index, { kind, t }) {
  if (kind !== "gradient-words") return [];
  const compared = comparedModels(models, index);
  return [vanishingChart(compared, t), decoderTimeChart(compared, t)];
}

function gradientBars(model, norms) {
  const largest = largestSize(norms);
  return barList(
    norms.map((_, i) => ({
      word: sourceSign(model, i),
      share: norms[i] / largest,
      text: formatNumber(norms[i]),
      colour: "var(--warm)",
    })),
  );
}

// The model in the picture and the one that tells most beside it: one without attention beside one
// with it.
function comparedModels(models, index) {
  const others = models.filter((_, i) => i !== index);
  const partner =
    others.find((other) => hasAttention(other) !== hasAttention(models[index])) ?? others[0];
  return partner ? [models[index], partner] : [models[index]];
}

// Output word t of a model, or its last one where it wrote fewer.
function comparableWord(model, t) {
  return Math.min(t, model.backward.length - 1);
}

// Which model and which of its words a gradient starts from, if there are several models.
function gradientName(models, model, t) {
  if (models.length < 2) return "";
  const { text } = model.decoder.steps[comparableWord(model, t)].chosen;
  return `${model.name} from ${quoted(text)}`;
}

// Gradient norms at the encoder's hidden states over source time, in each direction; logarithmic,
// so that a gradient that shrinks by a factor at each step is a straight line.
function vanishingChart(models, t) {
  const series = models.flatMap((model, m) => {
    const norms = model.backward[comparableWord(model, t)];
    const source = gradientName(models, model, t);
    const curve = (values, name, colour) =>
      values && values.length
        ? [
            {
              name: source ? `${source}, ${name}` : name,
              colour,
              dots: true,
              points: values.map((norm, i) => [i + 1, norm]),
            },
          ]
        : [];
    return [
      ...curve(norms.encoder_forward, readerName(model), seriesColour(2 * m + 1)),
      ...curve(norms.encoder_backward, "backward", seriesColour(2 * m)),
    ];
  });
  return element(
    "div",
    { class: "time-chart" },
    element("h3", {}, "Gradient at the encoder’s states"),
    lineChart({
      series,
      x: { label: `source ${sourceNouns(models[0]).token}`, whole: true },
      y: { label: "norm", scale: "log" },
      height: 190,
    }),
  );
}

// The same at the decoder's states, from the initial one to the word's own.
function decoderTimeChart(models, t) {
  const series = models.map((model, m) => {
    const norms = model.backward[comparableWord(model, t)].decoder_states;
    return {
      name: gradientName(models, model, t),
      dots: true,
      colour: seriesColour(2 * m + 1),
      points: norms.map((norm, i) => [i, norm]),
    };
  });
  return element(
    "div",
    { class: "time-chart" },
    element("h3", {}, "Gradient at the decoder’s states"),
    lineChart({
      series,
      x: { label: "decoder step", whole: true },
      y: { label: "norm", scale: "log" },
      height: 170,
    }),
  );
}
