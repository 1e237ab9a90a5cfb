// Mask: true or false for each element of an array. No number converts to one: it comes from
// comparisons (x > 0), from lists of bools, and from nonzero(ints).
#pragma once

#include "babelgrad/autograd/array.h"
#include "babelgrad/autograd/axes.h"

namespace babelgrad {

class Mask {
 public:
  Mask() = default;  // not given
  Mask(std::initializer_list<int>) = delete;
  Mask(const Shape& shape, std::initializer_list<bool> values);
  // Row-major, one byte an element: 1 true, 0 false, nothing else.
  explicit Mask(Array<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}

  bool given() const { return bytes_.given(); }
  const Shape& shape() const { return bytes_.shape(); }
  std::size_t rank() const { return bytes_.rank(); }
  std::size_t size() const { return bytes_.size(); }
  const std::uint8_t* data() const { return bytes_.data(); }
  std::uint8_t* data() { return bytes_.data(); }
  const Array<std::uint8_t>& bytes() const { return bytes_; }
  template <class... Index>
  bool operator()(Index... index) const {
    return bytes_(index...) != 0;
  }
  // The same elements, shared.
  Mask alias() const { return Mask(bytes_.alias()); }
  Mask reshaped(const Shape& shape) const { return Mask(bytes_.reshaped(shape)); }

 private:
  Array<std::uint8_t> bytes_;
};

Mask full_mask(const Shape& shape, bool value);
Mask nonzero(const IntArray& array);  // true where an element is not 0
// [B, steps], true where the step is within the sequence's length. lengths: [B].
Mask within_lengths(const IntArray& lengths, std::size_t steps);
// [T, S], true where s <= t: what step t may look at without seeing ahead.
Mask causal_mask(std::size_t queries, std::size_t keys);

Mask operator!(const Mask& mask);
// Broadcast as the arithmetic operators are.
Mask operator&(const Mask& a, const Mask& b);
Mask operator|(const Mask& a, const Mask& b);

bool any(const Mask& mask);
bool all(const Mask& mask);
// Along axes, which vanish or, with keepdim, stay with size 1.
Mask any(const Mask& mask, const Axes& axes, KeepDim keepdim = {});
Mask all(const Mask& mask, const Axes& axes, KeepDim keepdim = {});
std::size_t count(const Mask& mask);  // of true elements

}  // namespace babelgrad
