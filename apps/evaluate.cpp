#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/model_options.h"
#include "babelgrad/models/training/validation.h"
#include "babelgrad/text/alignment.h"
#include "babelgrad/text/bleu.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error.h"

namespace babelgrad::apps {
namespace {

struct EvaluateOptions {
  ModelOptions model;
  std::string source, reference, alignments, output;
  bool json = false;
};

struct Evaluation {
  text::Bleu bleu_13a, bleu_none;
  TextQuality text;
  double log_probability = 0;  // nats a reference token
  std::optional<double> alignment_error_rate;
  std::size_t sentences = 0, tokens = 0;  // translations, with eos
  double seconds = 0;                     // of the search
};

double alignment_error(const EvaluateOptions& options, const Translator& translator,
                       const text::Corpus& corpus, const std::vector<Translator::Scored>& scored) {
  if (!translator.config().model.attends())
    throw UsageError("--alignments needs a model with attention");
  const std::vector<text::Alignment> gold = text::read_alignments(options.alignments);
  if (gold.size() != scored.size())
    throw text::InputError(options.source + " has " + std::to_string(scored.size()) +
                           " lines, but " + options.alignments + " has " +
                           std::to_string(gold.size()) + "; they must match line by line");
  std::vector<text::Alignment> found;
  for (std::size_t i = 0; i < scored.size(); ++i)
    found.push_back(translator.links(corpus.source[i], corpus.target[i], scored[i]));
  return text::alignment_error_rate(found, gold);
}

nlohmann::ordered_json to_json(const Evaluation& e, const EvaluateOptions& options,
                               const SearchConfig& search) {
  nlohmann::ordered_json json;
  if (options.model.models.size() == 1)
    json["model"] = options.model.folder();
  else
    json["models"] = options.model.models;
  json["beam"] = search.beam;
  json["length_penalty"] = search.length_penalty;
  json["sentences"] = e.sentences;
  json["bleu_13a"] = e.bleu_13a.score;
  json["bleu_13a_signature"] = e.bleu_13a.signature();
  json["bleu_none"] = e.bleu_none.score;
  json["bleu_none_signature"] = e.bleu_none.signature();
  json["chrf2"] = e.text.chrf;
  json["chrf2_signature"] = text::chrf_signature();
  json["exact_match"] = e.text.exact_match;
  json["token_error_rate"] = e.text.token_error_rate;
  json["perplexity"] = std::exp(-e.log_probability);
  if (e.alignment_error_rate) json["alignment_error_rate"] = *e.alignment_error_rate;
  json["seconds"] = e.seconds;
  json["sentences_per_second"] = static_cast<double>(e.sentences) / e.seconds;
  json["tokens_per_second"] = static_cast<double>(e.tokens) / e.seconds;
  return json;
}

void print(const Evaluation& e) {
  std::printf("%s\n%s\n", e.bleu_none.to_string().c_str(), e.bleu_13a.to_string().c_str());
  std::printf("chrF2|%s = %.1f\n", text::chrf_signature().c_str(), e.text.chrf);
  std::printf("exact match           %6.2f %%\n", 100 * e.text.exact_match);
  std::printf("token error rate      %6.2f %%\n", 100 * e.text.token_error_rate);
  std::printf("perplexity            %6.2f\n", std::exp(-e.log_probability));
  if (e.alignment_error_rate) std::printf("alignment error rate  %6.3f\n", *e.alignment_error_rate);
  std::printf("%zu sentences in %.1f s: %.1f sentences/s, %.0f tokens/s\n", e.sentences, e.seconds,
              static_cast<double>(e.sentences) / e.seconds,
              static_cast<double>(e.tokens) / e.seconds);
}

std::vector<std::string> translate_all(const Translator& translator, const text::Corpus& corpus,
                                       WorkerPool& pool, Evaluation& e) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::string> hypotheses;
  const SearchConfig search =
      spread(translator.config().search, corpus.source.size(), pool.threads());
  for (auto& translations : translator.translate(corpus.source, search, {.pool = &pool})) {
    e.tokens += translations[0].hypothesis.tokens.size();
    hypotheses.push_back(std::move(translations[0].text));
  }
  e.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return hypotheses;
}

int run_evaluate(const EvaluateOptions& options) {
  const Translator translator = options.model.load();
  const text::Corpus corpus = read_parallel(translator, options.source, options.reference);
  WorkerPool pool(options.model.threads);
  Evaluation e;
  e.sentences = corpus.size();
  const auto scored = translator.score(corpus.source, corpus.target, &pool);
  if (!options.alignments.empty())
    e.alignment_error_rate = alignment_error(options, translator, corpus, scored);
  std::size_t reference_tokens = 0;
  for (const auto& pair : scored) {
    e.log_probability += pair.log_probability;
    reference_tokens += pair.tokens;
  }
  e.log_probability /= static_cast<double>(reference_tokens);
  const std::vector<std::string> hypotheses = translate_all(translator, corpus, pool, e);
  std::vector<std::string> references;
  for (const std::string& line : corpus.target)
    references.push_back(prepare_line(translator.config().data, line));
  e.bleu_13a = text::corpus_bleu(hypotheses, references, text::BleuTokenizer::mteval_13a);
  e.bleu_none = text::corpus_bleu(hypotheses, references, text::BleuTokenizer::none);
  e.text = text_quality(translator, hypotheses, references);
  if (options.json)
    std::cout << to_json(e, options, translator.config().search).dump(2) << "\n";
  else
    print(e);
  return 0;
}

}  // namespace

Run add_evaluate(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("evaluate", "Translate a test set and measure: BLEU, chrF2, error rates");
  auto options = std::make_shared<EvaluateOptions>();
  options->model.add(*command, SearchFlags::best, Models::ensemble);
  command->add_option("--source", options->source, "sentences to translate")
      ->type_name("F")
      ->required();
  command->add_option("--reference", options->reference, "their translations")
      ->type_name("F")
      ->required();
  command
      ->add_option("--alignments", options->alignments,
                   "gold word alignments (0-0 1-2 ...): also measure the attention's error rate")
      ->type_name("F");
  command->add_flag("--json", options->json, "print the figures as JSON");
  return [options] { return run_evaluate(*options); };
}

}  // namespace babelgrad::apps
