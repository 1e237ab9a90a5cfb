// The report page and its data.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

using Json = nlohmann::json;

Json report_of(const World& world, const Arguments& more = {}) {
  const Finished finished =
      world.run(Arguments{"report", "--model", "model", "-o", "report.json", "--json"} + more);
  CHECK(finished.err == "");
  REQUIRE(finished.exit_code == 0);
  return Json::parse(world.read("report.json"));
}

TEST_CASE("report: curves and norms are those of metrics.jsonl") {
  const World world;
  world.add_model();
  const Json curves = report_of(world).at("curves");
  std::vector<Json> updates, validations;
  for (const std::string& line : lines_of(world.read("model/metrics.jsonl"))) {
    const Json json = Json::parse(line);
    (json.contains("valid_loss") ? validations : updates).push_back(json);
  }
  REQUIRE(curves.at("loss").size() == updates.size());
  REQUIRE(curves.at("valid_bleu").size() == validations.size());
  for (std::size_t i = 0; i < validations.size(); ++i)
    for (const char* key : {"valid_chrf2", "valid_exact_match", "valid_token_error_rate"})
      CHECK(curves.at(key)[i] == Json{validations[i]["update"], validations[i][key]});
  for (std::size_t i = 0; i < updates.size(); ++i) {
    CHECK(curves.at("loss")[i] == Json{updates[i]["update"], updates[i]["loss"]});
    CHECK(curves.at("gradient_norm")[i] == Json{updates[i]["update"], updates[i]["gradient_norm"]});
  }
  const Json& norms = curves.at("norms");
  CHECK(norms.at("updates").size() == validations.size());
  for (const Json& parameter : norms.at("parameters")) {
    const Json& row = validations[0].at("parameters").at(parameter.at("name").get<std::string>());
    CHECK(parameter.at("weight")[0] == row.at("weight_norm"));
    CHECK(parameter.at("gradient")[0] == row.at("gradient_norm"));
  }
}

TEST_CASE("report: quality is what evaluate measures on the same pairs") {
  const World world;
  world.add_model();
  const Json quality =
      report_of(world, {"--source", "train.fr", "--reference", "train.en"}).at("quality");
  const Finished evaluated = world.run({"evaluate", "--model", "model", "--source", "train.fr",
                                        "--reference", "train.en", "--json"});
  const Json expected = Json::parse(evaluated.out);
  const std::pair<const char*, const char*> figures[] = {{"bleu", "bleu_13a"},
                                                         {"chrf", "chrf2"},
                                                         {"exact_match", "exact_match"},
                                                         {"token_error_rate", "token_error_rate"}};
  for (const auto& [name, evaluates] : figures)
    CHECK(std::abs(quality.at(name).get<double>() - expected.at(evaluates).get<double>()) < 1e-3);
  CHECK(quality.at("sentences") == 300);
  std::size_t sentences = 0;
  for (const Json& group : quality.at("by_length")) sentences += group.at("sentences").get<int>();
  CHECK(sentences == 300);
  CHECK(quality.at("by_frequency").size() == 7);
  CHECK(quality.at("sample").size() == 12);
  const auto chrf_of = [](const Json& example) { return example.at("chrf").get<double>(); };
  const Json& worst = quality.at("worst");
  for (std::size_t i = 1; i < worst.size(); ++i) CHECK(chrf_of(worst[i - 1]) <= chrf_of(worst[i]));
}

TEST_CASE("report: attention at each snapshot and of the best model") {
  const World world;
  CHECK(world.run(train_to("model") + Arguments{"--snapshots", "3"}).exit_code == 0);
  const Json attention = report_of(world).at("attention");
  const Json& moments = attention.at("moments");
  REQUIRE(moments.size() >= 2);
  CHECK(moments.back().at("best") == true);
  for (std::size_t i = 1; i < moments.size(); ++i) CHECK(moments[i - 1].at("best") == false);
  CHECK(attention.at("sentences").size() == 5);
  for (const Json& sentence : attention.at("sentences")) {
    REQUIRE(sentence.at("moments").size() == moments.size());
    for (const Json& moment : sentence.at("moments")) {
      REQUIRE(moment.at("weights").size() == sentence.at("target").size());
      for (const Json& row : moment.at("weights")) {
        CHECK(row.size() == sentence.at("source").size());
        double sum = 0;
        for (const Json& weight : row) sum += weight.get<double>();
        CHECK(std::abs(sum - 1) < 0.01);
      }
    }
  }
}

TEST_CASE("report: the page is one file with the same data") {
  const World world;
  world.add_model();
  const Json data = report_of(world);
  CHECK(world.run({"report", "--model", "model", "-o", "r.html"}).exit_code == 0);
  const std::string page = world.read("r.html");
  CHECK(page.find("<title>Training of model</title>") != std::string::npos);
  const std::string begin = R"(<script type="application/json" id="data">)";
  const std::size_t at = page.find(begin);
  REQUIRE(at != std::string::npos);
  const std::size_t end = page.find("</script>", at);
  CHECK(Json::parse(page.substr(at + begin.size(), end - at - begin.size())) == data);
}

TEST_CASE("report: models without metrics, without attention, and with moved training data") {
  const World world;
  world.add_model();
  std::filesystem::remove(world.path() / "model/metrics.jsonl");
  CHECK_FALSE(report_of(world).contains("curves"));
  world.write("a.fr", world.read("train.fr"));
  world.write("a.en", world.read("train.en"));
  std::filesystem::remove(world.path() / "train.fr");
  const Json moved = report_of(world, {"--source", "a.fr", "--reference", "a.en"});
  CHECK(moved.at("quality").at("by_frequency").is_null());
  CHECK(moved.at("validation") == "a.fr");

  const World plain;
  CHECK(plain.run(train_to("model") + Arguments{"--attention", "none"}).exit_code == 0);
  const Json report = report_of(plain);
  for (const Json& sentence : report.at("attention").at("sentences"))
    CHECK(sentence.at("moments")[0].at("weights").empty());
}

TEST_CASE("report: bad input") {
  const World world;
  world.add_model();
  check_refused(
      world,
      {{{"report", "--model", "model"}, "--out is required; see babelgrad report --help"},
       {{"report", "--model", "model", "-o", "r.html", "--source", "train.fr"},
        "--source and --reference go together"},
       {{"report", "--model", "model", "-o", "missing/r.html"},
        "missing/r.html: cannot be written (No such file or directory)"},
       {{"report", "--model", "none", "-o", "r.html"}, "none: no such model folder"},
       {{"report", "--model", "model", "-o", "r.html", "--source", "x", "--reference", "train.en"},
        "x: no such file"}});
  const std::string metrics = world.read("model/metrics.jsonl");
  world.write("model/metrics.jsonl", "{}\n" + metrics);
  check_refused(world, {{"report", "--model", "model", "-o", "r.html"},
                        "model/metrics.jsonl:1: not a line of training metrics"});
  world.write("model/metrics.jsonl", metrics);
  std::filesystem::remove(world.path() / "train.en");
  check_refused(world, {{"report", "--model", "model", "-o", "r.html"},
                        "train.en: no such file; for other validation pairs than those of the "
                        "training give --source and --reference"});
}

}  // namespace
}  // namespace babelgrad::test
