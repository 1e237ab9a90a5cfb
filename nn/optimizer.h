// Optimizers: plain update rules over the parameters of a store.
//
//   Adam<float> adam(store, {.learning_rate = 3e-4});
//   adam.set_group(store.parameters("encoder"), {.learning_rate_scale = 0.1, .weight_decay = 0});
//   adam.step(store.gradients(loss));
//
// Or, as in PyTorch, with gradients that backward() has added to .grad(), from several parts of a
// batch where one is too large (each loss divided by the number of parts):
//
//   for (const auto& part : parts) (loss_of(part) / parts.size()).backward();
//   adam.step();
//   store.zero_grad();
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/nn/parameters.h"

namespace babelgrad {

// What one step needs beside the gradients.
struct StepOptions {
  std::optional<double> learning_rate = {};  // as of schedule.h; not given: the optimizer's own
  double gradient_scale = 1;                 // multiplies every gradient first, e.g. clip_scale()
};

// What some parameters have of their own.
struct GroupOptions {
  double learning_rate_scale = 1;           // times the step's learning rate
  std::optional<double> weight_decay = {};  // not given: the optimizer's
  bool frozen = false;                      // no step changes them, nor their state
};

template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  // From the next step on. A parameter is in the last group that was set for it. One that requires
  // no gradient is frozen without a group. A std::invalid_argument names one of another store.
  void set_group(const std::vector<Tensor<T>>& parameters, const GroupOptions& options);

  // gradients: in the order of the store's parameters, as ParameterStore::gradients gives them.
  template <std::same_as<std::vector<Array<T>>> Gradients>
  void step(const Gradients& gradients, const StepOptions& options = {}) {
    step_with(gradients, options);
  }
  void step(std::initializer_list<Array<T>> gradients, const StepOptions& options = {}) {
    step_with(gradients, options);
  }
  // With each parameter's .grad(); one that has none stays as it is, as in PyTorch.
  void step(const StepOptions& options = {});

  // The same in parts, for several threads: begin_step once, then update for disjoint ranges that
  // cover every parameter. gradient: of the whole parameter i; elements begin <= e < end are used,
  // of a gradient by rows whole rows. Rows without a gradient change as those with a zero gradient.
  virtual void begin_step(const StepOptions& options) = 0;
  void update(std::size_t i, std::size_t begin, std::size_t end, const Gradient<T>& gradient);

  // The state beside the parameters, by name, for checkpoints: arrays to read and write in place.
  virtual std::vector<std::pair<std::string, Array<T>*>> state() = 0;
  std::uint64_t step_count() const { return steps_; }
  void set_step_count(std::uint64_t steps) { steps_ = steps; }

 protected:
  // store: outlives the optimizer, and has all its parameters by now.
  explicit Optimizer(const ParameterStore<T>& store)
      : parameters_(store.parameters()), groups_(parameters_.size()), store_(&store) {}
  bool is_frozen(std::size_t i) const {
    return groups_[i].frozen || !parameters_[i].requires_grad();
  }
  // gradient: of the elements begin <= e < end alone, or null: all zero. Not called if frozen.
  virtual void update_range(std::size_t i, std::size_t begin, std::size_t end,
                            const T* gradient) = 0;
  void step_with(const std::vector<Array<T>>& gradients, const StepOptions& options);
  void check_complete() const;
  void check(const std::vector<Array<T>>& gradients) const;
  std::vector<Array<T>> zeros_like_parameters() const;
  std::vector<std::pair<std::string, Array<T>*>> named(const std::string& prefix,
                                                       std::vector<Array<T>>& arrays) const;

  // Counts the step, and announces the change of every parameter that is not frozen before threads
  // write parts of it.
  void open_step();

  std::vector<Tensor<T>> parameters_;
  std::vector<GroupOptions> groups_;  // of each parameter
  std::vector<T*> values_;            // of the parameters, in a step
  std::uint64_t steps_ = 0;

 private:
  const ParameterStore<T>* store_;
};

struct SgdOptions {
  double learning_rate = 1e-3;
  double momentum = 0;
  double weight_decay = 0;
};

// v = momentum v + (g + weight_decay p), p -= lr v: torch.optim.SGD.
template <class T>
class Sgd final : public Optimizer<T> {
 public:
  explicit Sgd(const ParameterStore<T>& store, SgdOptions options = {});
  void begin_step(const StepOptions& options) override;
  std::vector<std::pair<std::string, Array<T>*>> state() override;

 private:
  void update_range(std::size_t i, std::size_t begin, std::size_t end, const T* gradient) override;

  SgdOptions options_;
  StepOptions step_;
  std::vector<Array<T>> velocity_;
};

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  // false: decay is part of the gradient (Adam, Kingma and Ba 2014); true: of the parameter (AdamW,
  // Loshchilov and Hutter 2017).
  bool decoupled = false;
};

// torch.optim.Adam and AdamW.
template <class T>
class Adam final : public Optimizer<T> {
 public:
  explicit Adam(const ParameterStore<T>& store, AdamOptions options = {});
  void begin_step(const StepOptions& options) override;
  std::vector<std::pair<std::string, Array<T>*>> state() override;

 private:
  void update_range(std::size_t i, std::size_t begin, std::size_t end, const T* gradient) override;

  AdamOptions options_;
  std::vector<AdamStep<T>> steps_of_;  // of each parameter
  std::vector<Array<T>> moment1_, moment2_;
};

// The Euclidean norm over all gradients together; NaN or Inf if one of them has such an element.
template <class T>
double global_norm(const std::vector<Array<T>>& gradients);

// What brings a global norm down to `limit`: min(1, limit / norm). limit 0: no clipping.
double clip_scale(double norm, double limit);

extern template class Optimizer<float>;
extern template class Optimizer<double>;
extern template class Sgd<float>;
extern template class Sgd<double>;
extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace babelgrad
