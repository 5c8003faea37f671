/// kaden/aws_credentials.h - with which keys requests to AWS are signed: found in the places where every SDK
/// looks, and renewed before they end. Room: aws. Uses: base, runtime, sigv4, http, xml. Threads: Chain one
/// at a time; Credentials any. Errors: not_found (no place has keys; the message names each that was looked
/// at), invalid (a place has half of them, or nonsense), unavailable, timeout, denied. No secret is ever in a
/// message. AWS SDKs and Tools Reference Guide, "Standardized credential providers"; STS AssumeRole,
/// AssumeRoleWithWebIdentity; EC2 User Guide, "Instance metadata" (version 2 only).
///
/// Places, in this order: the environment's keys; the profile (role_arn with source_profile or
/// credential_source, web identity, keys of the credentials file, credential_process, keys of the config
/// file); the environment's web identity; the container's URI; the instance metadata service. A profile that
/// the configuration names comes before the environment's keys. Not supported: SSO and `aws login`, which a
/// person must renew; `credential_process` can bring both, and IAM Roles Anywhere.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "kaden/aws_profiles.h"
#include "kaden/aws_world.h"
#include "kaden/base.h"
#include "kaden/sigv4.h"

namespace kaden::aws {

struct Keys {
  sigv4::Credentials keys;
  std::optional<WallTime> expires; ///< nothing: they do not end by themselves
  std::string from;                ///< for people: "the environment", "profile prod (~/.aws/credentials)"
  bool outlives_outage = false; ///< of a metadata service: while it is out, expired keys are better than none
};

struct ChainSettings {
  std::string profile;      ///< named by the configuration; empty: AWS_PROFILE, or default
  std::string region;       ///< of STS; empty: the profile's, or AWS_REGION
  std::string sts_endpoint; ///< such as a VPC endpoint's URL; empty: the usual places
  std::string ca_file;      ///< trust only this PEM file; empty: the system's store
  bool use_instance_metadata = true;
};

/// The configuration's, AWS_REGION, AWS_DEFAULT_REGION, or the profile's; empty: none says one.
std::string region_of(const std::string& configured,
                      const std::function<std::optional<std::string>(const std::string&)>& variable,
                      const Profiles& profiles, const std::string& profile);

/// Both files, as one. Errors: invalid (with the file and its line), unavailable.
Result<Profiles> read_profiles(const World& world);
/// The configuration's, AWS_PROFILE, or "default".
std::string profile_of(const std::string& configured, const World& world);

/// Looks once through all places.
class Chain {
 public:
  Chain(ChainSettings settings, World world) : settings_(std::move(settings)), world_(std::move(world)) {}
  Result<Keys> find() const;

 private:
  const ChainSettings settings_;
  const World world_;
};

/// Keys that stay good: looked for when they are first asked for, anew in good time before they end, and now
/// and then when they have no end, since a file may be rotated.
class Credentials {
 public:
  using Find = std::function<Result<Keys>()>;
  /// Borrows the clock. `chance`: see World.
  Credentials(Find find, const runtime::Clock& clock, std::function<double()> chance);

  /// May block while new keys are looked for. Errors: those of the chain, when there are no good old ones.
  Result<Keys> get();
  /// AWS refused them (ExpiredToken, InvalidClientTokenId): the next get() looks anew, unless it did already.
  void refuse(const std::string& access_key_id);

 private:
  bool is_due(WallTime now) const;
  bool must_wait(WallTime now) const;
  void take(Result<Keys> found, WallTime now);

  // Config
  const Find find_;
  const runtime::Clock& clock_;
  const std::function<double()> chance_;
  // State, guarded by mutex_
  std::mutex mutex_;
  std::condition_variable found_;
  bool is_looking_ = false;
  std::optional<Keys> keys_;
  WallTime look_again_{}; ///< not before
  bool are_refused_ = false;
  std::optional<Error> error_; ///< of the last look; nothing: it found some
};

} // namespace kaden::aws
