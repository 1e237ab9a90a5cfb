// Bodies that are refused, each with its one sentence.
#include <doctest/doctest.h>

#include "babelgrad/apps/server/queries.h"
#include "tests/apps/folder.h"

namespace babelgrad::test {
namespace {

using apps::Defaults;
using apps::ExplainQuery;
using apps::parse_explain;
using apps::parse_translate;
using apps::RequestError;
using apps::ServerLimits;
using apps::TranslateQuery;

struct BadBody {
  std::string body;
  int status;
  std::string message;
};

const Defaults kDefaults = [](const std::string&) { return SearchConfig{}; };

template <class Parse>
void check_bodies_refused(const std::vector<BadBody>& rows, Parse parse) {
  ServerLimits limits;
  limits.sentences = 3;
  limits.tokens = 5;
  for (const BadBody& row : rows) {
    CAPTURE(row.body.substr(0, 100));
    try {
      parse(row.body, kDefaults, limits);
      FAIL_CHECK("it was taken");
    } catch (const RequestError& error) {
      CHECK(error.what() == row.message);
      CHECK(error.status() == row.status);
    }
  }
}

const std::vector<BadBody> kNotAnObject{
    {"", 400, "the body: not valid JSON at byte 1"},
    {"{\"sentence\": ", 400, "the body: not valid JSON at byte 14"},
    {"{\"sentence\": \"\xff\"}", 400, "the body: not valid JSON at byte 15"},
    {"{\"sentence\": \"\\ud800\"}", 400, "the body: not valid JSON at byte 21"},
    {"{\"beam\": 1e999}", 400, "the body: a number is too large"},
    {"[]", 400, "the body is not a JSON object"},
    {"null", 400, "the body is not a JSON object"},
    {"{} {}", 400, "the body: not valid JSON at byte 4"},
    {std::string(100000, '['), 400, "the body: nested deeper than 64 levels"},
};

TEST_CASE("translate: refused bodies") {
  check_bodies_refused(kNotAnObject, parse_translate);
  check_bodies_refused(
      {
          {"{}", 400, "need sentences, a list of strings or one string"},
          {R"({"sentences": 7})", 400, "sentences is 7; need a list of strings"},
          {R"({"sentences": ["a", 7]})", 400, "sentences[1] is 7; need a string"},
          {R"({"sentences": [["a"]]})", 400, "sentences[0] is a list of size 1; need a string"},
          {R"({"sentences": ["a\u0000"]})", 400, "sentences[0]: NUL byte at byte 2"},
          {R"({"sentences": ["a", "b", "c", "d"]})", 413, "sentences has 4 entries; at most 3"},
          {R"({"sentences": [], "beam": "big"})", 400, "beam is \"big\"; need a whole number"},
          {R"({"sentences": [], "beam": 2.5})", 400, "beam is 2.5; need a whole number"},
          {R"({"sentences": [], "beam": 0})", 400, "beam is 0; need 1 to 16"},
          {R"({"sentences": [], "beam": 17})", 400, "beam is 17; need 1 to 16"},
          {R"({"sentences": [], "beam": 18446744073709551617})", 400,
           "beam is 1.8446744073709552e+19; need a whole number"},
          {R"({"sentences": [], "nbest": 6})", 400, "nbest is 6; need 1 to 5"},
          {R"({"sentences": [], "nbest": -1})", 400, "nbest is -1; need 1 to 5"},
          {R"({"sentences": [], "alignments": 1})", 400, "alignments is 1; need true or false"},
          {R"({"sentences": [], "sentense": ""})", 400, "unknown key \"sentense\""},
          {R"({"sentences": )" + ("\"" + std::string(100, 'a') + "\"") + R"(, "beam": ")" +
               std::string(100, 'b') + R"("})",
           400, "beam is \"" + std::string(59, 'b') + "...; need a whole number"},
          {R"({"sentences": [], "beam": {"a": 1, "b": [2]}})", 400,
           "beam is an object of size 2; need a whole number"},
      },
      parse_translate);
}

