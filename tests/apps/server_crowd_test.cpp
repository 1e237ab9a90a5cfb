// Clients that take what others need: connections, the queue, the workers' time.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <list>
#include <thread>

#include "tests/apps/listening.h"
#include "tests/apps/process.h"

namespace babelgrad::test {
namespace {

using Clock = std::chrono::steady_clock;

void wait_for(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string request(const std::string& line) {
  return line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

std::string metric(Listening& listening, const std::string& name) {
  const std::string text = listening.get("/metrics").body;
  const std::size_t at = text.find("\n" + name + " ") + name.size() + 2;
  return text.substr(at, text.find('\n', at) - at);
}

// A POST whose work waits: the workers are kept from it by explanations.
RawClient post_that_waits(const Listening& listening, const std::string& sentences,
                          std::uint32_t from = 1) {
  RawClient client(listening.server.port(), from);
  client.send(post("{\"sentences\": " + sentences + "}"));
  return client;
}

// Both workers are in explanations until the end of its life.
struct Busy {
  explicit Busy(Listening& l) : listening(l) {
    listening.explain_waits = true;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([this] { listening.post("/api/explain", R"({"sentence": "je"})"); });
      wait_for(std::chrono::milliseconds(100));
    }
  }
  ~Busy() {
    listening.explain_waits = false;
    for (std::thread& thread : threads) thread.join();
  }
  Listening& listening;
  std::vector<std::thread> threads;
};

TEST_CASE("health and metrics at once, whatever 2,000 connections do") {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const World world;
  world.add_model();
  Process process({"serve", "--model", "model", "--port", "0"}, world.path());
  const int port = port_of(process.read_line_err(kPatience));
  std::list<RawClient> crowd;
  for (int i = 0; i < 1000; ++i) {
    crowd.emplace_back(port);
    crowd.emplace_back(port).send(i % 2 == 0 ? "GET /healthz HT" : kPostHead + "Content-Length: 9");
  }
  std::vector<double> times;
  for (int i = 0; i < 20; ++i)
    for (const std::string path : {"/healthz", "/metrics"}) {
      const auto start = Clock::now();
      RawClient probe(port);
      probe.send(request("GET " + path));
      CHECK(status_of(probe.receive(kPatience)) == 200);
      times.push_back(seconds_since(start));
    }
  std::sort(times.begin(), times.end());
  CHECK(times[times.size() * 9 / 10] < 0.1);  // the others: this machine may have other work
  CHECK(times.back() < 1);
  process.signal(SIGTERM);
  CHECK(process.finish().exit_code == 0);
}

TEST_CASE("one address may have so many connections, another as many") {
  apps::ServerLimits limits;
  limits.client_connections = 2;
  Listening listening(limits);
  RawClient first(listening.server.port()), second(listening.server.port());
  wait_for(std::chrono::milliseconds(50));
  const auto reply_to = [&](const std::string& line, std::uint32_t from) {
    RawClient probe(listening.server.port(), from);
    probe.send(request(line));
    return probe.receive(kPatience);
  };
  const std::string refused = reply_to("GET /api/model", 1);
  CHECK(status_of(refused) == 503);
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  CHECK(status_of(reply_to("GET /healthz", 1)) == 200);
  CHECK(status_of(reply_to("GET /api/model", 2)) == 200);
  first.close();
  wait_for(std::chrono::milliseconds(50));
  CHECK(status_of(reply_to("GET /api/model", 1)) == 200);
}

TEST_CASE("refusing costs nothing: a thousand connections too many, all told so") {
  apps::ServerLimits limits;
  limits.connections = 1;
  Listening listening(limits);
  RawClient first(listening.server.port());
  std::list<RawClient> crowd;
  for (int i = 0; i < 500; ++i) crowd.emplace_back(listening.server.port());
  for (RawClient& client : crowd) {
    const std::string reply = client.receive(kPatience);
    CHECK(client.closed());
    CHECK(status_of(reply) == 503);
    CHECK(reply.find("Retry-After: 1\r\n") != std::string::npos);
  }
  first.close();
  wait_for(std::chrono::milliseconds(50));
  listening.check_serves();
}

TEST_CASE("the waiting work of a client that has gone is dropped") {
  apps::ServerLimits limits;
  limits.queue = 12;
  Listening listening(limits);
  const std::string ten = R"(["a", "a", "a", "a", "a", "a", "a", "a", "a", "a"])";
  {
    const Busy busy(listening);
    for (int i = 0; i < 5; ++i) {  // each would fill the queue
      const RawClient client = post_that_waits(listening, ten);
      wait_for(std::chrono::milliseconds(50));
    }
    RawClient patient = post_that_waits(listening, ten);
    wait_for(std::chrono::milliseconds(50));
    CHECK(metric(listening, "babelgrad_queue_sentences") == "10");
    listening.explain_waits = false;
    CHECK(status_of(patient.receive(2)) == 200);
  }
  CHECK(metric(listening, "babelgrad_batch_sentences_sum") == "10");
}

TEST_CASE("one client's sentences do not fill the queue") {
  apps::ServerLimits limits;
  limits.client_queue = 2;
  Listening listening(limits);
  const Busy busy(listening);
  const RawClient waits = post_that_waits(listening, R"(["a", "a"])");
  wait_for(std::chrono::milliseconds(50));
  const std::string refused = post_that_waits(listening, R"("a")").receive(0.5);
  CHECK(status_of(refused) == 503);
  CHECK(refused.ends_with("{\"error\":\"2 of your sentences wait already; at most 2 may\"}\n"));
  RawClient other = post_that_waits(listening, R"("a")", 2);
  CHECK(other.receive(0.2) == "");
  listening.explain_waits = false;
  CHECK(status_of(other.receive(2)) == 200);
}

TEST_CASE("behind a trusted proxy the client is the one that it forwards for") {
  apps::ServerLimits limits;
  limits.client_queue = 1;
  Listening listening(limits);
  const Busy busy(listening);
  const auto status = [&](const std::string& address, const std::string& forwarded) {
    apps::HttpRequest http{"POST", "/api/translate", "localhost", "application/json",
                           R"({"sentences": "a"})"};
    http.client = address;
    http.forwarded_for = forwarded;
    auto reply = std::make_shared<int>(0);
    listening.service.handle(http, [reply](const apps::HttpReply& r) { *reply = r.status; });
    return *reply;  // 0: it waits
  };
  CHECK(status(kProxy, "1.1.1.1, 2.2.2.2") == 0);
  CHECK(status(kProxy, "2.2.2.2") == 503);
  CHECK(status(kProxy, "2.2.2.2, 3.3.3.3") == 0);
  CHECK(status(kProxy, "6.6.6.6:1024") == 0);  // some proxies add the port
  CHECK(status(kProxy, "6.6.6.6:1025") == 503);
  CHECK(status(kProxy, "") == 0);  // the proxy itself
  CHECK(status(kProxy, "1.1.1.1,") == 503);
  CHECK(status(kProxy, "2001:db8::7") == 0);
  CHECK(status(kProxy, "[2001:db8::7]:1025") == 503);
  CHECK(status("10.0.0.8", "4.4.4.4") == 0);
  CHECK(status("10.0.0.8", "5.5.5.5") == 503);  // not trusted: it can say what it likes
}

TEST_CASE("all requests together have a limit") {
  apps::ServerLimits limits;
  limits.all_bodies = 100000;
  Listening listening(limits);
  const std::string head = kPostHead + "Content-Length: 60000\r\n\r\n";
  RawClient first(listening.server.port()), second(listening.server.port());
  first.send(head + std::string(59999, ' '));
  wait_for(std::chrono::milliseconds(100));
  second.send(head + std::string(50000, ' '));
  const std::string refused = second.receive(kPatience);
  CHECK(status_of(refused) == 503);
  CHECK(refused.ends_with("{\"error\":\"too many long requests come at once\"}\n"));
  CHECK(listening.client.post("/api/translate", kBody)->status == 200);
  first.send(" ");
  CHECK(status_of(first.receive(1)) == 400);  // nothing but spaces
  RawClient third(listening.server.port());
  third.send(head + std::string(60000, ' '));
  CHECK(status_of(third.receive(1)) == 400);
}

TEST_CASE("a request behind another one counts as well") {
  apps::ServerLimits limits;
  limits.all_bodies = 100000;
  Listening listening(limits);
  auto busy = std::make_unique<Busy>(listening);
  RawClient client = post_that_waits(listening, "\"je vois\"");
  client.send(kPostHead + "Content-Length: 300000\r\n\r\n" + std::string(300000, ' '));
  wait_for(std::chrono::milliseconds(200));
  busy.reset();
  const std::string replies = client.receive(kPatience);
  CHECK(status_of(replies) == 200);
  CHECK(replies.ends_with("{\"error\":\"too many long requests come at once\"}\n"));
}

TEST_CASE("an answer that does not come in time") {
  apps::ServerLimits limits;
  limits.deadline_seconds = 1;
  Listening listening(limits);
  {
    const Busy busy(listening);
    const auto start = Clock::now();
    const auto late = listening.client.post("/api/translate", kBody);
    REQUIRE(late);
    CHECK(late->status == 504);
    CHECK(error_of(late->body) == "no answer in 1 s: the server has too much to do");
    CHECK(seconds_since(start) > 0.9);
    CHECK(seconds_since(start) < 5);
  }
  CHECK(metric(listening, "babelgrad_batch_sentences_sum") == "0");
  CHECK(listening.client.post("/api/translate", kBody)->status == 200);
}

TEST_CASE("a budget of work a request") {
  apps::ServerLimits limits;
  limits.work = 100;
  Served served(limits);
  const apps::HttpReply reply =
      served.post("/api/translate", R"({"sentences": ["je vois", "je vois le chat"], "beam": 16})");
  CHECK(reply.status == 413);
  CHECK(error_of(reply.body) == "the sentences are 128 of work (beam x tokens); at most 100");
  CHECK(served.post("/api/translate", R"({"sentences": "je vois", "beam": 16})").status == 200);
}

}  // namespace
}  // namespace babelgrad::test
