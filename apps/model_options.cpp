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
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::Throw);
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
  shortlist.add(command);
}

void ShortlistOptions::add(CLI::App& command) {
  CLI::Option* lexicon =
      command
          .add_option("--shortlist", lexicon_,
                      "translate each line with few words: the most frequent ones, and the "
                      "translations of its own words in this lexicon (babelgrad lexicon)")
          ->type_name("F");
  const auto add_size = [&](const char* flag, std::size_t& size, const char* meaning) {
    command.add_option(flag, size, meaning)
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1000000000}))
        ->capture_default_str()
        ->needs(lexicon);
  };
  add_size("--shortlist-frequent", sizes_.frequent, "how many of the most frequent words");
  add_size("--shortlist-best", sizes_.best, "how many translations of each word of the line");
}

void ShortlistOptions::apply(const std::vector<Translator*>& models) const {
  if (lexicon_.empty()) return;
  const auto lexicon = std::make_shared<const text::Lexicon>(text::Lexicon::load(lexicon_));
  bool any = false;
  for (Translator* model : models) {
    if (model->reads_features()) continue;
    any = true;
    model->shorten(std::make_shared<const Shortlist>(lexicon, model->codecs().target, sizes_));
  }
  if (!any) throw UsageError("--shortlist is for models that read words; there is none");
}

void add_feature_option(CLI::App& command, std::vector<std::string>& paths) {
  command
      .add_option("--source-features", paths,
                  "sources that are features, for a model that was trained on such: safetensors; "
                  "its third item is called F:3, or 3 if there is one file")
      ->type_name("F")
      ->allow_extra_args(false)
      ->take_all();
}

void attach_features(const std::vector<Translator*>& models,
                     const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  std::vector<Translator*> readers;
  for (Translator* model : models)
    if (model->reads_features()) readers.push_back(model);
  if (readers.empty())
    throw UsageError("--source-features is for models that read features; there is none");
  auto files = std::make_shared<FeatureFiles>();
  for (const std::string& path : paths) files->add(path);
  files->require_at_most(Translator::kLongestLine);
  for (Translator* model : readers) model->attach(files);
}

Translator ModelOptions::load() const {
  Translator translator = load(folder());
  attach_features({&translator}, features);
  shortlist.apply({&translator});
  for (std::size_t i = 1; i < models.size(); ++i)
    translator.join(std::make_shared<const Translator>(Translator::load(models[i])), models[i]);
  return translator;
}

Translator ModelOptions::load(const std::string& folder) const {
  Translator translator = Translator::load(folder);
  flags.apply(translator.config());
  SearchConfig& search = translator.config().search;
  flags.refuse(idle_settings(search));
  if (search.sample) return translator;
  if (!flags.was_given("nbest")) search.nbest = std::min(search.nbest, search.beam);
  if (search.nbest > search.beam)
    throw ConfigError("command line: nbest is " + std::to_string(search.nbest) +
                      "; need 1 to beam, " + std::to_string(search.beam));
  return translator;
}

std::string source_name(const Translator& translator, const std::string& file) {
  return translator.features() ? translator.features()->paths() : file;
}

void require_aligned(const Translator& translator, const std::string& source, std::size_t sources,
                     const std::string& lines_of, std::size_t lines) {
  text::require_aligned(source_name(translator, source), sources, lines_of, lines,
                        translator.features() ? "items" : "lines");
}

std::vector<std::string> read_sources(const Translator& translator, const std::string& file) {
  if (translator.features() && !file.empty())
    throw UsageError("--source and --source-features exclude each other");
  if (translator.features()) return translator.features()->names();
  if (file.empty()) throw UsageError("need --source, or --source-features");
  std::vector<std::string> lines = text::read_lines(file);
  translator.require_readable(lines, translator.codecs().source, file);
  return lines;
}

text::Corpus read_parallel(const Translator& translator, const std::string& source,
                           const std::string& target) {
  text::Corpus corpus{read_sources(translator, source), text::read_lines(target)};
  require_aligned(translator, source, corpus.source.size(), target, corpus.target.size());
  translator.require_readable(corpus.target, translator.codecs().target, target);
  return corpus;
}

std::string folder_name(const std::filesystem::path& folder) {
  const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace babelgrad::apps
