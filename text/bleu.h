// Corpus BLEU as sacreBLEU defines it (Papineni et al. 2002; Post 2018): up to 4-grams, exponential
// smoothing, one reference a sentence, case kept.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace babelgrad::text {

enum class BleuTokenizer {
  mteval_13a,  // "13a", the WMT tokenizer (mteval-v13a.pl): for plain text
  none         // "none", white space only: for text that is tokenised already
};

struct Bleu {
  double score = 0;                    // 0 to 100
  std::array<double, 4> precisions{};  // percent, smoothed; for 1- to 4-grams
  std::array<size_t, 4> correct{};     // matched n-grams, clipped
  std::array<size_t, 4> total{};       // n-grams of the hypotheses
  double brevity_penalty = 0;          // 0 to 1
  size_t hypothesis_length = 0;        // tokens
  size_t reference_length = 0;         // tokens
  BleuTokenizer tokenizer = BleuTokenizer::mteval_13a;

  // "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:babelgrad-0.1.0"
  std::string signature() const;
  // sacreBLEU's line: "BLEU|<signature> = 37.0 68.1/43.2/30.0/21.1 (BP = 1.000 ratio = 1.003
  // hyp_len = 12045 ref_len = 12009)"
  std::string to_string() const;
};

// Throws std::invalid_argument unless there are as many hypotheses as references. Without any
// matching n-gram, or without any 4-gram in the hypotheses, the score is 0, as in sacreBLEU 2.
Bleu corpus_bleu(const std::vector<std::string>& hypotheses,
                 const std::vector<std::string>& references,
                 BleuTokenizer tokenizer = BleuTokenizer::mteval_13a);

// The tokens that BLEU counts in one line.
std::vector<std::string> bleu_tokens(std::string_view line, BleuTokenizer tokenizer);

}  // namespace babelgrad::text
