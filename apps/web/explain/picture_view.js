"use strict";
// For a model of pictures: the picture with what the step is about lying over it, and a film strip,
// the same picture once for each output word.

// class PictureView: `node` holds both; onPick({kind, t}) is called with the step of a picture that
// is clicked in the strip.
class PictureView {
  constructor(model, onPick) {
    this.model = model;
    this.name = (i) => sourceLabel(model, i);
    this.picture = patchPicture(model.source, { name: this.name, numbers: true });
    this.says = element("figcaption", { class: "soft small" });
    this.about = element("p", { class: "soft small" });
    this.frames = model.decoder.steps.map((step, t) => this.frame(step.chosen.text, t, onPick));
    this.strip = element(
      "ol",
      { class: "film-strip item-row" },
      this.frames.map(({ item }) => item),
    );
    this.node = element(
      "div",
      { class: "picture-view" },
      element("figure", {}, this.picture, this.says),
      element("div", { class: "film" }, this.about, this.strip),
    );
    this.shown = null; // what the strip shows
  }

  frame(word, t, onPick) {
    const picture = patchPicture(this.model.source, { name: this.name });
    const button = element(
      "button",
      {
        type: "button",
        class: "frame",
        onclick: () => onPick({ kind: this.shown, t }),
      },
      picture,
      element("bdi", {}, word),
    );
    return { picture, button, item: element("li", {}, button) };
  }

  show(step) {
    const over = overPatches(this.model, step);
    this.says.textContent = over.label.replaceAll(" %", "\u00a0%");
    this.picture.show({ ...over, label: `The ${sourceTitle(this.model)}. ${over.label}` });
    this.showStrip(step.kind.startsWith("gradient") || !hasAttention(this.model));
    this.frames.forEach(({ button }, t) =>
      button.setAttribute("aria-current", String(t === step.t)),
    );
    if (step.t !== undefined) scrollToMiddle(this.strip, this.frames[step.t].item);
  }

  showStrip(backward) {
    const kind = backward ? "gradient-words" : "softmax";
    if (kind === this.shown) return;
    this.shown = kind;
    this.about.textContent = backward
      ? "What each word depends on. The clearer a patch, the larger the gradient there, compared with the largest in its picture."
      : "Where the model looked for each word, not why. The clearer a patch, the more attention it got, compared with the most in its picture.";
    this.frames.forEach(({ picture }, t) => picture.show(overPatches(this.model, { kind, t })));
  }
}

// What lies over the patches at a step, for patchPicture's show(); no values where nothing does.
function overPatches(model, step) {
  const word = step.t === undefined ? "" : quoted(model.decoder.steps[step.t].chosen.text);
  const { rows, columns } = model.source.patches;
  const plain = { label: `${rows} rows of ${columns} patches.` };
  if (step.kind === "encode") return readersAt(model, step.i);
  if (step.kind.startsWith("gradient")) {
    const norms = model.backward?.[step.t];
    if (!norms || step.kind === "gradient-output") return plain;
    const values = step.kind === "gradient-states" ? norms.encoder_states : norms.source_embeddings;
    const label = `Gradient of ${word}: ${largestOf(model, values, formatNumber)}.`;
    return { values, scale: "gradient", format: (norm) => `norm ${formatNumber(norm)}`, label };
  }
  const { weights } = model.decoder.steps[step.t] ?? {};
  if (!weights || !weightsKnown(model, step)) return plain;
  const label = `Attention for ${word}: ${largestOf(model, weights, formatShare)}.`;
  return { values: weights, format: formatShare, label };
}

// The patches that the encoder's readers are at.
function readersAt(model, i) {
  const { tokens } = model.source;
  const last = tokens.length - 1;
  const { reverse_source: reversed, bidirectional } = model.config;
  const places = [reversed ? last - i : i, ...(bidirectional ? [last - i] : [])];
  return {
    values: tokens.map((_, at) => (places.includes(at) ? 1 : 0)),
    format: (here) => (here ? "is read" : ""),
    label: `Read now: ${[...new Set(places)].map((at) => sourceLabel(model, at)).join(" and ")}.`,
  };
}

// The largest three that are not small beside the first: "patch 13 (84 %), patch 11 (9.1 %)"
function largestOf(model, values, format) {
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
  return order
    .slice(0, 3)
    .filter((i) => values[i] >= values[order[0]] / 20)
    .map((i) => `${sourceLabel(model, i)} (${format(values[i])})`)
    .join(", ");
}

// Marks a patch in the picture and what belongs to it inside `root` while the pointer is on either.
function markPointedPatch(root) {
  root.addEventListener("pointerover", (event) => {
    const column = event.target.closest("[data-column]")?.dataset.column;
    for (const node of root.querySelectorAll("[data-column]"))
      node.classList.toggle("is-pointed", node.dataset.column === column);
  });
  root.addEventListener("pointerleave", () => {
    for (const node of root.querySelectorAll(".is-pointed")) node.classList.remove("is-pointed");
  });
}
