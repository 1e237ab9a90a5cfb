// An op of one's own outside the tree, with its gradient check; needs Babelgrad::autograd alone.
//
// Expect:  own op: softsign and its gradient agree
#include <babelgrad/autograd/backward.h>
#include <babelgrad/autograd/gradcheck.h>
#include <babelgrad/autograd/ops.h>
#include <babelgrad/autograd/vjp.h>

#include <cmath>
#include <cstdio>

using namespace babelgrad;

// softsign(x) = x / (1 + |x|); its derivative is (1 - |softsign(x)|)^2.
template <class T>
Tensor<T> softsign(const Tensor<T>& x) {
  Array<T> y = uninitialized<T>(x.shape());
  for (std::size_t i = 0; i < y.size(); ++i)
    y.data()[i] = x.value().data()[i] / (1 + std::abs(x.value().data()[i]));
  return record<T>("softsign", {x}, std::move(y), [](Vjp<T>& c) {
    Array<T> dx = std::move(c.grad);
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const T slack = 1 - std::abs(c.out().data()[i]);
      dx.data()[i] *= slack * slack;
    }
    c.accumulate(0, std::move(dx));
  });
}

int main() {
  const Tensor<double> x({2, 3}, {-2, -0.5, 0.1, 0.7, 1, 3}, kRequiresGrad);
  gradcheck([](const std::vector<Tensor<double>>& in) { return softsign(in[0] * in[0]); }, {x});
  const Tensor<double> loss = sum(softsign(x));
  loss.backward();
  const double slope = x.grad().data()[4];  // at 1
  if (!(std::abs(slope - 0.25) < 1e-12)) return 1;
  std::printf("own op: softsign and its gradient agree\n");
}
