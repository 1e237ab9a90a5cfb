#include "babelgrad/apps/line_demands.h"

#include <algorithm>

#include "babelgrad/apps/commands.h"
#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error.h"

namespace babelgrad::apps {
namespace {

std::vector<std::string> split_at_tabs(const std::string& line) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0, end; begin <= line.size(); begin = end + 1) {
    end = std::min(line.find('\t', begin), line.size());
    if (end > begin) parts.push_back(line.substr(begin, end - begin));
  }
  return parts;
}

[[noreturn]] void throw_mismatch(const std::string& file, std::size_t lines,
                                 const std::string& given) {
  throw text::InputError(file + " has " + std::to_string(lines) +
                         " lines, but standard input has " + given +
                         "; they must match line by line");
}

std::string place(const std::string& file, std::size_t line) {
  return file + ":" + std::to_string(line + 1);
}

}  // namespace

void DemandOptions::add(CLI::App& command) {
  const char* group = "What translations must have";
  command.add_option("--prefix", prefix, "each translation begins with this text")
      ->type_name("TEXT")
      ->group(group);
  command
      .add_option("--prefix-file", prefix_file,
                  "each translation begins with the line of this file that stands where its own "
                  "does; empty: with anything")
      ->type_name("F")
      ->group(group);
  command
      .add_flag("--complete-word", complete_word,
                "the last word of a prefix may go on: tr as train")
      ->group(group);
  command
      .add_option("--constrain", phrases,
                  "each translation has this word or phrase; may be given several times")
      ->type_name("TEXT")
      ->group(group)
      ->allow_extra_args(false)
      ->take_all();
  command
      .add_option("--constrain-file", phrase_file,
                  "each translation has the phrases, with tabs between them, on the line of this "
                  "file that stands where its own does")
      ->type_name("F")
      ->group(group);
}

bool DemandOptions::any() const {
  return !prefix.empty() || !prefix_file.empty() || !phrases.empty() || !phrase_file.empty();
}

DemandReader::LastWord DemandOptions::last_word() const {
  return complete_word ? DemandReader::LastWord::open : DemandReader::LastWord::whole;
}

LineDemands::LineDemands(const DemandOptions& options, const Translator& translator)
    : options_(options) {
  if (!options.prefix.empty() && !options.prefix_file.empty())
    throw UsageError("--prefix and --prefix-file exclude each other");
  if (options.complete_word && options.prefix.empty() && options.prefix_file.empty())
    throw UsageError("--complete-word needs --prefix or --prefix-file");
  if ((!options.phrases.empty() || !options.phrase_file.empty()) &&
      translator.config().search.sample)
    throw UsageError("--constrain needs beam search; --sample draws words");
  if (!options.any()) return;
  reader_.emplace(translator);
  if (!options.prefix_file.empty()) prefixes_ = text::read_lines(options.prefix_file);
  if (!options.phrase_file.empty()) phrases_ = text::read_lines(options.phrase_file);
  of_all_ = {reader_->prefix(options.prefix, options.last_word(), "--prefix"),
             reader_->phrases(options.phrases, "--constrain")};
  for (std::size_t i = 0; i < std::max(prefixes_.size(), phrases_.size()); ++i) of_line(i);
}

Demands LineDemands::of_line(std::size_t line) const {
  Demands demands = of_all_;
  if (line < prefixes_.size())
    demands.prefix =
        reader_->prefix(prefixes_[line], options_.last_word(), place(options_.prefix_file, line));
  if (line < phrases_.size()) {
    std::vector<std::string> phrases = split_at_tabs(phrases_[line]);
    const std::string name = place(options_.phrase_file, line);
    phrases.insert(phrases.end(), options_.phrases.begin(), options_.phrases.end());
    demands.phrases = reader_->phrases(phrases, name);
  }
  return demands;
}

std::vector<Demands> LineDemands::of_lines(std::size_t first, std::size_t count) const {
  std::vector<Demands> demands;
  if (!reader_) return demands;
  for (std::size_t line = first; line < first + count; ++line) {
    if (!options_.prefix_file.empty() && line >= prefixes_.size())
      throw_mismatch(options_.prefix_file, prefixes_.size(), "more");
    if (!options_.phrase_file.empty() && line >= phrases_.size())
      throw_mismatch(options_.phrase_file, phrases_.size(), "more");
    demands.push_back(of_line(line));
  }
  return demands;
}

void LineDemands::require_all(std::size_t lines) const {
  if (lines < prefixes_.size())
    throw_mismatch(options_.prefix_file, prefixes_.size(), std::to_string(lines));
  if (lines < phrases_.size())
    throw_mismatch(options_.phrase_file, phrases_.size(), std::to_string(lines));
}

}  // namespace babelgrad::apps
