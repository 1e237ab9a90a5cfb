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

// The weights of the step after `before`, if score >= -offset is certainty.
template <class T>
Tensor<T> first_taken(const Array<T>& scores, T offset, const std::vector<std::size_t>& lengths,
                      const Array<T>& before) {
  const std::size_t S = scores.shape()[2];
  Array<T> weights = zeros<T>(scores.shape());
  for (std::size_t row = 0; row < scores.size() / S; ++row) {
    const T *score = scores.data() + row * S, *earlier = before.data() + row * S;
    T* weight = weights.data() + row * S;
    const std::size_t last = lengths[row % lengths.size()] - 1;
    T passed_on = 0;
    for (std::size_t s = 0; s <= last; ++s) {
      passed_on += earlier[s];
      if (s == last || score[s] + offset >= 0) std::swap(weight[s], passed_on);
    }
  }
  return Tensor<T>(std::move(weights));
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
  if (kind == AttentionKind::monotonic) {
    offset_ = scope.parameter("offset", {1}, init::constant(-1));
    const Scope<T> noise = scope / "noise";
    noise.add_dropout();
    noise_site_ = noise.path();
  }
}

template <class T>
Tensor<T> AttentionWindow<T>::start(std::size_t batch, std::size_t sources) const {
  if (!remembers()) return {};
  Array<T> first = zeros<T>({batch, sources});
  for (std::size_t b = 0; b < batch; ++b) first.data()[b * sources] = 1;
  return Tensor<T>(std::move(first));
}

template <class T>
Tensor<T> AttentionWindow<T>::centers(const Tensor<T>& queries, const IntArray& lengths,
                                      std::size_t sources) const {
  if (kind_ != AttentionKind::local_p) return {};
  const std::size_t B = queries.dim(1);
  const auto known = checked_lengths("attention_window", lengths, B, sources);
  Array<T> ends = uninitialized<T>({B, 1});
  std::copy(known.begin(), known.end(), ends.data());
  return Tensor<T>(std::move(ends)) *
         sigmoid(linear(tanh(linear(queries, center_weight_)), unsqueeze(center_v_, 0)));
}

template <class T>
Tensor<T> AttentionWindow<T>::operator()(const Tensor<T>& scores, const Tensor<T>& centers,
                                         const IntArray& lengths, const IntArray& steps,
                                         const Tensor<T>& before, const Mode& mode) const {
  const Shape& shape = scores.shape();
  if (kind_ == AttentionKind::global) return attention_weights(scores, lengths);
  const std::vector<std::size_t> ends =
      checked_lengths("attention_window", lengths, shape[1], shape[2]);
  if (kind_ == AttentionKind::local_p) return around(scores, centers, ends);
  if (kind_ == AttentionKind::monotonic) return expected(scores, ends, before, mode);
  return attention_weights(
      scores, window_mask(shape, [&](std::size_t t, std::size_t b, std::size_t s) {
        const std::size_t step =
            steps.given() ? static_cast<std::size_t>(steps.data()[t * shape[1] + b]) : t;
        const std::size_t center = std::min(step, ends[b] - 1);
        return s < ends[b] && s + width_ >= center && s <= center + width_;
      }));
}

template <class T>
Tensor<T> AttentionWindow<T>::around(const Tensor<T>& scores, const Tensor<T>& centers,
                                     const std::vector<std::size_t>& lengths) const {
  const Shape& shape = scores.shape();
  const auto width = static_cast<T>(width_);
  const T* center = centers.value().data();
  const Mask keep = window_mask(shape, [&](std::size_t t, std::size_t b, std::size_t s) {
    return s < lengths[b] && std::abs(static_cast<T>(s) - center[t * shape[1] + b]) <= width;
  });
  const Tensor<T> distance = positions<T>(shape[2]) - centers;
  return attention_weights(scores, keep) * exp(square(distance) * (-2 / (width * width)));
}

template <class T>
Tensor<T> AttentionWindow<T>::expected(const Tensor<T>& scores,
                                       const std::vector<std::size_t>& lengths,
                                       const Tensor<T>& before, const Mode& mode) const {
  const Shape& shape = scores.shape();
  const std::size_t S = shape[2];
  if (!mode.is_training())
    return first_taken(scores.value(), offset_.item(), lengths, before.value());
  Random random(combine_keys(mode.draw(noise_site_, 0), mode.time().value_or(0)));
  const Tensor<T> energy = scores + squeeze(offset_, 0) + Tensor<T>(normal<T>(shape, random));
  const Shape each{1, shape[1], S};
  const Mask asked = window_mask(
      each, [&](std::size_t, std::size_t b, std::size_t s) { return s + 1 < lengths[b]; });
  const Mask last = window_mask(
      each, [&](std::size_t, std::size_t b, std::size_t s) { return s + 1 == lengths[b]; });
  const Tensor<T> p = where(last, 1, where(asked, sigmoid(energy), 0));
  const Tensor<T> log_passed = where(asked, -softplus(energy), 0);  // log(1 - p)
  const Tensor<T> sums = cumsum(log_passed, -1) - log_passed;
  // From k to s, [T, B, s, k]: the probability that all from k on pass it on to s.
  const Mask forward = causal_mask(S, S);
  const Tensor<T> passed =
      where(forward, exp(where(forward, unsqueeze(sums, 3) - unsqueeze(sums, 2), 0)), 0);
  return p * squeeze(matmul(passed, unsqueeze(before, 3)), -1);
}

template class AttentionWindow<float>;
template class AttentionWindow<double>;

}  // namespace babelgrad
