// What the commands that use a trained model share: --model, --threads, and the search flags over
// the defaults that the model folder holds.
#pragma once

#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/config_flags.h"
#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad::apps {

enum class SearchFlags { with, without, best };  // best: FlagGroup::best

enum class Models { one, ensemble };  // that --model may name

// --source-features; and its files, if there are any, attached to those of the models that read
// features. Throws UsageError if none does.
void add_feature_option(CLI::App& command, std::vector<std::string>& paths);
void attach_features(const std::vector<Translator*>& models, const std::vector<std::string>& paths);

// --shortlist, and how long the lists are.
class ShortlistOptions {
 public:
  void add(CLI::App& command);
  // For all that those of the models translate from now on that read words; the file is read once.
  // Throws UsageError if none does.
  void apply(const std::vector<Translator*>& models) const;

 private:
  std::string lexicon_;
  ShortlistSizes sizes_;
};

struct ModelOptions {
  std::vector<std::string> models;    // folders
  std::vector<std::string> features;  // files, for models that read them
  ShortlistOptions shortlist;
  std::size_t threads = 0;
  ConfigFlags flags;

  void add(CLI::App& command, SearchFlags search, Models count = Models::one);
  void add_settings(CLI::App& command, SearchFlags search);  // all but --model
  void add_features(CLI::App& command) { add_feature_option(command, features); }
  const std::string& folder() const { return models.at(0); }
  // With the search flags applied; several models as an ensemble, with their features; with the
  // shortlist.
  Translator load() const;
  // One, without features and shortlist.
  Translator load(const std::string& folder) const;
};

// The lines of a file that the model can read, or the items of the features that it was given; and
// what these are called in messages.
std::string source_name(const Translator& translator, const std::string& file);
std::vector<std::string> read_sources(const Translator& translator, const std::string& file);
// Throws text::InputError unless there is a line for each of them (text/corpus.h).
void require_aligned(const Translator& translator, const std::string& source, std::size_t sources,
                     const std::string& lines_of, std::size_t lines);

// Two aligned files, of lines that the model can read.
text::Corpus read_parallel(const Translator& translator, const std::string& source,
                           const std::string& target);

// What a model is called: the last part of its folder's path, "demo-model" of "build/demo-model/".
std::string folder_name(const std::filesystem::path& folder);

}  // namespace babelgrad::apps
