"use strict";
// Play, pause, step and speed over a sequence of steps, with the step in the address (#step=12).

const kStepMilliseconds = 3200; // at speed 1: time to read a sentence

const kPlayerIcons = {
  first: "M3 3h2v10H3zM13 3v10L6 8z",
  back: "M11 3v10L4 8z",
  play: "M4 2.5v11L13 8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  forward: "M5 3v10l7-5z",
};

function playerIcon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { d: kPlayerIcons[name], fill: "currentColor" }),
  );
}

// new Player({count, onStep, label, pace}): calls onStep(index) at once with the step of the
// address, then at each change. `label(index)` names a step for screen readers; `pace(index)` is
// the share of kStepMilliseconds that it stays. `player.node` is the bar of controls. Keys anywhere on the page: space plays and pauses, arrows step, Home and End go to the
// ends.
class Player {
  constructor({ count, onStep, label = (i) => `step ${i + 1}`, pace = () => 1 }) {
    Object.assign(this, { count, onStep, label, pace, index: 0, timer: null });
    this.node = this.controls();
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    addEventListener("hashchange", () => this.stopAt(this.stepOfAddress() ?? this.index), {
      signal,
    });
    addEventListener("keydown", (event) => this.onKey(event), { signal });
    this.goTo(this.stepOfAddress() ?? 0);
  }

  controls() {
    const button = (icon, title, onclick) =>
      element("button", { type: "button", title, "aria-label": title, onclick }, playerIcon(icon));
    this.playButton = button("play", "Play", () => this.toggle());
    this.playButton.classList.add("primary");
    this.slider = element("input", {
      type: "range",
      min: 0,
      step: 1,
      "aria-label": "Step",
      oninput: () => this.stopAt(Number(this.slider.value)),
    });
    this.position = element("span", { class: "number soft player-position" });
    this.speed = element(
      "select",
      { "aria-label": "Speed" },
      [0.5, 1, 2, 4, 8].map((times) =>
        element("option", { value: times, selected: times === 1 }, `${times}×`),
      ),
    );
    return element(
      "div",
      { class: "player", role: "group", "aria-label": "Player" },
      button("first", "First step", () => this.stopAt(0)),
      button("back", "Step back", () => this.stopAt(this.index - 1)),
      this.playButton,
      button("forward", "Step forward", () => this.stopAt(this.index + 1)),
      this.slider,
      this.position,
      this.speed,
    );
  }

  // Ends the player: it plays no more and hears no keys.
  detach() {
    this.pause();
    this.listeners.abort();
  }

  stepOfAddress() {
    const found = /[#&]step=(\d+)/.exec(location.hash);
    return found && Number(found[1]) - 1;
  }

  goTo(index) {
    this.index = clamp(index, 0, this.count - 1);
    this.slider.max = this.count - 1;
    this.slider.value = this.index;
    this.slider.setAttribute("aria-valuetext", this.label(this.index));
    this.position.textContent = `${this.index + 1} / ${this.count}`;
    if (this.stepOfAddress() !== this.index)
      history.replaceState(null, "", `#step=${this.index + 1}`);
    this.onStep(this.index);
  }

  stopAt(index) {
    this.pause();
    this.goTo(index);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.index === this.count - 1) this.goTo(0);
    this.showPlaying(true);
    this.wait();
  }

  wait() {
    this.timer = setTimeout(
      () => {
        this.goTo(this.index + 1);
        if (this.index === this.count - 1) this.pause();
        else this.wait();
      },
      (kStepMilliseconds * this.pace(this.index)) / Number(this.speed.value),
    );
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.showPlaying(false);
  }

  showPlaying(playing) {
    this.playButton.replaceChildren(playerIcon(playing ? "pause" : "play"));
    const title = playing ? "Pause" : "Play";
    this.playButton.title = title;
    this.playButton.setAttribute("aria-label", title);
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === " " && event.target.closest("button, a, summary, [role=button]")) return;
    const action = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.stopAt(this.index - 1),
      ArrowRight: () => this.stopAt(this.index + 1),
      Home: () => this.stopAt(0),
      End: () => this.stopAt(this.count - 1),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}
