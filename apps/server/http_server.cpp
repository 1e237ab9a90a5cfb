#include "babelgrad/apps/server/http_server.h"

#include <boost/asio/post.hpp>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <new>

#include "babelgrad/apps/server/session.h"

namespace babelgrad::apps {
namespace {

using boost::system::error_code;
using Tcp = boost::asio::ip::tcp;

constexpr std::size_t kRefusing = 256;  // connections that are told to come again, at a time
constexpr std::chrono::milliseconds kPause{50};  // before accepting again what could not be

Tcp::endpoint resolved(boost::asio::io_context& io, const std::string& host, int port) {
  error_code error;
  const auto found =
      Tcp::resolver(io).resolve(host, std::to_string(port), Tcp::resolver::passive, error);
  if (error || found.empty()) throw ListenError(host + ": no such host");
  return found.begin()->endpoint();
}

std::string text_of(const boost::asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

std::string listen_message(const std::string& host, int port, const error_code& error) {
  const std::string address = host + ":" + std::to_string(port);
  if (error == boost::asio::error::address_in_use) return address + ": the port is in use";
  return address + ": " + error.message();
}

}  // namespace

class HttpServer::Listener {
 public:
  Listener(Service& service, const std::string& host, int port)
      : service_(service), acceptor_(loop_->io), pause_(loop_->io) {
    const Tcp::endpoint endpoint = resolved(loop_->io, host, port);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) throw ListenError(listen_message(host, port, error));
    port_ = acceptor_.local_endpoint().port();
  }

  int port() const { return port_; }

  // Until stop() and the end of the last connection.
  void run() {
    while (true) {
      try {
        if (!accepting_ && acceptor_.is_open()) accept();
        loop_->io.run();
        if (!acceptor_.is_open()) return;
        // Asio counts what is under way, and counts too little once it had no memory for it.
        work_.emplace_back(loop_->io.get_executor());
        loop_->io.restart();
      } catch (const std::bad_alloc&) {  // that connection has been closed, the server goes on
      }
    }
  }

  void stop() {
    boost::asio::post(loop_->io, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      work_.clear();
      pause_.cancel(ignored);
      const auto sessions = sessions_;  // which those that close leave
      for (const auto& [pointer, session] : sessions) session->stop();
    });
  }

 private:
  void accept() {
    acceptor_.async_accept([this, armed = arm()](error_code error, Tcp::socket socket) mutable {
      armed.reset();
      if (!acceptor_.is_open()) return;
      if (!error) open(std::move(socket));
      if (!error || error == boost::asio::error::connection_aborted) return accept();
      pause_.expires_after(kPause);  // no descriptors, no memory
      pause_.async_wait([this, again = arm()](error_code) mutable {
        again.reset();
        if (acceptor_.is_open()) accept();
      });
    });
  }

  // What a handler holds while it waits. Without memory Asio may drop it without a call.
  struct Disarm {
    void operator()(bool* accepting) const { *accepting = false; }
  };
  std::unique_ptr<bool, Disarm> arm() {
    accepting_ = true;
    return std::unique_ptr<bool, Disarm>(&accepting_);
  }

  void open(Tcp::socket socket) {
    error_code error;
    const std::string address = text_of(socket.remote_endpoint(error).address());
    if (error) return;  // it has gone already
    const ServerLimits& limits = service_.limits();
    const bool serve =
        served_ < limits.connections &&
        (service_.is_trusted_proxy(address) || served_of_[address] < limits.client_connections);
    if (serve) {
      served_of_.try_emplace(address, 0);
    } else {
      service_.metrics().count_refused_connection();
      if (refused_.size() >= kRefusing) refused_.front()->dismiss();
    }
    const auto session = std::make_shared<Session>(
        service_, loop_, std::move(socket), address,
        serve ? Session::Kind::serving : Session::Kind::refusing,
        [this, address, serve](Session& closed) { leave(closed, address, serve); });
    sessions_[session.get()] = session;
    // What is counted here is counted down by leave().
    if (serve) {
      ++served_of_.at(address);
      service_.metrics().set_connections(++served_);
    }
    try {
      if (!serve) refused_.push_back(session.get());
      session->start();
    } catch (const std::bad_alloc&) {
      session->stop();
      throw;
    }
  }

  void leave(Session& session, const std::string& address, bool served) {
    sessions_.erase(&session);
    if (!served) {
      std::erase(refused_, &session);
      return;
    }
    if (--served_of_[address] == 0) served_of_.erase(address);
    service_.metrics().set_connections(--served_);
  }

  Service& service_;
  bool accepting_ = false;  // a connection is waited for, or the end of a pause
  std::shared_ptr<Session::Loop> loop_ = std::make_shared<Session::Loop>();
  std::list<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  Tcp::acceptor acceptor_;
  int port_ = 0;
  boost::asio::steady_timer pause_;
  std::map<Session*, std::shared_ptr<Session>> sessions_;
  std::deque<Session*> refused_;                  // of them, the oldest first
  std::size_t served_ = 0;                        // the others
  std::map<std::string, std::size_t> served_of_;  // of them, by address
};

std::string canonical_address(const std::string& text) {
  error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  return error ? "" : text_of(address);
}

HttpServer::HttpServer(Service& service, const std::string& host, int port)
    : listener_(std::make_unique<Listener>(service, host, port)),
      thread_([this] { listener_->run(); }) {}

HttpServer::~HttpServer() { stop(); }

int HttpServer::port() const { return listener_->port(); }

void HttpServer::stop() {
  if (!thread_.joinable()) return;
  listener_->stop();
  thread_.join();
}

}  // namespace babelgrad::apps
