// Ops that move elements without changing them.
#include <algorithm>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/axis_view.h"
#include "babelgrad/autograd/ops/layout.h"

namespace babelgrad {

Shape Sizes::resolve(const char* op, const Shape& from) const {
  const std::size_t count = element_count(from);
  Shape shape;
  std::size_t known = 1, open = Shape::kMaxRank;
  bool fits = true;
  for (const std::ptrdiff_t size : sizes_) {
    if (size < 0) {
      fits = fits && size == -1 && open == Shape::kMaxRank;
      open = shape.size();
    } else {
      known *= static_cast<std::size_t>(size);
    }
    shape.push_back(static_cast<std::size_t>(size));
  }
  if (open < Shape::kMaxRank) {
    fits = fits && known > 0 && count % known == 0;
    if (fits) shape[open] = count / known;
  }
  if (!fits || checked_element_count(shape) != count) {
    std::string wanted = "[";
    for (const std::ptrdiff_t size : sizes_)
      wanted += (wanted.size() > 1 ? ", " : "") + std::to_string(size);
    throw ShapeError(std::string(op) + ": need as many elements as x, and at most one -1; got x " +
                     to_string(from) + ", shape " + wanted + "]");
  }
  return shape;
}

namespace {

std::vector<std::size_t> checked_order(const Axes& order, const Shape& shape) {
  std::vector<std::size_t> axes;
  for (const std::ptrdiff_t axis : order) {
    const std::size_t i = checked_axis("permute", axis, shape);
    if (std::count(axes.begin(), axes.end(), i) == 0) axes.push_back(i);
  }
  if (axes.size() != shape.size() || axes.size() != order.size())
    throw_shape_error("permute", "need an order that names each axis once",
                      {{"x", shape}, {"order", Shape(order.begin(), order.end())}});
  return axes;
}

bool equal_but_for(const Shape& a, const Shape& b, std::size_t axis) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (i != axis && a[i] != b[i]) return false;
  return true;
}

// The part of an axis that a slice takes.
struct Range {
  std::size_t axis, begin, count, step;
};

Range checked_range(const Shape& shape, std::ptrdiff_t axis, std::ptrdiff_t begin,
                    std::ptrdiff_t end, std::size_t step) {
  const std::size_t a = checked_axis("slice", axis, shape);
  const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(shape[a]);
  const std::ptrdiff_t from = begin < 0 ? begin + n : begin, to = end < 0 ? end + n : end;
  if (from < 0 || from > to || to > n || step == 0)
    throw ShapeError("slice: need begin <= end <= the size of axis " + std::to_string(a) +
                     " and a step of at least 1; got x " + to_string(shape) + ", begin " +
                     std::to_string(begin) + ", end " + std::to_string(end) + ", step " +
                     std::to_string(step));
  const std::size_t length = static_cast<std::size_t>(to - from);
  return {a, static_cast<std::size_t>(from), length == 0 ? 0 : (length - 1) / step + 1, step};
}

// Blocks that a slice takes: `rows` rows of n elements, from these offsets on, so far apart.
struct SlicedBlock {
  std::size_t rows, n, whole, whole_step, part, part_step;
};

template <class F>
void for_each_sliced(const Shape& whole, const Range& r, const F& f) {
  const AxisView view(whole, r.axis);
  const std::size_t inner = view.inner, begin = r.begin * inner;
  if (r.step == 1)
    return f(SlicedBlock{view.outer, r.count * inner, begin, view.n * inner, 0, r.count * inner});
  for (std::size_t o = 0; o < view.outer; ++o)
    f(SlicedBlock{r.count, inner, o * view.n * inner + begin, r.step * inner, o * r.count * inner,
                  inner});
}

template <class T>
void copy_out(const SlicedBlock& b, const Array<T>& whole, Array<T>& part) {
  copy_block(b.rows, b.n, whole.data() + b.whole, b.whole_step, part.data() + b.part, b.part_step);
}
template <class T>
void copy_in(const SlicedBlock& b, const Array<T>& part, Array<T>& whole) {
  copy_block(b.rows, b.n, part.data() + b.part, b.part_step, whole.data() + b.whole, b.whole_step);
}

template <class T>
Array<T> take(const Array<T>& x, const Range& r) {
  Shape shape = x.shape();
  shape[r.axis] = r.count;
  if (r.step == 1 &&
      std::all_of(shape.begin(), shape.begin() + r.axis, [](std::size_t n) { return n == 1; })) {
    Shape rows{x.shape()[r.axis]};
    for (std::size_t i = r.axis + 1; i < shape.size(); ++i) rows.push_back(shape[i]);
    return x.reshaped(rows).leading(r.begin, r.begin + r.count).reshaped(shape);
  }
  Array<T> part = uninitialized<T>(shape);
  for_each_sliced(x.shape(), r, [&](const SlicedBlock& b) { copy_out(b, x, part); });
  return part;
}

// The inverse of take: the part in its place, zeros elsewhere.
template <class T>
Array<T> put(const Array<T>& part, const Range& r, const Shape& whole) {
  Array<T> x = zeros<T>(whole);
  for_each_sliced(whole, r, [&](const SlicedBlock& b) { copy_in(b, part, x); });
  return x;
}

// take and put as ops, each the other's gradient. A backward pass over arrays adds the part in
// place: steps that slice one array after the other would else each make a whole array of zeros.
template <class T>
Tensor<T> put(const Tensor<T>& part, const Range& r, const Shape& whole);

template <class T>
void accumulate_part(Vjp<T>& c, const Range& r) {
  T* sums = c.sum_buffer(0);
  for_each_sliced(c.shape(0), r, [&](const SlicedBlock& b) {
    add_block(b.rows, b.n, c.grad.data() + b.part, b.part_step, sums + b.whole, b.whole_step);
  });
}
template <class T>
void accumulate_part(GraphVjp<T>& c, const Range& r) {
  c.accumulate(0, put(c.grad, r, c.shape(0)));
}

template <class T>
Tensor<T> take(const Tensor<T>& x, const Range& r) {
  return record("slice", {x}, take(x.value(), r), [r](auto& c) { accumulate_part(c, r); });
}

template <class T>
Tensor<T> put(const Tensor<T>& part, const Range& r, const Shape& whole) {
  const ProfileScope profile("unslice");
  return record("unslice", {part}, put(part.value(), r, whole),
                [r](auto& c) { c.accumulate(0, take(c.grad, r)); });
}

template <class V>
V slice_of(const V& x, std::ptrdiff_t axis, std::ptrdiff_t begin, std::ptrdiff_t end,
           std::size_t step) {
  return take(x, checked_range(x.shape(), axis, begin, end, step));
}

}  // namespace

