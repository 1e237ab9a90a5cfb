"use strict";
// The page that explains one sentence: the story's player around the picture of the model, and
// below it what belongs to the sentence as a whole.

// The matrices stand beside the picture for sentences of at most so many tokens, below it for
// longer ones.
const kColumnsInLens = 10;

const kHint =
  "Keys: space plays, arrows step, Home and End go to the ends. Point at a colour to read its number.";

class ExplainPage {
  // `live` may be null.
  constructor(root, explained, live) {
    this.root = root;
    this.chosen = 0;
    if (live) {
      const sentence = explained.models[0]?.source.text ?? "";
      this.controls = new LiveControls(live, sentence, (answer) => this.show(answer));
    }
    if (explained.models.length) this.show(explained);
    else root.append(this.header(), this.controls.node);
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
    this.steps = tellStory(this.model);
    this.controls?.use(this.model);
    this.map = new ModelMap(this.model, this.controls?.edits() ?? null);
    this.lens = element("div", { class: "lens-body" });
    this.title = element("h2", {});
    this.text = element("p", { class: "lens-text" });
    this.caption = element(
      "div",
      { class: "caption", "aria-live": "polite" },
      this.title,
      this.text,
    );
    this.chapters = this.chapterButtons();
    const small = this.model.source.tokens.length <= kColumnsInLens;
    this.matrices = new GrowingMatrices(this.model, small);
    this.player?.detach();
    if (before) this.keepPlace(before);
    const lens = element("div", { class: "lens" }, this.caption, this.lens);
    if (small) lens.append(this.matrices.node);
    this.charts = element("div", { class: "columns time-charts" });
    const picture = element("div", { class: "picture" }, this.map.node, this.charts);
    const stage = element(
      "main",
      { class: "stage card" },
      this.chapters,
      element("div", { class: "stage-grid" }, lens, picture),
    );
    this.root.replaceChildren(
      ...[
        this.header(),
        this.controls?.node,
        this.modelTabs(),
        stage,
        element("p", { class: "soft small hint" }, kHint),
        small ? null : this.matrices.node,
        beamSection(this.model),
        learningSection(this.model),
        comparisonSection(this.models),
      ].filter(Boolean),
    );
    this.player = new Player({
      count: this.steps.length,
      onStep: (index) => this.showStep(index),
      label: (index) => this.steps[index].title,
    });
    stage.append(this.player.node);
  }

  header() {
    if (!this.models)
      return element(
        "header",
        { class: "page-top" },
        element("h1", {}, "Type a sentence."),
        themeSwitches(),
      );
    const { source, translation } = this.model;
    const long = source.text.length + translation.text.length > 80;
    const title = element(
      "h1",
      { class: long ? "is-long" : undefined },
      element("bdi", {}, source.text),
      element("span", { class: "arrow" }, " → "),
      element("bdi", {}, translation.text),
    );
    return element(
      "header",
      { class: "page-top" },
      element("div", {}, title, element("p", { class: "soft small" }, modelSummary(this.model))),
      themeSwitches(),
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
  const score = config.architecture === "plain" ? "no attention" : `${config.score} attention`;
  return (
    `${name}: ${config.architecture}, ${score}, ${formatNumber(config.parameters)} parameters, beam ${config.beam}; ` +
    `log-probability ${formatNumber(translation.log_probability)}`
  );
}
