#include <nlohmann/json.hpp>

#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/output_file.h"
#include "babelgrad/apps/report_attention.h"
#include "babelgrad/apps/report_curves.h"
#include "babelgrad/apps/report_quality.h"
#include "babelgrad/apps/structure_text.h"
#include "babelgrad/apps/web/pages.h"
#include "babelgrad/base/json.h"
#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/training/training_data.h"
#include "babelgrad/text/error.h"

namespace babelgrad::apps {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct ReportOptions {
  ModelOptions model;
  std::string source, reference, out;
  bool json = false;
};

struct ReportData {
  text::Corpus validation;
  std::string name;  // of the validation pairs, for the reader
  std::optional<std::vector<std::string>> training_target;
};

// The data that config.json names; they may have moved since the training.
ReportData read_data_of_training(Translator& translator) {
  try {
    const DataConfig& c = translator.config().data;
    Corpora corpora = load_corpora(translator.config());
    if (corpora.features) translator.attach(corpora.features);
    drop_long(corpora.validation, translator.codecs(), translator.features().get(), c.max_length);
    if (corpora.validation.size() == 0)
      throw UsageError("all validation pairs that config.json names are longer than max_length");
    std::string origin;
    for (const std::string& path : corpora.features ? c.source_features
                                   : c.tsv.empty()  ? c.source
                                                    : c.tsv)
      origin += (origin.empty() ? "" : ", ") + path;
    return {
        std::move(corpora.validation),
        c.valid_target.empty() ? "held out of " + origin : c.valid_source + c.valid_source_features,
        std::move(corpora.train.target)};
  } catch (const text::InputError& error) {
    throw UsageError(error.what() + std::string("; for other validation pairs than those of the "
                                                "training give --source and --reference"));
  }
}

ReportData read_given_data(const Translator& translator, const ReportOptions& options) {
  ReportData data{read_parallel(translator, options.source, options.reference),
                  source_name(translator, options.source), std::nullopt};
  std::vector<std::vector<std::string>*> text{&data.validation.target};
  if (!translator.features()) text.push_back(&data.validation.source);
  for (auto* side : text)
    for (std::string& line : *side) line = prepare_line(translator.config().data, line);
  try {
    data.training_target = load_corpora(translator.config()).train.target;
  } catch (const std::runtime_error&) {  // moved: the page goes without
  }
  return data;
}

ReportData read_data(Translator& translator, const ReportOptions& options) {
  const bool given = !options.source.empty() || translator.features();
  if (given == options.reference.empty()) throw UsageError("--source and --reference go together");
  return !given ? read_data_of_training(translator) : read_given_data(translator, options);
}

Json describe_model(const Translator& translator) {
  Json config = parse_json<Json>(to_json(translator.config()));
  return {{"parameters", translator.model().store().element_count()},
          {"structure", structure_text(translator.config().model)},
          {"config", std::move(config)}};
}

Json report_document(const Translator& translator, const ReportOptions& options,
                     const ReportData& data) {
  Json document{{"name", folder_name(options.model.folder())},
                {"model", describe_model(translator)},
                {"validation", data.name}};
  const fs::path metrics = current_folder(options.model.folder()) / kMetricsFile;
  std::optional<std::size_t> best_update;
  if (fs::exists(metrics)) {
    document["curves"] = report_curves(read_metrics(metrics));
    if (document["curves"]["best"].is_number()) best_update = document["curves"]["best"];
  }
  WorkerPool pool(options.model.threads);
  document["quality"] = report_quality(translator, data.validation, data.training_target, pool);
  document["attention"] =
      report_attention(translator, options.model.folder(), data.validation, best_update);
  return document;
}

int run_report(const ReportOptions& options) {
  const OutputFile out(options.out);
  Translator translator = options.model.load();
  const ReportData data = read_data(translator, options);
  const Json document = report_document(translator, options, data);
  out.write(options.json ? document.dump() + "\n"
                         : make_page("report", "Training of " + folder_name(options.model.folder()),
                                     document));
  return 0;
}

}  // namespace

Run add_report(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "report", "Write a page about a training: curves, norms, attention over time, quality");
  auto options = std::make_shared<ReportOptions>();
  options->model.add(*command, SearchFlags::best);
  options->model.add_features(*command);
  command->add_option("-o,--out", options->out, kOutputHelp)->type_name("F.html")->required();
  command
      ->add_option("--source", options->source,
                   "sentences to translate; by default those of the training's validation")
      ->type_name("F");
  command->add_option("--reference", options->reference, "their translations")->type_name("F");
  command->add_flag("--json", options->json, "write the page's data alone, as JSON");
  return [options] { return run_report(*options); };
}

}  // namespace babelgrad::apps
