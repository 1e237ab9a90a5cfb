#include <map>
#include <set>

#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/config_flags.h"
#include "babelgrad/apps/explain_document.h"
#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/output_file.h"
#include "babelgrad/apps/web/pages.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

struct ExplainOptions {
  std::vector<std::string> models, features;
  std::string sentence, out;
  bool json = false;
  ConfigFlags flags;
};

// The folders' names, or their paths as given if names alone do not tell them apart; one that comes
// again is numbered: "model", "model (2)".
std::vector<std::string> model_names(const std::vector<std::string>& folders) {
  std::vector<std::string> names;
  for (const std::string& folder : folders) names.push_back(folder_name(folder));
  const std::set<std::string> different(folders.begin(), folders.end());
  if (std::set<std::string>(names.begin(), names.end()).size() < different.size()) names = folders;
  std::map<std::string, int> seen;
  for (std::string& name : names)
    if (const int count = ++seen[name]; count > 1) name += " (" + std::to_string(count) + ")";
  return names;
}

int run_explain(const ExplainOptions& options) {
  text::require_valid_utf8(options.sentence, "sentence", 1);
  const OutputFile out(options.out);
  std::vector<Translator> translators;
  for (const std::string& folder : options.models) {
    translators.push_back(Translator::load(folder));
    options.flags.apply(translators.back().config());
  }
  std::vector<Translator*> all;
  for (Translator& translator : translators) all.push_back(&translator);
  attach_features(all, options.features);
  const std::vector<std::string> names = model_names(options.models);
  std::vector<ExplainedModel> models;
  for (std::size_t i = 0; i < translators.size(); ++i)
    models.push_back(
        {names[i], &translators[i], translators[i].config().search, options.models[i]});
  const nlohmann::json document = explain_document(models, options.sentence);
  out.write(options.json ? document.dump() + "\n"
                         : make_page("explain", options.sentence, document));
  return 0;
}

}  // namespace

Run add_explain(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "explain", "Write a page that plays a sentence's translation, step by step");
  auto options = std::make_shared<ExplainOptions>();
  command->add_option("--model", options->models, "model folder; several stand side by side")
      ->type_name("DIR")
      ->required()
      ->allow_extra_args(false)
      ->take_all();
  command
      ->add_option("sentence", options->sentence,
                   "the sentence to translate, at most 100 tokens, or an item of the features")
      ->type_name("TEXT")
      ->required();
  add_feature_option(*command, options->features);
  command->add_option("-o,--out", options->out, kOutputHelp)->type_name("F.html")->required();
  command->add_flag("--json", options->json, "write the page's data alone, as JSON");
  options->flags.add(*command, FlagGroup::beam, Config{});
  return [options] { return run_explain(*options); };
}

}  // namespace babelgrad::apps
