#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/figure.h"
#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/quality_options.h"
#include "babelgrad/text/bleu.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error_rate.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr double kSignificant = 0.05;

struct CompareOptions {
  std::vector<std::string> outputs;  // model folders and files of translations
  std::string source;
  ModelOptions model;  // without folders
  QualityOptions quality;
  bool json = false;
};

struct Metric {
  std::string key, name;        // "bleu", "BLEU|nrefs:1|..."
  double unit = 1;              // what printed figures are multiplied by
  std::vector<Figure> of = {};  // by output
  double difference(std::size_t output) const { return of[output].value - of[0].value; }
  double p_value(std::size_t output) const {
    return text::paired_p_value(of[0].resamples, of[output].resamples,
                                std::abs(difference(output)));
  }
};

// The models among the outputs, at their places.
std::vector<std::optional<Translator>> load_models(const CompareOptions& options) {
  std::vector<std::optional<Translator>> models(options.outputs.size());
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const std::string& output = options.outputs[i];
    if (!std::filesystem::is_directory(output)) continue;
    if (options.source.empty())
      throw UsageError(output + ": is a model folder; --source is required to translate with it");
    models[i].emplace(options.model.load(output));
    if (!first) first = i;
    const DataConfig &one = models[*first]->config().data, &other = models[i]->config().data;
    if (one.lowercase != other.lowercase || one.normalize != other.normalize)
      throw UsageError(output + ": lower-cases or normalizes text otherwise than " +
                       options.outputs[*first] + "; compare files of their translations");
  }
  std::vector<Translator*> all;
  for (auto& model : models) {
    if (!model) continue;
    if (model->reads_features())
      throw UsageError(
          "compare translates lines of text only; the model reads features: compare files of its "
          "translations");
    all.push_back(&*model);
  }
  options.model.shortlist.apply(all);
  return models;
}

std::vector<std::string> translate(const Translator& translator, const CompareOptions& options,
                                   const std::vector<std::string>& source, WorkerPool& pool) {
  translator.require_readable(source, translator.codecs().source, options.source);
  std::vector<std::string> lines;
  const SearchConfig search = spread(translator.config().search, source.size(), pool.threads());
  for (auto& translations : translator.translate(source, search, {.pool = &pool}))
    lines.push_back(std::move(translations[0].text));
  return lines;
}

struct Outputs {
  std::vector<std::vector<std::string>> lines;  // of each output
  text::References references;
};

// With a model among the outputs, all text is as the models read it.
Outputs read_outputs(const CompareOptions& options) {
  const std::string& reference = options.quality.references[0];
  const auto references = options.quality.read_references();
  std::vector<std::string> source;
  if (!options.source.empty()) {
    source = text::read_lines(options.source);
    text::require_aligned(options.source, source.size(), reference, references[0].size());
  }
  const auto models = load_models(options);
  Outputs all{{}, text::References(references)};
  for (std::size_t i = 0; i < models.size(); ++i) {
    all.lines.emplace_back();
    if (models[i]) continue;
    all.lines[i] = text::read_lines(options.outputs[i]);
    text::require_aligned(options.outputs[i], all.lines[i].size(), reference, references[0].size());
  }
  WorkerPool pool(options.model.threads);
  const DataConfig* read_as = nullptr;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!models[i]) continue;
    read_as = &models[i]->config().data;
    all.lines[i] = translate(*models[i], options, source, pool);
  }
  if (!read_as) return all;
  const auto prepare = [&](const std::string& line) { return prepare_line(*read_as, line); };
  for (auto& lines : all.lines) std::transform(lines.begin(), lines.end(), lines.begin(), prepare);
  all.references = all.references.changed(prepare);
  return all;
}

std::vector<text::ErrorRate> word_errors(const std::vector<std::string>& lines,
                                         const text::References& references,
                                         text::BleuTokenizer tokenizer) {
  std::vector<text::ErrorRate> errors;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::vector<std::string>> tokens;
    for (const std::string& line : references[i])
      tokens.push_back(text::bleu_tokens(line, tokenizer));
    errors.push_back(text::least_error(text::bleu_tokens(lines[i], tokenizer), tokens));
  }
  return errors;
}

