#include "babelgrad/models/search/phrase_selection.h"

#include <algorithm>

#include "babelgrad/text/vocabulary.h"

namespace babelgrad {
namespace {

using Fate = Candidate::Fate;

struct Extension {
  Candidate candidate;
  std::size_t missing;             // tokens of phrases, once extended
  bool likely, wanted, likeliest;  // of the best words; wanted; the best of its hypothesis
};

bool ends(const Extension& e) { return e.candidate.token == text::kEos; }

// All extensions that can still have all phrases, best first.
std::vector<Extension> possible_extensions(const std::vector<PartialHypothesis>& hypotheses,
                                           const std::vector<NextWords>& words,
                                           const SelectionRules& rules) {
  std::vector<Extension> all;
  for (std::size_t k = 0; k < hypotheses.size(); ++k) {
    std::vector<std::int32_t> tokens = tokens_of(hypotheses[k]);
    const std::size_t left = rules.max_tokens - std::min(rules.max_tokens, tokens.size() + 1);
    const std::size_t before = all.size();
    const auto offer = [&](const NextWord& word, bool likely) {
      tokens.push_back(word.token);
      const std::size_t missing = rules.demands.phrases.progress(tokens).missing;
      tokens.pop_back();
      if (missing > (word.token == text::kEos ? 0 : left)) return;
      all.push_back({{hypotheses[k].log_probability + word.log_probability, k, word.token},
                     missing,
                     likely,
                     !likely,
                     likely && all.size() == before});
    };
    for (const NextWord& word : words[k].best) offer(word, true);
    for (const NextWord& word : words[k].wanted) {
      const auto known =
          std::find_if(all.begin() + static_cast<std::ptrdiff_t>(before), all.end(),
                       [&](const Extension& e) { return e.candidate.token == word.token; });
      if (known == all.end())
        offer(word, false);
      else
        known->wanted = true;
    }
  }
  std::sort(all.begin(), all.end(), [](const Extension& a, const Extension& b) {
    return better_candidate(a.candidate, b.candidate);
  });
  return all;
}

// The candidates among them.
std::vector<Extension> candidates_of(std::vector<Extension> all, std::size_t beam) {
  std::vector<Extension> chosen;
  std::size_t rank = 0;
  for (const Extension& e : all) {
    const bool among_best = e.likely && rank < 2 * beam;
    rank += e.likely ? 1 : 0;
    if (among_best || e.wanted || e.likeliest) chosen.push_back(e);
  }
  return chosen;
}

// How many of the beam's places each number of missing tokens gets, given how many candidates it
// has.
std::vector<std::size_t> shares(const std::vector<std::size_t>& counts, std::size_t beam) {
  std::vector<std::size_t> share(counts.size(), beam / counts.size());
  share[0] += beam % counts.size();  // to those that miss nothing
  std::size_t spare = 0;
  for (int round = 0; round < 2; ++round)  // the second for what is left at the end of the first
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const std::size_t places = share[i] + spare;
      share[i] = std::min(places, counts[i]);
      spare = places - share[i];
    }
  return share;
}

}  // namespace

std::vector<Candidate> extensions_with_phrases(const std::vector<PartialHypothesis>& hypotheses,
                                               const std::vector<NextWords>& words,
                                               const SelectionRules& rules) {
  const std::size_t beam = rules.config.beam + rules.demands.phrases.tokens();
  std::vector<Extension> extensions =
      candidates_of(possible_extensions(hypotheses, words, rules), beam);
  std::vector<std::size_t> counts(rules.demands.phrases.tokens() + 1);
  for (const Extension& e : extensions) counts[e.missing] += ends(e) ? 0 : 1;
  const std::vector<std::size_t> share = shares(counts, beam);
  std::vector<std::size_t> taken(counts.size()), seen(counts.size());
  bool any = false;
  for (Extension& e : extensions) {
    const std::size_t rank = seen[e.missing]++;
    if (ends(e) && e.likely && rank < rules.config.beam) {
      e.candidate.fate = Fate::finished;
    } else if (!ends(e) && taken[e.missing] < share[e.missing]) {
      e.candidate.fate = Fate::kept;
      ++taken[e.missing];
    }
    any = any || e.candidate.fate != Fate::dropped;
  }
  std::vector<Candidate> candidates;
  for (const Extension& e : extensions) {
    candidates.push_back(e.candidate);
    if (!any) candidates.back().fate = Fate::finished;  // nothing but an unlikely end is possible
  }
  return candidates;
}

}  // namespace babelgrad
