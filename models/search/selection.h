// Selection: which extensions of a sentence's hypotheses a step of the search goes on with.
#pragma once

#include <memory>

#include "babelgrad/models/search/demands.h"
#include "babelgrad/models/search/next_words.h"
#include "babelgrad/models/search/search.h"

namespace babelgrad {

// A word of a hypothesis, and through `previous` the words before, which hypotheses share.
struct SearchStep {
  std::shared_ptr<const SearchStep> previous;
  std::int32_t token;
  std::vector<float> weights;  // attention of this word; empty without attention
  double log_probability = 0;  // of this word, nats
  double entropy = 0;          // of the distribution it was chosen from; 0 unless measured
};

// A hypothesis under way.
struct PartialHypothesis {
  double log_probability = 0;
  std::size_t length = 0;  // tokens
  std::shared_ptr<const SearchStep> last;
};

// By log-probability; equal ones by hypothesis and token.
bool better_candidate(const Candidate& a, const Candidate& b);

std::vector<std::int32_t> tokens_of(const PartialHypothesis& hypothesis);

// How many of the likeliest next words of a hypothesis the selection has to be given.
std::size_t words_needed(const SearchConfig& config, std::size_t length);

// The words that it has to be given besides, for what is demanded, in the vocabulary's order.
std::vector<std::int32_t> words_wanted(const PartialHypothesis& hypothesis, const Demands& demands);

// How many hypotheses a sentence may have under way, if no phrases are demanded.
std::size_t hypotheses_kept(const SearchConfig& config);

// What is the same at all steps of a sentence.
struct SelectionRules {
  const SearchConfig& config;
  std::uint64_t number;  // of its samples
  const Demands& demands;
  std::size_t max_tokens;
};

// The candidates of one sentence, best first, with their fates: at most hypotheses_kept() are kept.
// words: of each hypothesis, its likeliest next words, as many as words_needed(), from
// next_words(), and those of words_wanted().
//
// Beam search: of the 2 beam likeliest extensions the first `beam` that do not end are kept, and of
// the first `beam` those that end are finished. Sampling: every hypothesis, at first nbest times
// the empty one, goes on with a word drawn from softmax(log p / temperature) over the top_k
// likeliest words (0: all), cut to the fewest whose probability reaches top_p (Holtzman et al.
// 2020). What is drawn depends on sample_seed, the sentence's number, the hypothesis and the step.
//
// With no_repeat_ngram n, no word is chosen that would end an n-gram which its hypothesis has
// already (Paulus et al. 2018), unless it is demanded. A hypothesis within the prefix goes on with
// the words that this allows alone; with phrases the beam is shared out (phrase_selection.h).
std::vector<Candidate> select_candidates(const std::vector<PartialHypothesis>& hypotheses,
                                         std::vector<NextWords> words, const SelectionRules& rules);

}  // namespace babelgrad
