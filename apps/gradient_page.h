// The gradients of one pair of sentences as a web page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad::apps {

struct GradientSubject {
  std::string model, source, target;
  double loss = 0;  // nats a token
};

// What the page shows, from the .grad() of each parameter: name, shape, figures, a histogram of the
// sizes of the gradient's elements (bins of half a decade; zeros are not in it), and a map of at
// most 48 x 96 blocks, each the root mean square of the gradient in it.
nlohmann::json gradient_document(const GradientSubject& subject,
                                 const std::vector<Tensor<float>>& parameters);

// apps/web/inspect with that document.
std::string gradient_page(const GradientSubject& subject,
                          const std::vector<Tensor<float>>& parameters);

}  // namespace babelgrad::apps
