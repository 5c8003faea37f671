#include "gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kaden/limits/metrics.h"
#include "kaden/sigv4.h"

namespace kaden::cloudwatch {

namespace {

constexpr std::int64_t burst_s = 2; // seconds' worth of a key's rates at once

bool is_unsigned(const http::Request& request) {
  return http::find_header(request.headers, "authorization") == nullptr &&
         request.target.find("X-Amz-Signature=") == std::string::npos &&
         request.target.find("X-Amz-Credential=") == std::string::npos;
}

/// "cloudwatch:PutMetricData", "logs:PutLogEvents": as policies there name it.
std::string action_of(const smithy::Service& service, const std::string& operation) {
  return (service.signing_name == "monitoring" ? "cloudwatch" : service.signing_name) + ":" + operation;
}

} // namespace

struct Gate::Key {
  AccessKey given;
  mutable std::mutex mutex;
  mutable TokenBucket requests, bytes; // guarded by mutex

  Key(AccessKey key, SteadyTime now)
      : given(std::move(key)),
        requests(given.requests_per_second, given.requests_per_second * burst_s, now),
        bytes(given.bytes_per_second, given.bytes_per_second * burst_s, now) {}
};

Gate::Gate(bool allow_unsigned_on_loopback, const std::vector<AccessKey>& keys, const runtime::Clock& clock)
    : allow_unsigned_on_loopback_(allow_unsigned_on_loopback), clock_(clock) {
  set_keys(keys);
}

void Gate::set_keys(const std::vector<AccessKey>& keys) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::shared_ptr<Key>, std::less<>> fresh;
  for (const AccessKey& key : keys) {
    const auto known = keys_.find(key.id);
    const bool same = known != keys_.end() && known->second->given == key;
    fresh[key.id] = same ? known->second : std::make_shared<Key>(key, now);
  }
  keys_ = std::move(fresh);
}

std::shared_ptr<Gate::Key> Gate::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : found->second;
}

std::optional<Maker> Gate::maker(const std::string& access_key_id) const {
  const auto key = find(access_key_id);
  if (!key) return std::nullopt;
  return Maker{access_key_id, static_cast<std::size_t>(key->given.metrics)};
}

bool Gate::is_tiresome(const std::string& sender) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  for (auto* generation : {&young_, &old_}) {
    if (const auto found = generation->find(sender); found != generation->end()) {
      return !found->second.has_any(now);
    }
  }
  return false;
}

void Gate::note_bad_signature(const std::string& sender) {
  ++refused_signatures_;
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  auto found = young_.find(sender);
  if (found == young_.end()) {
    const auto known = old_.find(sender);
    const TokenBucket bucket =
        known == old_.end() ? TokenBucket(limits::bad_signatures_per_s, limits::bad_signatures_burst, now)
                            : known->second;
    if (young_.size() >= limits::bad_senders_max / 2) old_ = std::exchange(young_, {});
    found = young_.emplace(sender, bucket).first;
  }
  static_cast<void>(found->second.take(1, now));
}

Answer<void> Gate::spend(const Key& key, std::size_t bytes) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(key.mutex);
  if (!key.requests.take(1, now)) {
    ++throttled_;
    return problem("Throttling", fmt::format("Rate exceeded: this access key may send {} requests a second.",
                                             key.given.requests_per_second));
  }
  if (!key.bytes.take(static_cast<std::int64_t>(bytes), now)) {
    ++throttled_;
    return problem("Throttling", fmt::format("Rate exceeded: this access key may send {} bytes a second.",
                                             key.given.bytes_per_second));
  }
  return {};
}

