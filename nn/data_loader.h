// DataLoader: shuffled batches of arrays whose leading axis counts the examples.
//
//   DataLoader loader({.batch_size = 32, .seed = 1}, pictures, labels);  // [N, 28, 28], [N]
//   for (std::uint64_t epoch = 0; epoch < 10; ++epoch)
//     for (const auto& [x, y] : loader.epoch(epoch))  // [32, 28, 28], [32]
//       ...
//
// The order of an epoch is a function of the seed and its number alone: a loop that is resumed goes
// on with loader.epoch(epoch, position).
#pragma once

#include <numeric>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "babelgrad/autograd/array.h"
#include "babelgrad/nn/random.h"

namespace babelgrad {

struct DataLoaderOptions {
  std::size_t batch_size = 32;
  std::uint64_t seed = 1;
  bool shuffle = true;
  bool drop_last = false;  // the last batch of an epoch if it is smaller than the others
};

// Copies of the given positions of the leading axis.
template <class E>
Array<E> take_rows(const Array<E>& array, const std::vector<std::size_t>& rows) {
  Shape shape = array.shape();
  const std::size_t width = shape[0] == 0 ? 0 : array.size() / shape[0];
  shape[0] = rows.size();
  Array<E> taken = uninitialized<E>(shape);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(array.data() + rows[i] * width, width, taken.data() + i * width);
  return taken;
}

template <class... Elements>
class DataLoader {
 public:
  using Batch = std::tuple<Array<Elements>...>;

  // Shares the arrays' elements. A std::invalid_argument unless all have as many rows.
  explicit DataLoader(const DataLoaderOptions& options, const Array<Elements>&... arrays);

  std::size_t examples() const { return examples_; }
  std::size_t batches() const {  // of an epoch
    const std::size_t n = options_.batch_size;
    return options_.drop_last ? examples_ / n : (examples_ + n - 1) / n;
  }

  // Iterates over the batches of an epoch, each made when its turn comes.
  class Epoch {
   public:
    class Iterator {
     public:
      Iterator(const Epoch& epoch, std::size_t batch) : epoch_(&epoch), batch_(batch) {}
      Batch operator*() const { return epoch_->batch(batch_); }
      Iterator& operator++() {
        ++batch_;
        return *this;
      }
      bool operator!=(const Iterator& other) const { return batch_ != other.batch_; }

     private:
      const Epoch* epoch_;
      std::size_t batch_;
    };
    Iterator begin() const { return {*this, first_}; }
    Iterator end() const { return {*this, std::max(first_, loader_->batches())}; }

   private:
    friend class DataLoader;
    Epoch(const DataLoader& loader, std::uint64_t number, std::size_t first);
    Batch batch(std::size_t i) const;

    const DataLoader* loader_;
    std::vector<std::size_t> order_;  // of the examples
    std::size_t first_;
  };
  // From batch number `first` on. The loader must outlive it.
  Epoch epoch(std::uint64_t number, std::size_t first = 0) const {
    return Epoch(*this, number, first);
  }

 private:
  DataLoaderOptions options_;
  Batch arrays_;
  std::size_t examples_;
};

template <class... Elements>
DataLoader<Elements...>::DataLoader(const DataLoaderOptions& options,
                                    const Array<Elements>&... arrays)
    : options_(options), arrays_(arrays.alias()...) {
  static_assert(sizeof...(Elements) > 0, "DataLoader: need at least one array");
  if (options.batch_size == 0) throw std::invalid_argument("data loader: need batch_size >= 1");
  for (const Shape& shape : {arrays.shape()...})
    if (shape.empty() || shape[0] != std::get<0>(arrays_).shape()[0])
      throw std::invalid_argument(
          "data loader: need arrays with one leading axis of examples; got " +
          to_string(std::get<0>(arrays_).shape()) + " and " + to_string(shape));
  examples_ = std::get<0>(arrays_).shape()[0];
}

template <class... Elements>
DataLoader<Elements...>::Epoch::Epoch(const DataLoader& loader, std::uint64_t number,
                                      std::size_t first)
    : loader_(&loader), order_(loader.examples_), first_(first) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (!loader.options_.shuffle) return;
  Random random(combine_keys(loader.options_.seed, number));
  for (std::size_t n = order_.size(); n > 1; --n) std::swap(order_[n - 1], order_[random.below(n)]);
}

template <class... Elements>
typename DataLoader<Elements...>::Batch DataLoader<Elements...>::Epoch::batch(std::size_t i) const {
  const std::size_t begin = i * loader_->options_.batch_size;
  const std::size_t end = std::min(begin + loader_->options_.batch_size, order_.size());
  const std::vector<std::size_t> rows(order_.begin() + begin, order_.begin() + end);
  return std::apply([&](const auto&... array) { return Batch(take_rows(array, rows)...); },
                    loader_->arrays_);
}

}  // namespace babelgrad
