// The server's answers, without sockets.
#include <doctest/doctest.h>

#include <thread>

#include "tests/apps/served.h"

namespace babelgrad::test {
namespace {

using apps::HttpReply;

TEST_CASE("translate: what `babelgrad translate` gives, with scores, tokens and attention") {
  Served served;
  const HttpReply reply = served.post(
      "/api/translate",
      R"({"sentences": ["je vois le chat", "", "tu veux du thé"], "nbest": 2, "alignments": true})");
  CHECK(reply.status == 200);
  CHECK(reply.content_type == "application/json");
  const json results = json::parse(reply.body).at("results");
  REQUIRE(results.size() == 3);
  const std::vector<std::string> lines{"je vois le chat", "", "tu veux du thé"};
  SearchConfig search = served.translator.config().search;
  search.nbest = 2;
  const auto expected = served.translator.translate(lines, search);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(results[i]["source_tokens"] == expected[i][0].source_tokens);
    REQUIRE(results[i]["translations"].size() == expected[i].size());
    for (std::size_t k = 0; k < expected[i].size(); ++k) {
      const json& found = results[i]["translations"][k];
      const Hypothesis& hypothesis = expected[i][k].hypothesis;
      CHECK(found["text"] == expected[i][k].text);
      CHECK(found["tokens"] == expected[i][k].target_tokens);
      CHECK(found["finished"] == hypothesis.finished);
      CHECK(std::abs(found["score"].get<double>() - hypothesis.score) < 1e-4);
      CHECK(std::abs(found["log_probability"].get<double>() - hypothesis.log_probability) < 1e-4);
      REQUIRE(found["attention"].size() == hypothesis.weights.size());
      for (std::size_t t = 0; t < hypothesis.weights.size(); ++t) {
        REQUIRE(found["attention"][t].size() == hypothesis.weights[t].size());
        for (std::size_t s = 0; s < hypothesis.weights[t].size(); ++s)
          CHECK(std::abs(found["attention"][t][s].get<double>() - hypothesis.weights[t][s]) < 1e-4);
      }
    }
  }
}

TEST_CASE("translate: one string for a list of one, defaults of the model, no attention unasked") {
  Served served;
  const HttpReply reply = served.post("/api/translate", R"({"sentences": "je vois le chat"})");
  const json results = json::parse(reply.body).at("results");
  REQUIRE(results.size() == 1);
  REQUIRE(results[0]["translations"].size() == 1);
  CHECK(results[0]["translations"][0]["text"] == served.translation(kLine));
  CHECK_FALSE(results[0]["translations"][0].contains("attention"));
  CHECK(json::parse(served.post("/api/translate", R"({"sentences": []})").body)["results"] ==
        json::array());
}

TEST_CASE("explain, page, model, health") {
  Served served;
  const HttpReply explained = served.post("/api/explain", R"({"sentence": "je", "beam": 3})");
  CHECK(explained.status == 200);
  CHECK(json::parse(explained.body) == json{{"sentence", "je"}, {"beam", 3}});
  const HttpReply page = served.get("/");
  CHECK(page.body == "<!doctype html>");
  CHECK(page.content_type == "text/html; charset=utf-8");
  CHECK(page.headers.at("Content-Security-Policy").find("default-src 'none'") == 0);
  CHECK(served.get("/healthz").body == "ok\n");
  const json model = json::parse(served.get("/api/model").body);
  CHECK(model["name"] == "model");
  CHECK(model["attention"] == "global");
  CHECK(model["hidden"] == 16);
  CHECK(model["parameters"] == served.translator.model().store().element_count());
  CHECK(model["limits"]["sentences"] == 256);
  CHECK(model["limits"]["explained"] == 100);
  CHECK(model["search"]["precision"] == "float32");
  const HttpReply too_long =
      served.post("/api/explain", R"({"sentence": ")" + repeat("je ", 101) + R"("})");
  CHECK(too_long.status == 413);
  CHECK(json::parse(too_long.body)["error"] == "sentence has 101 tokens; at most 100");
  // Which would be few tokens, but take SentencePiece long.
  const std::string unknown = repeat("\u6f22", 3000);
  const HttpReply too_many =
      served.post("/api/translate", R"({"sentences": ")" + unknown + R"("})");
  CHECK(too_many.status == 413);
  CHECK(json::parse(too_many.body)["error"] ==
        "sentences[0] has 9000 bytes; at most 8192, 32 for each of 256 tokens");
}

TEST_CASE("metrics count requests, sentences and tokens") {
  Served served;
  served.post("/api/translate", R"({"sentences": ["je vois le chat", "tu veux du thé"]})");
  served.post("/api/translate", "{");
  served.get("/nowhere");
  const HttpReply reply = served.get("/metrics");
  CHECK(reply.content_type == "text/plain; version=0.0.4");
  for (const std::string line : {
           "babelgrad_requests_total{path=\"/api/translate\",status=\"200\"} 1\n",
           "babelgrad_requests_total{path=\"/api/translate\",status=\"400\"} 1\n",
           "babelgrad_requests_total{path=\"other\",status=\"404\"} 1\n",
           "babelgrad_request_seconds_count{path=\"/api/translate\"} 2\n",
           "babelgrad_batch_sentences_sum 2\n",
           "babelgrad_source_tokens_total 10\n",
           "babelgrad_queue_sentences 0\n",
           "babelgrad_refused_connections_total 0\n",
       }) {
    CAPTURE(line);
    CHECK(reply.body.find(line) != std::string::npos);
  }
  CHECK(reply.body.find("process_resident_memory_bytes ") != std::string::npos);
}

TEST_CASE("what is not there, not this method, not this type, not this host") {
  struct Row {
    apps::HttpRequest request;
    int status;
    std::string message;
  };
  const std::string json_type = "application/json";
  const std::vector<Row> rows{
      {{"GET", "/nowhere", "localhost", "", ""}, 404, "no such page"},
      {{"GET", "/api/translate/", "localhost", "", ""}, 404, "no such page"},
      {{"GET", "/api/translate", "localhost", "", ""}, 405, "need the method POST"},
      {{"POST", "/metrics", "localhost", json_type, ""}, 405, "need the method GET"},
      {{"POST", "/api/translate", "localhost", "text/plain", ""},
       415,
       "need the content type application/json"},
      {{"POST", "/api/translate", "localhost", "", ""},
       415,
       "need the content type application/json"},
      {{"GET", "/", "evil.example:8080", "", ""}, 421, "this server answers to localhost only"},
      {{"GET", "/", "", "", ""}, 421, "this server answers to localhost only"},
      {{"POST", "/api/translate", "localhost", json_type, "", 1 << 21},
       413,
       "the body is longer than 1048576 bytes"},
      {{"POST", "/api/translate", "localhost", json_type, std::string((1 << 20) + 1, ' ')},
       413,
       "the body is longer than 1048576 bytes"}};
  Served served;
  for (const Row& row : rows) {
    CAPTURE(row.request.method + " " + row.request.path + " " + row.request.host);
    const HttpReply reply = served.ask(row.request);
    CHECK(reply.status == row.status);
    CHECK(reply.content_type == "application/json");
    CHECK(error_of(reply.body) == row.message);
  }
  for (const std::string host : {"localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:1", "[::1]"})
    CHECK(served.ask({"GET", "/healthz", host, "", ""}).status == 200);
  Served open({}, [](apps::ServiceOptions& options) { options.local_only = false; });
  CHECK(open.ask({"GET", "/healthz", "model.example", "", ""}).status == 200);
  CHECK(served
            .ask({"POST", "/api/explain", "localhost", "Application/JSON ; charset=utf-8",
                  R"({"sentence": ""})"})
            .status == 200);
}

TEST_CASE("a full queue answers 503 and says when to come again; more than it holds is too much") {
  apps::ServerLimits limits;
  limits.queue = 2;
  Served served(limits);
  const std::string two = R"({"sentences": ["je", "je"]})";
  served.explain_waits = true;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)  // both workers are kept from it
    threads.emplace_back([&] { served.post("/api/explain", R"({"sentence": "je"})"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  threads.emplace_back([&] { CHECK(served.post("/api/translate", two).status == 200); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const HttpReply full = served.post("/api/translate", two);
  CHECK(full.status == 503);
  CHECK(full.headers.at("Retry-After") == "1");
  CHECK(error_of(full.body) == "2 sentences wait already; at most 2 may");
  const HttpReply never = served.post("/api/translate", R"({"sentences": ["je", "je", "je"]})");
  CHECK(never.status == 413);
  CHECK(error_of(never.body) == "3 sentences; at most 2 may wait");
  served.explain_waits = false;
  for (std::thread& thread : threads) thread.join();
  CHECK(served.post("/api/translate", two).status == 200);
}

TEST_CASE("sentences of several requests are searched together, whatever their settings") {
  Served served;
  served.explain_waits = true;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)  // both workers are kept from it
    threads.emplace_back([&] { served.post("/api/explain", R"({"sentence": "je"})"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  std::vector<std::string> texts(16);
  for (std::size_t i = 0; i < texts.size(); ++i)
    threads.emplace_back([&, i] {
      const json body{{"sentences", kLine}, {"beam", i % 4 == 0 ? 2 : 5}};
      const json reply = json::parse(served.post("/api/translate", body.dump()).body);
      texts[i] = reply["results"][0]["translations"][0]["text"];
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  served.explain_waits = false;
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : texts) CHECK(text == served.translation(kLine));
  const std::string metrics = served.get("/metrics").body;
  const std::string key = "babelgrad_batch_sentences_count ";
  const std::size_t at = metrics.find(key);
  REQUIRE(at != std::string::npos);
  CHECK(std::stoi(metrics.substr(at + key.size())) < 10);
}

}  // namespace
}  // namespace babelgrad::test
