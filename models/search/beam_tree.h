// BeamTree: the search of one sentence as a tree. Its root is the empty translation; each other
// node adds a word to its parent, and was kept, finished or dropped.
#pragma once

#include "babelgrad/models/search/search.h"

namespace babelgrad {

struct BeamNode {
  std::size_t parent = 0;  // index of a node before this one; the root is its own
  std::size_t step = 0;    // tokens so far
  std::int32_t token = 0;  // bos at the root
  double log_probability = 0;
  std::vector<float> weights;  // attention [S] when this word was chosen; empty for plain
  Candidate::Fate fate = Candidate::Fate::kept;
};

// Give it to a search of one sentence.
class BeamTree : public SearchObserver {
 public:
  BeamTree();
  void on_step(std::size_t sentence, const std::vector<Candidate>& candidates,
               const std::vector<std::vector<float>>& weights) override;

  const std::vector<BeamNode>& nodes() const { return nodes_; }  // parents first
  // The nodes of a hypothesis that the search found, root first.
  std::vector<std::size_t> path(const std::vector<std::int32_t>& tokens) const;

 private:
  std::vector<BeamNode> nodes_;
  std::vector<std::size_t> beams_;  // nodes kept in the last step, best first
};

}  // namespace babelgrad
