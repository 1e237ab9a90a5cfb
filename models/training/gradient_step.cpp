#include "babelgrad/models/training/gradient_step.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 15;  // elements an optimizer task handles at once

// Each shard of each pass draws masks of its own.
Mode mode_of(const StepRequest& request, std::size_t pass, std::size_t shard) {
  return Mode::training(request.seed, request.update, (std::uint64_t{pass} << 32) + shard);
}

template <class T>
void add_gradient(const Gradient<T>& more, Gradient<T>& sum, const Shape& shape) {
  if (more.by_rows && sum.by_rows) return add_rows(*more.by_rows, *sum.by_rows);
  Array<T>& dense = sum.make_dense(shape);
  if (more.by_rows) return add_rows(*more.by_rows, dense);
  kernels<T>().add(dense.size(), more.dense.data(), dense.data());
}

}  // namespace

template <class T>
void GradientStep<T>::GradientSum::add(GradientSum more, const std::vector<Tensor<T>>& parameters) {
  if (more.gradients.empty()) return;
  loss += more.loss;
  if (gradients.empty()) {
    gradients = std::move(more.gradients);
    return;
  }
  for (std::size_t i = 0; i < gradients.size(); ++i)
    add_gradient(more.gradients[i], gradients[i], parameters[i].shape());
}

template <class T>
GradientStep<T>::GradientStep(const ParameterStore<T>& store, Optimizer<T>& optimizer,
                              WorkerPool& pool, Ranks* ranks)
    : store_(store), optimizer_(optimizer), pool_(pool) {
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    const Tensor<T>& parameter = parameters()[i];
    const std::size_t width = parameter.rank() == 0 ? 1 : parameter.shape().back();
    const std::size_t block = std::max<std::size_t>(1, kBlock / width) * width;
    for (std::size_t begin = 0; begin < parameter.size(); begin += block)
      blocks_.push_back({i, begin, std::min(begin + block, parameter.size())});
  }
  block_squares_.resize(blocks_.size());
  all_blocks_.resize(blocks_.size());
  std::iota(all_blocks_.begin(), all_blocks_.end(), std::size_t{0});
  if (ranks != nullptr) exchange_.emplace(parameters(), blocks_, *ranks);
  if constexpr (std::same_as<T, float>) packed_weights_.emplace(parameters());
}

template <class T>
StepResult GradientStep<T>::run(const std::vector<ShardedLoss<T>>& passes,
                                const StepRequest& request) {
  for (const ShardedLoss<T>& losses : passes) differentiate(losses, request);
  try {
    return apply(request);
  } catch (const DivergenceError& error) {
    throw DivergenceError(error.what() + of_any_rank(failing_op(passes, request)));
  }
}

template <class T>
void GradientStep<T>::differentiate(const ShardedLoss<T>& losses, const StepRequest& request) {
  const std::size_t count = losses.end - losses.begin, pass = std::exchange(passes_, 0);
  const std::size_t active = std::exchange(active_, 0);
  if (shards_.size() < count) shards_.resize(count);
  if (packed_weights_ && pass == 0)
    packed_weights_->repack([&](std::size_t n, const auto& task) { pool_.run(n, task); });
  std::optional<SharePackedWeights> share;
  if (packed_weights_) share.emplace(*packed_weights_);
  pool_.run(shards_.size(), [&](std::size_t i) {
    if (pass == 0) shards_[i] = {};
    if (i >= count) return;
    const std::size_t shard = losses.begin + i;
    const Tensor<T> loss = losses.loss(shard, mode_of(request, pass, shard));
    shards_[i].add({static_cast<double>(loss.item()), store_.gradients_by_rows(loss)},
                   parameters());
  });
  active_ = std::max(active, count);  // nothing of the update is left if a loss has thrown
  passes_ = pass + 1;
}

template <class T>
StepResult GradientStep<T>::apply(const StepRequest& request) {
  add_shards(request.wire);
  if (shards_[0].gradients.empty()) throw std::logic_error("gradient step: no shard has a loss");
  const StepResult result{shards_[0].loss, norm()};
  if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm))
    throw DivergenceError("training diverged at update " + std::to_string(request.update) + ": " +
                          what_diverged(result.loss));
  update(request, clip_scale(result.gradient_norm, request.clip_norm));
  return result;
}

// Shared among the threads, each of which sees a block while it is in its cache.
template <class T>
template <class Task>
void GradientStep<T>::for_blocks(const char* name, BlockNumbers blocks, const Task& task) {
  const std::size_t tasks = pool_.threads();
  pool_.run(tasks, [&](std::size_t first) {
    const ProfileScope profile(name, Phase::section);
    for (std::size_t k = first; k < blocks.size(); k += tasks) task(blocks[k]);
  });
}

