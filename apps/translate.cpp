#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <iostream>
#include <map>

#include "babelgrad/apps/attention_plot.h"
#include "babelgrad/apps/line_demands.h"
#include "babelgrad/apps/line_reader.h"
#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/ranks/join.h"
#include "babelgrad/apps/translation_output.h"

namespace babelgrad::apps {
namespace {

constexpr std::size_t kLinesAtOnce = 4096;

using Format = OutputOptions::Format;
using Alignments = OutputOptions::Alignments;

const std::map<std::string, Format> kFormats{{"text", Format::text}, {"json", Format::json}};
const std::map<std::string, Alignments> kAlignments{{"pharaoh", Alignments::pharaoh},
                                                    {"words", Alignments::words}};

struct TranslateOptions {
  ModelOptions model;
  DemandOptions demands;
  OutputOptions output;
  std::string format = "text", alignments, lexicon;
  CLI::Option* replace_unknown = nullptr;
  std::string plots;  // folder; "": none

  OutputOptions chosen_output(const SearchConfig& search) const;
};

OutputOptions TranslateOptions::chosen_output(const SearchConfig& search) const {
  OutputOptions chosen = output;
  chosen.format = kFormats.at(format);
  if (!alignments.empty()) chosen.alignments = kAlignments.at(alignments);
  chosen.numbered = search.nbest > 1;
  if (replace_unknown->count() > 0)
    chosen.unknown = lexicon.empty() ? text::Lexicon() : text::Lexicon::load(lexicon);
  return chosen;
}

// How much of the input the model could not read.
class UnknownTokens {
 public:
  explicit UnknownTokens(std::string name) : name_(std::move(name)) {}
  void report() const {
    if (unknown_ > 0)
      std::fprintf(stderr, "babelgrad: %zu of %zu source tokens were unknown to the model\n",
                   unknown_, all_);
  }
  void count(const std::vector<std::string>& tokens) {
    all_ += tokens.size() - (tokens.empty() ? 0 : 1);  // without eos
    unknown_ += static_cast<std::size_t>(std::count(tokens.begin(), tokens.end(), name_));
  }

 private:
  std::string name_;
  std::size_t unknown_ = 0, all_ = 0;
};

std::vector<std::string> items_from(const std::vector<std::string>& items, std::size_t begin) {
  const std::size_t end = std::min(begin + kLinesAtOnce, items.size());
  return {items.begin() + static_cast<std::ptrdiff_t>(begin),
          items.begin() + static_cast<std::ptrdiff_t>(end)};
}

// Never freed: the process soon ends, and gives its memory back faster as a whole.
Translator& keep(Translator translator) {
  static std::deque<Translator>& kept = *new std::deque<Translator>;
  return kept.emplace_back(std::move(translator));
}

int run_translate(const TranslateOptions& options) {
  Translator& translator = keep(options.model.load());
  translator.share(crew());
  const SearchConfig& search = translator.config().search;
  const TranslationOutput output(translator, options.chosen_output(search));
  if (!options.plots.empty() && !translator.config().model.attends())
    throw UsageError("--plot-attention needs a model with attention");
  if (translator.reads_features() && options.replace_unknown->count() > 0)
    throw UsageError("--replace-unknown needs a source of words; the model reads features");
  const LineDemands demands(options.demands, translator);
  std::optional<AttentionPlots> plots;
  if (!options.plots.empty()) plots.emplace(options.plots);
  WorkerPool pool(options.model.threads);
  LineReader reader(STDIN_FILENO);
  std::vector<std::string> items;  // of features, instead of standard input
  if (translator.features() != nullptr) items = translator.features()->names();
  std::size_t line = 0;
  UnknownTokens unknown(translator.codecs().source.vocabulary().token(text::kUnk));
  while (true) {
    std::vector<std::string> lines =
        translator.features() != nullptr ? items_from(items, line) : reader.next(kLinesAtOnce);
    if (lines.empty()) break;
    const text::Codec& codec = translator.codecs().source;
    const std::size_t readable = translator.count_readable(lines, codec);
    const std::vector<std::string> unreadable(lines.begin() + static_cast<std::ptrdiff_t>(readable),
                                              lines.end());
    lines.resize(readable);  // first the good lines before a bad one
    SearchOptions search_options{.pool = &pool};
    if (output.needs_entropies()) search_options.entropies = Entropies::measured;
    search_options.demands = demands.of_lines(line, lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) search_options.numbers.push_back(line + i);
    auto all = translator.translate(lines, spread(search, lines.size(), all_threads(pool)),
                                    std::move(search_options));
    if (plots)
      run_tasks(&pool, all.size(), [&](std::size_t i) { plots->write(line + i + 1, all[i][0]); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      unknown.count(all[i][0].source_tokens);
      output.print(lines[i], line++, all[i]);
    }
    std::cout.flush();
    if (!std::cout) throw std::runtime_error("standard output: cannot be written");
    translator.require_readable(unreadable, codec, "standard input", line + 1);
  }
  demands.require_all(line);
  unknown.report();
  return 0;
}

void add_output(CLI::App& command, TranslateOptions& options) {
  command
      .add_option("--format", options.format,
                  "json: an object a translation and line, with its tokens, their "
                  "log-probabilities and entropies (nats), attention and alignments")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  command
      .add_option("--alignments", options.alignments,
                  "behind each translation: which source word each of its words looked at most, as "
                  "0-0 1-2 (source-target, from 0) or as words")
      ->type_name("pharaoh|words")
      ->check(CLI::IsMember({"pharaoh", "words"}));
  command.add_flag("--word-scores", options.output.word_scores,
                   "behind each translation: the log-probability of each token, then the entropy "
                   "of what it was chosen from (nats)");
  options.replace_unknown =
      command
          .add_option("--replace-unknown", options.lexicon,
                      "write for each unknown word the source word that it looked at most, "
                      "translated by this lexicon (babelgrad lexicon) if one is given")
          ->type_name("F")
          ->expected(0, 1);
  command.add_flag("--attention", options.output.attention,
                   "show the attention of each translation");
  command
      .add_option("--plot-attention", options.plots,
                  "write the attention of each line's best translation into this folder as "
                  "000001.svg, 000001.png and 000001.csv")
      ->type_name("DIR");
}

}  // namespace

Run add_translate(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("translate", "Translate standard input to standard output, line by line");
  auto options = std::make_shared<TranslateOptions>();
  options->model.add(*command, SearchFlags::with, Models::ensemble);
  options->model.add_features(*command);
  add_output(*command, *options);
  options->demands.add(*command);
  return [options] { return run_translate(*options); };
}

}  // namespace babelgrad::apps
