"use strict";
// The translation as a list of steps, in the order in which the model computes:
//   {kind, chapter, title, text, i?, t?, layer?}
// with i a pulse of the encoder, t an output word, and `text` a plain sentence about what happens.

function tellStory(model) {
  return [
    ...sourceSteps(model),
    ...encoderSteps(model),
    ...handOverSteps(model),
    ...model.decoder.steps.flatMap((_, t) => outputSteps(model, t)),
    ...(model.backward || []).flatMap((_, t) => backwardSteps(model, t)),
  ];
}

// Stories of up to so many steps have the player's full time for each.
const kUnhurriedSteps = 60;

// The share of the player's time for each step: in a longer story those whose kind has been
// explained before go by faster, so that it lasts about as long.
function storyPaces(steps) {
  const repeated = clamp(kUnhurriedSteps / steps.length, 0.2, 1);
  const kinds = new Set();
  return steps.map(({ kind }) => {
    const pace = kinds.has(kind) ? repeated : 1;
    kinds.add(kind);
    return pace;
  });
}

function hasAttention(model) {
  return model.decoder.steps.some((step) => step.weights);
}

// Whether the decoder reads a context: by attention, or the same at every step.
function hasContext(model) {
  return model.config.readout_inputs.includes("context");
}

// Whether the context enters the recurrence: the state before attends, or it is always the same.
function attendsFirst(model) {
  return model.config.recurrent_inputs.includes("context");
}

// What a layer's step of the decoder hands on: its state, or with residual that plus its input.
function handedOn({ state, sum }) {
  return sum ?? state;
}

// The same of the encoder at source position i.
function encoderHandsOn({ forward, backward, sums }, i) {
  return sums ? sums[i] : [...forward[i].state, ...(backward ? backward[i].state : [])];
}

// Whether the layers of "encoder" or "decoder" hand on sums.
function addsInputs(model, side) {
  return model.config.residual && model.config[`${side}_layers`] > 1;
}

// No number of what it hands on is larger: states are from -1 to 1.
function stateBound(model, side) {
  return addsInputs(model, side) ? model.config[`${side}_layers`] : 1;
}

// What the last layer hands on at output word t, and before it.
function decoderState(model, t) {
  return handedOn(model.decoder.steps[t].layers.at(-1));
}

function stateBefore(model, t) {
  return t === 0 ? model.decoder.initial.at(-1) : decoderState(model, t - 1);
}

// What is joined to make an input of output word t's step: [{letter, name, values}]
function joinedInputs(model, inputs, t) {
  const { embedding, context } = model.decoder.steps[t];
  const known = {
    embedding: { letter: "e", name: "embedding e", values: embedding },
    context: { letter: "c", name: "context c", values: context },
    state: { letter: "h", name: "state h", values: decoderState(model, t) },
    previous_state: { letter: "h′", name: "state h before", values: stateBefore(model, t) },
    readout: { letter: "r", name: "readout r before", values: readoutBefore(model, t) },
  };
  return inputs.map((input) => known[input]);
}

