#include "babelgrad/text/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "babelgrad/text/bootstrap.h"
#include "babelgrad/text/ngrams.h"

namespace babelgrad::text {
namespace {

size_t closest_length(size_t length, const std::vector<NgramText>& references) {
  const auto distance = [&](size_t other) {
    return length > other ? length - other : other - length;
  };
  size_t closest = references[0].size();
  for (const NgramText& reference : references) {
    const size_t other = reference.size();
    if (distance(other) < distance(closest) ||
        (distance(other) == distance(closest) && other < closest))
      closest = other;
  }
  return closest;
}

BleuCounts count(const std::string& line, const std::vector<std::string>& reference_lines,
                 BleuTokenizer tokenizer) {
  const NgramText hypothesis(bleu_tokens(line, tokenizer), " ");
  std::vector<NgramText> references;
  for (const std::string& reference : reference_lines)
    references.emplace_back(bleu_tokens(reference, tokenizer), " ");
  BleuCounts counts;
  counts.hypothesis_length = hypothesis.size();
  counts.reference_length = closest_length(hypothesis.size(), references);
  for (size_t n = 1; n <= 4; ++n) {
    const NgramMatch match = match_ngrams(hypothesis, references, n);
    counts.correct[n - 1] = match.common;
    counts.total[n - 1] = match.hypothesis;
  }
  return counts;
}

}  // namespace

BleuCounts& BleuCounts::operator+=(const BleuCounts& other) {
  for (size_t n = 0; n < 4; ++n) {
    correct[n] += other.correct[n];
    total[n] += other.total[n];
  }
  hypothesis_length += other.hypothesis_length;
  reference_length += other.reference_length;
  return *this;
}

std::vector<BleuCounts> bleu_counts(const std::vector<std::string>& hypotheses,
                                    const References& references, BleuTokenizer tokenizer) {
  require_equal_counts("corpus_bleu", hypotheses.size(), references.size());
  std::vector<BleuCounts> counts;
  counts.reserve(hypotheses.size());
  for (size_t i = 0; i < hypotheses.size(); ++i)
    counts.push_back(count(hypotheses[i], references[i], tokenizer));
  return counts;
}

Bleu bleu_of(const BleuCounts& sum) {
  Bleu bleu;
  static_cast<BleuCounts&>(bleu) = sum;
  const auto hypothesis_length = static_cast<double>(bleu.hypothesis_length);
  const auto reference_length = static_cast<double>(bleu.reference_length);
  if (bleu.hypothesis_length >= bleu.reference_length) {
    bleu.brevity_penalty = 1;
  } else if (bleu.hypothesis_length > 0) {
    bleu.brevity_penalty = std::exp(1 - reference_length / hypothesis_length);
  }
  if (std::all_of(bleu.correct.begin(), bleu.correct.end(), [](size_t c) { return c == 0; }))
    return bleu;

  double smoothing = 1, log_sum = 0;
  for (size_t n = 0; n < 4; ++n) {
    if (bleu.total[n] == 0) return bleu;  // a precision of 0, hence a score of 0
    const auto total = static_cast<double>(bleu.total[n]);
    if (bleu.correct[n] == 0) {
      smoothing *= 2;
      bleu.precisions[n] = 100 / (smoothing * total);
    } else {
      bleu.precisions[n] = 100 * static_cast<double>(bleu.correct[n]) / total;
    }
    log_sum += std::log(bleu.precisions[n]);
  }
  bleu.score = bleu.brevity_penalty * std::exp(log_sum / 4);
  return bleu;
}

Bleu corpus_bleu(const std::vector<std::string>& hypotheses, const References& references,
                 BleuTokenizer tokenizer) {
  Bleu bleu = bleu_of(sum_of(bleu_counts(hypotheses, references, tokenizer)));
  bleu.tokenizer = tokenizer;
  bleu.references = references.count();
  return bleu;
}

Bleu corpus_bleu(const std::vector<std::string>& hypotheses,
                 const std::vector<std::string>& references, BleuTokenizer tokenizer) {
  return corpus_bleu(hypotheses, References(references), tokenizer);
}

std::string Bleu::signature() const {
  return "nrefs:" + references + "|case:mixed|eff:no|tok:" + name_of(tokenizer) +
         "|smooth:exp|version:babelgrad-0.1.0";
}

std::string Bleu::details() const {
  const double ratio = reference_length == 0 ? 0
                                             : static_cast<double>(hypothesis_length) /
                                                   static_cast<double>(reference_length);
  char figures[256];
  std::snprintf(figures, sizeof figures,
                "%.1f/%.1f/%.1f/%.1f (BP = %.3f ratio = %.3f hyp_len = %zu ref_len = %zu)",
                precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty, ratio,
                hypothesis_length, reference_length);
  return figures;
}

std::string Bleu::to_string() const {
  char rounded[32];
  std::snprintf(rounded, sizeof rounded, " = %.1f ", score);
  return "BLEU|" + signature() + rounded + details();
}

}  // namespace babelgrad::text
