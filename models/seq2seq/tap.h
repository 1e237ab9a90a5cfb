// Tap: looks at what a model computes while it runs, and may change it. A run with a tap makes each
// part as a node of its own, by the definitions that the fused ops stand in for.
#pragma once

#include <cstddef>
#include <utility>

#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/cell_part.h"

namespace babelgrad {

// What there is in an encoder ...
enum class EncoderPart {
  embedding,  // [B, E] of each source position
  cell,       // [B, H] of each position, layer and direction: the cell's parts, the state before
              // padding carries on the one before it
  sum,        // [B, D] of each position and each layer that adds its input: what it hands on
  state,      // [B, D] of each position: what the last layer hands to the decoder
};
// ... and in a decoder of N = K B rows (Decoder::step), in the order in which it is made.
enum class DecoderPart {
  initial,    // [B, H] of each layer: its state before the first step, of an LSTM its cell, too
  embedding,  // [N, E] of the word read
  cell,       // [N, H] of each layer: the cell's parts
  sum,        // [N, H] of each layer that adds its input: what it hands on
  scores,     // [K, B, S]; beyond a source's length they are ignored
  centers,    // [K, B, 1], of attention local_p
  weights,    // [K, B, S]
  context,    // [N, D] by attention, or the fixed one
  readout,    // [N, R]
  logits,     // [N, V]
};

struct Place {
  std::size_t time = 0;  // source position, or output step
  std::size_t layer = 0;
  CellPart cell_part = CellPart::state;
  Direction direction = Direction::forward;
};

template <class T>
class Tap {
 public:
  virtual ~Tap() = default;
  // Returns what the run goes on with: x, or what replaces it, of x's shape.
  virtual Tensor<T> on(EncoderPart part, const Place& place, const Tensor<T>& x) = 0;
  virtual Tensor<T> on(DecoderPart part, const Place& place, const Tensor<T>& x) = 0;
};

// x, or what the tap replaces it by, if there is a tap.
template <class T, class Part>
Tensor<T> tapped(Tap<T>* tap, Part part, const Place& place, Tensor<T> x) {
  return tap == nullptr ? std::move(x) : tap->on(part, place, x);
}

}  // namespace babelgrad
