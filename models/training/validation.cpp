#include "babelgrad/models/training/validation.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "babelgrad/text/bleu.h"
#include "babelgrad/text/bootstrap.h"

namespace babelgrad {

TextCounts text_counts(const Translator& translator, const std::vector<std::string>& hypotheses,
                       const text::References& references) {
  const text::Tokenizer& tokenizer = translator.codecs().target.tokenizer();
  const text::References rewritten = references.changed(
      [&](const std::string& line) { return tokenizer.detokenize(tokenizer.tokenize(line)); });
  TextCounts counts;
  counts.exact = text::exact_matches(hypotheses, rewritten);
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    std::vector<std::vector<std::string>> tokens;
    for (const std::string& line : rewritten[i]) tokens.push_back(tokenizer.tokenize(line));
    counts.errors.push_back(text::least_error(tokenizer.tokenize(hypotheses[i]), tokens));
  }
  counts.chrf = text::chrf_counts(hypotheses, references);
  return counts;
}

TextQuality text_quality(const TextCounts& counts) {
  return {text::sum_of(counts.exact).share(), text::sum_of(counts.errors).rate(),
          text::sum_of(counts.chrf).score()};
}

ValidationResult validate(const Translator& translator, const text::Corpus& corpus,
                          WorkerPool& pool) {
  const auto start = std::chrono::steady_clock::now();
  ValidationResult result;
  double total = 0;
  std::size_t tokens = 0;
  for (const auto& scored : translator.score(corpus.source, corpus.target, &pool)) {
    total -= scored.log_probability;
    tokens += scored.tokens;
  }
  result.loss = total / static_cast<double>(tokens);
  std::vector<std::string> hypotheses;
  SearchConfig search = translator.config().search.greedy();
  search.precision = PrecisionSetting::float32;
  for (auto& translations : translator.translate(corpus.source, search, {.pool = &pool}))
    hypotheses.push_back(std::move(translations[0].text));
  const text::References references(corpus.target);
  result.bleu = text::corpus_bleu(hypotheses, references).score;
  result.text = text_quality(text_counts(translator, hypotheses, references));
  // Infinite where no reference has a token; JSON has no infinity.
  result.text.token_error_rate =
      std::min(result.text.token_error_rate, std::numeric_limits<double>::max());
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

MetricValue value_of(ValidationMetric metric, const ValidationResult& result) {
  switch (metric) {
    case ValidationMetric::exact:
      return {"exact match", result.text.exact_match, false, result.loss};
    case ValidationMetric::per:
      return {"token error rate", result.text.token_error_rate, true, result.loss};
    case ValidationMetric::chrf:
      return {"chrF2", result.text.chrf, false, result.loss};
    case ValidationMetric::loss:
      return {"loss", result.loss, true, result.loss};
    case ValidationMetric::bleu:
      break;
  }
  return {"BLEU", result.bleu, false, result.loss};
}

}  // namespace babelgrad
