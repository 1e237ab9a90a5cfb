// The command `babelgrad serve`: start, answers, end, and bad usage.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/apps/error_table.h"
#include "tests/apps/listening.h"

namespace babelgrad::test {
namespace {

void serve_until(int signal) {
  const World world;
  world.add_model();
  const std::string expected = world.run({"translate", "--model", "model"}, kLine + "\n").out;
  Process process({"serve", "--model", "model", "--port", "0"}, world.path());
  const int port = port_of(process.read_line_err(kPatience));
  HttpClient client(port);
  const auto result = client.post("/api/translate", json{{"sentences", kLine}}.dump());
  REQUIRE(result);
  CHECK(json::parse(result->body)["results"][0]["translations"][0]["text"].get<std::string>() +
            "\n" ==
        expected);

  const auto explained =
      client.post("/api/explain", json{{"sentence", kLine}, {"masked", {0}}}.dump());
  REQUIRE(explained);
  CHECK(explained->status == 200);
  const json model = json::parse(explained->body)["models"][0];
  CHECK(model["name"] == "model");
  CHECK(model["source"]["text"] == kLine);
  CHECK(model["decoder"]["steps"][0]["weights"][0] == 0);
  const auto refused =
      client.post("/api/explain", json{{"sentence", kLine}, {"masked", {9}}}.dump());
  REQUIRE(refused);
  CHECK(refused->status == 400);
  CHECK(json::parse(refused->body)["error"] == "intervention: position 9 is masked; need 0 to 4");
  CHECK(client.get("/")->body.find("<!doctype html>") == 0);

  const Finished second = world.run({"serve", "--model", "model", "--port", std::to_string(port)});
  CHECK(second.exit_code == 2);
  CHECK(second.out == "");
  CHECK(second.err == "babelgrad: 127.0.0.1:" + std::to_string(port) + ": the port is in use\n");

  process.signal(signal);
  const Finished finished = process.finish();
  CHECK(finished.exit_code == 0);
  CHECK(finished.out == "");
  CHECK(finished.err == "stopping\n");
}

TEST_CASE("serve until Ctrl-C") { serve_until(SIGINT); }
TEST_CASE("serve until the signal to end") { serve_until(SIGTERM); }

TEST_CASE("serve: a pipe for tokens that nobody writes, one for the log that nobody reads") {
  const World world;
  world.add_model();
  REQUIRE(::mkfifo((world.path() / "pipe").c_str(), 0600) == 0);
  Process process({"serve", "--model", "model", "--token-file", "pipe"}, world.path());
  CHECK(process.read_line_err(0.5) == "");
  process.signal(SIGHUP);  // all is about to be loaded
  process.signal(SIGTERM);
  CHECK(process.finish().exit_code == 128 + SIGTERM);
  const Finished log = world.run({"serve", "--model", "model", "--access-log", "pipe"});
  CHECK(log.exit_code == 2);
  CHECK(log.err == "babelgrad: pipe: cannot be opened (No such device or address)\n");
}

TEST_CASE("serve: bad usage") {
  const World world;
  world.add_model();
  world.write("tokens", "short\n");
  const Arguments serve{"serve", "--model", "model"};
  check_refused(world,
                {{{"serve"}, "--model is required; see babelgrad serve --help"},
                 {{"serve", "--model", "none"}, "none: no such model folder"},
                 {serve + Arguments{"--port", "65536"},
                  "--port: Value 65536 not in range 0 to 65535; see babelgrad serve --help"},
                 {serve + Arguments{"--batch", "0"},
                  "--batch: Value 0 not in range 1 to 4096; see babelgrad serve --help"},
                 {serve + Arguments{"--token-file", "tokens"},
                  "tokens:1: the token has 5 characters; need 16 or more"},
                 {{"serve", "--model", "=model"}, "--model =model: need a folder, or NAME=FOLDER"},
                 {{"serve", "--model", "a="}, "--model a=: need a folder, or NAME=FOLDER"},
                 {serve + Arguments{"--access-log", "none/log"},
                  "none/log: cannot be opened (No such file or directory)"},
                 {serve + Arguments{"--host", "no.such.host.invalid"},
                  "no.such.host.invalid: no such host"}});
}

}  // namespace
}  // namespace babelgrad::test
