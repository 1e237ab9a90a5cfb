#include "babelgrad/apps/translation_output.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "babelgrad/apps/attention_grid.h"
#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/terminal.h"
#include "babelgrad/apps/translation_json.h"
#include "babelgrad/models/folder/unknown_words.h"

namespace babelgrad::apps {
namespace {

using Format = OutputOptions::Format;
using Alignments = OutputOptions::Alignments;
using OrderedJson = nlohmann::ordered_json;

std::string four_digits(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", number);
  return text;
}

std::string joined(const std::vector<double>& numbers) {
  std::string text;
  for (const double number : numbers) text += (text.empty() ? "" : " ") + four_digits(number);
  return text;
}

// The source word that each target word looked at.
std::string words_looked_at(const std::vector<std::size_t>& attended, const text::LineWords& source,
                            const std::string& eos) {
  std::string text;
  for (const std::size_t word : attended)
    text += (text.empty() ? "" : " ") + (word < source.words.size() ? source.words[word] : eos);
  return text;
}

}  // namespace

TranslationOutput::TranslationOutput(const Translator& translator, OutputOptions options)
    : translator_(translator), options_(std::move(options)) {
  if (options_.format == Format::json && options_.attention)
    throw UsageError("--attention draws a grid; --format json has the attention in it");
  if (translator.config().model.attends()) return;
  const auto need = [](bool given, const char* flag) {
    if (given) throw UsageError(std::string(flag) + " needs a model with attention");
  };
  need(options_.attention, "--attention");
  need(options_.alignments != Alignments::none, "--alignments");
  need(options_.unknown.has_value(), "--replace-unknown");
}

bool TranslationOutput::needs_entropies() const {
  return options_.word_scores || options_.format == Format::json;
}

text::LineWords TranslationOutput::target_words(const Translation& translation) const {
  std::vector<std::string> tokens = translation.target_tokens;
  if (translation.hypothesis.finished && !tokens.empty()) tokens.pop_back();  // eos
  return text::group_words(tokens, translator_.codecs().target.tokenizer().kind());
}

void TranslationOutput::print(const std::string& line, std::size_t number,
                              std::vector<Translation>& translations) const {
  text::LineWords source;
  if (options_.format == Format::json || options_.alignments != Alignments::none ||
      options_.unknown)
    source = translator_.source_words(line);
  for (Translation& translation : translations) {
    if (options_.unknown)
      translation.text =
          replace_unknown(translation, source, translator_.codecs().target, *options_.unknown);
    if (options_.format == Format::json)
      print_json(translation, source, number);
    else
      print_text(translation, source, number);
  }
}

void TranslationOutput::print_text(const Translation& t, const text::LineWords& source,
                                   std::size_t number) const {
  const char* between = " ||| ";
  const Hypothesis& hypothesis = t.hypothesis;
  if (options_.numbered) std::cout << number << between;
  std::cout << t.text;
  if (options_.numbered) std::cout << between << four_digits(hypothesis.score);
  if (options_.alignments != Alignments::none) {
    const text::LineWords target = target_words(t);
    std::cout << between
              << (options_.alignments == Alignments::pharaoh
                      ? text::format_alignment(text::word_links(hypothesis.weights, source, target))
                      : words_looked_at(
                            text::attended_words(hypothesis.weights, source, target), source,
                            translator_.codecs().source.vocabulary().token(text::kEos)));
  }
  if (options_.word_scores)
    std::cout << between << joined(hypothesis.log_probabilities) << between
              << joined(hypothesis.entropies);
  std::cout << "\n";
  if (options_.attention && !t.target_tokens.empty())
    std::cout << attention_grid(t.source_tokens, t.target_tokens, hypothesis.weights,
                                terminal_columns(STDOUT_FILENO).value_or(0))
              << "\n";
}

void TranslationOutput::print_json(const Translation& t, const text::LineWords& source,
                                   std::size_t number) const {
  const bool attends = translator_.config().model.attends();
  OrderedJson json{{"line", number}};
  json.update(translation_json(t, attends));
  json["log_probabilities"] = rounded_numbers(t.hypothesis.log_probabilities);
  json["entropies"] = rounded_numbers(t.hypothesis.entropies);
  json["source_tokens"] = t.source_tokens;
  if (attends) {
    const text::LineWords target = target_words(t);
    json["source_words"] = source.words;
    json["target_words"] = target.words;
    json["alignments"] = text::word_links(t.hypothesis.weights, source, target);
  }
  // A model of bytes can write what is not UTF-8.
  std::cout << json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << "\n";
}

}  // namespace babelgrad::apps
