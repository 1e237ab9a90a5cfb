// evaluate with several references and intervals, and compare.
#include <nlohmann/json.hpp>

#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

using Json = nlohmann::json;

const Arguments kEvaluate{"evaluate", "--model",     "model",   "--source",
                          "train.fr", "--reference", "train.en"};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// The shared model, two more references, its translations and others.
class Compared : public World {
 public:
  Compared() {
    add_model();
    write("second.en", replaced(read("train.en"), "the ", "this "));
    write("best", run({"translate", "--model", "model"}, read("train.fr")).out);
    write("greedy", run({"translate", "--model", "model", "--beam", "1"}, read("train.fr")).out);
    write("bad", replaced(read("best"), "the ", ""));
  }
  Json json(const Arguments& arguments) const {
    const Finished finished = run(arguments + Arguments{"--json"});
    CAPTURE(finished.err);
    REQUIRE(finished.exit_code == 0);
    return Json::parse(finished.out);
  }
};

TEST_CASE("evaluate: each further reference can only help") {
  const Compared world;
  const Json one = world.json(kEvaluate);
  const Json two = world.json(kEvaluate + Arguments{"--reference", "second.en"});
  CHECK(one.at("references") == 1);
  CHECK(two.at("references") == 2);
  for (const char* key : {"bleu_none", "bleu_13a", "chrf2", "exact_match"})
    CHECK_MESSAGE(two.at(key).get<double>() >= one.at(key).get<double>(), key);
  CHECK(two.at("token_error_rate").get<double>() <= one.at("token_error_rate").get<double>());
  CHECK(two.at("bleu_13a_signature").get<std::string>().starts_with("nrefs:2|case:mixed|"));
  // Its own output as one of two references.
  const Json own = world.json(kEvaluate + Arguments{"--reference", "best"});
  CHECK(own.at("exact_match") == 1);
  CHECK(own.at("token_error_rate") == 0);
  CHECK(std::abs(own.at("chrf2").get<double>() - 100) < 1e-9);
  CHECK(std::abs(own.at("bleu_none").get<double>() - 100) < 1e-9);
  // The same reference twice says nothing new.
  const Json twice = world.json(kEvaluate + Arguments{"--reference", "train.en"});
  for (const char* key : {"bleu_none", "chrf2", "exact_match", "token_error_rate", "perplexity"})
    CHECK_MESSAGE(std::abs(twice.at(key).get<double>() - one.at(key).get<double>()) < 1e-5, key);
}

TEST_CASE("evaluate --tok and --confidence") {
  const Compared world;
  const Json intl = world.json(kEvaluate + Arguments{"--tok", "intl"});
  CHECK(intl.contains("bleu_intl"));
  CHECK(!intl.contains("bleu_13a"));
  CHECK(!intl.contains("confidence"));
  const Arguments confidence = kEvaluate + Arguments{"--confidence", "--resamples", "200"};
  const Json json = world.json(confidence);
  CHECK(json.at("confidence").at("resamples") == 200);
  CHECK(json.at("confidence").at("seed") == 12345);
  for (const char* key :
       {"bleu_none", "bleu_13a", "chrf2", "exact_match", "token_error_rate", "perplexity"}) {
    CAPTURE(key);
    const double value = json.at(key), mean = json.at("confidence").at(key).at("mean"),
                 half_width = json.at("confidence").at(key).at("half_width");
    CHECK(half_width > 0);
    CHECK(std::abs(value - mean) < half_width);
  }
  CHECK(json.at("chrf2_signature").get<std::string>().starts_with("nrefs:1|bs:200|seed:12345|"));
  CHECK(world.json(confidence + Arguments{"--resample-seed", "2"}).at("confidence") !=
        json.at("confidence"));
  const Finished people = world.run(confidence);
  CHECK(people.out.find("|bs:200|seed:12345|case:mixed|") != std::string::npos);
  CHECK(people.out.find(" (μ = ") != std::string::npos);
}

