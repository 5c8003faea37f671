/// app/sns_trust.h - whether an SNS message is to be believed, and the visit that confirms a subscription.
/// Room: app. Uses: config, source/webhook, http. Only hosts of SNS are ever asked, over verified TLS, and no
/// redirect is followed. Threads: any; blocks up to limits::sns_patience. Errors: denied (not ours, not
/// genuine, too old: final), unavailable or timeout (come again).
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "kaden/config.h"
#include "kaden/sns_message.h"

namespace kaden::app {

class SnsTrust {
 public:
  /// One GET; any status but 200 is an error.
  using Fetch = std::function<Result<std::string>(const std::string& url, const std::string& ca_file)>;
  explicit SnsTrust(Fetch fetch) : fetch_(std::move(fetch)) {}
  /// Of libcurl.
  static Fetch web();

  /// The topic, the age, the certificate and the signature.
  Result<void> check(const config::Sns& sns, const webhook::SnsMessage& message, WallTime now,
                     SteadyTime steady);
  /// Visits SubscribeURL; check() comes before.
  Result<void> confirm(const config::Sns& sns, const webhook::SnsMessage& message) const;

 private:
  struct Known {
    std::string pem; ///< empty: could not be fetched
    Error trouble;
    SteadyTime at{};
  };
  Result<std::string> certificate(const config::Sns& sns, const std::string& url, WallTime now,
                                  SteadyTime steady);

  const Fetch fetch_;
  std::mutex mutex_;
  std::map<std::string, Known> known_; // by CA file and URL
};

/// A signing certificate: its dates hold at `now`, it is for sns.amazonaws.com or the host it came from, and,
/// as far as its issuers are known, it was signed by one that `ca_file` (empty: the system) trusts. SNS's
/// file may hold the certificate alone: then what vouches for it is the verified connection to the host it
/// came from.
Result<void> check_certificate(const std::string& pem, const std::string& host, const std::string& ca_file,
                               WallTime now);

} // namespace kaden::app
