"use strict";
// What a served page can do besides: ask the model again with another sentence, with other weights,
// or with source words switched off. `live` is {async explain({sentence, masked, weights})}, which
// gives a new document.

const kLiveHint =
  "Change the sentence or a word of it, switch a position off, or, from a softmax step on, drag a weight: the decoder " +
  "chooses again.";

// Asks the server that the page came from.
function httpLive() {
  return {
    async explain(request) {
      const response = await fetch("/api/explain", {
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

// class LiveControls: `node` is the form on top of the page; onDocument(document, request) is
// called with each answer.
class LiveControls {
  constructor(live, sentence, onDocument) {
    Object.assign(this, { live, onDocument, sentence, masked: new Set(), weights: {}, asked: 0 });
    this.input = element("input", {
      type: "text",
      name: "sentence",
      value: sentence,
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
      "aria-label": "Sentence to translate",
    });
    this.message = element("p", { class: "soft small live-message", role: "status" }, kLiveHint);
    this.reset = element(
      "button",
      { type: "button", hidden: true, onclick: () => this.ask(this.sentence) },
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

  // What the picture of the model lets the reader change. Words can be retyped where each token is
  // one.
  edits() {
    const words = this.model.source.text.trim().split(/\s+/);
    return {
      masked: this.masked,
      words: words.length === this.model.source.tokens.length - 1 ? words : [],
      word: (i, text) => this.ask(words.with(i, text).filter(Boolean).join(" ")),
      toggle: (i) => this.toggle(i),
      weight: (t, i, share) => this.setWeight(t, i, share),
    };
  }

  // A new sentence: nothing is switched off or overruled any more.
  ask(sentence) {
    this.masked.clear();
    this.weights = {};
    this.input.value = sentence;
    return this.send(sentence);
  }

  // Switches a source position off or on again; weights that were set leave out what is off.
  toggle(i) {
    if (!this.masked.delete(i)) this.masked.add(i);
    for (const [t, weights] of Object.entries(this.weights)) {
      const kept = weights.map((weight, at) => (this.masked.has(at) ? 0 : weight));
      const sum = kept.reduce((a, b) => a + b, 0);
      if (sum > 0) this.weights[t] = kept.map((weight) => weight / sum);
      else delete this.weights[t];
    }
    return this.send(this.sentence);
  }

  // Gives source position i this share of the attention at output word t; the others keep their
  // proportions.
  setWeight(t, i, share) {
    const before = this.model.decoder.steps[t].weights;
    const rest = before.reduce((sum, weight, at) => (at === i ? sum : sum + weight), 0);
    this.weights[t] = before.map((weight, at) =>
      at === i
        ? share
        : rest > 0
          ? (weight / rest) * (1 - share)
          : (1 - share) / (before.length - 1),
    );
    return this.send(this.sentence);
  }

  // The answer to the latest request counts, in whichever order they arrive.
  async send(sentence) {
    const number = ++this.asked;
    const request = { sentence, masked: [...this.masked], weights: this.weights };
    this.node.setAttribute("aria-busy", "true");
    this.message.textContent = "";
    try {
      const answer = await this.live.explain(request);
      if (number !== this.asked) return;
      this.sentence = sentence;
      this.report(answer.models[0]);
      this.onDocument(answer, request);
    } catch (error) {
      if (number === this.asked) this.message.textContent = error.message;
    } finally {
      if (number === this.asked) this.node.removeAttribute("aria-busy");
    }
  }

  // Says what the changes did to the translation.
  report(model) {
    const changed = this.masked.size > 0 || Object.keys(this.weights).length > 0;
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
    this.original ??= model.translation.text;
  }
}

// A source word that can be retyped (if it is one), with a switch that hides its position from the
// attention.
function editableWord(token, i, edits) {
  const on = !edits.masked.has(i);
  const input =
    edits.words[i] === undefined
      ? element("bdi", { class: "word" }, token.text)
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
function makeDraggable(bar, token, i, preview, commit) {
  fillElement(
    bar,
    {
      tabindex: 0,
      role: "slider",
      "aria-label": `Attention weight of ${quoted(token.text)}`,
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
