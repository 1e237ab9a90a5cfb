#include "babelgrad/nn/parameters.h"

#include <stdexcept>

namespace babelgrad {

template <class T>
Tensor<T> ParameterStore<T>::create(const std::string& name, const Shape& shape,
                                    const Initializer& initializer) {
  if (!index_.emplace(name, parameters_.size()).second)
    throw std::invalid_argument("parameter " + name + ": the name is taken");
  Random random(combine_keys(seed_.value_or(0), fnv1a(name)));
  Tensor<T> parameter =
      trained_ ? trained_->at(name).detach()
               : Tensor<T>(seed_ ? initializer.make<T>(shape, random) : uninitialized<T>(shape),
                           kRequiresGrad);
  parameter.set_name(name);
  parameters_.push_back(parameter);
  return parameter;
}

template <class T>
void ParameterStore<T>::add_dropout(const std::string& name) {
  if (!dropouts_.insert(name).second)
    throw std::invalid_argument("dropout " + name + ": the name is taken");
}

template <class T>
std::vector<Tensor<T>> ParameterStore<T>::parameters(const std::string& scope) const {
  std::vector<Tensor<T>> found;
  for (const Tensor<T>& parameter : parameters_)
    if (parameter.name().starts_with(scope + ".")) found.push_back(parameter);
  if (found.empty()) throw std::invalid_argument("parameters: no parameter is in a scope " + scope);
  return found;
}

template <class T>
std::vector<Array<T>> ParameterStore<T>::gradients() const {
  std::vector<Array<T>> result;
  for (const Tensor<T>& parameter : parameters_)
    result.push_back(parameter.has_grad() ? parameter.grad() : zeros<T>(parameter.shape()));
  return result;
}

template <class T>
Tensor<T> ParameterStore<T>::at(const std::string& name) const {
  const auto position = index_.find(name);
  if (position == index_.end())
    throw std::out_of_range("parameter " + name + ": no such parameter");
  return parameters_[position->second];
}

template <class T>
std::size_t ParameterStore<T>::element_count() const {
  std::size_t count = 0;
  for (const Tensor<T>& parameter : parameters_) count += parameter.size();
  return count;
}

template <class T>
void ParameterStore<T>::zero_grad() {
  for (const Tensor<T>& parameter : parameters_) parameter.zero_grad();
}

template class ParameterStore<float>;
template class ParameterStore<double>;

}  // namespace babelgrad
