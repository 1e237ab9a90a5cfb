"use strict";
// The page's title, what was trained, and the figures that matter most.

function reportTop({ name, model, validation, quality, curves }) {
  const { config } = model;
  return element(
    "div",
    {},
    element(
      "header",
      { class: "page-top" },
      element("h1", {}, "Training of ", element("bdi", {}, name)),
      themeSwitches(),
    ),
    element("p", { class: "soft" }, modelSentence(model, config)),
    element("dl", { class: "figures" }, topFigures(quality, curves, validation, config.metric)),
  );
}

function modelSentence(model, config) {
  const { source_tokenizer, target_tokenizer: target } = config;
  const source = config.feature_size > 0 ? "features" : source_tokenizer;
  const tokens = source === target ? source : `${source} to ${target}`;
  return `${formatNumber(model.parameters)} parameters: ${model.structure}. Tokens: ${tokens}.`;
}

// What the training chose the best model by.
const kMetricNames = {
  exact: "exact matches",
  per: "token errors",
  chrf: "chrF2",
  loss: "loss",
  bleu: "BLEU",
};

function topFigures(quality, curves, validation, metric) {
  const last = curves?.smoothed_loss.at(-1);
  const figures = [
    [
      "BLEU",
      quality.bleu.toFixed(1),
      `${quality.sentences} pairs, ${validation}, beam ${quality.beam}`,
    ],
    ["chrF2", quality.chrf.toFixed(1), "of the same"],
    [
      "exact matches",
      formatShare(quality.exact_match),
      "translated word for word as the reference",
    ],
    ["token errors", formatShare(quality.token_error_rate), "edits a token of the references"],
  ];
  if (curves?.best != null) {
    const loss = curves.valid_loss.find(([update]) => update >= curves.best);
    figures.push([
      "best update",
      formatNumber(curves.best),
      `by ${kMetricNames[metric]}` + (loss ? `; validation loss ${formatNumber(loss[1])}` : ""),
    ]);
  }
  if (last)
    figures.push([
      "training loss",
      formatNumber(last[1]),
      `smoothed, at update ${formatNumber(last[0])}`,
    ]);
  return figures.map(([title, value, note]) =>
    element(
      "div",
      { class: "figure" },
      element("dt", { class: "soft small" }, title),
      element("dd", {}, value, element("span", { class: "soft small" }, element("bdi", {}, note))),
    ),
  );
}

// Every setting, for whoever wants to repeat the training.
function settingsSection(config) {
  const rows = Object.entries(config).map(([key, value]) => ({ key, value: String(value) }));
  return element(
    "section",
    { class: "section" },
    element("h2", {}, "Settings"),
    element(
      "details",
      { class: "card" },
      element("summary", {}, "All of config.json"),
      dataTable({
        columns: [
          { title: "key", value: (row) => row.key },
          { title: "value", value: (row) => row.value },
        ],
        rows,
      }),
    ),
  );
}
