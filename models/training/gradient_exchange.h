// How ranks that differentiate shards of one batch share the update. Each owns some of the blocks
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

using BlockNumbers = std::span<const std::size_t>;  // ascending

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
  // The blocks that this rank owns: of each parameter about as many as any other.
  BlockNumbers own_blocks() const { return owned_[ranks_.rank()]; }

  // What one rank has, before its gradients are sent; afterwards, what all have together. A
  // parameter's gradient goes by rows where all ranks that have one have it by rows.
  struct Agreement {
    bool active = false;  // whether there are gradients
    double loss = 0;
    std::vector<char> by_rows;  // of each parameter; empty: of no gradient
  };
  void agree(Agreement& agreement);

  // The rest goes in rounds, of a few blocks of each rank, so that what arrives is still in the
  // cache when it is added, and what is sent when it has been computed.
  std::size_t rounds() const { return rounds_; }
  BlockNumbers own_blocks(std::size_t round) const { return owned(ranks_.rank(), round); }

  // First the gradients by rows: to each rank those of its blocks; added. gradients: as agreed; of
  // a rank without any, made.
  void scatter_rows(std::vector<Gradient<T>>& gradients);
  // Then the dense ones of a round. wire: what floats are rounded to on their way; with float32 the
  // sums have the same bits however the shards are spread.
  void scatter(std::size_t round, const std::vector<Gradient<T>>& gradients, Precision wire);
  // Adds what has come for the b-th block, of the round's own; on several threads at once.
  void add_block(std::size_t b, std::vector<Gradient<T>>& gradients) const;

  // From each rank what it has of its own blocks: a number a block; a round's elements of the
  // parameters.
  void gather(std::vector<double>& of_blocks);
  void gather(std::size_t round, const std::vector<T*>& of_parameters);
  // All elements, to rank 0 alone.
  void collect(const std::vector<T*>& of_parameters);

 private:
  struct Rows {
    std::size_t first, count;  // within a gradient by rows
  };
  std::size_t width(std::size_t parameter) const { return parameters_[parameter].dim(1); }
  bool is_by_rows(const GradientBlock& block) const {
    return agreed_.by_rows[block.parameter] != 0;
  }
  BlockNumbers owned(std::size_t rank, std::size_t round) const;
  std::vector<GradientBlock> pieces(BlockNumbers blocks) const;
  std::vector<GradientBlock> tables(std::size_t rank) const;
  Rows rows_of(const GradientBlock& piece, const Gradient<T>& gradient) const;
  std::vector<std::vector<std::uint64_t>> count_rows(const std::vector<Gradient<T>>& gradients);
  void add_rows_of(std::size_t table, const GradientBlock& piece, Gradient<T>& gradient);

  const std::vector<Tensor<T>>& parameters_;
  const std::vector<GradientBlock>& blocks_;
  Ranks& ranks_;
  std::vector<std::vector<std::size_t>> owned_;  // blocks of each rank
  std::size_t rounds_ = 0, round_elements_ = 0;  // at most of one rank
  Agreement agreed_;
  std::vector<std::size_t> active_;                  // ranks that have gradients
  std::vector<std::vector<RowGradient<T>>> rows_;    // from each rank: of one's own tables
  std::vector<std::unique_ptr<T[]>> received_;       // from each rank: dense ones of a round
  std::vector<std::size_t> offset_;                  // of each block of the round among these
  std::vector<std::vector<std::uint16_t>> rounded_;  // the same on their way; one's own: to others
};

extern template class GradientExchange<float>;
extern template class GradientExchange<double>;

}  // namespace babelgrad
