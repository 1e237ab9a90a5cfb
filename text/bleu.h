// Corpus BLEU as sacreBLEU defines it (Papineni et al. 2002; Post 2018): up to 4-grams, exponential
// smoothing, one or several references a sentence, case kept.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "babelgrad/text/bleu_tokens.h"
#include "babelgrad/text/references.h"

namespace babelgrad::text {

// Of a sentence, or of several together.
struct BleuCounts {
  std::array<size_t, 4> correct{};  // matched n-grams, clipped
  std::array<size_t, 4> total{};    // n-grams of the hypotheses
  size_t hypothesis_length = 0;     // tokens
  size_t reference_length = 0;      // tokens

  BleuCounts& operator+=(const BleuCounts& other);
};

struct Bleu : BleuCounts {
  double score = 0;                    // 0 to 100
  std::array<double, 4> precisions{};  // percent, smoothed; for 1- to 4-grams
  double brevity_penalty = 0;          // 0 to 1
  BleuTokenizer tokenizer = BleuTokenizer::mteval_13a;
  std::string references = "1";  // a sentence, as References::count()

  // "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:babelgrad-0.1.0"
  std::string signature() const;
  // "68.1/43.2/30.0/21.1 (BP = 1.000 ratio = 1.003 hyp_len = 12045 ref_len = 12009)"
  std::string details() const;
  // sacreBLEU's line: "BLEU|<signature> = 37.0 <details>"
  std::string to_string() const;
};

// By sentence. Of several references an n-gram matches as often as the one that has it most often,
// and the reference's length is the closest to the hypothesis', the shorter of two. Throws
// std::invalid_argument unless there are as many hypotheses as references.
std::vector<BleuCounts> bleu_counts(const std::vector<std::string>& hypotheses,
                                    const References& references, BleuTokenizer tokenizer);

// Of counts that are added up. Without any matching n-gram, or without any 4-gram in the
// hypotheses, the score is 0, as in sacreBLEU 2.
Bleu bleu_of(const BleuCounts& sum);

// The two together.
Bleu corpus_bleu(const std::vector<std::string>& hypotheses, const References& references,
                 BleuTokenizer tokenizer = BleuTokenizer::mteval_13a);
Bleu corpus_bleu(const std::vector<std::string>& hypotheses,
                 const std::vector<std::string>& references,
                 BleuTokenizer tokenizer = BleuTokenizer::mteval_13a);

}  // namespace babelgrad::text
