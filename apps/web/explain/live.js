"use strict";
// What a served page can do besides: ask the model again with another sentence, with other weights,
// or with source words switched off. `live` is {async explain({sentence, masked, weights})}, which
// gives a new document, and perhaps {async model()}, which describes the model as GET /api/model.

const kLiveHint =
  "Change the sentence or a word of it, switch a position off, or, from a softmax step on, drag a weight: the decoder " +
  "chooses again.";

// Asks the server that the page came from.
function httpLive() {
  return {
    async model() {
      const response = await fetch("/api/model" + location.search);
      return response.ok ? response.json() : null;
    },
    async explain(request) {
      const response = await fetch("/api/explain" + location.search, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(request),
      });
      const answer = await response
        .json()
        .catch(() => ({ error: `the server answered with status ${response.status}` }));
      if (!response.ok)
        throw new Error(answer.error || `the server answered with status ${response.status}`);
      return answer;
    },
  };
}

// class LiveControls: `node` is the form on top of the page; onDocument(document) is called with
// each answer, onRefusal() where there is none and the picture has to be as it was.
class LiveControls {
  constructor(live, sentence, { onDocument, onRefusal }) {
    Object.assign(this, { live, onDocument, onRefusal, asked: 0 });
    this.answered = { sentence, masked: [], weights: {} }; // the request that the picture answers
    this.latest = this.answered;
    this.input = element("input", {
      type: "text",
      name: "sentence",
      value: sentence,
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
      dataset: { focus: "sentence" },
    });
    this.readsFeatures(false);
    this.message = element("p", { class: "soft small live-message", role: "status" });
    this.message.textContent = sentence && kLiveHint;
    this.reset = element(
      "button",
      { type: "button", hidden: true, onclick: () => this.ask(this.answered.sentence) },
      "Undo changes",
    );
    this.node = element(
      "form",
      {
        class: "live",
        onsubmit: (event) => {
          event.preventDefault();
          this.ask(this.input.value);
        },
      },
      this.input,
      element("button", { type: "submit", class: "primary" }, "Translate"),
      this.reset,
      this.message,
    );
  }

  // What there is to type: a sentence, or which item of the features that are served.
  readsFeatures(yes) {
    this.input.placeholder = yes
      ? "The number of an item of the features"
      : "A sentence in the language that the model reads";
    this.input.setAttribute("aria-label", yes ? "Item to translate" : "Sentence to translate");
  }

  // What the picture of the model lets the reader change. Words can be retyped where each token is
  // one.
  edits() {
    const words =
      sourceKind(this.model) === "words" ? this.model.source.text.trim().split(/\s+/) : [];
    return {
      masked: new Set(this.answered.masked),
      words: words.length === this.model.source.tokens.length - 1 ? words : [],
      word: (i, text) => this.ask(words.with(i, text).filter(Boolean).join(" ")),
      toggle: (i) => this.toggle(i),
      weight: (t, i, share) => this.setWeight(t, i, share),
    };
  }

  // A new sentence: nothing is switched off or overruled any more.
  ask(sentence) {
    this.input.value = sentence;
    return this.send({ sentence, masked: [], weights: {} });
  }

  // What a change is added to: the latest request about the sentence in the picture.
  present() {
    return this.latest.sentence === this.answered.sentence ? this.latest : this.answered;
  }

  // Switches a source position off or on again; weights that were set leave out what is off.
  toggle(i) {
    const { sentence, masked: before, weights: set } = this.present();
    const masked = before.includes(i) ? before.filter((at) => at !== i) : [...before, i];
    const weights = {};
    for (const [t, row] of Object.entries(set)) {
      const kept = row.map((weight, at) => (masked.includes(at) ? 0 : weight));
      const sum = kept.reduce((a, b) => a + b, 0);
      if (sum > 0) weights[t] = kept.map((weight) => weight / sum);
    }
    return this.send({ sentence, masked, weights });
  }

