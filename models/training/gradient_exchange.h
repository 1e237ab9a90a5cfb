// How ranks that differentiate shards of one batch share the update. Each owns a run of the blocks
// into which the parameters are cut: it gets these blocks of the others' gradients and adds them
// along the tree of ranks (reduce-scatter), updates them, and sends the new values to all
// (all-gather). So each rank sends and receives about the size of the parameters twice, however
// many there are, and no rank does another's part of the optimizer's work.
#pragma once

#include <memory>

#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/row_gradient.h"
#include "babelgrad/autograd/tensor.h"
#include "babelgrad/models/ranks/ranks.h"

namespace babelgrad {

// Elements begin <= e < end of a parameter; of a table, whole rows.
struct GradientBlock {
  std::size_t parameter, begin, end;
};

// Calls add(a, b) for what is to be added into number a from number b, so that number 0 ends as the
// sum of n: neighbours first, then neighbouring pairs, and so on. A half of a power of two is a
// tree of its own.
template <class Add>
void add_along_tree(std::size_t n, const Add& add) {
  for (std::size_t stride = 1; stride < n; stride *= 2)
    for (std::size_t a = 0; a + stride < n; a += 2 * stride) add(a, a + stride);
}

template <class T>
class GradientExchange {
 public:
  // blocks: of all parameters, in order. The arguments must outlive this.
  GradientExchange(const std::vector<Tensor<T>>& parameters,
                   const std::vector<GradientBlock>& blocks, Ranks& ranks);

  Ranks& ranks() const { return ranks_; }
  // The blocks that this rank owns.
  std::size_t own_begin() const { return first_[ranks_.rank()]; }
  std::size_t own_end() const { return first_[ranks_.rank() + 1]; }

  // What one rank has, before its gradients are sent; afterwards, what all have together. A
  // parameter's gradient goes by rows where all ranks that have one have it by rows.
  struct Agreement {
    bool active = false;  // whether there are gradients
    double loss = 0;
    std::vector<char> by_rows;  // of each parameter; empty: of no gradient
  };
  void agree(Agreement& agreement);

  // Sends the others their blocks, and receives one's own; adds those by rows. gradients: as
  // agreed; of a rank without any, made. wire: what dense floats are rounded to on their way; with
  // float32 the sums have the same bits however the shards are spread.
  void scatter(std::vector<Gradient<T>>& gradients, Precision wire);
  // Then, of dense gradients, the b-th block, which is one's own; on several threads at once.
  void add_block(std::size_t b, std::vector<Gradient<T>>& gradients) const;

  // From each rank what it has of its own blocks: a number a block; all elements of the parameters.
  void gather(std::vector<double>& of_blocks);
  void gather(const std::vector<T*>& of_parameters);
  // The same for rank 0 alone.
  void collect(const std::vector<T*>& of_parameters);

 private:
  struct Rows {
    std::size_t first, count;  // within a gradient by rows
  };
  std::size_t width(std::size_t parameter) const { return parameters_[parameter].dim(1); }
  Rows rows_of(const GradientBlock& piece, const Gradient<T>& gradient) const;
  std::vector<std::vector<std::uint64_t>> count_rows(const std::vector<Gradient<T>>& gradients);
  void add_outgoing(const std::vector<Gradient<T>>& gradients, bool rounds,
                    std::vector<Ranks::Outgoing>& out);
  void add_incoming(std::size_t rank, const std::vector<std::vector<std::uint64_t>>& counts,
                    bool rounds, std::vector<Ranks::Incoming>& in);
  void add_rows_of(std::vector<Gradient<T>>& gradients);

  const std::vector<Tensor<T>>& parameters_;
  const std::vector<GradientBlock>& blocks_;
  Ranks& ranks_;
  std::vector<std::size_t> first_;                  // block of each rank; one more at the end
  std::vector<std::vector<GradientBlock>> pieces_;  // of each rank: its blocks, joined
  std::vector<std::size_t> offset_;                 // of each own block among its elements
  std::size_t own_elements_ = 0, all_elements_ = 0;
  Agreement agreed_;
  std::vector<std::size_t> active_;             // ranks that have gradients
  std::vector<std::unique_ptr<T[]>> received_;  // from each rank: dense gradients of own elements
  std::vector<std::vector<std::uint16_t>> rounded_;  // the same on their way; one's own: of others
  std::vector<std::vector<RowGradient<T>>> rows_;    // from each rank: of own pieces by rows
};

extern template class GradientExchange<float>;
extern template class GradientExchange<double>;

}  // namespace babelgrad
