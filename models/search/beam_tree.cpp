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
  std::vector<std::size_t> path(tokens.size() + 1);
  for (std::size_t end = 0; end < nodes_.size(); ++end) {  // backwards: samples may share words
    if (nodes_[end].step != tokens.size()) continue;
    std::size_t node = end, left = tokens.size();
    for (; left > 0 && nodes_[node].token == tokens[left - 1]; node = nodes_[node].parent)
      path[left--] = node;
    if (left == 0) return path;
  }
  throw std::invalid_argument("beam tree: has no such hypothesis");
}

}  // namespace babelgrad
