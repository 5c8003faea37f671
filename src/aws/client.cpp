#include "kaden/aws_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kaden/limits/aws.h"

namespace kaden::aws {

namespace {

// The SDKs' own prices.
constexpr int retry_cost = 5;
constexpr int timeout_cost = 10;
constexpr int success_gain = 1;

Failure failure_of(const Error& error) {
  Failure failure;
  failure.message = error.message;
  const bool is_ours = error.fault == Fault::invalid || error.fault == Fault::denied;
  failure.kind = is_ours ? FailureKind::refused : FailureKind::transient;
  failure.may_have_arrived = !is_ours;
  return failure;
}

bool is_cancelled(const Call& call) {
  return call.cancelled != nullptr && call.cancelled->load();
}

Failure cancelled() {
  Failure failure;
  failure.kind = FailureKind::cancelled;
  failure.message = "cancelled";
  return failure;
}

} // namespace

Client::Client(ClientSettings settings, World world, Credentials& credentials)
    : settings_(std::move(settings)),
      world_(std::move(world)),
      credentials_(credentials),
      tokens_(limits::aws_retry_tokens) {}

bool Client::take_tokens(int cost) {
  const std::lock_guard lock(mutex_);
  if (tokens_ < cost) return false;
  tokens_ -= cost;
  return true;
}

void Client::give_tokens(int count) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::min(limits::aws_retry_tokens, tokens_ + count);
}

Client::Attempt Client::try_once(const Call& call, const sigv4::Credentials& keys) {
  http::ClientRequest request;
  request.method = call.method;
  request.url = settings_.endpoint + call.target;
  request.headers = call.headers;
  request.headers.emplace_back("Host", authority_of(settings_.endpoint));
  if (!settings_.user_agent.empty()) request.headers.emplace_back("User-Agent", settings_.user_agent);
  request.body = call.body;
  request.patience = call.patience;
  request.ca_file = settings_.ca_file;
  request.response_bytes_max = limits::aws_answer_bytes_max;
  request.cancelled = call.cancelled;
  Millis ahead;
  {
    const std::lock_guard lock(mutex_);
    ahead = skew_.ahead();
  }
  const WallTime sent = world_.clock->wall();
  sigv4::sign(request.method, base_path_of(settings_.endpoint) + call.target, request.headers, request.body,
              keys, settings_.region, settings_.service.signing, sent + ahead);
  const auto answer = world_.send(request);
  if (!answer)
    return {tl::unexpected(is_cancelled(call) ? cancelled() : failure_of(answer.error())), false, {}};
  Attempt attempt{*answer, false, {}};
  const std::lock_guard lock(mutex_);
  skew_.learn(*answer, sent, world_.clock->wall());
  if (answer->status >= 200 && answer->status < 300) return attempt;
  attempt.outcome = tl::unexpected(aws::failure_of(*answer));
  attempt.is_explained_by_skew = skew_.explains(attempt.outcome.error().code);
  if (const std::string* text = http::find_header(answer->headers, "x-amz-retry-after")) {
    attempt.retry_after = Millis(
        std::clamp<std::int64_t>(parse_int(trim(*text)).value_or(0), 0, limits::aws_backoff_max.count()));
  }
  return attempt;
}

/// Random, so that many who were refused at once do not come again at once.
Millis Client::wait_before(int attempt, const Attempt& last) const {
  if (last.is_explained_by_skew) return Millis(0);
  const Millis most =
      std::min(limits::aws_backoff * (std::int64_t{1} << std::min(attempt - 1, 16)), limits::aws_backoff_max);
  const Millis random(static_cast<std::int64_t>(static_cast<double>(most.count()) * world_.chance()));
  if (last.retry_after == Millis(0)) return random;
  return std::clamp(random, last.retry_after, last.retry_after + seconds(5)); // AWS's own word
}

tl::expected<http::Response, Failure> Client::send(const Call& call) {
  bool were_keys_refused = false, was_time_corrected = false;
  int spent = 0;
  for (int attempt = 1;; ++attempt) {
    const auto keys = credentials_.get();
    if (!keys) {
      Failure failure;
      failure.kind = FailureKind::credentials;
      failure.message = keys.error().message;
      return tl::unexpected(std::move(failure));
    }
    const Attempt last = try_once(call, keys->keys);
    if (last.outcome) {
      give_tokens(std::max(spent, success_gain));
      return last.outcome;
    }
    const Failure& failure = last.outcome.error();
    if (failure.kind == FailureKind::cancelled) return last.outcome;
    const bool is_skew = last.is_explained_by_skew && !std::exchange(was_time_corrected, true);
    bool again = is_skew || failure.kind == FailureKind::throttled || failure.kind == FailureKind::transient;
    if (failure.kind == FailureKind::credentials && !is_skew) {
      // Once: there may be newer ones.
      credentials_.refuse(keys->keys.access_key_id);
      again = !std::exchange(were_keys_refused, true);
    }
    const bool is_unsafe = !call.is_repeatable && failure.may_have_arrived;
    if (!again || is_unsafe || attempt >= settings_.attempts) return last.outcome;
    const int cost = failure.http_status == 0 ? timeout_cost : retry_cost;
    if (!take_tokens(cost)) return last.outcome;
    spent = cost;
    const Millis wait = wait_before(attempt, last);
    if (wait > Millis(0)) world_.pause(wait);
    if (is_cancelled(call)) return tl::unexpected(cancelled());
  }
}

} // namespace kaden::aws
