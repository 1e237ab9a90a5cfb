#include "babelgrad/nn/optimizer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace babelgrad {

namespace {

// Of a step: its own, or the optimizer's.
double checked_rate(const StepOptions& step, double own) {
  const double rate = step.learning_rate.value_or(own);
  if (!(rate >= 0))
    throw std::invalid_argument("optimizer: need learning_rate >= 0; got " + std::to_string(rate));
  return rate;
}

}  // namespace

template <class T>
void Optimizer<T>::check_complete() const {
  const std::size_t later = store_->size() - parameters_.size();
  if (later != 0)
    throw std::logic_error("optimizer: " + std::to_string(later) +
                           " parameters of its store were made after it, the first of them " +
                           store_->parameters()[parameters_.size()].name() +
                           "; make the optimizer after the layers");
}

template <class T>
void Optimizer<T>::check(const std::vector<Array<T>>& gradients) const {
  if (gradients.size() != parameters_.size())
    throw std::invalid_argument("optimizer: need " + std::to_string(parameters_.size()) +
                                " gradients, one a parameter; got " +
                                std::to_string(gradients.size()));
  for (std::size_t i = 0; i < gradients.size(); ++i)
    if (gradients[i].shape() != parameters_[i].shape())
      throw_shape_error(
          "optimizer", "need a gradient of the shape of " + parameters_[i].name(),
          {{"parameter", parameters_[i].shape()}, {"gradient", gradients[i].shape()}});
}

template <class T>
void Optimizer<T>::set_group(const std::vector<Tensor<T>>& parameters,
                             const GroupOptions& options) {
  for (const Tensor<T>& parameter : parameters) {
    const auto same = [&](const Tensor<T>& p) {
      return p.node_pointer() == parameter.node_pointer();
    };
    const auto position = std::find_if(parameters_.begin(), parameters_.end(), same);
    if (position == parameters_.end())
      throw std::invalid_argument("optimizer: " + describe(parameter.node()) +
                                  " is no parameter of its store");
    groups_[static_cast<std::size_t>(position - parameters_.begin())] = options;
  }
}

template <class T>
void Optimizer<T>::step_with(const std::vector<Array<T>>& gradients, const StepOptions& options) {
  check_complete();
  check(gradients);
  begin_step(options);
  for (std::size_t i = 0; i < gradients.size(); ++i)
    if (!is_frozen(i)) update_range(i, 0, gradients[i].size(), gradients[i].data());
}

template <class T>
void Optimizer<T>::step(const StepOptions& options) {
  check_complete();
  begin_step(options);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (!is_frozen(i) && parameters_[i].has_grad())
      update_range(i, 0, parameters_[i].size(), parameters_[i].grad().data());
}

template <class T>
void Optimizer<T>::update(std::size_t i, std::size_t begin, std::size_t end,
                          const Gradient<T>& gradient) {
  if (is_frozen(i)) return;
  if (!gradient.by_rows) {
    update_range(i, begin, end, gradient.dense.data() + begin);
    return;
  }
  const std::vector<std::int32_t>& rows = gradient.by_rows->rows;
  const std::size_t width = parameters_[i].dim(1);
  const auto first = std::lower_bound(rows.begin(), rows.end(), begin / width);
  std::size_t done = begin;
  for (auto row = first; row != rows.end() && *row * width < end; ++row) {
    const std::size_t start = *row * width, k = static_cast<std::size_t>(row - rows.begin());
    if (done < start) update_range(i, done, start, nullptr);
    done = start + width;
    update_range(i, start, done, gradient.by_rows->values.data() + k * width);
  }
  if (done < end) update_range(i, done, end, nullptr);
}

template <class T>
void Optimizer<T>::open_step() {
  ++steps_;
  values_.clear();
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    values_.push_back(is_frozen(i) ? nullptr : parameters_[i].mutable_value().data());
}

template <class T>
std::vector<Array<T>> Optimizer<T>::zeros_like_parameters() const {
  std::vector<Array<T>> arrays;
  for (const Tensor<T>& parameter : parameters_) arrays.push_back(zeros<T>(parameter.shape()));
  return arrays;
}

