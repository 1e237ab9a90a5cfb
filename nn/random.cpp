#include "babelgrad/nn/random.h"

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace babelgrad {

struct Mode::Drawn {
  using Use = std::pair<std::uint64_t, std::uint64_t>;  // site and call
  std::set<Use> whole;                                  // for all time steps at once
  std::map<Use, std::set<std::size_t>> times;

  // Whether nobody has had this before.
  bool add(const Use& use, std::optional<std::size_t> time) {
    if (time) return !whole.contains(use) && times[use].insert(*time).second;
    return !times.contains(use) && whole.insert(use).second;
  }
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

Mode Mode::at_time(std::size_t t) const {
  Mode mode = *this;
  mode.time_ = t;
  return mode;
}

std::uint64_t Mode::draw(std::string_view site, std::uint64_t call) const {
  const std::uint64_t name = fnv1a(site);
  if (drawn_ && !drawn_->add({name, call}, time_))
    throw std::logic_error(
        "dropout " + std::string(site) + ": use " + std::to_string(call) +
        (time_ ? " at time step " + std::to_string(*time_) : "") +
        " has drawn its mask in this step; say dropout(x, mode, 1) for a second use in it, "
        "Mode::training(seed, step) for another step, Mode::training(seed, step, part) for another "
        "part of its batch, or mode.again() to repeat one");
  return combine_keys(combine_keys(key_, name), call);
}

}  // namespace babelgrad
