// What translate prints besides: alignments, scores of words, JSON, replaced unknown words.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "babelgrad/base/json.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

using Json = nlohmann::json;

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t begin = 0;
  for (std::size_t end; (end = line.find(" ||| ", begin)) != std::string::npos; begin = end + 5)
    fields.push_back(line.substr(begin, end - begin));
  fields.push_back(line.substr(begin));
  return fields;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

TEST_CASE("alignments as Pharaoh links and as words") {
  const World world;
  world.add_model();
  const std::string plain = world.run(kTranslate, kThreeLines).out;
  const auto links =
      lines_of(world.run(kTranslate + Arguments{"--alignments", "pharaoh"}, kThreeLines).out);
  const auto words =
      lines_of(world.run(kTranslate + Arguments{"--alignments", "words"}, kThreeLines).out);
  REQUIRE(links.size() == 3);
  REQUIRE(words.size() == 3);
  CHECK(links[1] == " ||| ");
  for (const std::size_t i : {0, 2}) {
    const auto with_links = fields_of(links[i]), with_words = fields_of(words[i]);
    REQUIRE(with_links.size() == 2);
    CHECK(with_links[0] == lines_of(plain)[i]);
    const auto target = words_of(with_links[0]), looked_at = words_of(with_words[1]);
    REQUIRE(looked_at.size() == target.size());
    const auto source = words_of(lines_of(kThreeLines)[i]);
    for (const std::string& link : words_of(with_links[1])) {
      const std::size_t hyphen = link.find('-');
      CHECK(looked_at.at(std::stoul(link.substr(hyphen + 1))) ==
            source.at(std::stoul(link.substr(0, hyphen))));
    }
  }
}

TEST_CASE("scores of words: log-probabilities that add up, and entropies") {
  const World world;
  world.add_model();
  const Finished finished =
      world.run(kTranslate + Arguments{"--word-scores", "--nbest", "2", "--length-penalty", "0"},
                kThreeLines);
  CHECK(finished.exit_code == 0);
  for (const std::string& line : lines_of(finished.out)) {
    const auto fields = fields_of(line);
    REQUIRE(fields.size() == 5);  // number, text, score
    double sum = 0;
    for (const std::string& number : words_of(fields[3])) sum += std::stod(number);
    CHECK(std::abs(sum - std::stod(fields[2])) < 1e-3);
    const auto words = words_of(fields[1]).size(), tokens = words_of(fields[3]).size();
    CHECK((tokens == words + 1 || words == 0));
    CHECK(words_of(fields[4]).size() == tokens);
  }
}

TEST_CASE("JSON lines say all of it, an object a hypothesis") {
  const World world;
  world.add_model();
  const Arguments best = kTranslate + Arguments{"--nbest", "2"};
  const auto text = lines_of(world.run(best, kThreeLines).out);
  const auto links =
      lines_of(world.run(best + Arguments{"--alignments", "pharaoh"}, kThreeLines).out);
  const auto objects = lines_of(world.run(best + Arguments{"--format", "json"}, kThreeLines).out);
  REQUIRE(objects.size() == text.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const Json json = parse_json<Json>(objects[i]);
    const auto fields = fields_of(text[i]);
    CHECK(std::to_string(json.at("line").get<int>()) == fields[0]);
    CHECK(json.at("text") == fields[1]);
    CHECK(std::abs(json.at("score").get<double>() - std::stod(fields[2])) < 1e-4);
    const std::size_t tokens = json.at("tokens").size();
    for (const char* key : {"log_probabilities", "entropies", "attention"})
      CHECK(json.at(key).size() == tokens);
    double sum = 0;
    for (const double number : json.at("log_probabilities")) sum += number;
    CHECK(std::abs(sum - json.at("log_probability").get<double>()) < 1e-4);
    for (const Json& row : json.at("attention"))
      CHECK(row.size() == json.at("source_tokens").size());
    std::string pharaoh;
    for (const Json& link : json.at("alignments"))
      pharaoh += (pharaoh.empty() ? "" : " ") + link[0].dump() + "-" + link[1].dump();
    CHECK(pharaoh == fields_of(links[i])[3]);
    CHECK(json.at("target_words").size() == words_of(fields[1]).size());
    CHECK(json.at("finished").get<bool>());  // the empty line, too
  }
}

