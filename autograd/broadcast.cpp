#include "babelgrad/autograd/broadcast.h"

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {
namespace {

// "; reshape(b, {1, 3}) would say ..." where the shorter shape with ones in front would fit.
std::string hint(const Shape& a, const Shape& b) {
  const bool a_is_shorter = a.size() < b.size();
  Shape padded = a_is_shorter ? a : b;
  const Shape& longer = a_is_shorter ? b : a;
  while (padded.size() < longer.size()) padded.insert(0, 1);
  for (std::size_t i = 0; i < padded.size(); ++i)
    if (padded[i] != longer[i] && padded[i] != 1 && longer[i] != 1) return "";
  std::string sizes = to_string(padded);
  sizes.front() = '{', sizes.back() = '}';
  return std::string("; if it is meant, say reshape(") + (a_is_shorter ? "a" : "b") + ", " + sizes +
         ")";
}

}  // namespace

bool broadcasts_to(const Shape& from, const Shape& to) {
  if (from.size() < to.size()) return std::equal(from.begin(), from.end(), to.end() - from.size());
  if (from.size() > to.size()) return false;
  for (std::size_t i = 0; i < to.size(); ++i)
    if (from[i] != to[i] && from[i] != 1) return false;
  return true;
}

bool can_broadcast(const Shape& from, const Shape& to) {
  Shape padded = from;
  while (padded.size() < to.size()) padded.insert(0, 1);
  return broadcasts_to(padded, to);
}

Shape broadcast_shape(const char* op, const Shape& a, const Shape& b) {
  if (a == b || broadcasts_to(a, b)) return b;
  if (broadcasts_to(b, a)) return a;
  Shape shape = a;
  bool fits = a.size() == b.size();
  for (std::size_t i = 0; fits && i < a.size(); ++i) {
    fits = a[i] == b[i] || a[i] == 1 || b[i] == 1;
    if (a[i] == 1) shape[i] = b[i];
  }
  if (fits) return shape;
  throw ShapeError(std::string(op) +
                   ": need equal shapes, axes of size 1 at equal rank, or one shape that ends the "
                   "other; got a " +
                   to_string(a) + ", b " + to_string(b) + hint(a, b));
}

}  // namespace babelgrad
