#include "babelgrad/models/training/validation.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "babelgrad/text/bleu.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/error_rate.h"

namespace babelgrad {

TextQuality text_quality(const Translator& translator, const std::vector<std::string>& hypotheses,
                         const std::vector<std::string>& references) {
  const text::Tokenizer& tokenizer = translator.codecs().target.tokenizer();
  std::vector<std::vector<std::string>> hypothesis_tokens, reference_tokens;
  std::vector<std::string> rewritten;
  for (const std::string& line : hypotheses) hypothesis_tokens.push_back(tokenizer.tokenize(line));
  for (const std::string& line : references) {
    rewritten.push_back(tokenizer.detokenize(tokenizer.tokenize(line)));
    reference_tokens.push_back(tokenizer.tokenize(rewritten.back()));
  }
  TextQuality quality;
  quality.exact_match = text::exact_match(hypotheses, rewritten);
  quality.token_error_rate = text::token_error_rate(hypothesis_tokens, reference_tokens).rate();
  quality.chrf = text::corpus_chrf(hypotheses, references);
  return quality;
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
  SearchConfig greedy = translator.config().search;
  greedy.beam = greedy.nbest = 1;
  std::vector<std::string> hypotheses;
  for (auto& translations : translator.translate(corpus.source, greedy, &pool))
    hypotheses.push_back(std::move(translations[0].text));
  result.bleu = text::corpus_bleu(hypotheses, corpus.target).score;
  result.text = text_quality(translator, hypotheses, corpus.target);
  // Infinite where no reference has a token; JSON has no infinity.
  result.text.token_error_rate =
      std::min(result.text.token_error_rate, std::numeric_limits<double>::max());
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

MetricValue value_of(ValidationMetric metric, const ValidationResult& result) {
  switch (metric) {
    case ValidationMetric::exact:
      return {"exact match", result.text.exact_match, false};
    case ValidationMetric::per:
      return {"token error rate", result.text.token_error_rate, true};
    case ValidationMetric::chrf:
      return {"chrF2", result.text.chrf, false};
    case ValidationMetric::loss:
      return {"loss", result.loss, true};
    case ValidationMetric::bleu:
      break;
  }
  return {"BLEU", result.bleu, false};
}

}  // namespace babelgrad