// Into the first one's; with the sums of squares, while the blocks are at hand.
template <class T>
void GradientStep<T>::add_shards(Precision wire) {
  if (std::exchange(passes_, 0) == 0)
    throw std::logic_error("gradient step: nothing was differentiated since the last update");
  add_along_tree(active_,
                 [&](std::size_t a, std::size_t b) { shards_[a].loss += shards_[b].loss; });
  agree();
  unify_rows();
  if (exchange_) {
    add_ranks(wire);
  } else if (active_ > 0) {
    for_blocks("gradient sum", all_blocks_, [&](std::size_t b) {
      add_block(blocks_[b]);
      block_squares_[b] = sum_of_squares(blocks_[b]);
    });
  }
  squares_are_known_ = true;
  active_ = 0;
}

// Where some shard has a dense gradient of a table, all will.
template <class T>
void GradientStep<T>::agree() {
  by_rows_.assign(active_ > 0 ? parameters().size() : 0, 1);
  for (std::size_t i = 0; i < by_rows_.size(); ++i)
    for (std::size_t s = 0; s < active_; ++s)
      by_rows_[i] = by_rows_[i] && shards_[s].gradients[i].by_rows;
  if (!exchange_) return;
  typename GradientExchange<T>::Agreement agreement{active_ > 0, shards_[0].loss, by_rows_};
  exchange_->agree(agreement);
  shards_[0].loss = agreement.loss;
  by_rows_ = agreement.by_rows;
}

template <class T>
void GradientStep<T>::unify_rows() {
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    const auto of = [&](std::size_t shard) -> Gradient<T>& { return shards_[shard].gradients[i]; };
    for (std::size_t s = 0; s < active_; ++s)
      if (!by_rows_[i]) of(s).make_dense(parameters()[i].shape());
    if (active_ > 0 && by_rows_[i])
      add_along_tree(
          active_, [&](std::size_t a, std::size_t b) { add_rows(*of(b).by_rows, *of(a).by_rows); });
  }
}

// What this rank's shards have, then one's own blocks of what all ranks have.
template <class T>
void GradientStep<T>::add_ranks(Precision wire) {
  if (by_rows_.empty()) return;  // no rank has a gradient
  if (active_ > 1)
    for_blocks("gradient sum", all_blocks_, [&](std::size_t b) { add_block(blocks_[b]); });
  std::vector<Gradient<T>>& gradients = shards_[0].gradients;
  exchange_->scatter_rows(gradients);
  for (std::size_t round = 0; round < exchange_->rounds(); ++round) {
    {
      const ProfileScope profile("gradients sent", Phase::section);
      exchange_->scatter(round, gradients, wire);
    }
    for_blocks("gradient sum", exchange_->own_blocks(round), [&](std::size_t b) {
      exchange_->add_block(b, gradients);
      block_squares_[b] = sum_of_squares(blocks_[b]);
    });
  }
  exchange_->gather(block_squares_);
}

template <class T>
void GradientStep<T>::add_block(const Block& block) {
  const auto [i, begin, end] = block;
  if (shards_[0].gradients[i].by_rows) return;
  const auto values = [&, i = i, begin = begin](std::size_t shard) {
    return shards_[shard].gradients[i].dense.data() + begin;
  };
  add_along_tree(active_, [&, size = end - begin](std::size_t a, std::size_t b) {
    kernels<T>().add(size, values(b), values(a));
  });
}

template <class T>
double GradientStep<T>::norm() const {
  double squares = 0;
  for (const double block : block_squares_) squares += block;
  return std::sqrt(squares);
}

template <class T>
std::vector<double> GradientStep<T>::gradient_norms() const {
  if (!squares_are_known_) return {};
  std::vector<double> norms(parameters().size());
  for (std::size_t b = 0; b < blocks_.size(); ++b) norms[blocks_[b].parameter] += block_squares_[b];
  for (double& norm : norms) norm = std::sqrt(norm);
  return norms;
}

template <class T>
double GradientStep<T>::sum_of_squares(const Block& block) const {
  const auto [i, begin, end] = block;
  const Gradient<T>& gradient = shards_[0].gradients[i];
  if (!gradient.by_rows)
    return kernels<T>().sum_of_squares(end - begin, gradient.dense.data() + begin);
  const RowGradient<T>& g = *gradient.by_rows;
  const std::size_t width = parameters()[i].dim(1);
  const auto first = std::lower_bound(g.rows.begin(), g.rows.end(), begin / width);
  const auto last = std::lower_bound(first, g.rows.end(), end / width);
  return kernels<T>().sum_of_squares(static_cast<std::size_t>(last - first) * width,
                                     g.values.data() + (first - g.rows.begin()) * width);
}

