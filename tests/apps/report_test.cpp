// What evaluate and score print; help and version.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

const std::string kFirst = "je vois le chat", kFirstTarget = "i see the cat";

double score_of(const std::string& source, const std::string& target) {
  trained_world().write("one.fr", source + "\n");
  trained_world().write("one.en", target + "\n");
  const Finished finished = trained_world().run(
      {"score", "--model", "model", "--source", "one.fr", "--target", "one.en"});
  CHECK(finished.exit_code == 0);
  return std::stod(finished.out);
}

Finished gradients(const Arguments& more = {}) {
  return trained_world().run(Arguments{"inspect", "--model", "model", "--gradients", "--source",
                                       kFirst, "--target", kFirstTarget} +
                             more);
}

TEST_CASE("evaluate --json has the documented keys") {
  const Arguments evaluate{"evaluate", "--model",     "model",   "--source",
                           "train.fr", "--reference", "train.en"};
  std::string links;
  for (int i = 0; i < 300; ++i) links += "0-0 1-1 2-2\n";
  trained_world().write("links", links);
  const Finished finished =
      trained_world().run(evaluate + Arguments{"--json", "--alignments", "links", "--beam", "2"});
  CHECK(finished.exit_code == 0);
  CHECK(finished.err == "");
  const auto json = nlohmann::json::parse(finished.out);
  for (const char* key :
       {"bleu_13a", "bleu_none", "chrf2", "exact_match", "token_error_rate", "perplexity",
        "alignment_error_rate", "seconds", "sentences_per_second", "tokens_per_second"})
    CHECK_MESSAGE(json.at(key).is_number(), key);
  for (const char* key : {"bleu_13a_signature", "bleu_none_signature", "chrf2_signature"})
    CHECK_MESSAGE(json.at(key).is_string(), key);
  CHECK(json.at("sentences") == 300);
  CHECK(json.at("precision") == "float32");
  const double bleu = json.at("bleu_none"), errors = json.at("alignment_error_rate");
  CHECK(bleu > 0);
  CHECK(bleu <= 100);
  CHECK(errors >= 0);
  CHECK(errors <= 1);

  const Finished people = trained_world().run(evaluate);
  CHECK(people.exit_code == 0);
  for (const char* part : {"BLEU|", "chrF2|", "exact match ", "token error rate ", "perplexity "})
    CHECK_MESSAGE(people.out.find(part) != std::string::npos, part);
}

TEST_CASE("evaluating a model's own output is perfect, in any case and spacing") {
  const std::string source = "je vois le chat\ntu veux du thé\nil aime la rue\n";
  trained_world().write("three.fr", source);
  trained_world().write("three.en",
                        trained_world().run({"translate", "--model", "model"}, source).out);
  const Finished finished = trained_world().run({"evaluate", "--model", "model", "--source",
                                                 "three.fr", "--reference", "three.en", "--json"});
  const auto json = nlohmann::json::parse(finished.out);
  CHECK(json.at("exact_match") == 1);
  CHECK(json.at("token_error_rate") == 0);
}

TEST_CASE("score: log-probabilities in the order of the pairs") {
  const Finished finished = trained_world().run(
      {"score", "--model", "model", "--source", "train.fr", "--target", "train.en"});
  CHECK(finished.exit_code == 0);
  CHECK(finished.err == "");
  const auto lines = lines_of(finished.out);
  REQUIRE(lines.size() == 300);
  for (const std::string& line : lines) CHECK(std::stod(line) < 0);
  CHECK(std::abs(std::stod(lines[0]) - score_of(kFirst, kFirstTarget)) < 2e-5);
  CHECK(score_of(kFirst, kFirstTarget) > score_of(kFirst, "you want some eggs"));
}

TEST_CASE("score, the loss of inspect and n-best scores agree") {
  const auto lines = lines_of(gradients().out);
  REQUIRE(lines.size() > 20);
  REQUIRE(lines[0].starts_with("loss "));
  const double loss = std::stod(lines[0].substr(5));
  CHECK(lines[0].ends_with(" nats a token"));
  CHECK(std::abs(score_of(kFirst, kFirstTarget) + 5 * loss) < 2e-5);  // 4 words and </s>

  const Finished best = trained_world().run(
      {"translate", "--model", "model", "--nbest", "2", "--length-penalty", "0"}, kFirst + "\n");
  const std::string line = lines_of(best.out)[0];
  const std::size_t at = line.rfind(" ||| ");
  CHECK(std::abs(std::stod(line.substr(at + 5)) - score_of(kFirst, line.substr(6, at - 6))) < 1e-3);
}

TEST_CASE("every command explains itself and shows its defaults") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows{
      {"train",
       {"--source F", "--tsv F", "--valid-target F", "--out DIR", "--from DIR", "--resume",
        "--overwrite", "--config F.json", "--tokenizer words|chars|bpe|unigram=bpe", "--seed N=1",
        "--hidden N=512", "--learning-rate N=0.001", "--max-minutes N=0", "--max-updates N=0",
        "--threads N=0", "--lowercase,--no-lowercase", "(default: no)", "(default: yes)"}},
      {"translate",
       {"--model DIR", "--beam N=5", "--nbest N=1", "--attention", "--plot-attention DIR",
        "--format text|json", "--alignments pharaoh|words", "--word-scores", "--replace-unknown F",
        "--prefix TEXT", "--prefix-file F", "--complete-word", "--constrain TEXT",
        "--constrain-file F", "--shortlist F", "--shortlist-frequent N", "--shortlist-best N"}},
      {"lexicon", {"--source F", "--target F", "--alignments F", "--model DIR", "--min-count N"}},
      {"evaluate", {"--model DIR", "--source F", "--reference F", "--json", "--beam N=5"}},
      {"compare",
       {"output F ... REQUIRED", "--source F", "--reference F ... REQUIRED", "--resamples"}},
      {"average", {"model DIR ... REQUIRED", "--out DIR REQUIRED", "--overwrite"}},
      {"quantize", {"--model DIR REQUIRED", "--out DIR REQUIRED", "--overwrite"}},
      {"score", {"--model DIR", "--source F", "--target F"}},
      {"inspect",
       {"--model DIR", "--gradients", "--source TEXT", "--html F.html", "--graph F.svg"}}};
  const Finished all = trained_world().run({"--help"});
  CHECK(all.exit_code == 0);
  for (const auto& row : rows) {
    const std::string& command = row.first;
    CHECK(all.out.find("\n  " + command + " ") != std::string::npos);
    const Finished help = trained_world().run({command, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err == "");
    for (const std::string& part : row.second)
      CHECK_MESSAGE(help.out.find(part) != std::string::npos, (command + ": " + part));
    CHECK(help.out.find("{true}") == std::string::npos);
    CHECK(help.out.find("=[]") == std::string::npos);
  }
  CHECK(trained_world().run({"--version"}).out.starts_with("0."));
}

}  // namespace
}  // namespace babelgrad::test