template <class T>
Array<T> slice(const Array<T>& x, std::ptrdiff_t axis, std::ptrdiff_t begin, std::ptrdiff_t end,
               std::size_t step) {
  return slice_of(x, axis, begin, end, step);
}
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::ptrdiff_t axis, std::ptrdiff_t begin, std::ptrdiff_t end,
                std::size_t step) {
  const ProfileScope profile("slice");
  return slice_of(x, axis, begin, end, step);
}

template <class T>
Tensor<T> identity(const Tensor<T>& x) {
  const ProfileScope profile("identity");
  return record("identity", {x}, x.value().alias(), [](auto& c) { c.accumulate(0, c.grad); });
}

template <class T>
Array<T> reshape(const Array<T>& x, const Sizes& sizes) {
  return x.reshaped(sizes.resolve("reshape", x.shape()));
}
template <class T>
Tensor<T> reshape(const Tensor<T>& x, const Sizes& sizes) {
  const ProfileScope profile("reshape");
  return record("reshape", {x}, reshape(x.value(), sizes),
                [](auto& c) { c.accumulate(0, reshape(c.grad, c.shape(0))); });
}

template <class T>
Array<T> permute(const Array<T>& x, const Axes& order) {
  return transpose_array(x, checked_order(order, x.shape()));
}
template <class T>
Tensor<T> permute(const Tensor<T>& x, const Axes& order) {
  const ProfileScope profile("permute");
  const std::vector<std::size_t> axes = checked_order(order, x.shape());
  std::vector<std::ptrdiff_t> inverse(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) inverse[axes[i]] = static_cast<std::ptrdiff_t>(i);
  return record("permute", {x}, transpose_array(x.value(), axes),
                [inverse = Axes(inverse)](auto& c) { c.accumulate(0, permute(c.grad, inverse)); });
}

namespace {

// Where the parts of a cat lie along its axis, checked.
struct Parts {
  std::size_t axis;
  Shape shape;                      // of the whole
  std::vector<std::size_t> begins;  // one more than there are parts

  std::size_t count() const { return begins.size() - 1; }
  Range range(std::size_t i) const { return {axis, begins[i], begins[i + 1] - begins[i], 1}; }

