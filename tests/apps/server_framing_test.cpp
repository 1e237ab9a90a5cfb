// Where a request ends, by the letter of RFC 9112. Each row is sent whole, byte by byte, and with
// another request behind it, which must be answered exactly if nothing was refused.
#include <doctest/doctest.h>

#include "babelgrad/apps/server/http_server.h"
#include "babelgrad/apps/server/request_parser.h"
#include "tests/apps/folder.h"
#include "tests/apps/raw_client.h"
#include "tests/apps/served.h"

namespace babelgrad::test {
namespace {

using apps::RequestParser;
using State = RequestParser::State;

constexpr std::size_t kBodyLimit = 100;
constexpr int kTaken = 0;

const std::string kHost = "Host: localhost\r\n";
const std::string kPost = "POST /p HTTP/1.1\r\n" + kHost;
const std::string kNext = "GET /next HTTP/1.1\r\n" + kHost + "\r\n";

struct FramingCase {
  std::string sent;
  int status;             // of the refusal, or kTaken
  std::string body = {};  // that is taken
};

std::string length(const std::string& value) {
  return kPost + "Content-Length: " + value + "\r\n\r\nabc";
}

std::string chunked(const std::string& body, const std::string& coding = "chunked") {
  return kPost + "Transfer-Encoding: " + coding + "\r\n\r\n" + body;
}

const std::vector<FramingCase> kFramingCases{
    // Content-Length (6.3). What is not a whole number was once taken as 0.
    {length("3"), kTaken, "abc"},
    {length(" \t3 \t"), kTaken, "abc"},
    {length("003"), kTaken, "abc"},
    {length(""), 400},
    {length("x"), 400},
    {length("3x"), 400},
    {length("+3"), 400},
    {length("-3"), 400},
    {length("0x3"), 400},
    {length("3.0"), 400},
    {length("3, 3"), 400},
    {length("3,4"), 400},
    {length("\"3\""), 400},
    {length("\xc2\xb3"), 400},
    {length("99999999999999999999999"), 413},
    {kPost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
    {kPost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
    {kPost + "Content-Length: 3\r\ncontent-length: 0\r\n\r\nabc", 400},
    {kPost + "Content-Length : 3\r\n\r\nabc", 400},
    {kPost + "Content-Length\t: 3\r\n\r\nabc", 400},
    {kPost + " Content-Length: 3\r\n\r\nabc", 400},
    {kPost + "Content-Length:\r\n 3\r\n\r\nabc", 400},
    {kPost + "Content-Length\r\n\r\nabc", 400},
    {kPost + ": 3\r\n\r\nabc", 400},
    {kPost + "\r\n", kTaken, ""},
    // Transfer-Encoding (6.1, 7.1).
    {chunked("3\r\nabc\r\n0\r\n\r\n"), kTaken, "abc"},
    {chunked("3\r\nabc\r\n0\r\n\r\n", "Chunked"), kTaken, "abc"},
    {chunked("1;x=y\r\na\r\n002;z=\"q;\"\r\nbc\r\n000\r\nTrailer: t\r\n\r\n"), kTaken, "abc"},
    {chunked("A\r\n0123456789\r\n0\r\n\r\n"), kTaken, "0123456789"},
    {chunked("0\r\n\r\n"), kTaken, ""},
    {chunked("3\r\nabc\r\n0\r\n\r\n", "gzip, chunked"), 400},
    {chunked("3\r\nabc\r\n0\r\n\r\n", "chunked, chunked"), 400},
    {chunked("3\r\nabc\r\n0\r\n\r\n", "chunked, identity"), 400},
    {chunked("3\r\nabc\r\n0\r\n\r\n", "chunked;q=1"), 400},
    {chunked("3\r\nabc\r\n0\r\n\r\n", "xchunked"), 400},
    {chunked("3\r\nabc\r\n0\r\n\r\n", "\vchunked"), 400},
    {chunked("abc", "identity"), 400},
    {chunked("abc", ""), 400},
    {kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {kPost + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {kPost + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
    {kPost + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400},
    {kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
    {"POST /p HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {chunked("3 \r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("+3\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("0x3\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("-1\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("3\nabc\r\n0\r\n\r\n"), 400},
    {chunked("3\rXabc\r\n0\r\n\r\n"), 400},
    {chunked("2\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("3\r\nabcX\r\n0\r\n\r\n"), 400},
    {chunked("3\r\nabc0\r\n\r\n\r\n"), 400},
    {chunked("3;\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("10000000000000003\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n"), 400},
    {chunked("3\r\nabc\r\n0\r\nTrailer : t\r\n\r\n"), 400},
    {chunked("3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n"), 400},
    {chunked("3;a=\"b\\\"\"\r\nabc\r\n0\r\n\r\n"), kTaken, "abc"},
    {chunked("3;a=\"\tb\"\r\nabc\r\n0\r\n\r\n"), kTaken, "abc"},
    {chunked("3;a=\"\nb\"\r\nabc\r\n0\r\n\r\n"), 400},  // where does the line end?
    {chunked("32\r\n" + std::string(50, 'x') + "\r\n33\r\n"), 413},
    {chunked("65\r\n"), 413},
    {chunked("fffffffffffffff0\r\n"), 413},
    {chunked("3;" + std::string(20000, 'x') + "\r\nabc\r\n0\r\n\r\n"), 413},
    // Host (3.2), lines (2.2, 5.2) and the request line (3).
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"GET http://localhost:a@evil/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: localhost:\r\n\r\n", kTaken, ""},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", kTaken, ""},
    {"GET / HTTP/1.1\r\nHost: localhost:8a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n X: a\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.1\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: localhost\nX: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X: a\rb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + std::string("X: a\0b\r\n\r\n", 10), 400},
    {"GET / HTTP/1.1\r\n" + kHost + "(X): a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X\xc3\xa9: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X: \xc3\xa9\r\n\r\n", kTaken, ""},
    {"\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", kTaken, ""},
    {"\r\n\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {" GET / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET  / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET /  HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" + kHost + "\r\n", 400},
    {"GET / a HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET /\r\n" + kHost + "\r\n", 400},
    {"GET / http/1.1\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.2\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/01.1\r\n" + kHost + "\r\n", 400},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"G@T / HTTP/1.1\r\n" + kHost + "\r\n", 400},
};

// What the parser makes of bytes that come in pieces of this size.
struct Parsed {
  int status = kTaken;
  std::string body;
  std::vector<std::string> paths;
};

Parsed parse(const std::string& bytes, std::size_t piece) {
  RequestParser parser(kBodyLimit);
  Parsed parsed;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parser.add(std::string_view(bytes).substr(at, piece));
    while (parser.state() == State::whole) {
      const apps::HttpRequest request = parser.take();
      if (parsed.paths.empty()) parsed.body = request.body;
      parsed.paths.push_back(request.path);
    }
  }
  if (parser.state() == State::failed) parsed.status = parser.refusal().status;
  return parsed;
}

TEST_CASE("framing: what is taken and what is refused, however it comes") {
  for (const FramingCase& row : kFramingCases)
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
      CAPTURE(row.sent.substr(0, 200));
      CAPTURE(piece);
      const Parsed parsed = parse(row.sent + kNext, piece);
      CHECK(parsed.status == row.status);
      CHECK(parsed.body == row.body);
      // Nothing of what follows a refused request is read as a request.
      CHECK(parsed.paths.size() == (row.status == kTaken ? 2 : 0));
      if (row.status == kTaken) CHECK(parsed.paths.back() == "/next");
    }
}

TEST_CASE("framing: a refused request is the last one of its connection") {
  Served served;
  apps::HttpServer server(served.service, "127.0.0.1", 0);
  for (const FramingCase& row : kFramingCases) {
    if (row.status != 400) continue;
    CAPTURE(row.sent.substr(0, 200));
    RawClient raw(server.port());
    raw.send(row.sent + kNext);
    const std::string reply = raw.receive(10);
    CHECK(raw.closed());
    CHECK(reply.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(reply.find("Connection: close\r\n") != std::string::npos);
    CHECK(reply.find("HTTP/1.1", 1) == std::string::npos);
  }
}

TEST_CASE("framing: the body of a request that the service refuses is not the next request") {
  Served served;
  apps::HttpServer server(served.service, "127.0.0.1", 0);
  const std::string body = "GET /metrics HTTP/1.1\r\n" + kHost + "\r\n";
  const std::string framing =
      kHost + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (const std::string line :
       {"POST /nowhere", "PUT /healthz", "GET /healthz", "POST /metrics"}) {
    CAPTURE(line);
    RawClient raw(server.port());
    raw.send(line + " HTTP/1.1\r\n" + framing);
    const std::string reply = raw.receive(1);
    CHECK(reply.starts_with("HTTP/1.1 "));
    CHECK(reply.find("HTTP/1.1", 1) == std::string::npos);
  }
}

TEST_CASE("framing: the whole address, and connections that are to be kept") {
  const auto first = [](const std::string& bytes) {
    RequestParser parser(kBodyLimit);
    parser.add(bytes);
    REQUIRE(parser.state() == State::whole);
    return std::pair(parser.keep_alive(), parser.take());
  };
  CHECK(first("GET /a?b=c HTTP/1.1\r\n" + kHost + "\r\n").second.path == "/a");
  const auto absolute = first("GET http://evil.example/a?b HTTP/1.1\r\n" + kHost + "\r\n").second;
  CHECK(absolute.path == "/a");
  CHECK(absolute.host == "evil.example");
  CHECK(first("GET http://x HTTP/1.1\r\n" + kHost + "\r\n").second.path == "/");
  CHECK(first("GET / HTTP/1.1\r\n" + kHost + "\r\n").first);
  CHECK_FALSE(first("GET / HTTP/1.1\r\nConnection: x, Close\r\n" + kHost + "\r\n").first);
  CHECK_FALSE(first("GET / HTTP/1.0\r\n\r\n").first);
}

}  // namespace
}  // namespace babelgrad::test
