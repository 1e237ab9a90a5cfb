#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "babelgrad/apps/attention_grid.h"
#include "babelgrad/apps/attention_plot.h"
#include "babelgrad/apps/line_reader.h"
#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/terminal.h"

namespace babelgrad::apps {
namespace {

constexpr std::size_t kLinesAtOnce = 4096;

struct TranslateOptions {
  ModelOptions model;
  bool attention = false;
  std::string plots;  // folder; "": none
};

// With several translations a line, each is "line number ||| text ||| score", counted from 0.
void print(const std::vector<Translation>& translations, std::size_t line, bool numbered,
           bool attention) {
  for (const Translation& t : translations) {
    if (numbered) {
      char score[32];
      std::snprintf(score, sizeof score, "%.4f", t.hypothesis.score);
      std::cout << line << " ||| " << t.text << " ||| " << score << "\n";
    } else {
      std::cout << t.text << "\n";
    }
    if (attention && !t.target_tokens.empty())
      std::cout << attention_grid(t.source_tokens, t.target_tokens, t.hypothesis.weights,
                                  terminal_columns(STDOUT_FILENO).value_or(0))
                << "\n";
  }
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

void require_attention(const TranslateOptions& options, const Config& config) {
  if (config.model.attends()) return;
  if (options.attention) throw UsageError("--attention needs a model with attention");
  if (!options.plots.empty()) throw UsageError("--plot-attention needs a model with attention");
}

int run_translate(const TranslateOptions& options) {
  const Translator translator = options.model.load();
  require_attention(options, translator.config());
  std::optional<AttentionPlots> plots;
  if (!options.plots.empty()) plots.emplace(options.plots);
  const SearchConfig& search = translator.config().search;
  WorkerPool pool(options.model.threads);
  LineReader reader(STDIN_FILENO);
  std::size_t line = 0;
  UnknownTokens unknown(translator.codecs().source.vocabulary().token(text::kUnk));
  while (true) {
    std::vector<std::string> lines = reader.next(kLinesAtOnce);
    if (lines.empty()) break;
    const text::Codec& codec = translator.codecs().source;
    const std::size_t readable = translator.count_readable(lines, codec);
    const std::vector<std::string> unreadable(lines.begin() + static_cast<std::ptrdiff_t>(readable),
                                              lines.end());
    lines.resize(readable);  // first the good lines before a bad one
    SearchOptions search_options{.pool = &pool};
    for (std::size_t i = 0; i < lines.size(); ++i) search_options.numbers.push_back(line + i);
    const auto all =
        translator.translate(lines, spread(search, lines.size(), pool.threads()), search_options);
    if (plots)
      run_tasks(&pool, all.size(), [&](std::size_t i) { plots->write(line + i + 1, all[i][0]); });
    for (const auto& translations : all) {
      unknown.count(translations[0].source_tokens);
      print(translations, line++, search.nbest > 1, options.attention);
    }
    std::cout.flush();
    if (!std::cout) throw std::runtime_error("standard output: cannot be written");
    translator.require_readable(unreadable, codec, "standard input", line + 1);
  }
  unknown.report();
  return 0;
}

}  // namespace

Run add_translate(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("translate", "Translate standard input to standard output, line by line");
  auto options = std::make_shared<TranslateOptions>();
  options->model.add(*command, SearchFlags::with, Models::ensemble);
  command->add_flag("--attention", options->attention, "show the attention of each translation");
  command
      ->add_option("--plot-attention", options->plots,
                   "write the attention of each line's best translation into this folder as "
                   "000001.svg, 000001.png and 000001.csv")
      ->type_name("DIR");
  return [options] { return run_translate(*options); };
}

}  // namespace babelgrad::apps
