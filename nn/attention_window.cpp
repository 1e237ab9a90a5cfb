#include "babelgrad/nn/attention_window.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "babelgrad/autograd/ops/lengths.h"

namespace babelgrad {
namespace {

// The positions [T, B, S] that kept(t, b, s) keeps.
template <class Kept>
Mask window_mask(const Shape& shape, const Kept& kept) {
  Mask keep = full_mask(shape, false);
  std::uint8_t* out = keep.data();
  for (std::size_t t = 0; t < shape[0]; ++t)
    for (std::size_t b = 0; b < shape[1]; ++b)
      for (std::size_t s = 0; s < shape[2]; ++s) *out++ = kept(t, b, s);
  return keep;
}

template <class T>
Tensor<T> positions(std::size_t sources) {  // [1, 1, S]
  return Tensor<T>(arange<T>(static_cast<T>(sources)).reshaped({1, 1, sources}));
}

}  // namespace

template <class T>
AttentionWindow<T>::AttentionWindow(const Scope<T>& scope, AttentionKind kind,
                                    std::size_t query_size, std::size_t width)
    : kind_(kind), width_(width) {
  if (kind == AttentionKind::none)
    throw std::invalid_argument("attention: need a kind of attention; got none");
  if (width == 0) throw std::invalid_argument("attention: need a window of at least 1; got 0");
  const Initializer uniform = init::uniform(1 / std::sqrt(static_cast<double>(query_size)));
  if (kind == AttentionKind::local_p) {
    center_weight_ = scope.parameter("center.weight", {query_size, query_size}, uniform);
    center_v_ = scope.parameter("center.v", {query_size}, uniform);
  }
}

template <class T>
Tensor<T> AttentionWindow<T>::start(std::size_t, std::size_t) const {
  return {};
}

template <class T>
Tensor<T> AttentionWindow<T>::operator()(const Tensor<T>& scores, const Tensor<T>& queries,
                                         const IntArray& lengths, const IntArray& steps,
                                         const Tensor<T>&, const Mode&) const {
  const Shape& shape = scores.shape();
  if (kind_ == AttentionKind::global) return attention_weights(scores, lengths);
  const std::vector<std::size_t> ends =
      checked_lengths("attention_window", lengths, shape[1], shape[2]);
  if (kind_ == AttentionKind::local_p) return predicted(scores, queries, ends);
  return attention_weights(
      scores, window_mask(shape, [&](std::size_t t, std::size_t b, std::size_t s) {
        const std::size_t step =
            steps.given() ? static_cast<std::size_t>(steps.data()[t * shape[1] + b]) : t;
        const std::size_t center = std::min(step, ends[b] - 1);
        return s < ends[b] && s + width_ >= center && s <= center + width_;
      }));
}

template <class T>
Tensor<T> AttentionWindow<T>::predicted(const Tensor<T>& scores, const Tensor<T>& queries,
                                        const std::vector<std::size_t>& lengths) const {
  const Shape& shape = scores.shape();
  Array<T> ends = uninitialized<T>({shape[1], 1});
  std::copy(lengths.begin(), lengths.end(), ends.data());
  const Tensor<T> center =  // [T, B, 1]
      Tensor<T>(std::move(ends)) *
      sigmoid(linear(tanh(linear(queries, center_weight_)), unsqueeze(center_v_, 0)));
  const auto width = static_cast<T>(width_);
  const T* centers = center.value().data();
  const Mask keep = window_mask(shape, [&](std::size_t t, std::size_t b, std::size_t s) {
    return s < lengths[b] && std::abs(static_cast<T>(s) - centers[t * shape[1] + b]) <= width;
  });
  const Tensor<T> distance = positions<T>(shape[2]) - center;
  return attention_weights(scores, keep) * exp(square(distance) * (-2 / (width * width)));
}

template class AttentionWindow<float>;
template class AttentionWindow<double>;

}  // namespace babelgrad
