/// kaden/http.h - HTTP/1.1 server (Boost.Beast, TLS optional) and client (libcurl). Room: http. Uses: base,
/// runtime. Threads: the server runs on its own threads and calls the handler there; Reply may be called from
/// any thread. The client is thread-safe and blocks. Errors: unavailable, timeout, invalid. RFC 9110, RFC
/// 9112.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kaden/base.h"
#include "kaden/limits/input.h"
#include "kaden/runtime.h"
#include "kaden/url.h"

namespace kaden::http {

using Headers = std::vector<std::pair<std::string, std::string>>; ///< in the order sent; names as sent

/// The first header of that name (any case), or nullptr.
const std::string* find_header(const Headers& headers, std::string_view name);

struct Request {
  std::string method; ///< "POST"
  std::string target; ///< as on the wire: "/api/v1/events?x=1"
  std::string path;   ///< raw path part, still percent-encoded
  std::string query;  ///< raw, without '?'
  Headers headers;
  std::string body; ///< as sent (not decompressed), at most limits::http_body_bytes_max
  std::string peer; ///< "127.0.0.1"
  bool peer_is_loopback = false;
};
struct Response {
  int status = 200;
  Headers headers; ///< Content-Length, Date, Server and Connection are added
  std::string body;
};
Response json_response(int status, const json::value& body);
Response text_response(int status, std::string body);
/// {"error":{"fault":"invalid","message":"..."}} with the status that fits the fault.
Response error_response(const Error& error);

/// Call it exactly once. When it is dropped uncalled, the client gets 500.
using Reply = std::function<void(Response)>;
/// Must not block. Requests of one connection are handled one after another (no pipelining past an open
/// reply).
using Handler = std::function<void(Request, Reply)>;
/// The answer to a request whose head was read and whose body is too long (413) or came too slowly (408), for
/// senders that expect errors in a form of their own; nullopt: HTTP's plain one. `head` has no body. Must not
/// block.
using Refused = std::function<std::optional<Response>(const Request& head, int status)>;

struct ServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; ///< 0: any free one, see Server::port()
  int threads = 1;
  std::string certificate_file{}; ///< PEM chain; empty: no TLS, else TLS 1.2 or 1.3
  std::string key_file{};
  Refused refused{};
  // The limits of kaden/limits/input.h; tests shorten them.
  std::size_t header_bytes_max = limits::http_header_bytes_max; ///< more: 431
  std::size_t body_bytes_max = limits::http_body_bytes_max;     ///< more: 413
  std::size_t connections_max = limits::http_connections_max;   ///< more: 503 and closed
  /// Of one address, so that none can take all; the same answer.
  std::size_t connections_per_peer_max = limits::http_connections_max / 2;
  Millis request_max = limits::http_request_max; ///< first byte to last, reading a reply, or a handshake: 408
  Millis idle_max = limits::http_idle_max;       ///< between requests: closed without a word
};

class Server {
 public:
  Server(ServerSettings settings, Handler handler);
  /// Stops accepting, gives open replies two seconds, closes.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Result<void> start();
  std::uint16_t port() const;
  /// Requests refused before the handler, by reason, for /metrics.
  struct Counts {
    std::uint64_t requests = 0, malformed = 0, too_large = 0, too_slow = 0, connections_refused = 0;
  };
  Counts counts() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

struct ClientRequest {
  std::string method = "GET";
  std::string url{};
  Headers headers{};
  std::string body{};
  Millis patience = seconds(10); ///< for the whole exchange
  std::string ca_file{};         ///< trust only this PEM file; empty: the system's store
  /// SHA-256 of the server's own certificate (DER): then it is trusted by this alone, whoever signed it and
  /// whatever name it has. See parse_certificate_pin().
  std::optional<std::string> certificate_pin{};
  std::size_t response_bytes_max = limits::http_response_bytes_max; ///< after decompression; more: invalid
  bool accept_compressed = false; ///< gzip, deflate, br; the body is given decompressed
  /// Link-local addresses are where clouds keep the credentials of a machine; a URL from a file, a feed or a
  /// sender must not lead there, whatever its name resolves to. Where they are allowed no proxy is asked.
  bool allow_link_local = false;
  /// Where the address that a name resolves to may lead at most: name, private_address, loopback. Nothing:
  /// anywhere but link-local. Behind a proxy of the environment it is the proxy that resolves, and nothing is
  /// checked.
  std::optional<HostKind> nearest{};
  const std::atomic<bool>* cancelled = nullptr; ///< borrowed; once true the exchange ends within a second
};
/// The 32 bytes of "AB:CD:..." or "abcd..." (64 hex digits), as `openssl x509 -fingerprint -sha256` prints.
Result<std::string> parse_certificate_pin(std::string_view text);
/// One exchange; connections are kept per thread-safe pool. Redirects are not followed. Errors also: denied,
/// when the server's certificate is not trusted or its address is not allowed.
class Client {
 public:
  Client();
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Result<Response> send(const ClientRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kaden::http