TEST_CASE("explain: refused bodies") {
  check_bodies_refused(kNotAnObject, parse_explain);
  const std::string start = R"({"sentence": "a", )";
  check_bodies_refused(
      {
          {"{}", 400, "need sentence, a string"},
          {R"({"sentence": ["a"]})", 400, "sentence is a list of size 1; need a string"},
          {start + R"("masked": 1})", 400, "masked is 1; need a list of source positions"},
          {start + R"("masked": [-1]})", 400, "masked[0] is -1; need 0 to 5"},
          {start + R"("masked": [0, 1.5]})", 400, "masked[1] is 1.5; need a whole number"},
          {start + R"("masked": [0, 1, 2, 3, 4, 5, 0]})", 413, "masked has 7 entries; at most 6"},
          {start + R"("weights": [])" + "}", 400,
           "weights is a list of size 0; need an object from output steps to weights"},
          {start + R"("weights": {"x": []}})", 400,
           "weights has the key \"x\"; need an output step"},
          {start + R"("weights": {"-1": []}})", 400,
           "weights has the key \"-1\"; need an output step"},
          {start + R"("weights": {"1": 2}})", 400, "weights.1 is 2; need a list of numbers"},
          {start + R"("weights": {"1": ["a"]}})", 400, "weights.1[0] is \"a\"; need a number"},
          {start + R"("weights": {"1": [2, -1]}})", 400, "weights.1[1] is -1; need 0 or more"},
          {start + R"("alignments": true})", 400, "unknown key \"alignments\""},
      },
      parse_explain);
}

// The messages used to print such values recursively, over the end of the stack.
TEST_CASE("values that are nested without end, at every key") {
  const auto deep = [](const std::string& open, const std::string& close) {
    return repeat(open, 480000) + "1" + repeat(close, 480000);
  };
  for (const std::string& value : {deep("[", "]"), deep("{\"a\":", "}")}) {
    std::vector<BadBody> translate, explain;
    const auto add = [&](std::vector<BadBody>& rows, const std::string& before,
                         const std::string& after = "}") {
      rows.push_back({before + value + after, 400, "the body: nested deeper than 64 levels"});
    };
    add(translate, R"({"sentences": )");
    add(translate, R"({"sentences": ["a", )", "]}");
    for (const char* key : {"beam", "nbest", "alignments", "unknown"})
      add(translate, R"({"sentences": ["x"], ")" + std::string(key) + "\": ");
    add(explain, R"({"sentence": )");
    for (const char* key : {"beam", "masked", "weights", "unknown"})
      add(explain, R"({"sentence": "x", ")" + std::string(key) + "\": ");
    add(explain, R"({"sentence": "x", "masked": [0, )", "]}");
    add(explain, R"({"sentence": "x", "weights": {"0": )", "}}");
    add(explain, R"({"sentence": "x", "weights": {"0": [)", "]}}");
    check_bodies_refused(translate, parse_translate);
    check_bodies_refused(explain, parse_explain);
  }
}

TEST_CASE("explain: everything at once") {
  const ExplainQuery request = parse_explain(
      R"({"sentence": "a b", "beam": 3, "masked": [1], "weights": {"2": [0.5, 0.5]}})", kDefaults,
      ServerLimits{});
  CHECK(request.sentence == "a b");
  CHECK(request.search.beam == 3);
  CHECK(request.intervention.masked == std::vector<std::size_t>{1});
  REQUIRE(request.intervention.weights.size() == 1);
  CHECK(request.intervention.weights.at(2) == std::vector<double>{0.5, 0.5});
}

TEST_CASE("a byte order mark is no part of a sentence") {
  const TranslateQuery request =
      parse_translate(R"({"sentences": ["\ufeffa", "b"]})",
                      [](const auto&) { return SearchConfig{}; }, ServerLimits{});
  CHECK(request.sentences == std::vector<std::string>{"a", "b"});
}

TEST_CASE("beam and nbest follow the model within the server's limit") {
  SearchConfig model;
  model.beam = 40;
  model.nbest = 30;
  const TranslateQuery request =
      parse_translate(R"({"sentences": "a"})", [&](const auto&) { return model; }, ServerLimits{});
  CHECK(request.search.beam == 16);
  CHECK(request.search.nbest == 16);
}

}  // namespace
}  // namespace babelgrad::test
