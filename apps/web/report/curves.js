"use strict";
// Curves of the training over its updates.

function curvesSection(curves) {
  const section = element(
    "section",
    { class: "section", id: "curves" },
    element("h2", {}, "Curves"),
  );
  if (!curves) {
    section.append(
      element(
        "p",
        { class: "soft" },
        "The model's folder has no metrics.jsonl, so its course is not known.",
      ),
    );
    return section;
  }
  const last = Math.max(
    ...[curves.loss, curves.valid_loss].flatMap((points) =>
      points.slice(-1).map(([update]) => update),
    ),
  );
  const cards = curveCards(curves).filter(({ series }) =>
    series.some(({ points }) => points.length),
  );
  section.append(
    element(
      "div",
      { class: "chart-grid-of-cards" },
      cards.map(({ title, note, series, scale }) =>
        element(
          "div",
          { class: "card" },
          element("h3", {}, title),
          element("p", { class: "soft small" }, note),
          lineChart({
            series: series.filter(({ points }) => points.length),
            x: { label: "update", min: 0, max: last },
            y: { scale },
            height: 210,
            marker: curves.best ?? undefined,
          }),
        ),
      ),
    ),
  );
  return section;
}

function percent(points) {
  return points.map(([update, share]) => [update, 100 * share]);
}

function curveCards(curves) {
  return [
    {
      title: "Loss",
      note: "Nats a target token. The training's includes dropout and label smoothing, the validation's neither. The dotted line is the best model.",
      series: [
        { name: "batch", points: curves.loss, colour: "var(--ink-faint)" },
        { name: "smoothed", points: curves.smoothed_loss, colour: "var(--series-1)" },
        { name: "validation", points: curves.valid_loss, colour: "var(--series-2)", dots: true },
      ],
    },
    {
      title: "BLEU",
      note: "Of the validation sentences, translated greedily.",
      series: [{ name: "", points: curves.valid_bleu, colour: "var(--series-2)", dots: true }],
    },
    {
      title: "Exact matches and token errors",
      note: "Percent: of the validation sentences, translated greedily, those that are the reference word for word; and edits a token of the references.",
      series: [
        {
          name: "exact matches",
          points: percent(curves.valid_exact_match),
          colour: "var(--series-2)",
          dots: true,
        },
        {
          name: "token errors",
          points: percent(curves.valid_token_error_rate),
          colour: "var(--series-1)",
          dots: true,
        },
      ],
    },
    {
      title: "Perplexity",
      note: "Among how many words the model is in doubt, on average: e to the loss.",
      scale: "log",
      series: [
        { name: "training", points: curves.perplexity, colour: "var(--series-1)" },
        {
          name: "validation",
          points: curves.valid_perplexity,
          colour: "var(--series-2)",
          dots: true,
        },
      ],
    },
    {
      title: "Learning rate",
      note: "How large a step the optimizer takes.",
      series: [{ name: "", points: curves.learning_rate }],
    },
    {
      title: "Gradient norm",
      note: "Of all parameters together, before clipping. Spikes tell of hard or odd batches.",
      scale: "log",
      series: [{ name: "", points: curves.gradient_norm, colour: "var(--warm)" }],
    },
    {
      title: "Speed",
      note: "Target tokens a second, validations left out.",
      series: [{ name: "", points: curves.tokens_per_second }],
    },
    {
      title: "Memory",
      note: "Resident set of the training, megabytes.",
      series: [{ name: "", points: curves.memory_mb }],
    },
  ];
}
