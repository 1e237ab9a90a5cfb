#include "babelgrad/apps/report_quality.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "babelgrad/apps/feature_json.h"
#include "babelgrad/models/rounding.h"
#include "babelgrad/models/training/validation.h"
#include "babelgrad/text/bleu.h"
#include "babelgrad/text/breakdown.h"
#include "babelgrad/text/chrf.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kExamples = 12;  // of each kind

// Counts the ids of many sentences and the unknown ones among them.
class UnknownShare {
 public:
  void count(const std::vector<std::int32_t>& ids) {
    for (const std::int32_t id : ids) {
      if (id < text::kSpecials && id != text::kUnk) continue;
      ++all_;
      unknown_ += id == text::kUnk;
    }
  }
  double share() const {
    return all_ == 0 ? 0.0 : static_cast<double>(unknown_) / static_cast<double>(all_);
  }

 private:
  std::size_t unknown_ = 0, all_ = 0;
};

struct Translated {
  std::vector<std::string> texts;
  std::vector<std::size_t> source_lengths;  // tokens, without eos
  Json unknown;
};

Translated translate_all(const Translator& translator, const text::Corpus& corpus,
                         WorkerPool& pool) {
  Translated result;
  UnknownShare source, reference, translation;
  for (auto& translations :
       translator.translate(corpus.source, translator.config().search, {.pool = &pool})) {
    translation.count(translations[0].hypothesis.tokens);
    result.texts.push_back(std::move(translations[0].text));
  }
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const text::Source read = translator.encode_source(corpus.source[i]);
    result.source_lengths.push_back(read.items());
    if (!translator.reads_features()) source.count(read.ids);
    reference.count(translator.encode_target(corpus.target[i]));
  }
  result.unknown = {{"source", rounded(source.share())},
                    {"reference", rounded(reference.share())},
                    {"translation", rounded(translation.share())}};
  return result;
}

Json by_length(const Translated& translated, const std::vector<std::string>& references) {
  Json rows = Json::array();
  for (const text::LengthGroup& group :
       text::quality_by_length(translated.source_lengths, translated.texts, references))
    rows.push_back({{"shortest", group.shortest},
                    {"longest", group.longest},
                    {"sentences", group.sentences},
                    {"bleu", rounded(group.bleu)},
                    {"chrf", rounded(group.chrf)},
                    {"length_ratio", rounded(group.length_ratio)}});
  return rows;
}

Json by_frequency(const std::vector<std::string>& training_target,
                  const std::vector<std::string>& translations,
                  const std::vector<std::string>& references) {
  Json rows = Json::array();
  for (const text::FrequencyGroup& group :
       text::quality_by_frequency(text::count_words(training_target), translations, references)) {
    Json row{{"least", group.least},
             {"words", group.in_references},
             {"recall", rounded(group.recall())},
             {"precision", rounded(group.precision())},
             {"f1", rounded(group.f1())}};
    if (group.most != std::numeric_limits<std::uint64_t>::max()) row["most"] = group.most;
    rows.push_back(std::move(row));
  }
  return rows;
}

Json examples(const std::vector<std::size_t>& lines, const Translator& translator,
              const text::Corpus& corpus, const std::vector<std::string>& translations,
              const std::vector<double>& chrf) {
  Json rows = Json::array();
  for (const std::size_t i : lines) {
    rows.push_back({{"line", i + 1},
                    {"source", corpus.source[i]},
                    {"reference", corpus.target[i]},
                    {"translation", translations[i]},
                    {"chrf", rounded(chrf[i])}});
    add_picture(rows.back(), translator, corpus.source[i]);
  }
  return rows;
}

std::vector<std::size_t> evenly_spaced(std::size_t sentences) {
  std::vector<std::size_t> lines;
  const std::size_t count = std::min(kExamples, sentences);
  for (std::size_t i = 0; i < count; ++i) lines.push_back((2 * i + 1) * sentences / (2 * count));
  return lines;
}

std::vector<std::size_t> lowest(const std::vector<double>& chrf) {
  std::vector<std::size_t> lines(chrf.size());
  std::iota(lines.begin(), lines.end(), std::size_t{0});
  std::stable_sort(lines.begin(), lines.end(),
                   [&](std::size_t a, std::size_t b) { return chrf[a] < chrf[b]; });
  lines.resize(std::min(kExamples, lines.size()));
  return lines;
}

}  // namespace

Json report_quality(const Translator& translator, const text::Corpus& corpus,
                    const std::optional<std::vector<std::string>>& training_target,
                    WorkerPool& pool) {
  const Translated translated = translate_all(translator, corpus, pool);
  const text::Bleu bleu = text::corpus_bleu(translated.texts, corpus.target);
  const TextCounts counts =
      text_counts(translator, translated.texts, text::References(corpus.target));
  const TextQuality quality = text_quality(counts);
  std::vector<double> chrf;
  for (const text::ChrfCounts& of_one : counts.chrf) chrf.push_back(of_one.score());
  Json json{{"sentences", corpus.size()},
            {"beam", translator.config().search.beam},
            {"bleu", rounded(bleu.score)},
            {"bleu_signature", bleu.signature()},
            {"chrf", rounded(quality.chrf)},
            {"exact_match", rounded(quality.exact_match)},
            {"token_error_rate", rounded(quality.token_error_rate)},
            {"unknown", translated.unknown},
            {"by_length", by_length(translated, corpus.target)},
            {"sample",
             examples(evenly_spaced(corpus.size()), translator, corpus, translated.texts, chrf)},
            {"worst", examples(lowest(chrf), translator, corpus, translated.texts, chrf)}};
  json["by_frequency"] =
      training_target ? by_frequency(*training_target, translated.texts, corpus.target) : Json();
  return json;
}

}  // namespace babelgrad::apps
