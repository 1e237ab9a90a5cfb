// Trace: one sentence's way through a model. A tap (seq2seq/tap.h) writes down what the encoder and
// the decoder's steps compute: every gate, score, weight and word is a node of its own, so that it
// can be looked at and differentiated.
//
// Parameters enter as constants and the embeddings as leaves: gradients flow through what the model
// computed of the sentence, not into its parameters. The letters are those of docs/design.md; a
// sentence of its own has batch 1, so that vectors are [1, F].
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <vector>

#include "babelgrad/models/seq2seq/seq2seq.h"

namespace babelgrad {

// What is changed by hand in a model's attention. A plain model has none: nothing changes there.
struct Intervention {
  std::vector<std::size_t> masked;  // source positions that no step may attend to
  // By output step: attention [S] that replaces the step's own. Taken as given, masked or not.
  std::map<std::size_t, std::vector<double>> weights;

  bool empty() const { return masked.empty() && weights.empty(); }
  // The first output step that it changes; not to be called if empty.
  std::size_t first_step() const { return masked.empty() ? weights.begin()->first : 0; }
};

struct TraceRequest {
  text::Source source;
  std::vector<std::int32_t> target;  // the first words of the output, as search chose them
  std::size_t max_tokens = 0;        // after `target` the likeliest word, until eos or this many
  Intervention intervention = {};
};

// One step of one layer: the parts of its cell, [1, H] each, undefined where it has none.
template <class T>
struct CellTrace {
  std::array<Tensor<T>, kCellParts> parts;

  Tensor<T>& operator[](CellPart part) { return parts[static_cast<std::size_t>(part)]; }
  const Tensor<T>& state() const { return parts[static_cast<std::size_t>(CellPart::state)]; }
};

template <class T>
struct EncoderLayerTrace {
  // By source position. With one direction, whichever it is, it is `forward`, and the other empty.
  std::vector<CellTrace<T>> forward, backward;
  // S of [1, D], where the layer adds its input (residual): its states plus what it read. This is
  // what it hands on. Empty where it hands on its states.
  std::vector<Tensor<T>> sums;
};

template <class T>
struct StepTrace {
  std::int32_t input = 0;            // the word read: bos, or the output of the step before
  Tensor<T> embedding;               // [1, E], a leaf
  std::vector<CellTrace<T>> layers;  // [1, H] each
  std::vector<Tensor<T>> sums;       // [1, H] of each layer that adds its input, else undefined
  Tensor<T> scores, weights;         // [1, 1, S]; undefined without attention
  Tensor<T> center;                  // [1, 1, 1] of attention local_p, else undefined
  Tensor<T> context;                 // [1, D]; undefined without one
  Tensor<T> readout;                 // [1, R]
  Tensor<T> log_probabilities;       // [1, V]
  std::int32_t output = 0;           // the word chosen
};

template <class T>
struct Trace {
  text::Source source;
  std::vector<Tensor<T>> source_embeddings;   // S leaves [1, E]
  std::vector<EncoderLayerTrace<T>> encoder;  // one a layer
  std::vector<Tensor<T>> encoder_states;      // S of [1, D]: all that the decoder gets
  std::vector<Tensor<T>> initial;             // one [1, H] a layer
  std::vector<StepTrace<T>> steps;
};

// An intervention that does not fit the sentence.
class InterventionError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws std::invalid_argument for an empty source, InterventionError for an intervention that does
// not fit it:
//   "intervention: position 7 is masked; need 0 to 3"
//   "intervention: all 4 positions are masked"
//   "intervention: step 2 has 3 weights; need 4"
//   "intervention: step 2 has a negative weight"
//   "intervention: the weights of step 2 need a positive, finite sum"
template <class T>
Trace<T> trace(const Seq2Seq<T>& model, const TraceRequest& request);

// L2 norms of the gradient of one output word's log-probability.
struct GradientNorms {
  double readout = 0;                     // at the word's own step
  double state = 0;                       // of the last decoder layer there
  double context = 0;                     // 0 without one
  std::vector<double> encoder_states;     // [S], by attention and by the initial state
  std::vector<double> encoder_forward;    // [S], last layer, through time as well
  std::vector<double> encoder_backward;   // [S], empty with one direction
  std::vector<double> source_embeddings;  // [S]
  std::vector<double> decoder_states;     // last layer: initial state, then up to the word's step
  std::vector<double> target_embeddings;  // of the words read so far
};

// One for each output word.
template <class T>
std::vector<GradientNorms> gradient_norms(const Trace<T>& trace);

}  // namespace babelgrad
