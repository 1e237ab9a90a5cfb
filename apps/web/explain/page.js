"use strict";
// The page that explains one sentence: the story's player around the picture of the model, and
// below it what belongs to the sentence as a whole.

// The matrices stand beside the picture for sentences of at most so many tokens, below it for
// longer ones.
const kColumnsInLens = 10;

const kHint =
  "Keys: space plays, arrows step, Home and End go to the ends. Point at a colour to read its number.";

function welcomeText(typed, become) {
  return (
    `Type ${typed} and see how this model translates it, step by step: ${become} become vectors, the encoder reads ` +
    "them, the decoder writes word by word, and the gradient runs all the way back."
  );
}

class ExplainPage {
  // `live` may be null.
  constructor(root, explained, live) {
    this.root = root;
    this.switches = themeSwitches();
    this.chosen = 0;
    if (live) {
      const sentence = explained.models[0]?.source.text ?? "";
      this.live = live;
      this.controls = new LiveControls(live, sentence, {
        onDocument: (answer) => this.show(answer),
        onRefusal: () => this.models && this.build(),
      });
    }
    if (explained.models.length) this.show(explained);
    else root.replaceChildren(this.welcome(), this.controls.node);
  }

  show(explained) {
    this.models = withReadableTokens(explained.models);
    this.chosen = Math.min(this.chosen, this.models.length - 1);
    this.build();
  }

  get model() {
    return this.models[this.chosen];
  }

  build() {
    const before = this.steps?.[this.player.index];
    const focus = document.activeElement?.dataset.focus;
    this.steps = tellStory(this.model);
    this.controls?.use(this.model);
    this.player?.detach();
    if (before) this.keepPlace(before);
    const beside = this.model.source.tokens.length <= kColumnsInLens;
    this.matrices = new GrowingMatrices(this.model, beside);
    this.view = this.model.source.patches
      ? new PictureView(this.model, (wanted) => this.player.stopAt(this.find(wanted)))
      : null;
    const stage = this.stage(beside ? this.matrices.node : null);
    const parts = [
      this.header(),
      this.controls?.node,
      this.modelTabs(),
      stage,
      element("p", { class: "soft small hint" }, kHint),
      beside ? null : this.matrices.node,
      beamSection(this.model),
      learningSection(this.model),
      comparisonSection(this.models),
    ];
    this.root.replaceChildren(...parts.filter(Boolean));
    const paces = storyPaces(this.steps);
    this.player = new Player({
      count: this.steps.length,
      onStep: (index) => this.showStep(index),
      label: (index) => this.steps[index].title,
      pace: (index) => paces[index],
    });
    stage.append(this.player.node);
    this.root.querySelector(`[data-focus="${focus}"]`)?.focus({ preventScroll: true });
  }

  // Chapters, the picture with the charts below it, and beside it the caption and the lens.
  stage(matrices) {
    this.map = new ModelMap(this.model, this.controls?.edits() ?? null);
    this.charts = element("div", { class: "columns time-charts" });
    this.title = element("h2", {});
    this.text = element("p", { class: "lens-text" });
    this.lens = element("div", { class: "lens-body" });
    this.chapters = this.chapterButtons();
    const caption = element("div", { class: "caption", "aria-live": "polite" });
    caption.append(this.title, this.text);
    const stage = element(
      "section",
      { class: "stage card", "aria-label": "The translation, step by step" },
      this.chapters,
      element(
        "div",
        { class: "stage-grid" },
        element("div", { class: "lens" }, caption, this.lens, matrices),
        element("div", { class: "picture" }, this.view?.node, this.map.node, this.charts),
      ),
    );
    if (this.view) markPointedPatch(stage);
    return stage;
  }

  // The step of this kind about output word t.
  find({ kind, t }) {
    return this.steps.findIndex((step) => step.kind === kind && step.t === t);
  }

