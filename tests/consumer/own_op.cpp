// An op of one's own outside the tree, with its gradient checks; needs Babelgrad::autograd alone.
//
// Expect:  own op: softsign and its gradient agree
#include <babelgrad/autograd/backward.h>
#include <babelgrad/autograd/inspection/gradcheck.h>
#include <babelgrad/autograd/ops.h>
#include <babelgrad/autograd/vjp.h>

#include <cmath>
#include <cstdio>

using namespace babelgrad;

// softsign(x) = x / (1 + |x|); its derivative is (1 - |softsign(x)|)^2.
template <class T>
Tensor<T> softsign(const Tensor<T>& x) {
  return record("softsign", {x}, x.value() / (1 + abs(x.value())),
                [](auto& c) { c.accumulate(0, c.grad * square(1 - abs(c.out()))); });
}

int main() {
  const Tensor<double> x({2, 3}, {-2, -0.5, 0.1, 0.7, 1, 3}, kRequiresGrad);
  const auto of_square = [](const auto& in) { return softsign(in[0] * in[0]); };
  gradcheck(of_square, {x});
  gradgradcheck(of_square, {x});
  const Tensor<double> loss = sum(softsign(x));
  loss.backward();
  const double slope = x.grad().data()[4];  // at 1
  if (!(std::abs(slope - 0.25) < 1e-12)) return 1;
  std::printf("own op: softsign and its gradient agree\n");
}
