#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/figure.h"
#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/quality_options.h"
#include "babelgrad/apps/ranks/join.h"
#include "babelgrad/models/training/validation.h"
#include "babelgrad/text/alignment.h"
#include "babelgrad/text/bleu.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad::apps {
namespace {

struct EvaluateOptions {
  ModelOptions model;
  QualityOptions quality;
  std::string source, alignments;
  bool confidence = false, json = false;

  std::optional<text::Bootstrap> bootstrap() const {
    if (!confidence) return std::nullopt;
    return quality.bootstrap;
  }
};

struct TestSet {
  std::vector<std::string> source;
  text::References references;  // as the model reads them
};

// Of the references of a sentence together.
struct LogProbability {
  double nats = 0;
  std::size_t tokens = 0;  // eos included

  LogProbability& operator+=(const LogProbability& other) {
    nats += other.nats;
    tokens += other.tokens;
    return *this;
  }
  double perplexity() const { return std::exp(-nats / static_cast<double>(tokens)); }
};

struct Evaluation {
  std::vector<std::pair<text::Bleu, Figure>> bleu;  // by tokenizer
  Figure chrf, exact_match, token_error_rate, perplexity;
  std::string references;  // a sentence, for signatures
  std::optional<double> alignment_error_rate;
  std::size_t sentences = 0, tokens = 0;  // translations, with eos
  double seconds = 0;                     // of the search
};

double alignment_error(const EvaluateOptions& options, const Translator& translator,
                       const std::vector<std::string>& sources,
                       const std::vector<std::string>& targets,
                       const std::vector<Translator::Scored>& scored) {
  if (!translator.config().model.attends())
    throw UsageError("--alignments needs a model with attention");
  const std::vector<text::Alignment> gold = text::read_alignments(options.alignments);
  require_aligned(translator, options.source, scored.size(), options.alignments, gold.size());
  std::vector<text::Alignment> found;
  for (std::size_t i = 0; i < scored.size(); ++i) {
    const text::LineWords words =
        line_words(translator.config().data, translator.codecs().target, targets[i]);
    text::require_within(gold[i], translator.source_words(sources[i]).words.size(),
                         words.words.size(), options.alignments, i + 1);
    found.push_back(translator.links(sources[i], targets[i], scored[i]));
  }
  return text::alignment_error_rate(found, gold);
}

TestSet read_test_set(const EvaluateOptions& options, const Translator& translator) {
  std::vector<std::string> source = read_sources(translator, options.source);
  const auto files = options.quality.read_references();
  require_aligned(translator, options.source, source.size(), options.quality.references[0],
                  files[0].size());
  for (std::size_t k = 0; k < files.size(); ++k)
    translator.require_readable(files[k], translator.codecs().target,
                                options.quality.references[k]);
  const auto prepare = [&](const std::string& line) {
    return prepare_line(translator.config().data, line);
  };
  return {std::move(source), text::References(files).changed(prepare)};
}

// log P of all references, and the attention's error rate if that is asked for.
std::vector<LogProbability> score_references(const EvaluateOptions& options,
                                             const Translator& translator, const TestSet& test,
                                             WorkerPool& pool, Evaluation& e) {
  std::vector<std::string> sources, targets;
  std::vector<std::size_t> sentences;
  for (std::size_t i = 0; i < test.source.size(); ++i)
    for (const std::string& reference : test.references[i]) {
      sources.push_back(test.source[i]);
      targets.push_back(reference);
      sentences.push_back(i);
    }
  const auto scored = translator.score(sources, targets, &pool);
  if (!options.alignments.empty())
    e.alignment_error_rate = alignment_error(options, translator, sources, targets, scored);
  std::vector<LogProbability> sums(test.source.size());
  for (std::size_t k = 0; k < scored.size(); ++k)
    sums[sentences[k]] += {scored[k].log_probability, scored[k].tokens};
  return sums;
}

std::vector<std::string> translate_all(const Translator& translator,
                                       const std::vector<std::string>& source, WorkerPool& pool,
                                       Evaluation& e) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::string> hypotheses;
  const SearchConfig search = spread(translator.config().search, source.size(), all_threads(pool));
  for (auto& translations : translator.translate(source, search, {.pool = &pool})) {
    e.tokens += translations[0].hypothesis.tokens.size();
    hypotheses.push_back(std::move(translations[0].text));
  }
  e.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return hypotheses;
}

// What is asked for; else both that suit text as it comes.
std::vector<text::BleuTokenizer> tokenizers(const QualityOptions& options) {
  if (const auto asked = options.tokenizer()) return {*asked};
  return {text::BleuTokenizer::none, text::BleuTokenizer::mteval_13a};
}

void measure(const EvaluateOptions& options, const Translator& translator, const TestSet& test,
             const std::vector<std::string>& hypotheses, Evaluation& e) {
  const auto bootstrap = options.bootstrap();
  for (const text::BleuTokenizer tokenizer : tokenizers(options.quality)) {
    const auto counts = text::bleu_counts(hypotheses, test.references, tokenizer);
    text::Bleu bleu = text::bleu_of(text::sum_of(counts));
    bleu.tokenizer = tokenizer;
    bleu.references = test.references.count();
    e.bleu.emplace_back(
        bleu, figure_of(
                  counts, [](const auto& sum) { return text::bleu_of(sum).score; }, bootstrap));
  }
  const TextCounts counts = text_counts(translator, hypotheses, test.references);
  const auto share = [](const text::ExactMatch& sum) { return sum.share(); };
  const auto rate = [](const text::ErrorRate& sum) { return sum.bounded_rate(); };
  const auto score = [](const text::ChrfCounts& sum) { return sum.score(); };
  e.exact_match = figure_of(counts.exact, share, bootstrap);
  e.token_error_rate = figure_of(counts.errors, rate, bootstrap);
  e.chrf = figure_of(counts.chrf, score, bootstrap);
  e.references = test.references.count();
}

