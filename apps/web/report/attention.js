"use strict";
// The attention of a few validation sentences, from snapshot to snapshot.

function attentionSection({ moments, sentences }) {
  if (!sentences.length) return null;
  const views = sentences.map(sentenceView);
  const caption = element("p", { class: "moment" });
  const show = (index) => {
    const { update, best } = moments[index];
    caption.textContent =
      (update === null ? "" : `update ${formatNumber(update)}`) +
      (best ? (update === null ? "the model" : ": the best model") : "");
    for (const view of views) view.show(index);
  };
  const section = element(
    "section",
    { class: "section", id: "attention" },
    element("h2", {}, "Attention"),
    element(
      "p",
      { class: "soft" },
      (sentences[0].patches
        ? "Where the model looks while it is given the reference word by word: the clearer a patch, the more attention it gets. "
        : "Where the model looks (columns) while it is given the reference word by word (rows). ") +
        "Below each stands what the model of that moment translates by itself.",
    ),
  );
  if (moments.length > 1) {
    const asked = location.hash.includes("step=");
    const player = new Player({
      count: moments.length,
      onStep: show,
      label: (i) => `update ${moments[i].update}`,
    });
    if (!asked) player.goTo(moments.length - 1);
    section.append(element("div", { class: "card moment-bar" }, player.node, caption));
  } else {
    show(0);
    section.append(
      element(
        "p",
        { class: "soft small" },
        "A training with --snapshots shows here how the attention came about.",
      ),
    );
  }
  section.append(
    element(
      "div",
      { class: "sentence-grid" },
      views.map((view) => view.node),
    ),
  );
  return section;
}

function sentenceView(sentence) {
  const { reference, moments } = sentence;
  const weights = sentence.patches ? weightsOverPicture(sentence) : weightsMatrix(sentence);
  const text = element("bdi");
  const loss = element("span", { class: "number" });
  const show = (index) => {
    const moment = moments[index];
    text.textContent = moment.text || "(nothing)";
    loss.textContent = formatNumber(moment.loss);
    weights.show(moment.weights);
  };
  const line = (title, ...content) => [
    element("dt", { class: "soft" }, title),
    element("dd", {}, content),
  ];
  const node = element(
    "div",
    { class: "card" },
    weights.node,
    moments[0].weights.length
      ? ""
      : element("p", { class: "soft small" }, "This model has no attention."),
    element(
      "dl",
      { class: "pairs small" },
      line("reference", element("bdi", {}, reference)),
      line("translation", text),
      line("loss", loss),
    ),
  );
  return { node, show };
}

function weightsMatrix({ source, target }) {
  const node = element("div", { class: "scroll" });
  const show = (values) => {
    if (values.length)
      node.replaceChildren(heatMap({ rows: target, columns: source, values, format: formatShare }));
  };
  return { node, show };
}

// The picture once for each word; without attention, once.
function weightsOverPicture(sentence) {
  const words = sentence.moments[0].weights.length ? sentence.target : [""];
  const frames = words.map((word) => ({
    word,
    picture: patchPicture(sentence, { numbers: true }),
  }));
  const node = element(
    "ol",
    { class: "film-strip item-row" },
    frames.map(({ word, picture }) =>
      element("li", { class: "frame" }, picture, element("bdi", {}, word)),
    ),
  );
  const show = (weights) =>
    frames.forEach(({ word, picture }, t) =>
      picture.show(
        weights.length
          ? { values: weights[t], format: formatShare, label: `Attention for ${word}` }
          : { label: "The picture" },
      ),
    );
  return { node, show };
}