std::vector<Metric> measure(const Outputs& outputs, const CompareOptions& options) {
  const text::BleuTokenizer tokenizer =
      options.quality.tokenizer().value_or(text::BleuTokenizer::mteval_13a);
  const text::Bootstrap& bootstrap = options.quality.bootstrap;
  text::Bleu shape;
  shape.tokenizer = tokenizer;
  shape.references = outputs.references.count();
  const auto signed_name = [&](const std::string& name, const std::string& signature) {
    return name + "|" + text::resampled_signature(signature, bootstrap);
  };
  Metric bleu{"bleu", signed_name("BLEU", shape.signature())};
  Metric chrf{"chrf2", signed_name("chrF2", text::chrf_signature(shape.references))};
  Metric exact{"exact_match", "exact match, %", 100};
  Metric errors{"word_error_rate", "word error rate, %, of BLEU's tokens", 100};
  for (const auto& lines : outputs.lines) {
    bleu.of.push_back(figure_of(
        text::bleu_counts(lines, outputs.references, tokenizer),
        [](const auto& sum) { return text::bleu_of(sum).score; }, bootstrap));
    chrf.of.push_back(figure_of(
        text::chrf_counts(lines, outputs.references), [](const auto& sum) { return sum.score(); },
        bootstrap));
    exact.of.push_back(figure_of(
        text::exact_matches(lines, outputs.references), [](const auto& sum) { return sum.share(); },
        bootstrap));
    errors.of.push_back(figure_of(
        word_errors(lines, outputs.references, tokenizer),
        [](const auto& sum) { return sum.bounded_rate(); }, bootstrap));
  }
  return {bleu, chrf, exact, errors};
}

OrderedJson to_json(const std::vector<Metric>& metrics, const CompareOptions& options,
                    std::size_t sentences) {
  OrderedJson json{{"sentences", sentences},
                   {"references", options.quality.references.size()},
                   {"resamples", options.quality.bootstrap.resamples},
                   {"seed", options.quality.bootstrap.seed},
                   {"metrics", OrderedJson::array()}};
  for (const Metric& metric : metrics) {
    OrderedJson rows = OrderedJson::array();
    for (std::size_t i = 0; i < metric.of.size(); ++i) {
      const auto confidence = *metric.of[i].confidence();
      OrderedJson row{{"output", options.outputs[i]},
                      {"score", metric.of[i].value},
                      {"mean", confidence.mean},
                      {"half_width", confidence.half_width}};
      if (i > 0) row.update({{"difference", metric.difference(i)}, {"p_value", metric.p_value(i)}});
      rows.push_back(std::move(row));
    }
    json["metrics"].push_back(
        {{"metric", metric.key}, {"name", metric.name}, {"outputs", std::move(rows)}});
  }
  return json;
}

void print(const std::vector<Metric>& metrics, const CompareOptions& options) {
  std::size_t widest = 0;
  for (const std::string& output : options.outputs)
    widest = std::max(widest, text::display_width(output));
  for (const Metric& metric : metrics) {
    std::printf("%s\n", metric.name.c_str());
    for (std::size_t i = 0; i < metric.of.size(); ++i) {
      const std::string& output = options.outputs[i];
      const std::string padding(widest - text::display_width(output), ' ');
      std::printf("  %s%s  %7.2f%s", output.c_str(), padding.c_str(),
                  metric.unit * metric.of[i].value,
                  metric.of[i].confidence_text(2, metric.unit).c_str());
      if (i > 0)
        std::printf("  %+.2f  p = %.4f%s", metric.unit * metric.difference(i), metric.p_value(i),
                    metric.p_value(i) < kSignificant ? " *" : "");
      std::printf("\n");
    }
  }
  std::printf("*: the difference to %s is significant, p < %.2f\n", options.outputs[0].c_str(),
              kSignificant);
}

int run_compare(const CompareOptions& options) {
  options.quality.tokenizer();  // a wrong name is told before anything is read
  if (options.outputs.size() < 2)
    throw UsageError("compare needs two outputs or more, model folders or files of translations");
  const Outputs outputs = read_outputs(options);
  const std::vector<Metric> metrics = measure(outputs, options);
  if (options.json)
    std::cout << to_json(metrics, options, outputs.references.size()).dump(2) << "\n";
  else
    print(metrics, options);
  return 0;
}

}  // namespace

Run add_compare(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "compare", "Tell whether translations differ significantly: paired bootstrap resampling");
  auto options = std::make_shared<CompareOptions>();
  command
      ->add_option("output", options->outputs,
                   "model folders and files of translations, two or more; the first is what the "
                   "others are compared with")
      ->type_name("F")
      ->required();
  command->add_option("--source", options->source, "sentences, for models to translate")
      ->type_name("F");
  options->quality.add(*command, "13a");
  options->quality.add_bootstrap(*command);
  command->add_flag("--json", options->json, "print the figures as JSON");
  options->model.add_settings(*command, SearchFlags::best);
  return [options] { return run_compare(*options); };
}

}  // namespace babelgrad::apps
