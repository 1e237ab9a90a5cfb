#include "babelgrad/apps/server/session.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "babelgrad/apps/server/request_id.h"

namespace babelgrad::apps {
namespace {

using boost::system::error_code;

constexpr std::chrono::seconds kRefusalTime{1};
// Bytes that a client may send ahead; more stay in the kernel until their turn comes.
constexpr std::size_t kAhead = 64 << 10;
// Closing with bytes unread resets the connection, and the client may lose the reply: so much is
// read and thrown away before.
constexpr std::size_t kLingerBytes = 1 << 20;
constexpr std::chrono::milliseconds kLingerTime{500};

}  // namespace

Session::Session(Service& service, std::shared_ptr<Loop> loop, boost::asio::ip::tcp::socket socket,
                 std::string client, Kind kind, Closed closed)
    : service_(service),
      loop_(std::move(loop)),
      socket_(std::move(socket)),
      timer_(loop_->io),
      client_(std::move(client)),
      kind_(kind),
      closed_(std::move(closed)),
      parser_(service.limits().body) {}

void Session::start() {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  // A reply is one piece: no reason to wait for more.
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  await_request();
  read();
}

void Session::stop() {
  if (state_ == State::pending || state_ == State::writing)
    last_ = true;
  else
    close();
}

void Session::dismiss() {
  error_code ignored;
  const std::string reply = serialized(error_reply(503, kTooManyConnections), true, false);
  if (state_ == State::receiving) socket_.send(boost::asio::buffer(reply), 0, ignored);
  close();
}

void Session::read() {
  const bool ahead = state_ == State::pending || state_ == State::writing;
  const bool full = ahead && parser_.held() >= kAhead;
  if (reading_ || state_ == State::closed || full) return;
  reading_ = true;
  socket_.async_wait(socket_.wait_read, [self = shared_from_this()](error_code error) {
    self->reading_ = false;
    self->or_close([&] { self->readable(error); });
  });
}

void Session::readable(error_code error) {
  static thread_local std::array<char, 64 << 10> buffer;  // of all sessions
  if (error || state_ == State::closed) return;
  const std::size_t count = socket_.read_some(boost::asio::buffer(buffer), error);
  if (error == boost::asio::error::would_block || error == boost::asio::error::interrupted)
    return read();
  if (error) return gone();
  received({buffer.data(), count});
  read();
}

void Session::received(std::string_view bytes) {
  if (state_ == State::lingering) {
    drained_ += bytes.size();
    if (drained_ > kLingerBytes) close();
    return;
  }
  parser_.add(bytes);
  if (state_ != State::receiving) return;
  hold(0);
  if (loop_->held > service_.limits().all_bodies && parser_.state() == RequestParser::State::body)
    return end_with(error_reply(503, "too many long requests come at once"));
  advance();
}

void Session::gone() {
  if (state_ == State::writing)
    last_ = true;
  else
    close();
}

void Session::await_request() {
  state_ = State::receiving;
  begun_ = judged_ = false;
  expire_in(kind_ == Kind::refusing ? kRefusalTime : Seconds(service_.limits().idle_seconds));
  advance();
}

void Session::advance() {
  const auto state = parser_.state();
  if (state == RequestParser::State::idle) return;
  if (!begun_ && kind_ == Kind::serving) expire_in(Seconds(service_.limits().client_seconds));
  begun_ = true;
  if (state == RequestParser::State::failed) return end_with(parser_.refusal());
  if (state == RequestParser::State::body && !judged_) return judge_head();
  if (state != RequestParser::State::whole) return;
  last_ |= !parser_.keep_alive();
  answer(parser_.take());
}

// Whether the body is worth waiting for. If not, where the next request begins is not known.
void Session::judge_head() {
  judged_ = true;
  if (kind_ == Kind::refusing || !service_.wants_body(parser_.request())) {
    last_ = true;
    return answer(parser_.request());
  }
  if (!parser_.expects_continue()) return;
  error_code ignored;  // a client that does not get it sends the body after a while
  socket_.send(boost::asio::buffer(std::string("HTTP/1.1 100 Continue\r\n\r\n")), 0, ignored);
}

void Session::answer(HttpRequest request) {
  request.id = request_id(request.id);
  request.client = client_;
  asked_ = request;
  asked_.body = {};
  hold(request.body.size());
  asked_.client = service_.client_of(request);
  start_ = std::chrono::steady_clock::now();
  if (kind_ == Kind::refusing && request.path != "/healthz" && request.path != "/metrics")
    return end_with(error_reply(503, kTooManyConnections));
  state_ = State::pending;
  expire_in(Seconds(service_.limits().deadline_seconds));
  gone_ = service_.handle(std::move(request), [session = weak_from_this(), loop = loop_,
                                               number = ++requests_](HttpReply reply) {
    boost::asio::post(loop->io, [session, number, reply = std::move(reply)] {
      const auto self = session.lock();
      if (self && self->state_ == State::pending && self->requests_ == number)
        self->or_close([&] { self->write(reply); });
    });
  });
}

// What the service is not asked, or has not answered.
void Session::refuse(HttpReply reply) {
  const auto now = std::chrono::steady_clock::now();
  if (state_ == State::receiving && asked_.id.empty()) {
    asked_.client = client_;
    asked_.id = request_id("");
    start_ = now;
  }
  service_.complete(asked_, reply, std::chrono::duration<double>(now - start_).count());
  write(reply);
}

void Session::write(const HttpReply& reply) {
  state_ = State::writing;
  gone_.reset();
  last_ |= kind_ == Kind::refusing;
  hold(0);
  unsent_ = serialized(reply, last_, asked_.method == "HEAD");
  asked_ = {};
  expire_in(Seconds(service_.limits().client_seconds));
  boost::asio::async_write(socket_, boost::asio::buffer(unsent_),
                           [self = shared_from_this()](error_code error, std::size_t) {
                             self->or_close([&] { self->written(error); });
                           });
}

void Session::written(error_code error) {
  if (state_ == State::closed) return;
  if (error) return close();
  unsent_ = {};
  if (last_) return linger();
  await_request();
  read();
}

void Session::hold(std::size_t body) {
  loop_->held -= held_;
  held_ = parser_.held() + body;
  loop_->held += held_;
}

void Session::linger() {
  error_code ignored;
  socket_.shutdown(socket_.shutdown_send, ignored);
  state_ = State::lingering;
  expire_in(kLingerTime);
  read();
}

void Session::close() {
  if (state_ == State::closed) return;
  const auto self = shared_from_this();  // also after closed_
  state_ = State::closed;
  if (gone_) *gone_ = true;
  loop_->held -= std::exchange(held_, 0);
  error_code ignored;
  timer_.cancel(ignored);
  socket_.close(ignored);
  closed_(*this);
}

// Runs a part of the exchange, which without memory cannot go on.
template <class Part>
void Session::or_close(const Part& part) {
  try {
    part();
  } catch (const std::bad_alloc&) {
    close();
  }
}

void Session::expire_in(std::chrono::steady_clock::duration time) {
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    const bool due = self->timer_.expiry() <= std::chrono::steady_clock::now();
    if (!error && due && self->state_ != State::closed) self->or_close([&] { self->expired(); });
  });
}

void Session::expired() {
  const bool in_body = parser_.state() == RequestParser::State::body;
  if (state_ == State::pending) {
    *gone_ = true;
    refuse(error_reply(504, "no answer in " + std::to_string(service_.limits().deadline_seconds) +
                                " s: the server has too much to do"));
  } else if (state_ == State::receiving && kind_ == Kind::refusing) {
    end_with(error_reply(503, kTooManyConnections));
  } else if (state_ == State::receiving && in_body) {
    end_with(error_reply(408, "the body did not come whole in time"));
  } else {
    close();
  }
}

void Session::end_with(HttpReply reply) {
  last_ = true;
  refuse(std::move(reply));
}

}  // namespace babelgrad::apps
