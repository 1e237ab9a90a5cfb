#include "babelgrad/models/training/validation.h"

#include <chrono>

#include "babelgrad/text/bleu.h"

namespace babelgrad {

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
  for (auto& translations :
       translator.translate(corpus.source, translator.config().search.greedy(), &pool))
    hypotheses.push_back(std::move(translations[0].text));
  result.bleu = text::corpus_bleu(hypotheses, corpus.target).score;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace babelgrad
