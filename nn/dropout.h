// Dropout (Srivastava et al. 2014): while training, elements become 0 with a given probability and
// the rest are scaled up to keep the mean. Variational dropout (Gal and Ghahramani 2016, arXiv
// 1512.05287) draws one mask a sentence and uses it at every time step.
#pragma once

#include "babelgrad/autograd/ops.h"
#include "babelgrad/nn/parameters.h"

namespace babelgrad {

enum class DropoutKind { plain, variational };

template <class T>
class Dropout {
 public:
  // probability: of becoming 0, 0 <= p < 1. Masks are a function of the mode and the scope's name,
  // which must not be another dropout's.
  Dropout(const Scope<T>& scope, double probability, DropoutKind kind = DropoutKind::plain);

  // x [..., F], or [T, B, F] for the variational kind; [B, F] for a mode of one time step
  // (Mode::at_time), which draws what the whole [T, B, F] would have there. `call` tells apart
  // several uses in a step; one that comes again is an error (Mode::draw).
  Tensor<T> operator()(const Tensor<T>& x, const Mode& mode, std::uint64_t call = 0) const;

 private:
  double probability_;
  DropoutKind kind_;
  std::string site_;
};

extern template class Dropout<float>;
extern template class Dropout<double>;

}  // namespace babelgrad
