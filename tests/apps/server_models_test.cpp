// Several models by name, models that are replaced, LibreTranslate's interface, and the
// description for programs.
#include <doctest/doctest.h>

#include <csignal>
#include <thread>

#include "babelgrad/apps/server/access_tokens.h"
#include "babelgrad/apps/server/openapi.h"
#include "tests/apps/listening.h"
#include "tests/apps/process.h"

namespace babelgrad::test {
namespace {

using apps::HttpReply;
using apps::ServiceOptions;

// The model twice; the second one has two translations a sentence.
void add_second(ServiceOptions& options) {
  apps::ServedModel second = options.models[0];
  const World world;
  world.add_model();
  auto translator = std::make_shared<Translator>(Translator::load(world.path() / "model"));
  translator->config().search.nbest = 2;
  second.name = "fr-en";
  second.page = "second";
  second.translator = translator;
  options.models.push_back(second);
}

HttpReply ask(Served& served, const std::string& path, const std::string& query,
              const std::string& body = "") {
  apps::HttpRequest request{body.empty() ? "GET" : "POST", path, "localhost", "application/json",
                            body};
  request.query = query;
  return served.ask(request);
}

std::size_t translations(const HttpReply& reply) {
  return json::parse(reply.body).at("results")[0].at("translations").size();
}

TEST_CASE("models by name: of the address, of the body, the first, or none") {
  Served served({}, add_second);
  CHECK(translations(ask(served, "/api/translate", "", kBody)) == 1);
  CHECK(translations(ask(served, "/api/translate", "a=b&model=fr%2den", kBody)) == 2);
  const std::string named = R"({"sentences": "je", "model": "fr-en"})";
  CHECK(translations(ask(served, "/api/translate", "model=model", named)) == 2);
  CHECK(ask(served, "/", "model=fr-en").body == "second");
  const json model = json::parse(ask(served, "/api/model", "model=fr-en").body);
  CHECK(model["name"] == "fr-en");
  CHECK(model["models"] == json{"model", "fr-en"});
  CHECK(ask(served, "/api/explain", "model=fr-en", R"({"sentence": "je"})").status == 200);
  for (const HttpReply& refused :
       {ask(served, "/", "model=x"), ask(served, "/api/model", "model=x"),
        ask(served, "/api/translate", "model=x", kBody),
        ask(served, "/api/explain", "", R"({"sentence": "je", "model": "x"})")}) {
    CHECK(refused.status == 404);
    CHECK(error_of(refused.body) == R"(there is no model "x"; there are "model", "fr-en")");
  }
}

TEST_CASE("a model that is replaced still answers what it was asked before") {
  Served served;
  served.explain_waits = true;
  std::vector<HttpReply> before(2);
  std::vector<std::thread> threads;
  for (HttpReply& reply : before)
    threads.emplace_back([&] { reply = served.post("/api/explain", R"({"sentence": "je"})"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  apps::ServedModel replacement{"new", served.model, "new page", {}};
  replacement.explain = [](const apps::ExplainQuery&) { return json{{"new", true}}; };
  served.service.replace_models({replacement});
  CHECK(served.get("/").body == "new page");
  served.explain_waits = false;
  for (std::thread& thread : threads) thread.join();
  for (const HttpReply& reply : before) CHECK(json::parse(reply.body)["sentence"] == "je");
  CHECK(json::parse(served.post("/api/explain", R"({"sentence": "je"})").body)["new"] == true);
}

TEST_CASE("serve: a signal loads the models again, and no request is lost") {
  const World world;
  world.add_model("first");
  world.add_model("second");
  Process process(
      {"serve", "--model", "first", "--model", "b=second", "--port", "0", "--access-log", "log"},
      world.path());
  const std::string line = process.read_line_err(kPatience);
  CHECK(line.starts_with("serving first, b=second at http://127.0.0.1:"));
  const int port = port_of(line);
  std::atomic<bool> stop{false};
  std::atomic<int> good{0}, bad{0};
  std::thread client([&] {
    HttpClient http(port);
    while (!stop) {
      const auto answer = http.post("/api/translate?model=b", kBody);
      ++(answer && answer->status == 200 ? good : bad);
    }
  });
  for (int i = 0; i < 3; ++i) {
    process.signal(SIGHUP);
    CHECK(process.read_line_err(kPatience) == "loaded again");
  }
  std::filesystem::rename(world.path() / "second", world.path() / "elsewhere");
  std::filesystem::rename(world.path() / "log", world.path() / "log.1");
  process.signal(SIGHUP);
  CHECK(process.read_line_err(kPatience) == "not loaded again: second: no such model folder");
  const int before = good;
  while (good < before + 5 && bad == 0) std::this_thread::yield();
  stop = true;
  client.join();
  CHECK(bad == 0);
  CHECK(std::filesystem::exists(world.path() / "log"));
  process.signal(SIGTERM);
  CHECK(process.finish().exit_code == 0);
  const Finished twice =
      world.run({"serve", "--model", "first", "--model", "./first", "--port", "0"});
  CHECK(twice.exit_code == 2);
  CHECK(twice.err ==
        "babelgrad: --model ./first: another model is called first; need --model NAME=./first\n");
}

TEST_CASE("LibreTranslate's interface") {
  Served served({}, add_second);
  const auto translate = [&](const json& request) {
    const HttpReply reply = served.post("/translate", request.dump());
    CHECK(reply.status == 200);
    return json::parse(reply.body);
  };
  const json pair{{"source", "fr"}, {"target", "en"}};
  const auto with = [&](json request) {
    request.update(pair);
    return request;
  };
  const std::string cat = served.translation(kLine), tea = served.translation("tu veux du thé");
  CHECK(translate(with({{"q", kLine}})) == json{{"translatedText", cat}});
  CHECK(translate(with({{"q", kLine + "\n\ntu veux du thé\n"}, {"format", "text"}})) ==
        json{{"translatedText", cat + "\n\n" + tea}});
  CHECK(translate(with({{"q", {kLine, "", "tu veux du thé"}}})) ==
        json{{"translatedText", {cat, "", tea}}});
  const json one = translate(with({{"q", kLine}, {"alternatives", 2}}));
  CHECK(one["translatedText"] == cat);
  CHECK(one["alternatives"].size() == 2);
  CHECK(one["alternatives"][0] != cat);
  const json two = translate(with({{"q", {kLine, "tu"}}, {"alternatives", 1}}));
  CHECK(two["alternatives"].size() == 2);
  CHECK(two["alternatives"][0].size() == 1);

  const auto refused = [&](const json& request, int status) {
    const HttpReply reply = served.post("/translate", request.dump());
    CHECK(reply.status == status);
    return error_of(reply.body);
  };
  CHECK(refused({{"q", "a"}, {"source", "fr"}, {"target", "de"}}, 404) ==
        R"(there is no model "fr-de"; there are "model", "fr-en")");
  CHECK(translate({{"q", kLine}, {"target", "en"}}) == json{{"translatedText", cat}});
  CHECK(refused({{"q", "a"}, {"target", "n"}}, 400).starts_with("need source and target"));
  CHECK(ask(served, "/translate", "model=x", json{{"q", "a"}}.dump()).status == 404);
  CHECK(ask(served, "/translate", "model=fr-en", json{{"q", "a"}}.dump()).status == 200);
  CHECK(refused({{"q", "a"}}, 400) == R"(need source and target; there are "model", "fr-en")");
  CHECK(refused(with({{"q", "a"}, {"format", "html"}}), 400) == R"(format is "html"; need "text")");
  CHECK(refused(with({{"q", 7}}), 400) == "q is 7; need a string");
  CHECK(refused(with({{"q", "a"}, {"alternatives", 16}}), 400) ==
        "alternatives is 16; need 0 to 15");
  CHECK(refused(with({{"q", repeat("a\n", 257)}}), 413) == "q has 257 lines; at most 256");
  CHECK(refused({{"source", "fr"}}, 400) == "need q, a text or a list of texts");
  Served alone;
  CHECK(alone.post("/translate", R"({"q": "je"})").status == 200);
}

TEST_CASE("LibreTranslate's api_key is the token") {
  const Folder folder;
  folder.write("tokens", "0123456789abcdef anna\n");
  Served served({}, [&](ServiceOptions& options) {
    options.tokens = apps::AccessTokens::load(folder.path() / "tokens");
  });
  CHECK(served.post("/translate", R"({"q": "je", "api_key": "0123456789abcdef"})").status == 200);
  const HttpReply refused = served.post("/translate", R"({"q": "je", "api_key": "x"})");
  CHECK(refused.status == 401);
  CHECK(refused.headers.at("WWW-Authenticate") == "Bearer");
  CHECK(error_of(refused.body) == "need a valid api_key");
}

TEST_CASE("the description for programs has the routes, the keys and examples that work") {
  Served served;
  const json description = json::parse(served.get("/openapi.json").body);
  const json& schemas = description.at("components").at("schemas");
  std::vector<std::string> routes;
  for (const auto& route : description.at("paths").items())
    for (const auto& [method, operation] : route.value().items()) {
      const std::string path = route.key();
      CAPTURE(path);
      routes.push_back((method == "get" ? "GET " : "POST ") + path);
      if (method == "get") {
        CHECK(served.get(path).status == 200);
        continue;
      }
      const std::string reference =
          operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
      const json& schema = schemas.at(reference.substr(reference.rfind('/') + 1));
      json example = schema.at("example");
      CHECK(served.post(path, example.dump()).status == 200);
      example["unknown"] = 1;
      CHECK(error_of(served.post(path, example.dump()).body) == "unknown key \"unknown\"");
      for (const auto& property : schema.at("properties").items()) {
        const std::string key = property.key();
        CAPTURE(key);
        json wrong = schema.at("example");
        wrong[key] = -1;  // nothing that is known may be -1
        const HttpReply reply = served.post(path, wrong.dump());
        CHECK(reply.status == 400);
        CHECK(error_of(reply.body).starts_with(key + " is -1; need "));
      }
    }
  std::vector<std::string> expected = apps::Service::route_names();
  std::sort(routes.begin(), routes.end());
  std::sort(expected.begin(), expected.end());
  CHECK(routes == expected);
  // A reply has what is described, and nothing else.
  const json result = json::parse(
      served.post("/api/translate", schemas["TranslateRequest"]["example"].dump()).body)["results"];
  const json& items = schemas["TranslateReply"]["properties"]["results"]["items"]["properties"];
  const json& described = items["translations"]["items"]["properties"];
  for (const auto& [key, value] : result[0]["translations"][0].items())
    CHECK(described.contains(key));
  CHECK(described.size() == result[0]["translations"][0].size());
}

}  // namespace
}  // namespace babelgrad::test
