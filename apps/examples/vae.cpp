// A variational autoencoder (Kingma and Welling 2013, arXiv 1312.6114): it packs pictures of
// 12 x 12 points, each a disc, a ring or a bar somewhere, into six numbers that are normally
// distributed, so that pictures can be made of random numbers, too.
//
// Run:     build/example_vae [updates]      (10,000 by default)
// Expect:  the ELBO of new pictures rises from -101 to above -18 nats a picture (about 7 s of one
//          core); originals, what six numbers keep of them, and pictures that nobody drew.
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>

#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/losses.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/schedule.h"
#include "babelgrad/nn/sequential.h"

using namespace babelgrad;

namespace {

constexpr std::size_t kSide = 12, kPoints = kSide * kSide, kHidden = 256, kLatent = 6;

// [batch, kPoints], each 0 or 1
Tensor<float> draw(std::size_t batch, Random& random) {
  Array<float> x = zeros<float>({batch, kPoints});
  for (std::size_t b = 0; b < batch; ++b) {
    const std::size_t kind = random.below(3);
    const double middle_x = 3.5 + 4 * random.uniform(), middle_y = 3.5 + 4 * random.uniform();
    const double r = 2.2 + 1.5 * random.uniform(), angle = std::numbers::pi * random.uniform();
    for (std::size_t i = 0; i < kPoints; ++i) {
      const double dx = static_cast<double>(i % kSide) - middle_x;
      const double dy = static_cast<double>(i / kSide) - middle_y;
      const double along = dx * std::cos(angle) + dy * std::sin(angle);
      const double across = dy * std::cos(angle) - dx * std::sin(angle);
      const double distance = std::hypot(dx, dy);
      x(b, i) = kind == 0   ? distance <= r
                : kind == 1 ? distance <= r + 1 && distance >= r - 0.5
                            : std::abs(along) <= r + 1 && std::abs(across) <= 1;
    }
  }
  return x;
}

class Autoencoder {
 public:
  explicit Autoencoder(const Scope<float>& s)
      : encoder_{Linear<float>(s / "encoder", kPoints, kHidden), relu<float>},
        mean_(s / "mean", kHidden, kLatent),
        log_variance_(s / "log_variance", kHidden, kLatent),
        decoder_{Linear<float>(s / "decoder", kLatent, kHidden), relu<float>,
                 Linear<float>(s / "output", kHidden, kPoints)} {}

  struct Code {
    Tensor<float> mean, log_variance;  // [B, kLatent] of z, a normal distribution
  };
  Code encode(const Tensor<float>& x) const {
    const Tensor<float> hidden = encoder_(x);
    return {mean_(hidden), log_variance_(hidden)};
  }
  // z [B, kLatent] -> logits [B, kPoints]
  Tensor<float> decode(const Tensor<float>& z) const { return decoder_(z); }

 private:
  Sequential<float> encoder_;
  Linear<float> mean_, log_variance_;
  Sequential<float> decoder_;
};

// The evidence lower bound in nats a picture: the log-probability of x under a z that its code
// gives, less the code's divergence from the prior N(0, 1) (appendix B of the paper). The noise is
// drawn apart, so that the gradient passes through z.
Tensor<float> elbo(const Autoencoder& model, const Tensor<float>& x, Random& random) {
  const auto [mean, log_variance] = model.encode(x);
  const Tensor<float> noise = normal<float>(mean.shape(), random);
  const Tensor<float> z = mean + exp(log_variance / 2) * noise;
  const Tensor<float> missed =
      binary_cross_entropy_with_logits(model.decode(z), x, LossReduction::batchmean);
  const Tensor<float> divergence =
      sum(square(mean) + exp(log_variance) - log_variance - 1) / (2 * x.dim(0));
  return -(missed + divergence);
}

// Side by side, two rows of points in one line, which makes them about square in a terminal.
void show(const char* title, const Tensor<float>& pictures) {
  const std::string shades = " .:-=+*#%@";
  const Tensor<float> rows = avg_pool2d(reshape(pictures, {-1, 1, kSide, kSide}), {2, 1});
  std::printf("%s\n", title);
  for (std::size_t i = 0; i < kSide / 2; ++i, std::printf("\n"))
    for (std::size_t b = 0; b < rows.dim(0); ++b, std::printf(" "))
      for (std::size_t j = 0; j < kSide; ++j)
        std::printf("%c", shades[static_cast<std::size_t>(9.99F * rows(b, 0, i, j))]);
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t updates = count > 1 ? std::stoul(arguments[1]) : 10000;
  ParameterStore<float> store(1);
  const Autoencoder model{Scope<float>(store)};
  Adam<float> adam(store);
  Random random(1);
  const Tensor<float> test = draw(1000, random), some = draw(6, random);
  const auto report = [&](const char* when) {
    std::printf("ELBO %s: %.2f nats a picture\n", when, elbo(model, test, random).item());
  };
  report("before");
  for (std::size_t update = 1; update <= updates; ++update) {
    const Tensor<float> loss = -elbo(model, draw(64, random), random);
    adam.step(store.gradients(loss),
              {.learning_rate = cosine_rate(update, {.base = 0.005, .period = updates})});
  }
  report("after");
  show("originals", some);
  show("reconstructions", sigmoid(model.decode(model.encode(some).mean)));
  show("samples from the prior", sigmoid(model.decode(normal<float>({6, kLatent}, random))));
}