  // Gives source position i this share of the attention at output word t; the others keep their
  // proportions.
  setWeight(t, i, share) {
    const before = this.model.decoder.steps[t].weights;
    const rest = before.reduce((sum, weight, at) => (at === i ? sum : sum + weight), 0);
    const row = before.map((weight, at) =>
      at === i
        ? share
        : rest > 0
          ? (weight / rest) * (1 - share)
          : (1 - share) / (before.length - 1),
    );
    const { weights, ...others } = this.present();
    return this.send({ ...others, weights: { ...weights, [t]: row } });
  }

  // The answer to the latest request {sentence, masked, weights} counts, in whichever order they
  // arrive. A request that is refused leaves nothing behind but the message.
  async send(request) {
    const number = ++this.asked;
    this.latest = request;
    this.node.setAttribute("aria-busy", "true");
    this.message.textContent = "";
    try {
      const answer = await this.live.explain(request);
      if (number !== this.asked) return;
      this.answered = request;
      this.report(answer.models[0]);
      this.onDocument(answer);
    } catch (error) {
      if (number !== this.asked) return;
      this.latest = this.answered;
      this.message.textContent = error.message;
      this.onRefusal();
    } finally {
      if (number === this.asked) this.node.removeAttribute("aria-busy");
    }
  }

  // Says what the changes did to the translation.
  report(model) {
    const { masked, weights } = this.answered;
    const changed = masked.length > 0 || Object.keys(weights).length > 0;
    if (!changed) this.original = model.translation.text;
    this.reset.hidden = !changed;
    this.message.textContent = !changed
      ? kLiveHint
      : model.translation.text === this.original
        ? "The translation stays the same."
        : `Before the change: ${this.original}`;
  }

  // The model whose picture the edits refer to.
  use(model) {
    this.model = model;
    this.readsFeatures(sourceKind(model) !== "words");
    this.original ??= model.translation.text;
  }
}

// A source word that can be retyped (if it is one), or whatever else stands for a position, with a
// switch that hides the position from the attention.
function editableWord(sign, i, edits) {
  const on = !edits.masked.has(i);
  const input =
    edits.words[i] === undefined
      ? element("bdi", { class: "word" }, sign)
      : element("input", {
          type: "text",
          class: "word",
          value: edits.words[i],
          dir: "auto",
          "aria-label": `Source word ${i + 1}`,
          dataset: { focus: `word-${i}` },
          onchange: () => edits.word(i, input.value.trim()),
        });
  return element(
    "div",
    { class: on ? "editable" : "editable is-off" },
    input,
    element(
      "button",
      {
        type: "button",
        class: "position-switch",
        dataset: { focus: `position-${i}` },
        "aria-pressed": String(on),
        title: on
          ? "Hide this position from the attention"
          : "Let the attention see this position again",
        onclick: () => edits.toggle(i),
      },
      on ? "on" : "off",
    ),
  );
}

// Lets the mouse, a finger or the keyboard set the weight bar of source position i; preview(share)
// while moving, commit(share) at the end.
function makeDraggable(bar, word, i, preview, commit) {
  fillElement(
    bar,
    {
      tabindex: 0,
      role: "slider",
      "aria-label": `Attention weight of ${word}`,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      dataset: { focus: `weight-${i}` },
    },
    [],
  );
  bar.classList.add("is-draggable");
  const shareAt = (event) => {
    const box = bar.getBoundingClientRect();
    return clamp((box.bottom - event.clientY) / box.height, 0, 1);
  };
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    preview(shareAt(event));
  });
  bar.addEventListener("pointermove", (event) => {
    if (bar.hasPointerCapture(event.pointerId)) preview(shareAt(event));
  });
  bar.addEventListener("pointerup", (event) => {
    if (bar.hasPointerCapture(event.pointerId)) commit(shareAt(event));
  });
  bar.addEventListener("keydown", (event) => {
    const change = { ArrowUp: 10, ArrowDown: -10, ArrowRight: 10, ArrowLeft: -10 }[event.key];
    if (!change) return;
    event.preventDefault();
    commit(clamp((Number(bar.getAttribute("aria-valuenow")) + change) / 100, 0, 1));
  });
}
