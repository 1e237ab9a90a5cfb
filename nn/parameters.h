// ParameterStore<T>: the trainable tensors of a model, each created once under a scoped name.
//
//   ParameterStore<float> store(seed);
//   Scope<float> root(store);
//   Linear<float> output(root / "output", 256, 8000);   // output.weight, output.bias
//
// Layers are small copyable handles over these tensors; tying is passing the same tensor twice.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/tensor.h"
#include "babelgrad/nn/init.h"

namespace babelgrad {

template <class T>
class ParameterStore {
 public:
  // The initial value of each parameter is a function of the seed and its name alone. Without a
  // seed the values are undefined until load_parameters() sets them.
  explicit ParameterStore(std::optional<std::uint64_t> seed = 1) : seed_(seed) {}
  // A store for the same model again, whose parameters are those of `trained` as constants: they
  // share their elements and require no gradient. `trained` must outlive the making of the model.
  struct Constants {
    const ParameterStore& trained;
  };
  explicit ParameterStore(Constants constants) : trained_(&constants.trained) {}
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  // Throws std::invalid_argument if the name is taken.
  Tensor<T> create(const std::string& name, const Shape& shape, const Initializer& initializer);

  // Names a place where masks are drawn. Throws std::invalid_argument if the name is taken.
  void add_dropout(const std::string& name);

  const std::vector<Tensor<T>>& parameters() const { return parameters_; }  // in creation order
  // Those of one scope: encoder.gru.weight_ih_l0, of "encoder" and of "encoder.gru". Throws
  // std::invalid_argument if there is none.
  std::vector<Tensor<T>> parameters(const std::string& scope) const;
  Tensor<T> at(const std::string& name) const;  // std::out_of_range names it
  bool contains(const std::string& name) const { return index_.contains(name); }
  std::size_t size() const { return parameters_.size(); }
  std::size_t element_count() const;

  // d loss / d parameter, in the order of parameters().
  std::vector<Array<T>> gradients(const Tensor<T>& loss) const {
    return babelgrad::gradients(loss, parameters_, {.allow_unused = true});
  }
  // The same, tables' gradients by rows where they are sparse.
  std::vector<Gradient<T>> gradients_by_rows(const Tensor<T>& loss) const {
    return babelgrad::gradients_by_rows(loss, parameters_, {.allow_unused = true});
  }
  void zero_grad();

  // For PyTorch's order, after backward(): each parameter's .grad(), or zeros where there is none.
  std::vector<Array<T>> gradients() const;

 private:
  std::optional<std::uint64_t> seed_;
  const ParameterStore* trained_ = nullptr;
  std::vector<Tensor<T>> parameters_;
  std::map<std::string, std::size_t> index_;
  std::set<std::string> dropouts_;
};

// A place in the tree of names.
template <class T>
class Scope {
 public:
  explicit Scope(ParameterStore<T>& store) : store_(&store) {}

  Scope operator/(const std::string& name) const { return Scope(*store_, full_name(name)); }
  Tensor<T> parameter(const std::string& name, const Shape& shape,
                      const Initializer& initializer) const {
    return store_->create(full_name(name), shape, initializer);
  }
  void add_dropout() const { store_->add_dropout(path_); }
  const std::string& path() const { return path_; }

 private:
  Scope(ParameterStore<T>& store, std::string path) : store_(&store), path_(std::move(path)) {}
  std::string full_name(const std::string& name) const {
    return path_.empty() ? name : path_ + "." + name;
  }

  ParameterStore<T>* store_;
  std::string path_;
};

extern template class ParameterStore<float>;
extern template class ParameterStore<double>;

}  // namespace babelgrad