// In a sentence: "Context c, state h and embedding e"
function listed(inputs) {
  const names = inputs.map(({ name }) => name);
  const text = [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
  return text[0].toUpperCase() + text.slice(1);
}

function readoutBefore(model, t) {
  return t === 0
    ? new Array(model.config.readout_size).fill(0)
    : model.decoder.steps[t - 1].readout;
}

// What the layer before the output words reads: "[c; h]", "[c; h; e]", or "h".
function readoutInput(model) {
  const letters = joinedInputs(model, model.config.readout_inputs, 0).map(({ letter }) => letter);
  return letters.length === 1 ? letters[0] : `[${letters.join("; ")}]`;
}

// What that layer does: "tanh(W [c; h] + b)", or in short "tanh(W [c; h])"
function readoutFormula(model, bias = " + b") {
  const sum = `W ${readoutInput(model)}${bias}`;
  return model.config.readout === "linear" ? sum : `${model.config.readout}(${sum})`;
}

// How it is called in a sentence.
function readoutLayer(model) {
  return {
    tanh: "a feedforward layer with tanh",
    linear: "a linear layer",
    maxout: "a maxout layer",
  }[model.config.readout];
}

function quoted(word) {
  return `“${word}”`;
}

const kFaint =
  " Faint is what the model is going to make of them up to its first word; the steps fill it in.";

// How the source is cut into positions, and how these become vectors.
function sourceSteps(model) {
  return sourceKind(model) === "words" ? wordSteps(model) : featureSteps(model);
}

function wordSteps(model) {
  const unknown = model.source.tokens.filter((token) => token.unknown).length;
  const { embedding } = model.config;
  return [
    {
      kind: "tokens",
      chapter: "Words",
      title: "Words become tokens",
      text:
        "The sentence is cut into pieces that the model knows, its tokens; a last one, " +
        `${quoted(model.source.tokens.at(-1).text)}, marks the end.` +
        (unknown
          ? ` ${unknown} of them it has never seen: they all become one “unknown” token.`
          : "") +
        kFaint,
    },
    {
      kind: "embeddings",
      chapter: "Words",
      title: "Tokens become vectors",
      text:
        `Each token is looked up in a table and becomes a vector: ${embedding} numbers, learned in training. ` +
        "Blue is positive, orange negative. This is all that the model knows of a word by itself.",
    },
  ];
}

function featureSteps(model) {
  const { patches, features, tokens } = model.source;
  const { one, many } = sourceNouns(model);
  const size = features[0].length;
  const chapter = patches ? "Patches" : "Positions";
  return [
    {
      kind: "tokens",
      chapter,
      title: patches ? "The picture becomes patches" : "The source is a row of vectors",
      text:
        (patches
          ? `The picture is cut into ${patches.rows} rows of ${patches.columns} patches, each ` +
            `${patches.width} pixels wide and ${patches.height} high.`
          : `There are ${tokens.length} positions, each of ${size} numbers, its features.`) +
        ` They go by their number and are read one after the other, like the words of a sentence.${kFaint}`,
    },
    {
      kind: "embeddings",
      chapter,
      title: `${chapter} become vectors`,
      text:
        `The ${size} numbers of a ${one}${patches ? ", the colours of its pixels," : ""} pass through two linear ` +
        `layers, ReLU between, and become ${model.config.embedding} others, the same way for all ${many}. Blue is positive, orange ` +
        `negative. This is all that the model knows of a ${one} by itself.`,
    },
  ];
}

function encoderSteps(model) {
  const last = model.source.tokens.length - 1;
  const layers = model.encoder.layers.length;
  return model.encoder.layers.flatMap(({ backward }, layer) =>
    model.source.tokens.map((_, i) => ({
      kind: "encode",
      chapter: "Encoder",
      layer,
      i,
      title: layers > 1 ? `Encoder, layer ${layer + 1}, pulse ${i + 1}` : `Encoder, pulse ${i + 1}`,
      text:
        encoderText(model, i, last, backward) +
        (layer > 0 && addsInputs(model, "encoder")
          ? " This layer adds its input to its states and hands on the sum (residual)."
          : ""),
    })),
  );
}

function encoderText(model, i, last, backward) {
  const forward = `One reader goes forward and is at ${sourceWord(model, i)}`;
  if (!backward)
    return `The encoder reads ${sourceWord(model, model.config.reverse_source ? last - i : i)} and updates its memory, the hidden state.`;
  if (i === 0) {
    return (
      `Two readers set out. ${forward}; the other goes backward and begins with ${sourceWord(model, last)}. ` +
      "Each holds a memory, its hidden state, and gates decide what to keep of it."
    );
  }
  return (
    `${forward}, the other goes backward and is at ${sourceWord(model, last - i)}. ` +
    `Each mixes the new ${sourceNouns(model).one} into its hidden state: the gates decide how much of the old one stays.`
  );
}

// What the decoder's first state is made of.
function initialText(model) {
  const { config } = model;
  const { whole } = sourceNouns(model);
  if (config.initial_state === "zero") return "The decoder starts from nothing: a state of zeros.";
  const what = {
    last: config.bidirectional
      ? `The last states of the two readers, who have then seen the whole ${whole}, pass`
      : `The last state of the reader, who has then seen the whole ${whole}, passes`,
    mean: "The mean of all hidden states passes",
  }[config.initial_state];
  return `${what} through one small layer: the decoder starts from here.`;
}

function handOverSteps(model) {
  const count = model.source.tokens.length;
  const { one, many, token, whole } = sourceNouns(model);
  const initial = {
    kind: "initial",
    chapter: "Hand-over",
    title: "The decoder’s first state",
    text: initialText(model),
  };
  if (!hasAttention(model)) {
    initial.text =
      `This model has no attention: the whole ${whole}${whole === "sentence" ? ", however long," : ""} has to fit into this one vector. ` +
      (hasContext(model)
        ? "The decoder gets it as its first state, and through another layer as the context, the same at every step."
        : "The decoder gets nothing else.");
    return [initial];
  }
  return [
    {
      kind: "handover",
      chapter: "Hand-over",
      title: "All states are handed over",
      text:
        `The decoder receives all ${count} hidden states, one a ${token}, not the last alone. ` +
        `Each knows its own ${one} best, and something of the ${many} around it. That is what makes attention possible.` +
        (addsInputs(model, "encoder")
          ? " Each is the sum of what all layers made: every layer but the first adds its input (residual)."
          : ""),
    },
    initial,
  ];
}

function outputSteps(model, t) {
  const step = model.decoder.steps[t];
  const chapter = step.chosen.text;
  const named = (kind, title, text) => ({
    kind,
    t,
    chapter,
    title: `Word ${t + 1}: ${title}`,
    text,
  });
  const recurrence = named("recurrence", "the decoder takes a step", recurrenceText(model, t));
  const attention = hasAttention(model) ? attentionSteps(model, t, named) : [];
  const first = attendsFirst(model) ? [...attention, recurrence] : [recurrence, ...attention];
  return [
    ...first,
    named(
      "readout",
      hasContext(model) ? "context and state are joined" : "a last layer",
      hasContext(model)
        ? `${listed(joinedInputs(model, model.config.readout_inputs, t))} are put end to end, ${readoutInput(model)}, and pass through ${readoutLayer(model)}.`
        : `The decoder’s state passes through ${readoutLayer(model)}.`,
    ),
    named("words", `${quoted(step.chosen.text)} is chosen`, wordsText(model, t)),
  ];
}

function recurrenceText(model, t) {
  const input = quoted(model.decoder.steps[t].input.text);
  const { input_feeding: feeds } = model.config;
  const context = attendsFirst(model) ? " and the context" : "";
  const fed = feeds
    ? " With it goes what the feedforward layer made at the word before (input feeding)."
    : "";
  const sum = addsInputs(model, "decoder")
    ? " Every layer but the first adds its input to its state and hands on the sum (residual); that of the last layer is the state h that the rest of the step reads."
    : "";
  return t === 0
    ? `The decoder starts with the mark ${input}. Its ${cellName(model)} mixes it${context} with the state it was given: what has been said so far, ` +
        "and what there is to say." +
        (feeds ? " Input feeding starts with zeros." : "") +
        sum
    : `The word just chosen, ${input}, is fed back in, and the ${cellName(model)} updates the decoder’s state${context ? ` from it${context}` : ""}.${fed}${sum}`;
}

function cellName(model) {
  return model.config.cell.toUpperCase();
}

function windowSentence(model, t) {
  const { center } = model.decoder.steps[t];
  return {
    global: "Softmax turns the scores into weights that add up to 1.",
    local_m: "Softmax turns the scores of the positions near this step’s number into weights.",
    local_p: `The state predicts a position, ${formatNumber(center)} (the first is 0); softmax turns the scores near it into weights, which are then made smaller the further they are from it, so that they no longer add up to 1.`,
    monotonic:
      (t === 0
        ? "The first position"
        : "The search goes on where the word before stopped: the first position from there on") +
      ` whose score is at least ${formatNumber(model.config.threshold)} gets all the attention; if there is none, the last position does.`,
  }[model.config.attention];
}

// Whether the attention of output word t may give source position i a weight.
function mayLookAt(model, t, i) {
  const { steps } = model.decoder;
  const { attention } = model.config;
  if (model.intervention?.masked.includes(i)) return false;
  if (attention.startsWith("local") && !setByHand(model, t)) return steps[t].weights[i] > 0;
  if (attention === "monotonic" && t > 0)
    return i >= steps[t - 1].weights.findIndex((weight) => weight > 0);
  return true;
}

// Which of them has the highest score.
function matchText(model, t) {
  const { scores } = model.decoder.steps[t];
  const within = scores.map((_, i) => i).filter((i) => mayLookAt(model, t, i));
  if (within.length === 0) return "No position may be looked at.";
  const likest = within.reduce((best, i) => (scores[i] > scores[best] ? i : best));
  const score = formatNumber(scores[likest]);
  return within.length === scores.length
    ? `${sourceWordFirst(model, likest)} matches best, with ${score}.`
    : `Of the positions that may be looked at, ${sourceWord(model, likest)} matches best, with ${score}.`;
}

// Who gets most of it.
function weightText(model, t) {
  const { weights } = model.decoder.steps[t];
  const { attention } = model.config;
  const most = Math.max(...weights);
  const word = sourceWord(model, weights.indexOf(most));
  if (most === 0) return "Here no position gets any attention.";
  if (setByHand(model, t)) return `${formatShare(most)} of the attention goes to ${word}.`;
  if (attention === "local_p")
    return `The largest weight, ${formatNumber(most)}, is that of ${word}.`;
  if (attention === "monotonic" && most === 1) return `Here it goes to ${word}.`;
  return `${formatShare(most)} of the attention goes to ${word}.`;
}

// Whether the reader gave the attention weights of output word t.
function setByHand(model, t) {
  return model.intervention?.weights?.[t] !== undefined;
}

function attentionSteps(model, t, named) {
  const asker = attendsFirst(model) ? "The previous decoder state" : "The decoder’s state";
  return [
    named(
      "scores",
      "scores",
      `${asker} is compared with each encoder state${model.config.coverage ? " and what that got so far" : ""}: one score each. ` +
        matchText(model, t),
    ),
    named(
      "softmax",
      model.config.attention === "monotonic" ? "weights" : "softmax",
      (setByHand(model, t)
        ? "These weights were set by hand, whatever the scores say. "
        : `${windowSentence(model, t)} `) + weightText(model, t),
    ),
    named(
      "context",
      "the context",
      "Each encoder state is multiplied by its weight, so strong ones stay bright and weak ones " +
        "fade; their sum is the context: what the decoder needs from the source just now.",
    ),
  ];
}

function wordsText(model, t) {
  const { chosen, top } = model.decoder.steps[t];
  const share = formatShare(Math.exp(chosen.log_probability));
  const end = t === model.decoder.steps.length - 1;
  const choice =
    chosen.rank === 1 || chosen.text === top[0].text
      ? `Every word of the vocabulary gets a probability. ${quoted(chosen.text)} has the highest: ${share}.`
      : `${quoted(top[0].text)} is likelier here, but the beam search found that ${quoted(chosen.text)} (${share}) leads to the ` +
        "better sentence.";
  return choice + (end ? " That ends the sentence." : " It is fed into the next step.");
}

function backwardSteps(model, t) {
  const word = quoted(model.decoder.steps[t].chosen.text);
  const { many } = sourceNouns(model);
  const named = (kind, title, text) => ({
    kind,
    t,
    chapter: "Backward",
    title: `Back from ${word}: ${title}`,
    text,
  });
  const steps = [
    named(
      "gradient-output",
      "the output",
      `Training asks: what should change so that ${word} gets likelier? The ` +
        "gradient of its log-probability is the answer. It first reaches the last layer" +
        (hasContext(model)
          ? ", then the context and the decoder’s state."
          : " and the decoder’s state."),
    ),
  ];
  if (hasAttention(model)) {
    steps.push(
      named(
        "gradient-states",
        "the encoder’s states",
        "From the context the gradient goes straight to the encoder’s " +
          "states, most of it to those that got the attention: a short cut past all the steps between. " +
          "Some also comes through the decoder’s first state.",
      ),
    );
  }
  steps.push(
    named(
      "gradient-words",
      "through time",
      `${throughTimeText(model, many)} ${reachText(model, t)}`,
    ),
  );
  return steps;
}

function throughTimeText(model, many) {
  if (hasAttention(model))
    return `Then it runs back through time, along the readers, to the source ${many}.`;
  if (hasContext(model))
    return (
      "The context, the same at every step, takes it straight to the encoder’s last state. From " +
      `there it has to run back through every step of the encoder to reach the source ${many}.`
    );
  return `Without attention it has to run back through every step of decoder and encoder to reach the source ${many}.`;
}

function reachText(model, t) {
  const norms = model.backward[t].source_embeddings;
  const [least, most] = [Math.min(...norms), Math.max(...norms)];
  if (norms.length < 2 || least === most) return "Deeper orange: more of it arrives.";
  const far = sourceWord(model, norms.indexOf(least));
  const near = sourceWordFirst(model, norms.indexOf(most));
  return least > 0
    ? `${near} receives most, ${formatNumber(most / least)} times as much as ${far}.`
    : `${near} receives most, ${far} nothing at all.`;
}
