#include "babelgrad/models/seq2seq/decoder_state.h"

#include <algorithm>

namespace babelgrad {
namespace {

// The numbers of both, one after the other.
IntArray joined(const IntArray& a, const IntArray& b) {
  IntArray both = uninitialized<std::int32_t>({a.size() + b.size()});
  std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), both.begin()));
  return both;
}

IntArray selected(const IntArray& x, const std::vector<std::size_t>& picks) {
  IntArray picked = uninitialized<std::int32_t>({picks.size()});
  for (std::size_t i = 0; i < picks.size(); ++i) picked.data()[i] = x.data()[picks[i]];
  return picked;
}

IntArray indices_of(const std::vector<std::size_t>& picks) {
  return IntArray({picks.size()}, std::vector<std::int32_t>(picks.begin(), picks.end()));
}

// x with zeros behind it along an axis, which is then so long.
template <class T>
Tensor<T> padded(const Tensor<T>& x, std::size_t axis, std::size_t length) {
  Shape rest = x.shape();
  if (rest[axis] == length) return x;
  rest[axis] = length - rest[axis];
  return cat({x, Tensor<T>(zeros<T>(rest))}, static_cast<std::ptrdiff_t>(axis));
}

}  // namespace

template <class T>
DecoderMemory<T> DecoderMemory<T>::select(const std::vector<std::size_t>& sentences) const {
  const IntArray indices = indices_of(sentences);
  DecoderMemory memory;
  memory.values_ = index_select(values_, 1, indices);
  if (keys_.defined()) memory.keys_ = index_select(keys_, 1, indices);
  if (summary_.defined()) memory.summary_ = index_select(summary_, 0, indices);
  memory.lengths_ = selected(lengths_, sentences);
  return memory;
}

template <class T>
DecoderMemory<T> DecoderMemory<T>::join(const DecoderMemory& more) const {
  const std::size_t S = std::max(values_.dim(0), more.values_.dim(0));
  DecoderMemory memory;
  memory.values_ = cat({padded(values_, 0, S), padded(more.values_, 0, S)}, 1);
  if (keys_.defined()) memory.keys_ = cat({padded(keys_, 0, S), padded(more.keys_, 0, S)}, 1);
  if (summary_.defined()) memory.summary_ = cat({summary_, more.summary_}, 0);
  memory.lengths_ = joined(lengths_, more.lengths_);
  return memory;
}

template <class T>
std::vector<Tensor<T>*> DecoderState<T>::tensors() {
  std::vector<Tensor<T>*> all{&output_, &fed_, &past_.weights, &past_.coverage};
  for (LayerState<T>& layer : hidden_)
    for (Tensor<T>& part : layer) all.push_back(&part);
  return all;
}

template <class T>
DecoderState<T> DecoderState<T>::join(const DecoderState& more, std::size_t width) const {
  std::vector<std::size_t> order;  // of both one after the other
  const std::size_t batch = rows() / width;
  for (std::size_t k = 0; k < width; ++k) {
    for (std::size_t b = 0; b < batch; ++b) order.push_back(k * batch + b);
    for (std::size_t b = 0; b < more.rows(); ++b) order.push_back(rows() + b);
  }
  DecoderState both = *this, other = more;
  const std::vector<Tensor<T>*> mine = both.tensors(), theirs = other.tensors();
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (!mine[i]->defined()) continue;
    const std::size_t columns = std::max(mine[i]->dim(1), theirs[i]->dim(1));  // S may differ
    *mine[i] = cat({padded(*mine[i], 1, columns), padded(*theirs[i], 1, columns)}, 0);
  }
  both.steps_ = joined(steps_, more.steps_);
  return both.select(order);
}

template <class T>
DecoderState<T> DecoderState<T>::select(const std::vector<std::size_t>& rows) const {
  const IntArray indices = indices_of(rows);
  DecoderState state = *this;
  for (Tensor<T>* x : state.tensors())
    if (x->defined()) *x = index_select(*x, 0, indices);
  state.steps_ = selected(steps_, rows);
  return state;
}

template class DecoderMemory<float>;
template class DecoderMemory<double>;
template class DecoderState<float>;
template class DecoderState<double>;

}  // namespace babelgrad
