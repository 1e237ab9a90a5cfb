// A model of one's own outside the tree: a two-layer network with a learned gain that learns XOR.
// Needs Babelgrad::nn.
//
// Expect:  own model: loss 0.71 -> 0.00, XOR learned
#include <babelgrad/autograd/inspection/inspect.h>
#include <babelgrad/autograd/ops.h>
#include <babelgrad/nn/linear.h>
#include <babelgrad/nn/optimizer.h>

#include <cmath>
#include <cstdio>

using namespace babelgrad;

class Network {
 public:
  explicit Network(const Scope<float>& scope)
      : hidden_(scope / "hidden", 2, 8),
        output_(scope / "output", 8, 2),
        gain_(scope.parameter("gain", {}, init::ones())) {}

  // x [N, 2] -> logits [N, 2]
  Tensor<float> operator()(const Tensor<float>& x) const {
    return output_(tanh(hidden_(x))) * gain_;
  }

 private:
  Linear<float> hidden_, output_;
  Tensor<float> gain_;
};

int main() {
  const Tensor<float> x({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1});
  const Tensor<float> wanted({4, 2}, {1, 0, 0, 1, 0, 1, 1, 0});
  ParameterStore<float> store(3);
  const Network network{Scope<float>(store)};
  Adam<float> adam(store);
  float first = 0, last = 0;
  for (int step = 0; step < 500; ++step) {
    const Tensor<float> loss = -mean(sum(log_softmax(network(x), -1) * wanted, -1));
    last = loss.item();
    if (step == 0) first = last;
    adam.step(store.gradients(loss), {.learning_rate = 0.05});
  }
  if (!(last < 0.01f) || store.size() != 5) return 1;
  std::printf("own model: loss %.2f -> %.2f, XOR learned\n", static_cast<double>(first),
              static_cast<double>(last));
}
