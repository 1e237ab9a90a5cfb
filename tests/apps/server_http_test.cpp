// The server on real sockets: bad HTTP, slow and vanishing clients, many at once, and the end.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/apps/listening.h"

namespace babelgrad::test {
namespace {

// Limits under which a slow client is soon found out.
apps::ServerLimits tight() {
  apps::ServerLimits limits;
  limits.body = 1000;
  limits.client_seconds = 1;
  limits.idle_seconds = 2;
  return limits;
}

TEST_CASE("several requests over one connection") {
  Listening listening;
  for (int i = 0; i < 10; ++i) {
    const auto result = listening.client.post("/api/translate", kBody);
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(json::parse(result->body)["results"][0]["translations"][0]["text"] ==
          listening.translation(kLine));
  }
  CHECK(listening.client.get("/healthz?a=b")->body == "ok\n");
  const auto refused = listening.client.post("/api/translate", "{");
  CHECK(refused->status == 400);
  CHECK(error_of(refused->body) == "the body: not valid JSON at byte 2");
  CHECK(listening.client.send("HEAD", "/")->status == 200);
  CHECK(listening.client.send("OPTIONS", "/")->status == 405);
  CHECK(listening.get("/metrics").body.find("babelgrad_connections 1\n") != std::string::npos);
}

TEST_CASE("a body that is nested without end is refused, and the server lives") {
  Listening listening;
  const std::string deep = repeat("[", 480000) + repeat("]", 480000);
  for (const std::string& body :
       {"{\"beam\": " + deep + ", \"sentences\": [\"x\"]}", "{\"sentences\": " + deep + "}"}) {
    const auto refused = listening.client.post("/api/translate", body);
    REQUIRE(refused);
    CHECK(refused->status == 400);
    CHECK(error_of(refused->body) == "the body: nested deeper than 64 levels");
  }
  CHECK(listening.client.get("/healthz")->body == "ok\n");
}

TEST_CASE("requests sent before the reply to the one before") {
  Listening listening;
  RawClient raw(listening.server.port());
  REQUIRE(raw.send(kGet + post(kBody) + kGet + kGetLast));
  const std::string replies = raw.receive(kPatience);
  CHECK(raw.closed());
  CHECK(occurrences(replies, "HTTP/1.1 200 OK") == 4);
}

TEST_CASE("bad HTTP is refused, and the connection closed") {
  struct Row {
    std::string sent;
    int status;
    std::string message;
  };
  const std::string chunked = kPostHead + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string too_long = "the body is longer than 1000 bytes";
  const std::string not_so = "the body is not as its headers say";
  const std::string invalid = "not a valid HTTP request";
  const std::vector<Row> rows{
      {"\r\n\r\n", 400, invalid},
      {"GET /\r\n\r\n", 400, invalid},
      {"GET / HTTP/3\r\nHost: localhost\r\n\r\n", 400, invalid},
      {"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 400, invalid},
      {"JUMP / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405,
       "need the method GET"},
      {std::string("\0\x01\xff\r\n\r\n", 7), 400, invalid},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n", 414, "the address is too long"},
      {"GET /" + std::string(9000, 'a'), 414, "the address is too long"},
      {"GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n", 431,
       "the headers are too long"},
      {kPostHead + "Content-Length: 1001\r\n\r\n", 413, too_long},
      {kPostHead + "Content-Length: 99999999999999999999999\r\n\r\n", 413, "the body is too long"},
      {kPostHead + "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n", 413, too_long},
      {post(std::string(5000, ' ')), 413, too_long},
      {chunked + "3e9\r\n" + std::string(1001, ' '), 413, too_long},
      {chunked + "ffffffffffffffff\r\n", 413, too_long},
      {chunked + "zzzz\r\n", 400, not_so},
      {kPostHead + "Content-Length: 10\r\n\r\n{", 408, "the body did not come whole in time"},
      {kPostHead + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415,
       "need the body without a content encoding"},
      {"PUT /api/translate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde", 405,
       "need the method POST"},
      {"GET /healthz HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n", 421,
       "this server answers to localhost only"},
  };
  Listening listening(tight());
  for (const Row& row : rows) {
    CAPTURE(row.sent.substr(0, 200));
    RawClient raw(listening.server.port());
    raw.send(row.sent);
    const std::string reply = raw.receive(kPatience);
    CHECK(raw.closed());
    CHECK(status_of(reply) == row.status);
    const std::size_t body = reply.find("\r\n\r\n");
    REQUIRE(body != std::string::npos);
    CHECK(error_of(reply.substr(body + 4)) == row.message);
  }
  listening.check_serves();
}

TEST_CASE("neither ranges nor compression") {
  Listening listening;
  const auto result = listening.client.send(
      "GET", "/api/model", "", {{"Accept-Encoding", "br, gzip"}, {"Range", "bytes=0-0,0-,0-,0-"}});
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK_FALSE(result->headers.count("Content-Encoding"));
  CHECK(json::parse(result->body)["name"] == "model");
}

TEST_CASE("bodies in chunks, awaited, or none") {
  Listening listening;
  RawClient chunked(listening.server.port());
  chunked.send(kPostHead + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" +
               kBody.substr(0, 5) + "\r\n1b\r\n" + kBody.substr(5) + "\r\n0\r\n\r\n");
  CHECK(status_of(chunked.receive(kPatience)) == 200);
  RawClient waiting(listening.server.port());
  waiting.send(kPostHead + "Expect: 100-continue\r\nConnection: close\r\nContent-Length: " +
               std::to_string(kBody.size()) + "\r\n\r\n");
  CHECK(waiting.receive(1) == "HTTP/1.1 100 Continue\r\n\r\n");
  waiting.send(kBody);
  CHECK(status_of(waiting.receive(kPatience)) == 200);
  RawClient empty(listening.server.port());
  empty.send(kPostHead + "Connection: close\r\n\r\n");
  CHECK(status_of(empty.receive(kPatience)) == 400);
}

TEST_CASE("slow clients lose their connection, the others notice nothing") {
  Listening listening(tight());
  RawClient silent(listening.server.port()), half(listening.server.port());
  RawClient slow(listening.server.port()), body(listening.server.port());
  half.send("GET /healthz HT");
  body.send(kPostHead + "Content-Length: 100\r\n\r\n{");
  bool alive = true;
  for (int i = 0; i < 40 && alive; ++i) {  // a byte now and then does not help
    alive = slow.send("G");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (i % 10 == 0) listening.check_serves();
  }
  CHECK_FALSE(alive);
  CHECK(half.receive(kPatience) == "");
  CHECK(half.closed());
  CHECK(status_of(body.receive(kPatience)) == 408);
  CHECK(body.closed());
  CHECK(silent.receive(kPatience) == "");
  CHECK(silent.closed());
}

TEST_CASE("a client that takes no replies loses its connection") {
  Listening listening(tight());
  RawClient greedy(listening.server.port());
  const std::string requests = repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 100);
  int sent = 0;
  while (sent < 10000 && greedy.send(requests)) ++sent;
  CHECK(sent < 10000);
  listening.check_serves();
}

TEST_CASE("clients that go away in the middle harm nobody") {
  Listening listening(tight());
  const std::string whole = post(kBody);
  for (std::size_t bytes = 0; bytes <= whole.size(); bytes += 7) {
    RawClient raw(listening.server.port());
    raw.send(whole.substr(0, bytes));
  }
  listening.explain_waits = true;
  {
    RawClient raw(listening.server.port());
    raw.send(
        "POST /api/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 18\r\n\r\n{\"sentence\": \"je\"}");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  listening.explain_waits = false;
  listening.check_serves();
}

TEST_CASE("more connections than allowed are told to come again") {
  apps::ServerLimits limits;
  limits.connections = 2;
  Listening listening(limits);
  RawClient first(listening.server.port()), second(listening.server.port());
  first.send(kGet);
  second.send(kGet);
  CHECK(status_of(first.receive(0.5)) == 200);
  CHECK(status_of(second.receive(0.5)) == 200);
  RawClient third(listening.server.port());
  third.send(post(kBody));
  const std::string reply = third.receive(kPatience);
  CHECK(status_of(reply) == 503);
  CHECK(third.closed());
  CHECK(reply.find("Retry-After: 1\r\n") != std::string::npos);
  CHECK(reply.ends_with("{\"error\":\"too many connections are open\"}\n"));
  first.close();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  listening.check_serves();
  CHECK(listening.get("/metrics").body.find("babelgrad_refused_connections_total 1\n") !=
        std::string::npos);
}

TEST_CASE("many clients at once get what `babelgrad translate` gives") {
  Listening listening;
  const std::vector<std::string> lines = lines_of(listening.world.read("train.fr"));
  const SearchConfig search = listening.translator.config().search;
  const auto expected = listening.translator.translate(lines, search);
  std::vector<std::string> texts(lines.size());
  std::vector<std::thread> threads;
  constexpr std::size_t kClients = 32;
  for (std::size_t c = 0; c < kClients; ++c)
    threads.emplace_back([&, c] {
      HttpClient client(listening.server.port());
      for (std::size_t i = c; i < lines.size(); i += kClients) {
        const json body{{"sentences", lines[i]}};
        const auto result = client.post("/api/translate", body.dump());
        if (!result || result->status != 200) continue;
        texts[i] = json::parse(result->body)["results"][0]["translations"][0]["text"];
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(texts[i] == expected[i][0].text);
}

TEST_CASE("stopping finishes what is under way and takes nothing new") {
  Listening listening;
  listening.explain_waits = true;
  RawClient idle(listening.server.port());
  idle.send(kGet);
  CHECK(status_of(idle.receive(0.5)) == 200);
  std::string reply;
  std::thread client([&] {
    HttpClient slow(listening.server.port());
    const auto result = slow.post("/api/explain", R"({"sentence": "je"})");
    if (result) reply = result->body;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  std::thread stopping([&] { listening.server.stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(idle.receive(kPatience) == "");
  CHECK(idle.closed());
  HttpClient late(listening.server.port());
  CHECK_FALSE(late.get("/healthz"));
  CHECK(reply == "");
  listening.explain_waits = false;
  stopping.join();
  client.join();
  CHECK(json::parse(reply)["sentence"] == "je");
}

TEST_CASE("an address that cannot be had") {
  Listening listening;
  const auto message = [&](const std::string& host, int port) -> std::string {
    try {
      apps::HttpServer(listening.service, host, port);
    } catch (const apps::ListenError& error) {
      return error.what();
    }
    return "";
  };
  const std::string port = std::to_string(listening.server.port());
  CHECK(message("127.0.0.1", listening.server.port()) ==
        "127.0.0.1:" + port + ": the port is in use");
  CHECK(message("no.such.host.invalid", 0) == "no.such.host.invalid: no such host");
  CHECK(message("192.0.2.1", 8080) == "192.0.2.1:8080: Cannot assign requested address");
}

}  // namespace
}  // namespace babelgrad::test
