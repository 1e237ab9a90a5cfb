"use strict";
// The decoder's chain in the model's picture:
//   {name, label, active: [kinds], content(step): nodes or null if not yet known, gradient?(step)}

function decoderBlocks(model) {
  const blocks = [inputBlock(model), stateBlock(model), readoutBlock(model), wordBlock(model)];
  if (!hasContext(model)) return blocks;
  const contextFirst = attendsFirst(model);
  blocks.splice(contextFirst ? 1 : 2, 0, contextBlock(model));
  return blocks;
}

// The norms at output word t that one scale of colour covers.
function decoderNorms(model, t) {
  const { readout, state, context = 0 } = model.backward[t];
  return [readout, state, context];
}

// Whether step.t has been computed as far as `kind`.
function outputKnown(model, step, kind) {
  if (step.t === undefined) return false;
  if (step.kind.startsWith("gradient")) return true;
  const attention = ["scores", "softmax", "context"];
  const middle = attendsFirst(model) ? [...attention, "recurrence"] : ["recurrence", ...attention];
  const order = [...middle, "readout", "words"];
  return order.indexOf(step.kind) >= order.indexOf(kind);
}

function inputBlock(model) {
  return {
    name: "input",
    label: "word in",
    active: ["recurrence"],
    content: (step) => {
      if (step.t === undefined) return null;
      const { input, embedding } = model.decoder.steps[step.t];
      return [
        element("bdi", { class: "word" }, input.text),
        vectorStrip(embedding, { label: `embedding of ${quoted(input.text)}` }),
      ];
    },
  };
}

function stateBlock(model) {
  const strip = (values, label) => [
    element("span", { class: "soft small" }, label),
    vectorStrip(values, { label, max: stateBound(model, "decoder") }),
  ];
  return {
    name: "state",
    label: "decoder state",
    active: ["initial", "recurrence", "scores", "gradient-output"],
    content: (step) => {
      if (outputKnown(model, step, "recurrence")) {
        return strip(decoderState(model, step.t), `h${subscript(step.t + 1)}`);
      }
      if (step.t > 0) return strip(stateBefore(model, step.t), `h${subscript(step.t)}`);
      if (step.kind === "initial" || step.t === 0) return strip(model.decoder.initial.at(-1), "h₀");
      return null;
    },
    gradient: (step) => model.backward[step.t].state,
  };
}

function contextBlock(model) {
  return {
    name: "context",
    label: "context",
    active: ["context", "gradient-output"],
    content: (step) => {
      if (!outputKnown(model, step, "context")) return null;
      const label = `c${subscript(step.t + 1)}`;
      return [
        element("span", { class: "soft small" }, label),
        vectorStrip(model.decoder.steps[step.t].context, {
          label,
          max: stateBound(model, "encoder"),
        }),
      ];
    },
    gradient: (step) => model.backward[step.t].context,
  };
}

function readoutBlock(model) {
  const label = readoutFormula(model, "");
  return {
    name: "readout",
    label: "feedforward",
    active: ["readout", "gradient-output"],
    content: (step) =>
      outputKnown(model, step, "readout")
        ? [
            element("span", { class: "soft small" }, label),
            vectorStrip(model.decoder.steps[step.t].readout, { label: "readout", max: 1 }),
          ]
        : null,
    gradient: (step) => model.backward[step.t].readout,
  };
}

function wordBlock(model) {
  return {
    name: "word",
    label: "word out",
    active: ["words", "gradient-output"],
    content: (step) => {
      if (!outputKnown(model, step, "words")) return null;
      const { chosen } = model.decoder.steps[step.t];
      return [
        element("bdi", { class: "word chosen" }, chosen.text),
        element("span", { class: "number soft" }, formatShare(Math.exp(chosen.log_probability))),
      ];
    },
  };
}

function subscript(number) {
  return String(number).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
}
