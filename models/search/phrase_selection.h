// Beam search for translations that have given phrases, by dynamic beam allocation (Post and Vilar
// 2018, arXiv 1804.06609, section 3).
#pragma once

#include "babelgrad/models/search/selection.h"

namespace babelgrad {

// As select_candidates, with a place more in the beam for each token of the phrases. With n places,
// candidates are the 2n likeliest extensions by the 2 * config.beam likeliest words of each
// hypothesis, the likeliest of each, and those with a word that a phrase wants. The places are
// shared out evenly among them by how many tokens of phrases they still miss; those that one share
// has no use for, others get (algorithm 2). Only what misses none can end, and what could no longer
// have all phrases within max_tokens is no candidate: so every translation has them, if max_tokens
// is at least demands.longest().
std::vector<Candidate> extensions_with_phrases(const std::vector<PartialHypothesis>& hypotheses,
                                               const std::vector<NextWords>& words,
                                               const SelectionRules& rules);

}  // namespace babelgrad
