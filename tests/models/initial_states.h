// A tap that reads the decoder's initial states, or gives it others.
#pragma once

#include <vector>

#include "babelgrad/models/seq2seq/tap.h"

namespace babelgrad {

template <class T>
class InitialStates : public Tap<T> {
 public:
  std::vector<Tensor<T>> given;  // one a layer, or none: those of the model. A cell is the model's.
  std::vector<Tensor<T>> seen;

  Tensor<T> on(EncoderPart, const Place&, const Tensor<T>& x) override { return x; }
  Tensor<T> on(DecoderPart part, const Place& place, const Tensor<T>& x) override {
    if (part != DecoderPart::initial || place.cell_part != CellPart::state) return x;
    seen.push_back(given.empty() ? x : given.at(place.layer));
    return seen.back();
  }
};

}  // namespace babelgrad