std::string resampled(const std::string& signature, const EvaluateOptions& options) {
  const auto bootstrap = options.bootstrap();
  return bootstrap ? text::resampled_signature(signature, *bootstrap) : signature;
}

// A figure under its key, and its interval under "confidence".
void add(nlohmann::ordered_json& json, const std::string& key, const Figure& figure) {
  json[key] = figure.value;
  if (const auto confidence = figure.confidence())
    json["confidence"][key] = {{"mean", confidence->mean}, {"half_width", confidence->half_width}};
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
  json["precision"] = name_of(precision_in_force(search.precision));
  json["sentences"] = e.sentences;
  json["references"] = options.quality.references.size();
  if (const auto bootstrap = options.bootstrap())
    json["confidence"] = {{"resamples", bootstrap->resamples}, {"seed", bootstrap->seed}};
  for (const auto& [bleu, figure] : e.bleu) {
    const std::string key = std::string("bleu_") + text::name_of(bleu.tokenizer);
    add(json, key, figure);
    json[key + "_signature"] = resampled(bleu.signature(), options);
  }
  add(json, "chrf2", e.chrf);
  json["chrf2_signature"] = resampled(text::chrf_signature(e.references), options);
  add(json, "exact_match", e.exact_match);
  add(json, "token_error_rate", e.token_error_rate);
  add(json, "perplexity", e.perplexity);
  if (e.alignment_error_rate) json["alignment_error_rate"] = *e.alignment_error_rate;
  json["seconds"] = e.seconds;
  json["sentences_per_second"] = static_cast<double>(e.sentences) / e.seconds;
  json["tokens_per_second"] = static_cast<double>(e.tokens) / e.seconds;
  return json;
}

void print(const Evaluation& e, const EvaluateOptions& options) {
  for (const auto& [bleu, figure] : e.bleu)
    std::printf("BLEU|%s = %.1f%s %s\n", resampled(bleu.signature(), options).c_str(), bleu.score,
                figure.confidence_text(1).c_str(), bleu.details().c_str());
  std::printf("chrF2|%s = %.1f%s\n", resampled(text::chrf_signature(e.references), options).c_str(),
              e.chrf.value, e.chrf.confidence_text(1).c_str());
  std::printf("exact match           %6.2f %%%s\n", 100 * e.exact_match.value,
              e.exact_match.confidence_text(2, 100).c_str());
  std::printf("token error rate      %6.2f %%%s\n", 100 * e.token_error_rate.value,
              e.token_error_rate.confidence_text(2, 100).c_str());
  std::printf("perplexity            %6.2f%s\n", e.perplexity.value,
              e.perplexity.confidence_text(2).c_str());
  if (e.alignment_error_rate) std::printf("alignment error rate  %6.3f\n", *e.alignment_error_rate);
  std::printf("%zu sentences in %.1f s: %.1f sentences/s, %.0f tokens/s\n", e.sentences, e.seconds,
              static_cast<double>(e.sentences) / e.seconds,
              static_cast<double>(e.tokens) / e.seconds);
}

int run_evaluate(const EvaluateOptions& options) {
  options.quality.tokenizer();  // a wrong name is told before anything is read
  if (!options.alignments.empty() && options.quality.references.size() > 1)
    throw UsageError("--alignments are those of one --reference");
  Translator translator = options.model.load();
  translator.share(crew());
  const TestSet test = read_test_set(options, translator);
  WorkerPool pool(options.model.threads);
  Evaluation e;
  e.sentences = test.source.size();
  e.perplexity = figure_of(
      score_references(options, translator, test, pool, e),
      [](const LogProbability& sum) { return sum.perplexity(); }, options.bootstrap());
  measure(options, translator, test, translate_all(translator, test.source, pool, e), e);
  if (options.json)
    std::cout << to_json(e, options, translator.config().search).dump(2) << "\n";
  else
    print(e, options);
  return 0;
}

}  // namespace

Run add_evaluate(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("evaluate", "Translate a test set and measure: BLEU, chrF2, error rates");
  auto options = std::make_shared<EvaluateOptions>();
  options->model.add(*command, SearchFlags::best, Models::ensemble);
  command->add_option("--source", options->source, "sentences to translate")->type_name("F");
  options->model.add_features(*command);
  options->quality.add(*command, "none and 13a, both");
  command->add_flag("--confidence", options->confidence,
                    "also the mean of bootstrap resamples and the interval around it that holds "
                    "95 % of them");
  options->quality.add_bootstrap(*command);
  for (const char* of_bootstrap : {"--resamples", "--resample-seed"})
    command->get_option(of_bootstrap)->needs("--confidence");
  command
      ->add_option("--alignments", options->alignments,
                   "gold word alignments (0-0 1-2 ...): also measure the attention's error rate")
      ->type_name("F");
  command->add_flag("--json", options->json, "print the figures as JSON");
  return [options] { return run_evaluate(*options); };
}

}  // namespace babelgrad::apps
