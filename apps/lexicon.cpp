#include "babelgrad/text/lexicon.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/output_file.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

constexpr std::size_t kPairsAtOnce = 4096;

struct LexiconOptions {
  std::string model, source, target, alignments, out;
  std::size_t threads = 0;
  std::uint64_t min_count = 1;
};

// The words of both sides of a pair.
struct PairWords {
  std::vector<std::string> source, target;
};

PairWords words_of(const Translator* translator, const text::Corpus& corpus, std::size_t i) {
  if (!translator)
    return {text::split_whitespace(corpus.source[i]), text::split_whitespace(corpus.target[i])};
  const DataConfig& data = translator->config().data;
  const Codecs& codecs = translator->codecs();
  return {line_words(data, codecs.source, corpus.source[i]).words,
          line_words(data, codecs.target, corpus.target[i]).words};
}

void count_file(const LexiconOptions& options, const Translator* translator,
                const text::Corpus& corpus, text::LexiconCounts& counts) {
  const auto alignments = text::read_alignments(options.alignments);
  text::require_aligned(options.source, corpus.size(), options.alignments, alignments.size());
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const PairWords words = words_of(translator, corpus, i);
    text::require_within(alignments[i], words.source.size(), words.target.size(),
                         options.alignments, i + 1);
    counts.add(words.source, words.target, alignments[i]);
  }
}

void count_attention(const Translator& translator, const text::Corpus& corpus, std::size_t threads,
                     text::LexiconCounts& counts) {
  WorkerPool pool(threads);
  for (std::size_t first = 0; first < corpus.size(); first += kPairsAtOnce) {
    const auto part = [&](const std::vector<std::string>& lines) {
      const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(first);
      const std::size_t count = std::min(kPairsAtOnce, lines.size() - first);
      return std::vector<std::string>(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    const std::vector<std::string> source = part(corpus.source), target = part(corpus.target);
    const auto scored = translator.score(source, target, &pool);
    for (std::size_t i = 0; i < source.size(); ++i) {
      const PairWords words = words_of(&translator, corpus, first + i);
      counts.add(words.source, words.target, translator.links(source[i], target[i], scored[i]));
    }
  }
}

int run_lexicon(const LexiconOptions& options) {
  if (options.model.empty() && options.alignments.empty())
    throw UsageError("lexicon needs --alignments, --model, or both");
  const OutputFile out(options.out);
  std::optional<Translator> translator;
  if (!options.model.empty()) translator = Translator::load(options.model);
  if (translator && translator->reads_features())
    throw UsageError("lexicon counts words; the model reads features");
  const text::Corpus corpus = translator
                                  ? read_parallel(*translator, options.source, options.target)
                                  : text::read_parallel(options.source, options.target);
  text::LexiconCounts counts;
  if (!options.alignments.empty())
    count_file(options, translator ? &*translator : nullptr, corpus, counts);
  else if (translator->config().model.attends())
    count_attention(*translator, corpus, options.threads, counts);
  else
    throw UsageError("lexicon needs a model with attention, or --alignments");
  const text::Lexicon lexicon = counts.lexicon(options.min_count);
  out.write(lexicon.to_text());
  std::fprintf(stderr, "%s: translations of %zu source words\n", options.out.c_str(),
               lexicon.source_words());
  return 0;
}

}  // namespace

Run add_lexicon(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "lexicon",
      "Count by which words each source word is translated: lines of source word, target word, "
      "probability");
  auto options = std::make_shared<LexiconOptions>();
  command->add_option("--source", options->source, "sentences")->type_name("F")->required();
  command->add_option("--target", options->target, "their translations, line by line")
      ->type_name("F")
      ->required();
  command
      ->add_option("--alignments", options->alignments,
                   "word alignments (0-0 1-2 ...), line by line; without them those of the model's "
                   "attention are counted")
      ->type_name("F");
  command
      ->add_option("--model", options->model,
                   "model folder; words are then those that it reads and writes")
      ->type_name("DIR");
  command->add_option("--min-count", options->min_count, "leave out pairs of words seen less often")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "worker threads; 0: one a core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("-o,--out", options->out, kOutputHelp)->type_name("F.tsv")->required();
  return [options] { return run_lexicon(*options); };
}

}  // namespace babelgrad::apps
