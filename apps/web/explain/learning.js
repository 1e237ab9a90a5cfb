"use strict";
// Learning: a slider over the snapshots of the training, with this sentence's translation, loss and
// alignment.

function learningSection(model) {
  const { snapshots } = model;
  if (!snapshots?.length) return null;
  const chart = lineChart({
    series: [{ name: "", dots: true, points: snapshots.map((one) => [one.update, one.loss]) }],
    x: { label: "update" },
    y: { label: "loss, nats a token", min: 0 },
    height: 200,
  });
  const { beam } = model.config;
  const search =
    beam > 1
      ? `; the one at the top comes from a beam of ${beam}, so even the last may differ`
      : "";
  const sentence = element("p", { class: "learning-sentence" });
  const matrix = element("div", { class: "scroll" });
  const show = (index) => {
    const {
      update,
      loss,
      text,
      tokens,
      weights,
      log_probability: logProbability,
    } = snapshots[index];
    position.textContent = `update ${formatNumber(update)}`;
    slider.setAttribute("aria-valuetext", position.textContent);
    sentence.replaceChildren(
      element("bdi", {}, text || "(nothing)"),
      element(
        "span",
        { class: "soft small" },
        `  log-probability ${formatNumber(logProbability)}; loss ${formatNumber(loss)}`,
      ),
    );
    matrix.replaceChildren(
      weights?.length
        ? heatMap({ rows: tokens, ...sourceColumns(model), values: weights, format: formatShare })
        : "",
    );
    chart.setMarker(update);
  };
  const position = element("span", { class: "number soft" });
  const slider = element("input", {
    type: "range",
    min: 0,
    max: snapshots.length - 1,
    "aria-label": "Snapshot",
    oninput: () => show(Number(slider.value)),
  });
  slider.value = snapshots.length - 1;
  show(snapshots.length - 1);
  return element(
    "section",
    { class: "section", id: "learning" },
    element("h2", {}, "Learning"),
    element(
      "p",
      { class: "soft" },
      `The same ${sourceNouns(model).whole} at moments of the training: draw the slider from left to right and see ` +
        "its translation, its loss and its alignment come about.",
    ),
    element(
      "p",
      { class: "soft small" },
      "The loss, in nats a token, is that of ",
      element("bdi", {}, quoted(model.translation.text)),
      ", the translation at the top of the page. What a snapshot writes itself it chooses word by word, the likeliest " +
        `each time (greedy search)${search}.`,
    ),
    element(
      "div",
      { class: "card" },
      element("div", { class: "learning-slider" }, slider, position),
      sentence,
      element("div", { class: "columns" }, matrix, chart),
    ),
  );
}
