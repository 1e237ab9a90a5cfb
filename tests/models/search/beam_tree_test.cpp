// The beam as a tree: it holds every hypothesis, with the attention and log-probabilities that the
// search itself reports, and each step keeps no more than the beam.
#include "babelgrad/models/search/beam_tree.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/models/helpers.h"

namespace babelgrad {
namespace {

void check_path(const BeamTree& tree, const Hypothesis& hypothesis) {
  const std::vector<std::size_t> path = tree.path(hypothesis.tokens);
  REQUIRE(path.size() == hypothesis.tokens.size() + 1);
  const BeamNode& last = tree.nodes()[path.back()];
  CHECK(last.log_probability == hypothesis.log_probability);
  CHECK((last.fate == Candidate::Fate::finished) == hypothesis.finished);
  for (std::size_t t = 0; t < hypothesis.weights.size(); ++t)
    CHECK(tree.nodes()[path[t + 1]].weights == hypothesis.weights[t]);
}

TEST_CASE("beam tree: holds what the search found") {
  for (const NamedConfig& named : tiny_configs())
    for (const std::size_t beam : {1, 3, 5}) {
      INFO(named.name, ", beam ", beam);
      Seq2Seq<double> model(named.config, 7);
      enlarge(model, 2.5);
      SearchConfig search_config;
      search_config.beam = search_config.nbest = beam;
      for (const text::Example& example : some_examples(named.config)) {
        BeamTree tree;
        const auto found = search(model, {example.source}, search_config, {.observer = &tree})[0];
        for (const Hypothesis& hypothesis : found) check_path(tree, hypothesis);
        std::map<std::size_t, std::size_t> kept;
        for (std::size_t i = 1; i < tree.nodes().size(); ++i) {
          const BeamNode& node = tree.nodes()[i];
          REQUIRE(node.parent < i);
          CHECK(node.step == tree.nodes()[node.parent].step + 1);
          CHECK(tree.nodes()[node.parent].fate == Candidate::Fate::kept);
          CHECK(node.log_probability <= tree.nodes()[node.parent].log_probability);
          kept[node.step] += node.fate == Candidate::Fate::kept;
        }
        for (const auto& [step, count] : kept) CHECK(count <= beam);
      }
    }
}

TEST_CASE("beam tree: holds samples, of which several may begin with the same word") {
  const Seq2SeqConfig config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(config, 7);
  SearchConfig search_config;
  search_config.sample = true;
  search_config.nbest = 9;
  for (const text::Example& example : some_examples(config)) {
    BeamTree tree;
    const auto found = search(model, {example.source}, search_config, {.observer = &tree})[0];
    for (const Hypothesis& h : found) CHECK(tree.path(h.tokens).size() == h.tokens.size() + 1);
  }
}

TEST_CASE("beam tree: a hypothesis that was not found is refused") {
  CHECK_THROWS_WITH(BeamTree().path({4}), "beam tree: has no such hypothesis");
}

}  // namespace
}  // namespace babelgrad
