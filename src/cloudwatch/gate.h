// Who may come in, how often, and for what: signatures, permissions and rates of access keys.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "answer.h"
#include "desk.h"
#include "kaden/cloudwatch.h"
#include "kaden/http.h"
#include "kaden/smithy_service.h"
#include "token_bucket.h"

namespace kaden::cloudwatch {

/// Threads: any.
class Gate {
 public:
  struct Key;
  /// Who came in.
  struct Pass {
    std::string access_key_id;      ///< empty: unsigned, on loopback
    std::shared_ptr<const Key> key; ///< null then: such a sender may do everything, unbounded
  };

  Gate(bool allow_unsigned_on_loopback, const std::vector<AccessKey>& keys, const runtime::Clock& clock);
  /// Keys that stay keep what they have used up.
  void set_keys(const std::vector<AccessKey>& keys);

  /// The refusals of sigv4::verify, and Throttling: the key sends too much, or this sender too many bad
  /// signatures for this key. The former costs only the key, the latter only the sender.
  Answer<Pass> admit(const http::Request& request, std::string_view signing_name, WallTime now);
  /// AccessDenied.
  Answer<void> allow(const Pass& pass, smithy::Permission permission, const smithy::Service& service,
                     const std::string& operation);
  /// AccessDenied: what the input names is beyond the key's namespaces or log groups. Reads are let through.
  Answer<void> reach(const Pass& pass, const smithy::Served& served, const smithy::Service& service,
                     const Value& input);
  /// For Desk::put; nullopt: unbounded.
  std::optional<Maker> maker(const std::string& access_key_id) const;

  struct Counts {
    std::uint64_t refused_signatures = 0, throttled = 0, denied = 0;
  };
  Counts counts() const;

 private:
  std::shared_ptr<Key> find(std::string_view id) const;
  Answer<void> spend(const Key& key, std::size_t bytes);
  bool is_tiresome(const std::string& sender);
  void note_bad_signature(const std::string& sender);

  // Config
  const bool allow_unsigned_on_loopback_;
  // Borrowed
  const runtime::Clock& clock_;
  // State, guarded by mutex_
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Key>, std::less<>> keys_;
  // Senders of bad signatures, in two generations: when the younger is full, the older is forgotten.
  std::map<std::string, TokenBucket> young_, old_;
  std::atomic<std::uint64_t> refused_signatures_{0}, throttled_{0}, denied_{0};
};

} // namespace kaden::cloudwatch
