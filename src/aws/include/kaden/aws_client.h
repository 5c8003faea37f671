/// kaden/aws_client.h - requests to one AWS service: signed, corrected for the clock, repeated when that may
/// help. Room: aws. Uses: base, runtime, sigv4, http, xml. Threads: any; blocks. Errors: a Failure, with
/// AWS's own code. AWS SDKs and Tools Reference Guide, "Retry behavior" (standard mode).
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kaden/aws_credentials.h"
#include "kaden/aws_endpoint.h"
#include "kaden/aws_world.h"
#include "kaden/http.h"

namespace kaden::aws {

enum class FailureKind : std::uint8_t {
  throttled,   ///< too many requests, whatever the HTTP status is
  transient,   ///< a server's trouble, or no connection: the same may succeed later
  credentials, ///< no keys, or AWS does not take them
  refused,     ///< the request itself: again it would fail again
  cancelled,
};
std::string_view to_text(FailureKind kind);

struct Failure {
  FailureKind kind = FailureKind::refused;
  std::string code;              ///< AWS's: "ThrottlingException"; empty: there was no answer that names one
  std::string message;           ///< for people
  int http_status = 0;           ///< 0: no answer
  std::string request_id;        ///< empty: unknown
  bool may_have_arrived = false; ///< it may have been carried out: no answer came, or a 5xx
};
std::string to_text(const Failure& failure); ///< "ThrottlingException: Rate exceeded (HTTP 400, request ...)"

/// Of an answer that is no success: the code from x-amzn-ErrorType, x-amzn-query-error, JSON ("__type",
/// "code") or XML (Error.Code), without its namespace and what follows a colon.
Failure failure_of(const http::Response& answer);

/// How far AWS's clock is ahead of ours, by the Date of its answers.
class Skew {
 public:
  Millis ahead() const { return ahead_; }
  /// Answers of caches, without a Date, or that took over limits::aws_skew_round_trip_max say nothing.
  void learn(const http::Response& answer, WallTime sent, WallTime received);
  /// A request that was refused for its time or signature is worth another attempt.
  bool explains(const std::string& code) const;

 private:
  Millis ahead_{};
};

struct ClientSettings {
  Service service;
  std::string region;
  std::string endpoint; ///< URL without '/' at its end, as of endpoint_of()
  std::string ca_file;  ///< trust only this PEM file; empty: the system's store
  std::string user_agent;
  int attempts = 3; ///< limits::aws_attempts
};

struct Call {
  std::string method = "POST";
  std::string target = "/"; ///< path and query, percent-encoded
  http::Headers headers{};  ///< Content-Type, X-Amz-Target
  std::string body{};
  Millis patience = seconds(10); ///< for one attempt
  /// False: it is not sent again when it may have been carried out and the answer was lost.
  bool is_repeatable = true;
  const std::atomic<bool>* cancelled = nullptr; ///< borrowed
};

class Client {
 public:
  /// Borrows the credentials and what the world borrows.
  Client(ClientSettings settings, World world, Credentials& credentials);
  /// An answer with a status from 200 to 299.
  tl::expected<http::Response, Failure> send(const Call& call);

 private:
  struct Attempt {
    tl::expected<http::Response, Failure> outcome;
    bool is_explained_by_skew = false;
    Millis retry_after{};
  };
  Attempt try_once(const Call& call, const sigv4::Credentials& keys);
  bool take_tokens(int cost);
  void give_tokens(int count);
  Millis wait_before(int attempt, const Attempt& last) const;

  // Config
  const ClientSettings settings_;
  const World world_;
  // Borrowed
  Credentials& credentials_;
  // State, guarded by mutex_
  std::mutex mutex_;
  Skew skew_;
  int tokens_;
};

} // namespace kaden::aws
