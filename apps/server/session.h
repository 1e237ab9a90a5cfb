// One connection: reads requests, has a Service answer them, writes the replies, one at a time.
//
// All sessions run on one thread, that of their loop. A session waits for bytes without a
// buffer of its own, so that one which is idle costs only itself. It keeps reading while its
// reply is pending: a client that closes its side then is gone, and its work with it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "babelgrad/apps/server/request_parser.h"
#include "babelgrad/apps/server/service.h"

namespace babelgrad::apps {

inline const char* const kTooManyConnections = "too many connections are open";

class Session : public std::enable_shared_from_this<Session> {
 public:
  // refusing: for a moment only, and all but health and metrics is answered with 503.
  enum class Kind { serving, refusing };
  struct Loop {  // what all sessions share
    boost::asio::io_context io{1};
    std::size_t held = 0;  // bytes of their requests
  };

  // client: the address that it comes from. closed: called once, when the connection is.
  using Closed = std::function<void(Session&)>;
  Session(Service& service, std::shared_ptr<Loop> loop, boost::asio::ip::tcp::socket socket,
          std::string client, Kind kind, Closed closed);

  void start();
  // Closes at once, or as soon as the reply under way has been written.
  void stop();
  // Closes at once, and says that there are too many.
  void dismiss();

 private:
  enum class State {
    receiving,  // a request, or its first byte
    pending,    // the service has it
    writing,    // the reply
    lingering,  // all is said; what the client still sends is thrown away
    closed,
  };
  using Seconds = std::chrono::seconds;

  void read();
  void readable(boost::system::error_code error);
  void received(std::string_view bytes);
  void gone();  // the client sends no more
  void advance();
  void judge_head();
  void answer(HttpRequest request);
  void refuse(HttpReply reply);
  void end_with(HttpReply reply);  // refuses, and closes
  void write(const HttpReply& reply);
  void written(boost::system::error_code error);
  void await_request();
  void hold(std::size_t body);  // that the service has, besides what the parser has
  void linger();
  void close();
  template <class Part>
  void or_close(const Part& part);
  void expire_in(std::chrono::steady_clock::duration time);
  void expired();

  Service& service_;
  std::shared_ptr<Loop> loop_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::string client_;
  Kind kind_;
  Closed closed_;
  RequestParser parser_;
  State state_ = State::receiving;
  bool reading_ = false;
  bool begun_ = false;                           // the client's time to send the request is running
  bool judged_ = false;                          // its head was found good
  bool last_ = false;                            // the connection ends with this reply
  HttpRequest asked_;                            // the request that is pending, without its body
  std::chrono::steady_clock::time_point start_;  // of its time
  std::size_t requests_ = 0;                     // asked of the service
  std::size_t held_ = 0;                         // of loop_->held
  std::size_t drained_ = 0;                      // bytes thrown away
  Gone gone_;                                    // of the request that is pending
  std::string unsent_;
};

}  // namespace babelgrad::apps
