"use strict";
// What the page calls a model's source and the positions of it, and how it shows one: a word as it
// is, a patch of a picture as its pixels, a position of other features by its number.

const kSourceNouns = {
  words: { one: "word", many: "words", token: "token", whole: "sentence" },
  picture: { one: "patch", many: "patches", token: "patch", whole: "picture" },
  features: { one: "position", many: "positions", token: "position", whole: "source" },
};

function sourceKind({ source }) {
  if (!source.features) return "words";
  return source.patches ? "picture" : "features";
}

function sourceNouns(model) {
  return kSourceNouns[sourceKind(model)];
}

// The whole of it, as a title: the sentence, or "picture 3"
function sourceTitle(model) {
  const { text } = model.source;
  return sourceKind(model) === "words" ? text : `${sourceNouns(model).whole} ${text}`;
}

// One position as a label: chat, or patch 7
function sourceLabel(model, i) {
  const { text } = model.source.tokens[i];
  return sourceKind(model) === "words" ? text : `${sourceNouns(model).one} ${text}`;
}

// The same in a sentence: “chat”, or patch 7
function sourceWord(model, i) {
  const label = sourceLabel(model, i);
  return sourceKind(model) === "words" ? quoted(label) : label;
}

// The same where a sentence begins.
function sourceWordFirst(model, i) {
  const word = sourceWord(model, i);
  return word[0].toUpperCase() + word.slice(1);
}

// What stands for a position: its text, or a patch's pixels and its number.
function sourceSign(model, i) {
  const { text } = model.source.tokens[i];
  if (!model.source.patches) return text;
  return element(
    "span",
    { class: "patch-sign", dataset: { column: i } },
    patchImage(model.source, i, sourceLabel(model, i)),
    element("span", { class: "number soft", "aria-hidden": "true" }, text),
  );
}

// How the encoder's first or only reader is called.
function readerName({ config }) {
  return config.reverse_source ? "from the end" : "forward";
}

// The columns of a heat map: labels, and what stands at their heads.
function sourceColumns(model) {
  const all = model.source.tokens.map((_, i) => i);
  return {
    columns: all.map((i) => sourceLabel(model, i)),
    heads: all.map((i) => sourceSign(model, i)),
  };
}
