"use strict";
// The page of `babelgrad inspect --html`: the gradient of one pair's loss, parameter by parameter.
const data = pageData();

document
  .getElementById("page")
  .append(
    element("header", { class: "page-top" }, element("h1", {}, "Gradients"), themeSwitches()),
    pairCard(),
    element(
      "section",
      { class: "section" },
      element("h2", {}, "All parameters"),
      element(
        "p",
        { class: "soft" },
        "The ratio says how far one step of a given learning rate would move a parameter, compared with its size. " +
          "Press a title to sort.",
      ),
      element("div", { class: "card" }, parameterTable(data.parameters)),
    ),
    element(
      "section",
      { class: "section" },
      element("h2", {}, "One by one"),
      element(
        "p",
        { class: "soft" },
        "Each picture is a parameter; a cell is the size of the gradient there (root mean square of what it stands " +
          "for), and the darkest is that parameter's largest. Below it: how many elements have which size.",
      ),
      element("div", { class: "parameters" }, data.parameters.map(parameterCard)),
    ),
  );

function pairCard() {
  const line = (title, text) => [
    element("dt", { class: "soft" }, title),
    element("dd", {}, element("bdi", {}, text)),
  ];
  return element(
    "section",
    { class: "card" },
    element(
      "p",
      {},
      "How much the loss of this pair changes with each number of the model: its gradient, computed backward " +
        "through the whole model. Training moves each number a little against it.",
    ),
    element(
      "dl",
      { class: "pair" },
      line("source", data.source),
      line("target", data.target),
      line("model", data.model),
      line("loss", `${formatNumber(data.loss)} nats a token`),
    ),
  );
}

function parameterTable(parameters) {
  const largest = Math.max(...parameters.map((parameter) => parameter.ratio)) || 1;
  const shown = (key, title) => ({ title, value: (parameter) => parameter[key] ?? NaN });
  return dataTable({
    sortable: true,
    rows: parameters,
    columns: [
      {
        title: "parameter",
        value: (parameter) => parameter.name,
        show: (parameter) => element("a", { href: `#${parameter.name}` }, parameter.name),
      },
      {
        title: "gradient / weight",
        value: (parameter) => parameter.ratio ?? NaN,
        show: (parameter) =>
          element(
            "span",
            { class: "ratio" },
            element("span", {
              class: "ratio-bar",
              style: { "--share": (parameter.ratio ?? 0) / largest },
            }),
            formatNumber(parameter.ratio),
          ),
      },
      {
        title: "shape",
        value: (parameter) => elementCount(parameter),
        show: (parameter) => shapeText(parameter),
      },
      shown("weight_norm", "weight norm"),
      shown("norm", "gradient norm"),
      shown("mean", "mean size"),
      shown("largest", "largest"),
      {
        title: "zeros",
        value: (parameter) => parameter.zeros,
        show: (parameter) => formatShare(parameter.zeros),
      },
    ],
  });
}

function parameterCard(parameter) {
  const { name } = parameter;
  return element(
    "article",
    { class: "card parameter", id: name },
    element("h3", {}, name),
    element(
      "p",
      { class: "soft small" },
      `${shapeText(parameter)} · norm ${formatNumber(parameter.norm)} · zeros ${formatShare(parameter.zeros)}`,
    ),
    element(
      "figure",
      {},
      matrixMap({ values: parameter.map, scale: "gradient", label: name, cell: 8 }),
      gateLabels(parameter),
    ),
    gradientHistogram(parameter.histogram, {
      lowestDecade: data.bins.lowest_decade,
      perDecade: data.bins.per_decade,
      label: `Sizes of the elements of the gradient of ${name}`,
    }),
  );
}

// The rows of a cell's weights are its gates, one below the other.
function gateLabels({ name, shape }) {
  if (!/\.weight_[ih]h_/.test(name) || shape.length !== 2) return null;
  const gates = /\blstm\b/.test(name)
    ? ["input", "forget", "candidate", "output"]
    : ["reset", "update", "candidate"];
  return element(
    "figcaption",
    { class: "gates soft small" },
    gates.map((gate) => element("span", {}, gate)),
  );
}

function elementCount({ shape }) {
  return shape.reduce((product, size) => product * size, 1);
}

function shapeText({ shape }) {
  return shape.length === 0
    ? "one number"
    : shape.map((size) => size.toLocaleString("en")).join("\u00a0×\u00a0");
}
