// Who may ask, under which name of the server, and what is written down of it.
#include <doctest/doctest.h>

#include <csignal>
#include <regex>
#include <sstream>

#include "babelgrad/apps/server/access_tokens.h"
#include "babelgrad/apps/server/request_id.h"
#include "babelgrad/base/files.h"
#include "babelgrad/text/error.h"
#include "tests/apps/listening.h"
#include "tests/apps/process.h"

namespace babelgrad::test {
namespace {

using apps::AccessTokens;

const std::string kToken = "abcdefgh-1234567", kOther = "ABCDEFGH.7654321==";

TEST_CASE("tokens: files that are refused") {
  const Folder folder;
  const auto message = [&](const std::string& content) -> std::string {
    folder.write("tokens", content);
    try {
      AccessTokens::load(folder.path() / "tokens");
    } catch (const text::InputError& error) {
      return std::string(error.what()).substr(folder.path().string().size() + 1);
    }
    return "";
  };
  CHECK(message("") == "tokens: is empty");
  CHECK(message("\n \n") == "tokens: there is no token in it");
  CHECK(message("\nshort me\n") == "tokens:2: the token has 5 characters; need 16 or more");
  CHECK(message(kToken + "\n\n" + kToken + " b\n") == "tokens:3: the token of line 1 again");
  CHECK(message(kToken + "é\n") == "tokens:1: the token has other characters than RFC 6750");
  CHECK(message(kToken + " \r\n  " + kOther + "  anna\n") == "");
}

TEST_CASE("tokens: who holds them") {
  const Folder folder;
  folder.write("tokens", "\ufeff\n" + kToken + "\n" + kOther + " anna\n");
  const AccessTokens tokens = AccessTokens::load(folder.path() / "tokens");
  CHECK(tokens.holder("Bearer " + kToken) == "line 2");
  CHECK(tokens.holder("Bearer " + kOther) == "anna");
  CHECK(tokens.holder("bearer  " + kOther) == "anna");
  const std::vector<std::string> wrongs{
      "",
      "Bearer",
      "Bearer ",
      "Bearer anna",
      "Bearer" + kToken,
      "Basic " + kToken,
      "Bearer " + kToken + "x",
      "Bearer " + kToken + kToken,
      "Bearer " + kToken.substr(1),
      "Bearer " + kToken + " " + kToken,
  };
  for (const std::string& wrong : wrongs) {
    CAPTURE(wrong);
    CHECK_FALSE(tokens.holder(wrong));
  }
}

TEST_CASE("tokens: nothing but health without one") {
  const Folder folder;
  folder.write("tokens", kToken + " anna\n");
  Listening listening({}, [&](apps::ServiceOptions& options) {
    options.tokens = AccessTokens::load(folder.path() / "tokens");
  });
  CHECK(listening.client.get("/healthz")->status == 200);
  for (const std::string path : {"/", "/api/model", "/metrics", "/nowhere"}) {
    const auto refused = listening.client.get(path);
    CHECK(refused->status == 401);
    CHECK(refused->headers.at("WWW-Authenticate") == "Bearer");
    CHECK(error_of(refused->body) == "need a valid token: Authorization: Bearer TOKEN");
  }
  CHECK(listening.client.post("/api/translate", kBody)->status == 401);
  const HttpClient::Headers headers{{"Content-Type", "application/json"},
                                    {"Authorization", "Bearer " + kToken}};
  CHECK(listening.client.send("POST", "/api/translate", kBody, headers)->status == 200);
  apps::HttpRequest request;
  request.client = "127.0.0.1";
  request.authorization = "Bearer " + kToken;
  CHECK(listening.service.client_of(request) == "anna");

  folder.write("tokens", kOther + "\n");
  listening.service.replace_tokens(AccessTokens::load(folder.path() / "tokens"));
  CHECK(listening.client.send("POST", "/api/translate", kBody, headers)->status == 401);
  request.authorization = "Bearer " + kOther;
  CHECK(listening.service.client_of(request) == "line 1");
}

TEST_CASE("addresses are written in one way") {
  CHECK(apps::canonical_address("192.0.2.1") == "192.0.2.1");
  CHECK(apps::canonical_address("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(apps::canonical_address("2001:DB8::0:1") == "2001:db8::1");
  CHECK(apps::canonical_address("192.0.2") == "");
  CHECK(apps::canonical_address("proxy.example") == "");
}

TEST_CASE("an access log that cannot be written is said once") {
  const World world;
  world.add_model();
  Process process({"serve", "--model", "model", "--port", "0", "--access-log", "/dev/full"},
                  world.path());
  HttpClient client(port_of(process.read_line_err(kPatience)));
  for (int i = 0; i < 3; ++i) CHECK(client.get("/healthz")->status == 200);
  process.signal(SIGTERM);
  CHECK(process.finish().err ==
        "/dev/full: cannot be written (No space left on device); its lines are lost\nstopping\n");
}

TEST_CASE("hosts that are allowed besides localhost") {
  for (const bool local_only : {true, false}) {
    Served served({}, [&](apps::ServiceOptions& options) {
      options.local_only = local_only;
      options.hosts = {"translate.example"};
    });
    CHECK(served.ask({"GET", "/healthz", "Translate.Example:443", "", ""}).status == 200);
    CHECK(served.ask({"GET", "/healthz", "localhost", "", ""}).status == 200);
    const apps::HttpReply refused = served.ask({"GET", "/healthz", "example", "", ""});
    CHECK(refused.status == 421);
    CHECK(error_of(refused.body) == "this server does not answer to that host");
  }
}

TEST_CASE("the request's id: the client's, or a new one") {
  Listening listening;
  const auto id = [&](const std::string& given) {
    return listening.client.send("GET", "/healthz", "", {{"X-Request-Id", given}})
        ->headers.at("X-Request-Id");
  };
  CHECK(id("a-B_3.") == "a-B_3.");
  const std::regex made("[0-9a-f]{16}");
  for (const std::string& given :
       {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a\"b")})
    CHECK(std::regex_match(id(given), made));
  CHECK(apps::request_id("") != apps::request_id(""));
  RawClient raw(listening.server.port());
  raw.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(raw.receive(kPatience).find("X-Request-Id: ") != std::string::npos);
}

TEST_CASE("the access log has a line a reply") {
  const World world;
  world.add_model();
  Process process({"serve", "--model", "model", "--port", "0", "--access-log", "log"},
                  world.path());
  const int port = port_of(process.read_line_err(kPatience));
  HttpClient client(port);
  CHECK(client.send("GET", "/healthz?secret", "", {{"X-Request-Id", "one"}})->status == 200);
  CHECK(client.post("/api/translate", kBody)->status == 200);
  CHECK(client.get("/\xff" + std::string(200, 'a'))->status == 404);
  RawClient raw(port);
  raw.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(status_of(raw.receive(kPatience)) == 400);
  process.signal(SIGTERM);
  CHECK(process.finish().exit_code == 0);

  const std::string log = world.read("log");
  CHECK(log.find("secret") == std::string::npos);
  CHECK(log.find("chat") == std::string::npos);
  const std::vector<std::string> lines = lines_of(log);
  REQUIRE(lines.size() == 4);
  const json first = json::parse(lines[0]);
  CHECK(std::regex_match(first["time"].get<std::string>(),
                         std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
  CHECK(first["id"] == "one");
  CHECK(first["client"] == "127.0.0.1");
  CHECK(first["method"] == "GET");
  CHECK(first["path"] == "/healthz");
  CHECK(first["status"] == 200);
  CHECK(first["bytes"] == 3);
  CHECK(first["milliseconds"] >= 0);
  CHECK(json::parse(lines[1])["path"] == "/api/translate");
  CHECK(json::parse(lines[2])["status"] == 404);
  CHECK(json::parse(lines[2])["path"].get<std::string>().size() < 70);
  CHECK(json::parse(lines[3])["status"] == 400);
  CHECK_FALSE(json::parse(lines[3]).contains("path"));
}

}  // namespace
}  // namespace babelgrad::test