Answer<Gate::Pass> Gate::admit(const http::Request& request, std::string_view signing_name, WallTime now) {
  if (allow_unsigned_on_loopback_ && request.peer_is_loopback && is_unsigned(request)) return Pass{};
  const sigv4::Request checked{request.method, request.target, request.headers, request.body};
  // By sender and claimed key: nobody can lock out the owner of a key from elsewhere, and who guesses at one
  // key may still use another.
  const std::string claimed = sigv4::claimed_key(checked);
  const auto known = find(claimed);
  const std::string sender = request.peer + "/" + (known ? claimed : "");
  if (is_tiresome(sender)) {
    ++throttled_;
    return problem("Throttling", "Rate exceeded: too many requests from here were signed badly.");
  }
  const sigv4::KeyOf key_of = [&known](std::string_view id) -> std::optional<sigv4::Credentials> {
    if (!known) return std::nullopt;
    return sigv4::Credentials{std::string(id), known->given.secret, known->given.session_token};
  };
  const auto signer = sigv4::verify(checked, key_of, {{signing_name}, now, limits::request_skew_max});
  if (!signer) {
    // An old date is signed by the owner of the key.
    if (signer.error().code == "RequestExpired") {
      ++refused_signatures_;
    } else {
      note_bad_signature(sender);
    }
    return problem(signer.error().code, signer.error().message, signer.error().http_status);
  }
  if (auto spent = spend(*known, request.body.size()); !spent) return refused(spent);
  return Pass{signer->access_key_id, known};
}

Answer<void> Gate::allow(const Pass& pass, smithy::Permission permission, const smithy::Service& service,
                         const std::string& operation) {
  if (!pass.key) return {};
  const auto& may = pass.key->given.may;
  if (std::find(may.begin(), may.end(), permission) != may.end()) return {};
  ++denied_;
  return problem("AccessDenied",
                 fmt::format("User: {} is not authorized to perform: {} because its access key may not {}",
                             pass.access_key_id, action_of(service, operation), smithy::to_text(permission)),
                 403);
}

namespace {

bool is_one_of(const std::vector<std::string>& globs, std::string_view name) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(),
                                      [&](const std::string& glob) { return glob_match(glob, name); });
}

/// As the log operations read it: what stands behind ":log-group:", up to the next ':'; empty: of something
/// else.
std::string group_of_arn(std::string_view arn) {
  constexpr std::string_view mark = ":log-group:";
  const std::size_t at = arn.find(mark);
  if (at == std::string_view::npos) return "";
  const std::string_view name = arn.substr(at + mark.size());
  return std::string(name.substr(0, name.find(':')));
}

/// The first thing that the input would write into and the key may not; empty: none.
std::string beyond(const AccessKey& key, const std::string& operation, const Value& input) {
  std::vector<std::string> namespaces;
  if (operation == "PutMetricData") namespaces.push_back(input.text_or("Namespace", ""));
  for (const Value& each : input.list("metricTransformations"))
    namespaces.push_back(each.text_or("metricNamespace", ""));
  for (const auto& name : namespaces) {
    if (!is_one_of(key.namespaces, name))
      return fmt::format("namespace {}, since its access key is for {}", name,
                         fmt::join(key.namespaces, ", "));
  }
  std::vector<std::string> groups;
  if (input.has("logGroupName")) groups.push_back(input.text_or("logGroupName", ""));
  if (const auto group = group_of_arn(input.text_or("resourceArn", "")); !group.empty())
    groups.push_back(group);
  for (const auto& name : groups) {
    if (!is_one_of(key.log_groups, name))
      return fmt::format("log group {}, since its access key is for {}", name,
                         fmt::join(key.log_groups, ", "));
  }
  return "";
}

} // namespace

Answer<void> Gate::reach(const Pass& pass, const smithy::Served& served, const smithy::Service& service,
                         const Value& input) {
  if (!pass.key || served.permission == smithy::Permission::read) return {};
  const std::string what = beyond(pass.key->given, served.operation.name, input);
  if (what.empty()) return {};
  ++denied_;
  return problem("AccessDenied",
                 fmt::format("User: {} is not authorized to perform: {} on {}", pass.access_key_id,
                             action_of(service, served.operation.name), what),
                 403);
}

Gate::Counts Gate::counts() const {
  return {refused_signatures_, throttled_, denied_};
}

} // namespace kaden::cloudwatch
