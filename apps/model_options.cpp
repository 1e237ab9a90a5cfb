#include "babelgrad/apps/model_options.h"

#include <algorithm>

namespace babelgrad::apps {

void ModelOptions::add(CLI::App& command, SearchFlags search, Models count) {
  CLI::Option* option =
      command
          .add_option("--model", models,
                      count == Models::one
                          ? "model folder"
                          : "model folder; given several times, the models' probabilities are "
                            "averaged, with the search settings of the first")
          ->type_name("DIR")
          ->required();
  if (count == Models::one)
    option->expected(1);
  else
    option->allow_extra_args(false)->take_all();
  add_settings(command, search);
}

void ModelOptions::add_settings(CLI::App& command, SearchFlags search) {
  command.add_option("--threads", threads, "worker threads; 0: one a core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  if (search == SearchFlags::without) return;
  flags.add(command, search == SearchFlags::best ? FlagGroup::best : FlagGroup::search, Config{});
}

Translator ModelOptions::load() const {
  Translator translator = load(folder());
  for (std::size_t i = 1; i < models.size(); ++i)
    translator.join(std::make_shared<const Translator>(Translator::load(models[i])), models[i]);
  return translator;
}

Translator ModelOptions::load(const std::string& folder) const {
  Translator translator = Translator::load(folder);
  flags.apply(translator.config());
  SearchConfig& search = translator.config().search;
  if (search.sample) return translator;
  if (!flags.was_given("nbest")) search.nbest = std::min(search.nbest, search.beam);
  if (search.nbest > search.beam)
    throw ConfigError("command line: nbest is " + std::to_string(search.nbest) +
                      "; need 1 to beam, " + std::to_string(search.beam));
  return translator;
}

text::Corpus read_parallel(const Translator& translator, const std::string& source,
                           const std::string& target) {
  text::Corpus corpus = text::read_parallel(source, target);
  translator.require_readable(corpus.source, translator.codecs().source, source);
  translator.require_readable(corpus.target, translator.codecs().target, target);
  return corpus;
}

std::string folder_name(const std::filesystem::path& folder) {
  const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace babelgrad::apps
