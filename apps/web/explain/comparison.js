"use strict";
// Several models side by side: what they are, what they say, where they look.

function comparisonSection(models) {
  if (models.length < 2) return null;
  const columns = [
    { title: "model", value: (model) => model.name },
    {
      title: "translation",
      value: (model) => model.translation.text,
      show: (model) => element("bdi", {}, model.translation.text),
    },
    { title: "log-probability", value: (model) => model.translation.log_probability },
    { title: "attention", value: (model) => model.config.attention },
    { title: "attends from", value: (model) => model.config.attend_from ?? "–" },
    { title: "score", value: (model) => (hasAttention(model) ? model.config.score : "–") },
    { title: "embedding", value: (model) => model.config.embedding },
    { title: "hidden", value: (model) => model.config.hidden },
    { title: "cell", value: (model) => cellName(model) },
    {
      title: "layers",
      value: ({ config }) => `${config.encoder_layers} and ${config.decoder_layers}`,
    },
    { title: "seed", value: (model) => model.config.seed ?? "–" },
    { title: "parameters", value: (model) => model.config.parameters },
  ];
  return element(
    "section",
    { class: "section", id: "models" },
    element("h2", {}, "Side by side"),
    element("div", { class: "card" }, dataTable({ columns, rows: models })),
    element("div", { class: "columns section-cards" }, models.map(comparisonCard)),
  );
}

function comparisonCard(model) {
  const attention = hasAttention(model);
  const map = attention
    ? { values: attentionMatrix(model), format: formatShare }
    : { values: reachMatrix(model), scale: "gradient", max: largestSize(reachMatrix(model)) };
  return element(
    "div",
    { class: "card" },
    element("h3", {}, model.name),
    element(
      "p",
      { class: "soft small" },
      attention ? "attention" : "no attention: reach of the gradient instead",
    ),
    element("div", { class: "scroll" }, heatMap({ ...sentenceSides(model), ...map })),
  );
}
