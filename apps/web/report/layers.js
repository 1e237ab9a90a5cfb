"use strict";
// Norms of weights and gradients over the validations, layer by layer and parameter by parameter.

function layersSection(norms) {
  if (!norms?.updates.length) return null;
  return element(
    "section",
    { class: "section", id: "layers" },
    element("h2", {}, "Layers"),
    element(
      "p",
      { class: "soft" },
      "How large each layer's weights are and how large a gradient reached them, at each validation. " +
        "A gradient that is far smaller than its neighbours' learns slowly; weights that grow without end ask for a smaller rate.",
    ),
    seriesLegend([
      { name: "weights", colour: "var(--series-1)" },
      { name: "gradient of the last update", colour: "var(--series-2)" },
    ]),
    element(
      "div",
      { class: "layer-grid" },
      [...layersOf(norms.parameters)].map((layer) => layerCard(layer, norms)),
    ),
    element(
      "details",
      { class: "card parameter-details" },
      element("summary", {}, "Each parameter"),
      parameterTable(norms.parameters),
    ),
  );
}

// "encoder.gru.weight_ih_l0" belongs to "encoder.gru", "output.bias" to "output".
function layersOf(parameters) {
  const layers = new Map();
  for (const parameter of parameters) {
    const words = parameter.name.split(".");
    const name = words.slice(0, Math.min(2, words.length - 1)).join(".") || parameter.name;
    layers.set(name, [...(layers.get(name) ?? []), parameter]);
  }
  return layers;
}

// The norm of several parameters together, at each validation; null where one of them is not known.
function normOfAll(parameters, kind) {
  return parameters[0][kind].map((_, i) => {
    const values = parameters.map((parameter) => parameter[kind][i]);
    return values.includes(null) ? null : Math.hypot(...values);
  });
}

function layerCard([name, parameters], { updates }) {
  const points = (kind) => normOfAll(parameters, kind).map((value, i) => [updates[i], value]);
  return element(
    "div",
    { class: "card layer-card" },
    element("h3", { class: "number" }, name),
    lineChart({
      series: [
        {
          name: "weights",
          points: points("weight"),
          colour: "var(--series-1)",
          dots: updates.length < 12,
        },
        {
          name: "gradient",
          points: points("gradient"),
          colour: "var(--series-2)",
          dots: updates.length < 12,
        },
      ],
      x: { label: "update" },
      y: { scale: "log" },
      height: 150,
    }),
  );
}

function parameterTable(parameters) {
  const known = (values) => values.filter((value) => value !== null);
  const curve = (kind, colour) => (row) =>
    element(
      "span",
      { class: "norm-cell" },
      sparkline(known(row[kind]), { colour, label: `${kind} norm of ${row.name}` }),
      element("span", { class: "number" }, formatNumber(known(row[kind]).at(-1))),
    );
  const last = (kind) => (row) => known(row[kind]).at(-1) ?? 0;
  return dataTable({
    columns: [
      {
        title: "parameter",
        value: (row) => row.name,
        show: (row) => element("span", { class: "number" }, row.name),
      },
      { title: "weight norm", value: last("weight"), show: curve("weight", "var(--series-1)") },
      {
        title: "gradient norm",
        value: last("gradient"),
        show: curve("gradient", "var(--series-2)"),
      },
    ],
    rows: parameters,
    sortable: true,
  });
}
