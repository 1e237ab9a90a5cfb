#include "babelgrad/models/search/beam_tree.h"

#include <algorithm>
#include <stdexcept>

namespace babelgrad {

BeamTree::BeamTree() : nodes_(1), beams_{0} { nodes_[0].token = text::kBos; }

void BeamTree::on_step(std::size_t, const std::vector<Candidate>& candidates,
                       const std::vector<std::vector<float>>& weights) {
  std::vector<std::size_t> kept;
  for (const Candidate& candidate : candidates) {
    const std::size_t parent = beams_.at(candidate.beam);
    if (candidate.fate == Candidate::Fate::kept) kept.push_back(nodes_.size());
    nodes_.push_back({parent, nodes_[parent].step + 1, candidate.token, candidate.log_probability,
                      weights.at(candidate.beam), candidate.fate});
  }
  beams_ = std::move(kept);
}

std::vector<std::size_t> BeamTree::path(const std::vector<std::int32_t>& tokens) const {
  std::vector<std::size_t> path{0};
  for (const std::int32_t token : tokens) {  // siblings have different words
    const auto next = std::find_if(nodes_.begin() + 1, nodes_.end(), [&](const BeamNode& node) {
      return node.parent == path.back() && node.token == token;
    });
    if (next == nodes_.end()) throw std::invalid_argument("beam tree: has no such hypothesis");
    path.push_back(static_cast<std::size_t>(next - nodes_.begin()));
  }
  return path;
}

}  // namespace babelgrad
