#include "babelgrad/apps/quality_options.h"

#include <algorithm>

#include "babelgrad/text/corpus.h"

namespace babelgrad::apps {
namespace {

std::string tokenizer_names(const std::string& separator, const std::string& last) {
  std::string all;
  for (std::size_t i = 0; i < text::kBleuTokenizerNames.size(); ++i)
    all += (i == 0                                      ? ""
            : i + 1 == text::kBleuTokenizerNames.size() ? last
                                                        : separator) +
           text::kBleuTokenizerNames[i];
  return all;
}

}  // namespace

void QualityOptions::add(CLI::App& command, const std::string& default_tok) {
  command
      .add_option("--reference", references,
                  "their translations; given several times, each sentence has several")
      ->type_name("F")
      ->required()
      ->allow_extra_args(false)
      ->take_all();
  command
      .add_option(
          "--tok", tok,
          "sacreBLEU's tokenizer for BLEU: 13a for plain text, none for text that is "
          "tokenised, intl by Unicode's categories, char for text without spaces (default: " +
              default_tok + ")")
      ->type_name(tokenizer_names("|", "|"));
}

void QualityOptions::add_bootstrap(CLI::App& command) {
  command
      .add_option("--resamples", bootstrap.resamples,
                  "bootstrap: how often the sentences are drawn")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000));
  command.add_option("--resample-seed", bootstrap.seed, "bootstrap: of what is drawn")
      ->type_name("N");
}

std::optional<text::BleuTokenizer> QualityOptions::tokenizer() const {
  if (tok.empty()) return std::nullopt;
  const auto& names = text::kBleuTokenizerNames;
  const auto found = std::find(names.begin(), names.end(), tok);
  if (found == names.end())
    throw UsageError("command line: tok is \"" + tok + "\"; need " + tokenizer_names(", ", " or "));
  return static_cast<text::BleuTokenizer>(found - names.begin());
}

std::vector<std::vector<std::string>> QualityOptions::read_references() const {
  std::vector<std::vector<std::string>> all;
  for (const std::string& reference : references) {
    all.push_back(text::read_lines(reference));
    text::require_aligned(references[0], all[0].size(), reference, all.back().size());
  }
  return all;
}

}  // namespace babelgrad::apps