template <class T>
std::vector<std::pair<std::string, Array<T>*>> Optimizer<T>::named(
    const std::string& prefix, std::vector<Array<T>>& arrays) const {
  std::vector<std::pair<std::string, Array<T>*>> result;
  for (std::size_t i = 0; i < arrays.size(); ++i)
    result.emplace_back(prefix + parameters_[i].name(), &arrays[i]);
  return result;
}

template <class T>
Sgd<T>::Sgd(const ParameterStore<T>& store, SgdOptions options)
    : Optimizer<T>(store), options_(options), velocity_(this->zeros_like_parameters()) {}

template <class T>
void Sgd<T>::begin_step(const StepOptions& options) {
  step_ = options;
  step_.learning_rate = checked_rate(options, options_.learning_rate);
  this->open_step();
}

template <class T>
void Sgd<T>::update_range(std::size_t i, std::size_t begin, std::size_t end, const T* gradient) {
  const GroupOptions& group = this->groups_[i];
  const T momentum = static_cast<T>(options_.momentum),
          decay = static_cast<T>(group.weight_decay.value_or(options_.weight_decay));
  const T scale = static_cast<T>(step_.gradient_scale),
          lr = static_cast<T>(group.learning_rate_scale * *step_.learning_rate);
  T* p = this->values_[i];
  T* v = velocity_[i].data();
  for (std::size_t e = begin; e < end; ++e) {
    const T g = gradient == nullptr ? T(0) : scale * gradient[e - begin];
    v[e] = momentum * v[e] + (g + decay * p[e]);
    p[e] -= lr * v[e];
  }
}

template <class T>
std::vector<std::pair<std::string, Array<T>*>> Sgd<T>::state() {
  return this->named("sgd.velocity.", velocity_);
}

template <class T>
Adam<T>::Adam(const ParameterStore<T>& store, AdamOptions options)
    : Optimizer<T>(store),
      options_(options),
      moment1_(this->zeros_like_parameters()),
      moment2_(this->zeros_like_parameters()) {}

template <class T>
void Adam<T>::begin_step(const StepOptions& options) {
  const double rate = checked_rate(options, options_.learning_rate);
  this->open_step();
  const double t = static_cast<double>(this->steps_);
  const double bias1 = 1 - std::pow(options_.beta1, t), bias2 = 1 - std::pow(options_.beta2, t);
  steps_of_.clear();
  for (const GroupOptions& group : this->groups_) {
    const double lr = group.learning_rate_scale * rate;
    const double weight_decay = group.weight_decay.value_or(options_.weight_decay);
    AdamStep<T> step{};
    step.beta1 = static_cast<T>(options_.beta1);
    step.beta2 = static_cast<T>(options_.beta2);
    step.step_size = static_cast<T>(lr / bias1);
    step.inv_sqrt_correction = static_cast<T>(1 / std::sqrt(bias2));
    step.epsilon = static_cast<T>(options_.epsilon);
    step.gradient_scale = static_cast<T>(options.gradient_scale);
    step.l2 = static_cast<T>(options_.decoupled ? 0 : weight_decay);
    step.decay = static_cast<T>(options_.decoupled ? 1 - lr * weight_decay : 1);
    steps_of_.push_back(step);
  }
}

template <class T>
void Adam<T>::update_range(std::size_t i, std::size_t begin, std::size_t end, const T* gradient) {
  kernels<T>().adam(end - begin, steps_of_[i], gradient, this->values_[i] + begin,
                    moment1_[i].data() + begin, moment2_[i].data() + begin);
}

template <class T>
std::vector<std::pair<std::string, Array<T>*>> Adam<T>::state() {
  auto result = this->named("adam.moment1.", moment1_);
  for (auto& item : this->named("adam.moment2.", moment2_)) result.push_back(item);
  return result;
}

template <class T>
double global_norm(const std::vector<Array<T>>& gradients) {
  double squares = 0;
  for (const Array<T>& g : gradients) squares += kernels<T>().sum_of_squares(g.size(), g.data());
  return std::sqrt(squares);
}

double clip_scale(double norm, double limit) {
  return limit > 0 && norm > limit ? limit / norm : 1;
}

template class Optimizer<float>;
template class Optimizer<double>;
template class Sgd<float>;
template class Sgd<double>;
template class Adam<float>;
template class Adam<double>;
template double global_norm(const std::vector<Array<float>>&);
template double global_norm(const std::vector<Array<double>>&);

}  // namespace babelgrad