  // Calls f(part, block) for blocks of few rows, part by part: so that the whole, in which the
  // parts' rows alternate, passes the cache once.
  template <class F>
  void for_each_block(const F& f) const {
    constexpr std::size_t kElements = 4096;
    const AxisView view(shape, axis);
    const std::size_t width = view.n * view.inner;
    const std::size_t rows = std::max<std::size_t>(1, kElements / std::max<std::size_t>(1, width));
    for (std::size_t r = 0; r < view.outer; r += rows)
      for (std::size_t i = 0; i < count(); ++i) {
        const std::size_t n = range(i).count * view.inner;
        f(i, SlicedBlock{std::min(rows, view.outer - r), n, r * width + begins[i] * view.inner,
                         width, r * n, n});
      }
  }
};

template <class V>
Parts checked_parts(const std::vector<V>& parts, std::ptrdiff_t axis) {
  if (parts.empty()) throw ShapeError("cat: need at least one tensor; got none");
  const Shape& first = parts[0].shape();
  Parts p{checked_axis("cat", axis, first), first, {0}};
  for (const V& part : parts) {
    if (!equal_but_for(part.shape(), first, p.axis))
      throw_shape_error("cat", "need equal shapes but for axis " + std::to_string(p.axis),
                        {{"first", first}, {"other", part.shape()}});
    p.begins.push_back(p.begins.back() + part.shape()[p.axis]);
  }
  p.shape[p.axis] = p.begins.back();
  return p;
}

// The gradients of a cat's parts; of arrays in one pass, where the parts alternate.
template <class T>
void accumulate_parts(GraphVjp<T>& c, const Parts& p) {
  for (std::size_t i = 0; i < p.count(); ++i)
    if (c.wants(i)) c.accumulate(i, take(c.grad, p.range(i)));
}
template <class T>
void accumulate_parts(Vjp<T>& c, const Parts& p) {
  std::vector<Array<T>> parts(p.count());
  const bool alternate = AxisView(p.shape, p.axis).outer > 1;
  for (std::size_t i = 0; i < p.count(); ++i)
    if (c.wants(i)) parts[i] = alternate ? uninitialized<T>(c.shape(i)) : take(c.grad, p.range(i));
  if (alternate)
    p.for_each_block([&](std::size_t i, const SlicedBlock& b) {
      if (c.wants(i)) copy_out(b, c.grad, parts[i]);
    });
  for (std::size_t i = 0; i < p.count(); ++i)
    if (c.wants(i)) c.accumulate(i, std::move(parts[i]));
}

}  // namespace

template <class T>
Array<T> cat(const std::vector<Array<T>>& parts, std::ptrdiff_t axis) {
  const Parts p = checked_parts(parts, axis);
  Array<T> whole = uninitialized<T>(p.shape);
  p.for_each_block([&](std::size_t i, const SlicedBlock& b) { copy_in(b, parts[i], whole); });
  return whole;
}
template <class T>
Tensor<T> cat(const std::vector<Tensor<T>>& parts, std::ptrdiff_t axis) {
  const ProfileScope profile("cat");
  std::vector<Array<T>> values;
  for (const Tensor<T>& part : parts) values.push_back(part.value().alias());
  return record("cat", parts, cat(values, axis),
                [p = checked_parts(parts, axis)](auto& c) { accumulate_parts(c, p); });
}

template <class T>
Array<T> flip(const Array<T>& x, std::ptrdiff_t axis) {
  const std::size_t a = checked_axis("flip", axis, x.shape());
  const AxisView view(x.shape(), a);
  Array<T> y = uninitialized<T>(x.shape());
  for (std::size_t o = 0; o < view.outer; ++o) {
    const T* from = x.data() + o * view.n * view.inner;
    T* to = y.data() + o * view.n * view.inner;
    if (view.inner == 1) {
      std::reverse_copy(from, from + view.n, to);
      continue;
    }
    for (std::size_t i = 0; i < view.n; ++i)
      std::copy_n(from + i * view.inner, view.inner, to + (view.n - 1 - i) * view.inner);
  }
  return y;
}
template <class T>
Tensor<T> flip(const Tensor<T>& x, std::ptrdiff_t axis) {
  const ProfileScope profile("flip");
  return record("flip", {x}, flip(x.value(), axis),
                [axis](auto& c) { c.accumulate(0, flip(c.grad, axis)); });
}

template <class T>
Tensor<T> pad(const Tensor<T>& x, std::initializer_list<WholeNumber> padding,
              std::type_identity_t<T> value) {
  const ProfileScope profile("pad");
  const bool positive = std::all_of(padding.begin(), padding.end(),
                                    [](const WholeNumber& n) { return n.value >= 0; });
  if (!positive || padding.size() % 2 != 0 || padding.size() > 2 * x.rank())
    throw_shape_error("pad", "need {before, after}, from 0, of at most each axis, the last first",
                      {{"x", x.shape()}});
  Tensor<T> padded = reshape(x, x.shape());
  std::size_t axis = x.rank();
  for (const WholeNumber* n = padding.begin(); n != padding.end(); n += 2) {
    Shape before = padded.shape(), after = before;
    before[--axis] = static_cast<std::size_t>(n[0].value);
    after[axis] = static_cast<std::size_t>(n[1].value);
    padded = cat({Tensor<T>(full<T>(before, value)), padded, Tensor<T>(full<T>(after, value))},
                 static_cast<std::ptrdiff_t>(axis));
  }
  return padded;
}

#define BABELGRAD_INSTANTIATE_VALUE(V)                                                     \
  template V slice(const V&, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, std::size_t); \
  template V reshape(const V&, const Sizes&);                                              \
  template V permute(const V&, const Axes&);                                               \
  template V cat(const std::vector<V>&, std::ptrdiff_t);                                   \
  template V flip(const V&, std::ptrdiff_t);
#define BABELGRAD_INSTANTIATE(T)                                               \
  BABELGRAD_INSTANTIATE_VALUE(Array<T>)                                        \
  BABELGRAD_INSTANTIATE_VALUE(Tensor<T>)                                       \
  template Tensor<T> identity(const Tensor<T>&);                               \
  template Tensor<T> pad(const Tensor<T>&, std::initializer_list<WholeNumber>, \
                         std::type_identity_t<T>);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_VALUE

}  // namespace babelgrad