TEST_CASE("compare: a model is its translations, and differences are told from chance") {
  const Compared world;
  const Arguments compare{"compare",  "model",    "best",        "bad",
                          "--source", "train.fr", "--reference", "train.en"};
  const Json json = world.json(compare);
  CHECK(json.at("sentences") == 300);
  const Json evaluated = world.json(kEvaluate + Arguments{"--confidence"});
  REQUIRE(json.at("metrics").size() == 4);
  for (const Json& metric : json.at("metrics")) {
    CAPTURE(metric.dump());
    const Json &model = metric.at("outputs")[0], &best = metric.at("outputs")[1],
               &bad = metric.at("outputs")[2];
    CHECK(model.at("output") == "model");
    CHECK(!model.contains("p_value"));
    for (const char* key : {"score", "mean", "half_width"}) CHECK(model.at(key) == best.at(key));
    CHECK(best.at("difference") == 0);
    CHECK(best.at("p_value") == 1);
    CHECK(bad.at("p_value").get<double>() < 0.05);
    CHECK((bad.at("difference") < 0) == (metric.at("metric") != "word_error_rate"));
  }
  const Json& bleu = json.at("metrics")[0];
  CHECK(bleu.at("metric") == "bleu");
  CHECK(bleu.at("outputs")[0].at("score") == evaluated.at("bleu_13a"));
  CHECK(bleu.at("outputs")[0].at("half_width") ==
        evaluated.at("confidence").at("bleu_13a").at("half_width"));
  CHECK(world.run(compare).out == world.run(compare).out);
  const auto lines = lines_of(world.run(compare).out);
  REQUIRE(lines.size() == 17);
  CHECK(lines[0].starts_with("BLEU|nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|"));
  CHECK(lines[2].ends_with("  +0.00  p = 1.0000"));
  CHECK(lines[3].ends_with(" *"));
  CHECK(lines[16] == "*: the difference to model is significant, p < 0.05");
  CHECK(world.run({"compare", "best", "bad", "--reference", "train.en"}).exit_code == 0);
}

TEST_CASE("compare and evaluate: what cannot be measured") {
  const Compared world;
  world.write("two", "one\ntwo\n");
  world.add_model("cased");
  const Arguments train = train_to("lower") + Arguments{"--lowercase", "--max-updates", "2"};
  REQUIRE(world.run(train).exit_code == 0);
  const Arguments references{"--reference", "train.en"};
  const std::string aligned = "; they must match line by line";
  check_refused(
      world,
      {{Arguments{"compare", "best"} + references,
        "compare needs two outputs or more, model folders or files of translations"},
       {Arguments{"compare"} + references, "output is required; see babelgrad compare --help"},
       {{"compare", "best", "bad"}, "--reference is required; see babelgrad compare --help"},
       {Arguments{"compare", "best", "none"} + references, "none: no such file"},
       {Arguments{"compare", "best", "two"} + references,
        "two has 2 lines, but train.en has 300" + aligned},
       {Arguments{"compare", "best", "bad", "--reference", "two"} + references,
        "two has 2 lines, but train.en has 300" + aligned},
       {Arguments{"compare", "best", "model"} + references,
        "model: is a model folder; --source is required to translate with it"},
       {Arguments{"compare", "best", "model", "--source", "two"} + references,
        "two has 2 lines, but train.en has 300" + aligned},
       {Arguments{"compare", "model", "lower", "--source", "train.fr"} + references,
        "lower: lower-cases or normalizes text otherwise than model; compare files of their "
        "translations"},
       {Arguments{"compare", "best", "bad", "--tok", "zh"} + references,
        "command line: tok is \"zh\"; need 13a, none, intl or char"},
       {Arguments{"compare", "best", "bad", "--resamples", "0"} + references,
        "--resamples: Value 0 not in range 1 to 1000000; see babelgrad compare --help"},
       {kEvaluate + Arguments{"--reference", "two"},
        "train.en has 300 lines, but two has 2" + aligned},
       {kEvaluate + Arguments{"--reference", "best", "--alignments", "two"},
        "--alignments are those of one --reference"}});
}

TEST_CASE("evaluate: an ensemble's figures are those of all of its models, in any order") {
  const World world;
  world.add_model();
  const Arguments evaluate{"evaluate", "--source", "train.fr", "--reference", "train.en", "--json"};
  REQUIRE(world.run(train_to("other") + Arguments{"--learning-rate", "0.02"}).exit_code == 0);
  const auto perplexity = [&](const Arguments& models) {
    const Finished finished = world.run(evaluate + models);
    REQUIRE(finished.exit_code == 0);
    return Json::parse(finished.out).at("perplexity").get<double>();
  };
  const double a = perplexity({"--model", "model"}), b = perplexity({"--model", "other"}),
               ab = perplexity({"--model", "model", "--model", "other"}),
               ba = perplexity({"--model", "other", "--model", "model"});
  CHECK(std::abs(a - b) > 1e-3);
  CHECK(std::abs(ab - ba) < 1e-5 * ab);
  CHECK(std::log(ab) < (std::log(a) + std::log(b)) / 2);  // the logarithm is concave
}

}  // namespace
}  // namespace babelgrad::test