TEST_CASE("unknown words are copied or looked up") {
  const World world;
  world.add_model();
  REQUIRE(world.run(train_to("small") + Arguments{"--vocab-size", "16"}).exit_code == 0);
  const Arguments small{"translate", "--model", "small"};
  const std::string input = world.read("train.fr");
  const std::string with_unknown = world.run(small, input).out;
  REQUIRE(with_unknown.find("<unk>") != std::string::npos);
  const std::string copied = world.run(small + Arguments{"--replace-unknown"}, input).out;
  CHECK(copied.find("<unk>") == std::string::npos);
  std::string lexicon;
  for (const std::string& word : words_of(input)) lexicon += word + "\tX\t1\n";
  world.write("x.tsv", lexicon);
  const std::string looked_up =
      world.run(small + Arguments{"--replace-unknown", "x.tsv"}, input).out;
  std::string expected = with_unknown;
  for (std::size_t at; (at = expected.find("<unk>")) != std::string::npos;)
    expected.replace(at, 5, "X");
  CHECK(looked_up == expected);
}

TEST_CASE("shortlist: with these words alone, in translate, evaluate and compare") {
  const World world;
  world.add_model();
  const std::string input = "je vois le chat\n\ntu veux du thé\n";
  const std::string all_words = world.run(kTranslate, input).out;
  world.write("few.tsv",
              "vois\tsee\t1\nle\tthe\t0.6\nle\ta\t0.4\nchat\tdog\t1\ntu\tdog\t1\nveux\tsee\t1\n");
  const Arguments shortlist{"--shortlist", "few.tsv", "--shortlist-frequent", "0"};
  const Finished few = world.run(kTranslate + shortlist, input);
  CHECK(few.exit_code == 0);
  const std::set<std::string> listed{"see", "the", "a", "dog", "<unk>"};
  for (const std::string& word : words_of(few.out)) CHECK(listed.count(word) == 1);
  CHECK(words_of(lines_of(few.out)[0]).size() > 1);
  CHECK(lines_of(few.out)[1].empty());
  const Arguments whole{"--shortlist", "few.tsv", "--shortlist-frequent", "1000"};
  CHECK(world.run(kTranslate + whole, input).out == all_words);
  world.write("a.fr", input);
  world.write("a.en", all_words);
  const Arguments evaluate{"evaluate", "--model",     "model", "--source",
                           "a.fr",     "--reference", "a.en",  "--json"};
  const auto exact = [&](const Arguments& flags) {
    return parse_json<Json>(world.run(evaluate + flags).out).at("exact_match").get<double>();
  };
  CHECK(exact(whole) == 1);
  CHECK(exact(shortlist) < 1);
  // Of two models, from a pipe that gives it once.
  REQUIRE(world.run({"average", "model", "model", "--out", "twin"}).exit_code == 0);
  const Finished compared =
      world.run({"compare", "model", "twin", "--source", "a.fr", "--reference", "a.en",
                 "--shortlist", "/dev/stdin", "--json"},
                world.read("few.tsv"));
  CAPTURE(compared.err);
  CHECK(compared.exit_code == 0);
  // What is demanded may be any word.
  CHECK(world.run(kTranslate + shortlist + Arguments{"--prefix", "you"}, "je vois\n")
            .out.starts_with("you"));
  check_refused(world, {{kTranslate + Arguments{"--shortlist-best", "3"},
                         "--shortlist-best requires --shortlist; see babelgrad translate --help"},
                        {kTranslate + Arguments{"--shortlist", "a.fr"},
                         "a.fr:1: expected source word, tab, target word, tab, probability"}});
}

