#include "babelgrad/text/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "babelgrad/text/ngrams.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

void replace_all(std::string& line, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = line.find(from, at)) != std::string::npos; at += to.size())
    line.replace(at, from.size(), to);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point(char c) { return c == '.' || c == ','; }

// The ASCII symbols that 13a always makes tokens: [{-~[-` -&(-+:-@/].
bool is_symbol(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
         (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

// Each pair of neighbours (a, b) that `matches` becomes "a b" with the given spaces; as with a
// regular expression, pairs do not overlap and the leftmost comes first.
template <class Matches>
std::string space_pairs(const std::string& line, const Matches& matches, const char* before,
                        const char* after) {
  std::string out;
  out.reserve(line.size() + line.size() / 4);
  for (size_t i = 0; i < line.size(); ++i) {
    if (i + 1 < line.size() && matches(line[i], line[i + 1])) {
      ((((out += before) += line[i]) += ' ') += line[i + 1]) += after;
      ++i;
    } else {
      out += line[i];
    }
  }
  return out;
}

// mteval-v13a.pl as sacreBLEU's tokenizers/tokenizer_13a.py states it.
std::string tokenize_13a(std::string_view text) {
  std::string line(text);
  for (const auto& [from, to] : {std::pair{"<skipped>", ""},
                                 {"-\n", ""},
                                 {"\n", " "},
                                 {"&quot;", "\""},
                                 {"&amp;", "&"},
                                 {"&lt;", "<"},
                                 {"&gt;", ">"}})
    replace_all(line, from, to);
  std::string spaced = " ";
  for (const char c : line) {
    if (is_symbol(c)) {
      ((spaced += ' ') += c) += ' ';
    } else {
      spaced += c;
    }
  }
  spaced += ' ';
  spaced = space_pairs(
      spaced, [](char a, char b) { return !is_digit(a) && is_point(b); }, "", " ");
  spaced = space_pairs(
      spaced, [](char a, char b) { return is_point(a) && !is_digit(b); }, " ", "");
  return space_pairs(
      spaced, [](char a, char b) { return is_digit(a) && b == '-'; }, "", " ");
}

// Fills in precisions and score from the counts.
void compute_score(Bleu& bleu) {
  const auto hypothesis_length = static_cast<double>(bleu.hypothesis_length);
  const auto reference_length = static_cast<double>(bleu.reference_length);
  if (bleu.hypothesis_length >= bleu.reference_length) {
    bleu.brevity_penalty = 1;
  } else if (bleu.hypothesis_length > 0) {
    bleu.brevity_penalty = std::exp(1 - reference_length / hypothesis_length);
  }
  if (std::all_of(bleu.correct.begin(), bleu.correct.end(), [](size_t c) { return c == 0; }))
    return;

  double smoothing = 1, log_sum = 0;
  for (size_t n = 0; n < 4; ++n) {
    if (bleu.total[n] == 0) return;  // a precision of 0, hence a score of 0
    const auto total = static_cast<double>(bleu.total[n]);
    if (bleu.correct[n] == 0) {
      smoothing *= 2;
      bleu.precisions[n] = 100 / (smoothing * total);
    } else {
      bleu.precisions[n] = 100 * static_cast<double>(bleu.correct[n]) / total;
    }
    log_sum += std::log(bleu.precisions[n]);
  }
  bleu.score = bleu.brevity_penalty * std::exp(log_sum / 4);
}

}  // namespace

std::vector<std::string> bleu_tokens(std::string_view line, BleuTokenizer tokenizer) {
  return split_whitespace(tokenizer == BleuTokenizer::none ? std::string(line)
                                                           : tokenize_13a(line));
}

Bleu corpus_bleu(const std::vector<std::string>& hypotheses,
                 const std::vector<std::string>& references, BleuTokenizer tokenizer) {
  require_equal_counts("corpus_bleu", hypotheses.size(), references.size());
  Bleu bleu;
  bleu.tokenizer = tokenizer;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const NgramText hypothesis(bleu_tokens(hypotheses[i], tokenizer), " ");
    const NgramText reference(bleu_tokens(references[i], tokenizer), " ");
    bleu.hypothesis_length += hypothesis.size();
    bleu.reference_length += reference.size();
    for (size_t n = 1; n <= 4; ++n) {
      const NgramMatch match = match_ngrams(hypothesis, reference, n);
      bleu.correct[n - 1] += match.common;
      bleu.total[n - 1] += match.hypothesis;
    }
  }
  compute_score(bleu);
  return bleu;
}

std::string Bleu::signature() const {
  return std::string("nrefs:1|case:mixed|eff:no|tok:") +
         (tokenizer == BleuTokenizer::none ? "none" : "13a") +
         "|smooth:exp|version:babelgrad-0.1.0";
}

std::string Bleu::to_string() const {
  const double ratio = reference_length == 0 ? 0
                                             : static_cast<double>(hypothesis_length) /
                                                   static_cast<double>(reference_length);
  char figures[256];
  std::snprintf(figures, sizeof figures,
                " = %.1f %.1f/%.1f/%.1f/%.1f (BP = %.3f ratio = %.3f hyp_len = %zu ref_len = %zu)",
                score, precisions[0], precisions[1], precisions[2], precisions[3], brevity_penalty,
                ratio, hypothesis_length, reference_length);
  return "BLEU|" + signature() + figures;
}

}  // namespace babelgrad::text
