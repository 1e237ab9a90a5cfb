#include "babelgrad/nn/random.h"

#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace babelgrad {

struct Mode::Drawn {
  std::set<std::pair<std::uint64_t, std::uint64_t>> sites_and_calls;
};

Mode Mode::training(std::uint64_t seed, std::uint64_t step, std::uint64_t shard) {
  Mode mode;
  mode.key_ = combine_keys(combine_keys(seed, step), shard);
  mode.drawn_ = std::make_shared<Drawn>();
  return mode;
}

Mode Mode::again() const {
  Mode mode = *this;
  if (is_training()) mode.drawn_ = std::make_shared<Drawn>();
  return mode;
}

std::uint64_t Mode::draw(std::string_view site, std::uint64_t call) const {
  const std::uint64_t name = fnv1a(site);
  if (drawn_ && !drawn_->sites_and_calls.emplace(name, call).second)
    throw std::logic_error("dropout " + std::string(site) + ": call " + std::to_string(call) +
                           " has drawn its mask in this step; number the uses in a step, give "
                           "every step a Mode::training(seed, step), or repeat one with again()");
  return combine_keys(combine_keys(key_, name), call);
}

}  // namespace babelgrad
