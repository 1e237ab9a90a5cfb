"use strict";
// Where the translations are good and where not, and examples.

function breakdownSection(quality, config) {
  return element(
    "section",
    { class: "section", id: "quality" },
    element("h2", {}, "Quality"),
    element("p", { class: "soft" }, unknownText(quality.unknown, config.feature_size > 0)),
    element(
      "div",
      { class: "chart-grid-of-cards" },
      quality.by_length.length > 1 ? lengthCard(quality.by_length) : null,
      frequencyCard(quality.by_frequency),
    ),
    element("p", { class: "soft small number signature" }, quality.bleu_signature),
  );
}

// Features have no vocabulary.
function unknownText({ source, reference, translation }, readsFeatures) {
  const references = readsFeatures
    ? `${formatShare(reference)} of the references' tokens`
    : `${formatShare(source)} of the source's tokens and ${formatShare(reference)} of the references'`;
  return (
    `Unknown to the model's vocabulary are ${references}; ` +
    `of the tokens that it wrote, ${formatShare(translation)} are <unk>.`
  );
}

// A number with a bar that is `share` of the cell's width.
function barCell(share, text) {
  return element(
    "span",
    { class: "bar-cell" },
    element("span", { class: "bar", style: { "--share": clamp(share, 0, 1) } }),
    element("span", { class: "number" }, text),
  );
}

function rangeText(low, high) {
  if (high === undefined) return `${formatNumber(low)} or more`;
  return low === high ? formatNumber(low) : `${formatNumber(low)} – ${formatNumber(high)}`;
}

function lengthCard(rows) {
  return element(
    "div",
    { class: "card" },
    element("h3", {}, "By length of the source"),
    dataTable({
      columns: [
        { title: "tokens", value: (row) => rangeText(row.shortest, row.longest) },
        { title: "sentences", value: (row) => row.sentences },
        {
          title: "BLEU",
          value: (row) => row.bleu,
          show: (row) => barCell(row.bleu / 100, row.bleu.toFixed(1)),
        },
        { title: "chrF2", value: (row) => row.chrf, show: (row) => row.chrf.toFixed(1) },
        {
          title: "length ratio",
          value: (row) => row.length_ratio,
          show: (row) => row.length_ratio.toFixed(2),
        },
      ],
      rows,
    }),
    element(
      "p",
      { class: "soft small" },
      "Length ratio: words of the translations for each word of the references.",
    ),
  );
}

function frequencyCard(rows) {
  const card = element("div", { class: "card" }, element("h3", {}, "By frequency of the words"));
  if (!rows) {
    card.append(
      element(
        "p",
        { class: "soft small" },
        "The training text could not be read, so the words' frequencies are not known.",
      ),
    );
    return card;
  }
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  card.append(
    dataTable({
      columns: [
        { title: "times in training", value: (row) => rangeText(row.least, row.most) },
        { title: "words", value: (row) => row.words },
        {
          title: "recall",
          value: (row) => row.recall,
          show: (row) => barCell(row.recall, percent(row.recall)),
        },
        {
          title: "precision",
          value: (row) => row.precision,
          show: (row) => percent(row.precision),
        },
        { title: "F1", value: (row) => row.f1, show: (row) => percent(row.f1) },
      ],
      rows: rows.filter((row) => row.words > 0),
    }),
    element(
      "p",
      { class: "soft small" },
      "Recall: how many of the references' words the translation of the same sentence has.",
    ),
  );
  return card;
}

function examplesSection(quality) {
  const list = element("div", { class: "example-list" });
  const kinds = [
    ["A sample", quality.sample],
    ["The worst", quality.worst],
  ];
  const buttons = kinds.map(([title, rows]) =>
    element("button", { type: "button", onclick: (event) => show(event.target, rows) }, title),
  );
  const show = (pressed, rows) => {
    for (const button of buttons) button.setAttribute("aria-pressed", button === pressed);
    list.replaceChildren(...rows.map(exampleCard));
  };
  show(buttons[0], quality.sample);
  return element(
    "section",
    { class: "section", id: "examples" },
    element("h2", {}, "Examples"),
    element(
      "p",
      { class: "soft" },
      "The sample is evenly spaced over the validation pairs. Marked words are in one of reference and translation only.",
    ),
    element("div", { class: "row" }, buttons),
    list,
  );
}

function exampleCard(example) {
  const { line, source, reference, translation, chrf } = example;
  return element(
    "div",
    { class: "card example" },
    element(
      "dl",
      { class: "pairs" },
      element("dt", { class: "soft small" }, "source"),
      element("dd", {}, exampleSource(example), element("bdi", {}, source)),
      element("dt", { class: "soft small" }, "reference"),
      element("dd", {}, markedWords(reference, translation)),
      element("dt", { class: "soft small" }, "translation"),
      element("dd", {}, markedWords(translation, reference)),
    ),
    element("p", { class: "soft small number" }, `line ${line}, chrF2 ${chrf.toFixed(1)}`),
  );
}

// The picture, if the source is one.
function exampleSource(example) {
  if (!example.patches) return "";
  const picture = patchPicture(example);
  picture.show({ label: `The picture ${example.source}` });
  return picture;
}

// The words of `text`; those that `other` does not have (as often) are marked.
function markedWords(text, other) {
  const left = new Map();
  for (const word of other.split(/\s+/)) left.set(word, (left.get(word) ?? 0) + 1);
  const words = text.split(/\s+/).map((word) => {
    const count = left.get(word) ?? 0;
    left.set(word, count - 1);
    return count > 0 ? word : element("mark", {}, word);
  });
  return element(
    "bdi",
    {},
    words.flatMap((word, i) => (i ? [" ", word] : [word])),
  );
}
