// VjpFunction<T>: the vector-Jacobian product of an op, whatever its type, with up to two entries:
// over arrays (an ordinary backward pass) and over tensors (a pass whose results are to be
// differentiated again). Small functions are stored in place.
#pragma once

#include <concepts>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "babelgrad/autograd/allocator.h"

namespace babelgrad {

template <class T>
class Vjp;
template <class T>
class GraphVjp;

template <class T>
class VjpFunction {
 public:
  VjpFunction() = default;
  // f: called with a Vjp<T>&, or with either (a generic lambda).
  template <class F>
  requires(!std::is_lvalue_reference_v<F> &&
           !std::same_as<F, VjpFunction>) explicit VjpFunction(F&& f) {
    static_assert(alignof(F) <= 64, "the allocator aligns to 64 bytes");
    if constexpr (fits_in_place<F>)
      new (place_) F(std::move(f));
    else
      *reinterpret_cast<F**>(place_) = new (CachingAllocator<F>().allocate(1)) F(std::move(f));
    table_ = &kTable<F>;
  }
  VjpFunction(VjpFunction&& other) noexcept { take(other); }
  VjpFunction& operator=(VjpFunction&& other) noexcept {
    if (this == &other) return *this;
    reset();
    take(other);
    return *this;
  }
  ~VjpFunction() { reset(); }

  explicit operator bool() const { return table_ != nullptr; }
  bool has_graph_entry() const { return table_->graph != nullptr; }
  void operator()(Vjp<T>& c) { table_->arrays(place_, c); }
  void operator()(GraphVjp<T>& c) { table_->graph(place_, c); }
  void reset() {
    if (table_ != nullptr) std::exchange(table_, nullptr)->destroy(place_);
  }

 private:
  struct Table {
    void (*arrays)(std::byte*, Vjp<T>&);
    void (*graph)(std::byte*, GraphVjp<T>&);  // null: none
    void (*move)(std::byte* from, std::byte* to);
    void (*destroy)(std::byte*);
  };
  static constexpr std::size_t kPlace = 32;  // bytes

  template <class F>
  static constexpr bool fits_in_place =
      sizeof(F) <= kPlace &&
      alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;
  template <class F>
  static F& at(std::byte* place) {
    if constexpr (fits_in_place<F>)
      return *std::launder(reinterpret_cast<F*>(place));
    else
      return **reinterpret_cast<F**>(place);
  }
  template <class F>
  static void call_arrays(std::byte* place, Vjp<T>& c) {
    at<F>(place)(c);
  }
  template <class F>
  static void call_graph(std::byte* place, GraphVjp<T>& c) {
    at<F>(place)(c);
  }
  template <class F>
  static void move(std::byte* from, std::byte* to) {
    if constexpr (fits_in_place<F>) {
      new (to) F(std::move(at<F>(from)));
      at<F>(from).~F();
    } else {
      *reinterpret_cast<F**>(to) = *reinterpret_cast<F**>(from);
    }
  }
  template <class F>
  static void destroy(std::byte* place) {
    F& f = at<F>(place);
    f.~F();
    if constexpr (!fits_in_place<F>) CachingAllocator<F>().deallocate(&f, 1);
  }
  template <class F>
  static constexpr auto graph_entry() -> void (*)(std::byte*, GraphVjp<T>&) {
    if constexpr (std::invocable<F&, GraphVjp<T>&>)
      return &call_graph<F>;
    else
      return nullptr;
  }
  template <class F>
  static constexpr Table kTable{&call_arrays<F>, graph_entry<F>(), &move<F>, &destroy<F>};

  void take(VjpFunction& other) {
    table_ = std::exchange(other.table_, nullptr);
    if (table_ != nullptr) table_->move(other.place_, place_);
  }

  const Table* table_ = nullptr;
  alignas(std::max_align_t) std::byte place_[kPlace];
};

}  // namespace babelgrad
