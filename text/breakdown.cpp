#include "babelgrad/text/breakdown.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "babelgrad/text/bleu.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/ngrams.h"

namespace babelgrad::text {
namespace {

constexpr size_t kLengthGroups = 6;
constexpr uint64_t kFrequencyBounds[] = {0, 1, 2, 5, 10, 100, 1000};  // the least of each group

LengthGroup measure(const std::vector<size_t>& lengths, const std::vector<size_t>& members,
                    const std::vector<std::string>& hypotheses,
                    const std::vector<std::string>& references) {
  std::vector<std::string> group_hypotheses, group_references;
  for (const size_t i : members) {
    group_hypotheses.push_back(hypotheses[i]);
    group_references.push_back(references[i]);
  }
  LengthGroup group;
  group.shortest = lengths[members.front()];
  group.longest = lengths[members.back()];
  group.sentences = members.size();
  const Bleu bleu = corpus_bleu(group_hypotheses, group_references);
  group.bleu = bleu.score;
  group.chrf = corpus_chrf(group_hypotheses, group_references);
  if (bleu.reference_length > 0)
    group.length_ratio =
        static_cast<double>(bleu.hypothesis_length) / static_cast<double>(bleu.reference_length);
  return group;
}

double share(size_t part, size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<LengthGroup> quality_by_length(const std::vector<size_t>& source_lengths,
                                           const std::vector<std::string>& hypotheses,
                                           const std::vector<std::string>& references) {
  require_equal_counts("quality_by_length", hypotheses.size(), references.size());
  if (source_lengths.size() != hypotheses.size())
    throw std::invalid_argument("quality_by_length: need a source length for each hypothesis");
  std::vector<size_t> order(source_lengths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return source_lengths[a] < source_lengths[b]; });
  std::vector<LengthGroup> groups;
  for (size_t begin = 0; begin < order.size();) {
    const size_t groups_left = kLengthGroups - groups.size();
    size_t end = begin + (order.size() - begin + groups_left - 1) / groups_left;
    while (end < order.size() && source_lengths[order[end]] == source_lengths[order[end - 1]])
      ++end;
    const std::vector<size_t> members(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                      order.begin() + static_cast<std::ptrdiff_t>(end));
    groups.push_back(measure(source_lengths, members, hypotheses, references));
    begin = end;
  }
  return groups;
}

double FrequencyGroup::recall() const { return share(matched, in_references); }
double FrequencyGroup::precision() const { return share(matched, in_hypotheses); }
double FrequencyGroup::f1() const { return share(2 * matched, in_references + in_hypotheses); }

std::vector<FrequencyGroup> quality_by_frequency(const TokenCounts& training,
                                                 const std::vector<std::string>& hypotheses,
                                                 const std::vector<std::string>& references) {
  require_equal_counts("quality_by_frequency", hypotheses.size(), references.size());
  std::vector<FrequencyGroup> groups;
  for (const uint64_t least : kFrequencyBounds) {
    if (!groups.empty()) groups.back().most = least - 1;
    groups.push_back({.least = least, .most = std::numeric_limits<uint64_t>::max()});
  }
  const auto group_of = [&](const std::string& word) -> FrequencyGroup& {
    const auto found = training.find(word);
    const uint64_t frequency = found == training.end() ? 0 : found->second;
    return *std::find_if(groups.begin(), groups.end(),
                         [&](const FrequencyGroup& group) { return frequency <= group.most; });
  };
  for (size_t i = 0; i < references.size(); ++i) {
    const TokenCounts in_reference = count_words({references[i]});
    const TokenCounts in_hypothesis = count_words({hypotheses[i]});
    for (const auto& [word, count] : in_hypothesis) group_of(word).in_hypotheses += count;
    for (const auto& [word, count] : in_reference) {
      FrequencyGroup& group = group_of(word);
      group.in_references += count;
      const auto found = in_hypothesis.find(word);
      if (found != in_hypothesis.end()) group.matched += std::min(count, found->second);
    }
  }
  return groups;
}

TokenCounts count_words(const std::vector<std::string>& lines) {
  TokenCounts counts;
  for (const std::string& line : lines)
    for (std::string& word : bleu_tokens(line, BleuTokenizer::mteval_13a))
      ++counts[std::move(word)];
  return counts;
}

}  // namespace babelgrad::text
