#include "babelgrad/apps/model_options.h"

#include <algorithm>

namespace babelgrad::apps {

void ModelOptions::add(CLI::App& command, SearchFlags search) {
  command.add_option("--model", model, "model folder")->type_name("DIR")->required();
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

Translator ModelOptions::load(const std::string& folder) const {
  Translator translator = Translator::load(folder);
  flags.apply(translator.config());
  SearchConfig& search = translator.config().search;
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