  // Before the first sentence: which model this is, and what there will be to see.
  welcome() {
    const summary = element("p", { class: "soft small" });
    const describe = async () => {
      const model = await this.live.model?.();
      if (!model) return;
      summary.textContent = describeModel({ ...model, beam: model.search.beam });
      if (model.feature_size === 0) return;
      this.controls.readsFeatures(true);
      text.textContent = welcomeText("the number of an item", "its features");
    };
    const text = element("p", {}, welcomeText("a sentence", "words"));
    describe();
    return element(
      "header",
      { class: "page-top" },
      element("div", {}, element("h1", {}, document.title), summary, text),
      this.switches,
    );
  }

  header() {
    const { translation } = this.model;
    const source = sourceTitle(this.model);
    const long = source.length + translation.text.length > 80;
    const title = element(
      "h1",
      { class: long ? "is-long" : undefined },
      element("bdi", {}, source),
      element("span", { class: "arrow" }, " → "),
      element("bdi", {}, translation.text),
    );
    return element(
      "header",
      { class: "page-top" },
      element("div", {}, title, element("p", { class: "soft small" }, modelSummary(this.model))),
      this.switches,
    );
  }

  // Puts the place of the old story into the address, where the new player begins.
  keepPlace(before) {
    const likeness = (step) =>
      4 * (step.kind === before.kind) + 2 * (step.t === before.t) + (step.i === before.i);
    const likest = this.steps.reduce((best, step) =>
      likeness(step) > likeness(best) ? step : best,
    );
    history.replaceState(null, "", `#step=${this.steps.indexOf(likest) + 1}`);
  }

  modelTabs() {
    if (this.models.length < 2) return null;
    return element(
      "div",
      { class: "row model-tabs", role: "group", "aria-label": "Model in the picture" },
      this.models.map((model, index) =>
        element(
          "button",
          {
            type: "button",
            dataset: { focus: `model-${index}` },
            "aria-pressed": String(index === this.chosen),
            onclick: () => {
              this.chosen = index;
              this.build();
            },
          },
          model.name,
        ),
      ),
    );
  }

  chapterButtons() {
    const starts = this.steps
      .map((step, index) => ({ ...step, index }))
      .filter(({ index }) => index === 0 || this.isNewChapter(index));
    return element(
      "nav",
      { class: "chapters scroll", "aria-label": "Chapters" },
      starts.map(({ chapter, index, t, kind }) =>
        element(
          "button",
          {
            type: "button",
            dataset: { first: index },
            onclick: () => this.player.stopAt(index),
            class: t !== undefined && !kind.startsWith("gradient") ? "is-word" : undefined,
          },
          element("bdi", {}, chapter),
        ),
      ),
    );
  }

  isNewChapter(index) {
    const [one, two] = [this.steps[index - 1], this.steps[index]];
    return one.chapter !== two.chapter || (one.t !== two.t && !two.kind.startsWith("gradient"));
  }

  showStep(index) {
    const step = this.steps[index];
    this.title.textContent = step.title;
    this.text.textContent = step.text;
    this.lens.replaceChildren(...lensContent(this.models, this.chosen, step).filter(Boolean));
    this.view?.show(step);
    this.map.show(step);
    this.charts.replaceChildren(...timeCharts(this.models, this.chosen, step));
    this.matrices.show(step);
    const buttons = [...this.chapters.children];
    const current = buttons.findLast((button) => Number(button.dataset.first) <= index);
    scrollToMiddle(this.chapters, current);
    for (const button of buttons) button.setAttribute("aria-current", String(button === current));
  }
}

// SentencePiece marks the beginning of a word with U+2581, a heavy line; here it is a dot.
function withReadableTokens(models) {
  return JSON.parse(JSON.stringify(models), (_, value) =>
    typeof value === "string" ? value.replaceAll("\u2581", "·") : value,
  );
}

function modelSummary({ name, config, translation }) {
  const probability = `log-probability ${formatNumber(translation.log_probability)}`;
  return [
    `${name}: ${describeModel(config)}; `,
    element("span", { class: "one-line" }, probability),
  ];
}

function describeModel({ structure, parameters, beam }) {
  return `${structure}; ${formatNumber(parameters)} parameters, beam ${beam}`;
}