template <class T>
void GradientStep<T>::update(const StepRequest& request, double scale) {
  if (request.average_decay > 0 && average_.empty())
    for (const Tensor<T>& parameter : parameters()) average_.push_back(parameter.value());
  // Young means forget faster, or the initial values would stay in them.
  const double t = static_cast<double>(request.update);
  const T keep = static_cast<T>(std::min(request.average_decay, (1 + t) / (10 + t)));
  optimizer_.begin_step({request.learning_rate, scale});
  const auto update_block = [&](std::size_t b) {
    const auto [i, begin, end] = blocks_[b];
    optimizer_.update(i, begin, end, shards_[0].gradients[i]);
    if (request.average_decay == 0) return;
    const T* p = parameters()[i].value().data();
    T* mean = average_[i].data();
    for (std::size_t e = begin; e < end; ++e) mean[e] = p[e] + keep * (mean[e] - p[e]);
  };
  if (!exchange_) return for_blocks("optimizer", all_blocks_, update_block);
  std::vector<T*> values;
  for (Tensor<T> parameter : parameters()) values.push_back(parameter.mutable_value().data());
  for (std::size_t round = 0; round < exchange_->rounds(); ++round) {
    for_blocks("optimizer", exchange_->own_blocks(round), update_block);
    const ProfileScope profile("parameters sent", Phase::section);
    exchange_->gather(round, values);
  }
}

template <class T>
void GradientStep<T>::collect() {
  if (!exchange_) return;
  const std::size_t n = parameters().size();
  std::vector<Array<T>*> arrays;
  for (const auto& [name, array] : optimizer_.state()) arrays.push_back(array);
  for (Array<T>& mean : average_) arrays.push_back(&mean);
  for (std::size_t first = 0; first < arrays.size(); first += n) {  // those of all parameters
    std::vector<T*> values;
    for (std::size_t i = first; i < first + n; ++i) values.push_back(arrays[i]->data());
    exchange_->collect(values);
  }
}

template <class T>
std::string GradientStep<T>::what_diverged(double loss) {
  for (const Tensor<T>& parameter : parameters())
    if (!all_finite(parameter.value())) return "parameter " + parameter.name() + " is not finite";
  if (!std::isfinite(loss)) return "the loss is not finite";
  const std::string name = of_any_rank(infinite_gradient());
  return name.empty() ? "the gradients are too large for their number format"
                      : "the gradient of " + name + " is not finite";
}

// The first parameter with such a gradient in the own blocks, or nothing.
template <class T>
std::string GradientStep<T>::infinite_gradient() const {
  for (const std::size_t b : exchange_ ? exchange_->own_blocks() : BlockNumbers(all_blocks_)) {
    if (std::isfinite(block_squares_[b])) continue;
    const auto [i, begin, end] = blocks_[b];
    const Gradient<T>& gradient = shards_[0].gradients[i];
    const T* from = gradient.by_rows ? gradient.by_rows->values.data() : gradient.dense.data();
    const T* first = gradient.by_rows ? from : from + begin;
    const T* last = gradient.by_rows ? from + gradient.by_rows->values.size() : from + end;
    if (!std::all_of(first, last, [](T value) { return std::isfinite(value); }))
      return parameters()[i].name();
  }
  return "";
}

// By the same computation again: " (op ...)", or nothing if it does not fail.
template <class T>
std::string GradientStep<T>::failing_op(const std::vector<ShardedLoss<T>>& passes,
                                        const StepRequest& request) const {
  try {
    const DetectAnomaly detect;
    for (std::size_t pass = 0; pass < passes.size(); ++pass)
      for (std::size_t shard = passes[pass].begin; shard < passes[pass].end; ++shard)
        store_.gradients(passes[pass].loss(shard, mode_of(request, pass, shard)));
  } catch (const NumericError& error) {
    return " (" + std::string(error.what()) + ")";
  }
  return "";
}

// What the first rank says that says something.
template <class T>
std::string GradientStep<T>::of_any_rank(const std::string& said) {
  if (!exchange_) return said;
  Message own;
  own.put(said);
  for (Message& message : all_gather(exchange_->ranks(), own))
    if (const auto one = message.get<std::string>(); !one.empty()) return one;
  return "";
}

template class GradientStep<float>;
template class GradientStep<double>;

}  // namespace babelgrad