TEST_CASE("lexicon: from alignments, from a model, from both") {
  const World world;
  world.add_model();
  world.write("a.fr", "le chat\nle chat\n");
  world.write("a.en", "the cat\na cat\n");
  world.write("a.align", "0-0 1-1\n0-0 1-1\n");
  const Arguments lexicon{"lexicon", "--source", "a.fr", "--target", "a.en", "-o", "a.tsv"};
  const Finished counted = world.run(lexicon + Arguments{"--alignments", "a.align"});
  CHECK(counted.exit_code == 0);
  CHECK(counted.err == "a.tsv: translations of 2 source words\n");
  const std::string expected = "chat\tcat\t1\nle\ta\t0.5\nle\tthe\t0.5\n";
  CHECK(world.read("a.tsv") == expected);
  CHECK(world.run(lexicon + Arguments{"--alignments", "a.align", "--model", "model"}).exit_code ==
        0);
  CHECK(world.read("a.tsv") == expected);
  CHECK(world.run(lexicon + Arguments{"--alignments", "a.align", "--min-count", "2"}).exit_code ==
        0);
  CHECK(world.read("a.tsv") == "chat\tcat\t1\n");
  const Finished attended = world.run(
      {"lexicon", "--source", "train.fr", "--target", "train.en", "--model", "model", "-o", "-"});
  CHECK(attended.exit_code == 0);
  CHECK(lines_of(attended.out).size() > 10);
  for (const std::string& entry : lines_of(attended.out))
    CHECK(std::count(entry.begin(), entry.end(), '\t') == 2);
}

TEST_CASE("a model without attention: JSON without it; and what translate and lexicon refuse") {
  const World world;
  world.add_model();
  REQUIRE(world.run(train_to("plain") + Arguments{"--attention", "none"}).exit_code == 0);
  const Json json = parse_json<Json>(
      world.run({"translate", "--model", "plain", "--format", "json"}, "je vois le chat\n").out);
  CHECK(json.at("entropies").size() == json.at("tokens").size());
  CHECK(!json.contains("attention"));
  CHECK(!json.contains("alignments"));
  world.write("a.fr", "le chat\n");
  world.write("a.align", "0-0 2-1\n");
  world.write("b.align", "0-0\n0-0\n");
  world.write("bad.tsv", "le\tthe\n");
  const Arguments plain{"translate", "--model", "plain"};
  const Arguments lexicon{"lexicon", "--source", "a.fr", "--target", "a.fr", "-o", "a.tsv"};
  check_refused(
      world,
      {{plain + Arguments{"--alignments", "words"}, "--alignments needs a model with attention"},
       {plain + Arguments{"--replace-unknown"}, "--replace-unknown needs a model with attention"},
       {kTranslate + Arguments{"--attention", "--format", "json"},
        "--attention draws a grid; --format json has the attention in it"},
       {kTranslate + Arguments{"--replace-unknown", "bad.tsv"},
        "bad.tsv:1: expected source word, tab, target word, tab, probability"},
       {lexicon, "lexicon needs --alignments, --model, or both"},
       {lexicon + Arguments{"--model", "plain"},
        "lexicon needs a model with attention, or --alignments"},
       {lexicon + Arguments{"--alignments", "a.align"},
        "a.align:1: no such words: link 2-1 of 2 source and 2 target words"},
       {{"evaluate", "--model", "model", "--source", "a.fr", "--reference", "a.fr", "--alignments",
         "a.align"},
        "a.align:1: no such words: link 2-1 of 2 source and 2 target words"},
       {lexicon + Arguments{"--alignments", "b.align"},
        "a.fr has 1 lines, but b.align has 2; they must match line by line"},
       {{"lexicon", "--source", "a.fr", "--target", "a.fr", "--alignments", "a.align", "-o",
         "model/config.json"},
        "model/config.json: is a file of a model; give another name"}});
}

}  // namespace
}  // namespace babelgrad::test
