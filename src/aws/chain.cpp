// Where keys are looked for, place by place.
#include <fmt/format.h>

#include "kaden/aws_credentials.h"
#include "kaden/aws_endpoint.h"
#include "kaden/limits/aws.h"
#include "metadata.h"
#include "sts.h"
#include "words_of_command.h"

namespace kaden::aws {

namespace {

struct Files {
  std::string config, credentials;             // paths
  Profiles in_config, in_credentials, in_both; // values
};

Result<void> read_into(const World& world, const std::string& path, ProfileFile kind, Profiles& into) {
  if (path.empty()) return {};
  const auto text = world.read_file(path);
  if (!text && text.error().fault == Fault::not_found) return {};
  if (!text) return fail_while("reading " + path, text.error());
  if (auto read = parse_profiles(*text, kind, into); !read)
    return fail_while("reading " + path, read.error());
  return {};
}

Result<Files> read_files(const World& world) {
  const std::string home = world.variable("HOME").value_or("");
  const auto path_of = [&](const char* variable, const char* usual) {
    std::string path = world.variable(variable).value_or(home.empty() ? "" : home + usual);
    if (path.starts_with("~/") && !home.empty()) path = home + path.substr(1);
    return path;
  };
  Files files;
  files.config = path_of("AWS_CONFIG_FILE", "/.aws/config");
  files.credentials = path_of("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
  for (Profiles* into : {&files.in_config, &files.in_both}) {
    if (auto read = read_into(world, files.config, ProfileFile::config, *into); !read)
      return tl::unexpected<Error>(read.error());
  }
  for (Profiles* into : {&files.in_credentials, &files.in_both}) {
    if (auto read = read_into(world, files.credentials, ProfileFile::credentials, *into); !read)
      return tl::unexpected<Error>(read.error());
  }
  return files;
}

/// One look.
class Look {
 public:
  Look(const ChainSettings& settings, const World& world, const Files& files)
      : settings_(settings), world_(world), files_(files), profile_(profile_of(settings.profile, world)) {}

  Result<Keys> find() {
    const bool is_named = !settings_.profile.empty();
    // What is explicitly named comes first, and must have keys.
    if (is_named) {
      if (!files_.in_both.profiles.contains(profile_)) return no_profile(profile_);
      if (auto keys = keys_of_profile(profile_, 0); keys || keys.error().fault != Fault::not_found)
        return keys;
      return fail(Fault::not_found, "the profile " + profile_ + " has no keys" + hint_of(profile_));
    }
    if (auto keys = keys_of_environment(); tried("the environment", keys)) return keys;
    if (auto keys = keys_of_profile(profile_, 0); tried("the profile " + profile_ + hint_of(profile_), keys))
      return keys;
    if (auto keys = web_identity_of_environment(); tried("the environment's web identity", keys)) return keys;
    if (auto keys = ask_container(world_); tried("the container's credentials", keys)) return keys;
    if (settings_.use_instance_metadata) {
      auto keys = ask_instance(world_);
      if (keys || keys.error().fault != Fault::not_found) return keys;
      looked_at_ += ", the instance metadata service (" + keys.error().message + ")";
    }
    return fail(Fault::not_found, "no AWS keys; looked at " + looked_at_.substr(2));
  }

 private:
  /// True when the place has an answer, be it a failure.
  bool tried(const std::string& place, const Result<Keys>& keys) {
    if (keys || keys.error().fault != Fault::not_found) return true;
    looked_at_ += ", " + place;
    return false;
  }

  static tl::unexpected<Error> none() { return fail(Fault::not_found, ""); }
  tl::unexpected<Error> no_profile(const std::string& name) const {
    return fail(Fault::invalid,
                fmt::format("there is no profile {} in {} or {}", name, files_.config, files_.credentials));
  }

  /// Of what cannot be used.
  std::string hint_of(const std::string& profile) const {
    for (const char* key : {"sso_session", "sso_start_url", "login_session"}) {
      if (value(profile, key) != nullptr)
        return fmt::format(" ({} is not supported: a person would have to renew it; use credential_process)",
                           key);
    }
    return "";
  }

  const std::string* value(const std::string& profile, const std::string& key) const {
    return files_.in_both.find(profile, key);
  }

  Result<Keys> keys_of_environment() const {
    const auto id = world_.variable("AWS_ACCESS_KEY_ID");
    const auto secret = world_.variable("AWS_SECRET_ACCESS_KEY");
    if (!id && !secret) return none();
    if (!id || !secret) {
      return fail(Fault::invalid, fmt::format("the environment has {} without {}",
                                              id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                                              id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"));
    }
    Keys keys{{*id, *secret, world_.variable("AWS_SESSION_TOKEN").value_or("")}, {}, "the environment"};
    if (keys.keys.session_token.empty())
      keys.keys.session_token = world_.variable("AWS_SECURITY_TOKEN").value_or("");
    if (const auto text = world_.variable("AWS_CREDENTIAL_EXPIRATION")) {
      const auto at = parse_iso8601(*text);
      if (!at) return fail_while("AWS_CREDENTIAL_EXPIRATION", at.error());
      keys.expires = *at;
    }
    return keys;
  }

  /// Keys that stand in one file.
  Result<Keys> written_keys(const Profiles& in, const std::string& path, const std::string& profile) const {
    const std::string* id = in.find(profile, "aws_access_key_id");
    const std::string* secret = in.find(profile, "aws_secret_access_key");
    if (id == nullptr && secret == nullptr) return none();
    if (id == nullptr || secret == nullptr) {
      return fail(Fault::invalid, fmt::format("{}: the profile {} has {} without {}", path, profile,
                                              id != nullptr ? "aws_access_key_id" : "aws_secret_access_key",
                                              id != nullptr ? "aws_secret_access_key" : "aws_access_key_id"));
    }
    const std::string* token = in.find(profile, "aws_session_token");
    return Keys{{*id, *secret, token == nullptr ? "" : *token},
                {},
                fmt::format("the profile {} ({})", profile, path)};
  }

  Result<Keys> keys_of_profile(const std::string& profile, int hops) {
    if (hops > limits::aws_profile_hops_max)
      return fail(Fault::invalid, "source_profile goes in a circle, or through too many profiles");
    if (const std::string* role = value(profile, "role_arn")) return keys_of_role(profile, *role, hops);
    if (auto keys = written_keys(files_.in_credentials, files_.credentials, profile);
        keys || keys.error().fault != Fault::not_found)
      return keys;
    if (const std::string* command = value(profile, "credential_process")) return run(*command, profile);
    return written_keys(files_.in_config, files_.config, profile);
  }

  Result<Keys> keys_of_role(const std::string& profile, const std::string& role_arn, int hops) {
    RoleRequest role{role_arn};
    if (const std::string* name = value(profile, "role_session_name")) role.session_name = *name;
    if (const std::string* id = value(profile, "external_id")) role.external_id = *id;
    const std::string from = fmt::format("the role {} of the profile {}", role_arn, profile);
    if (const std::string* file = value(profile, "web_identity_token_file"))
      return of(from, keys_of_token(*file, role, profile));
    const std::string* source = value(profile, "source_profile");
    const std::string* place = value(profile, "credential_source");
    if ((source == nullptr) == (place == nullptr)) {
      return fail(Fault::invalid, fmt::format("the profile {} has a role_arn: it needs source_profile, "
                                              "credential_source or web_identity_token_file, one of them",
                                              profile));
    }
    auto keys = source != nullptr ? keys_of_source(profile, *source, hops) : keys_of_place(profile, *place);
    if (!keys) return keys;
    const auto sts = sts_of(profile);
    if (!sts) return tl::unexpected<Error>(sts.error());
    return of(from, assume_role(world_, *sts, role, keys->keys));
  }

  Result<Keys> keys_of_source(const std::string& profile, const std::string& source, int hops) {
    if (!files_.in_both.profiles.contains(source)) return no_profile(source);
    // One that names itself means the keys that stand beside its role.
    auto keys = source == profile ? written_keys(files_.in_both, files_.credentials, source)
                                  : keys_of_profile(source, hops + 1);
    if (!keys && keys.error().fault == Fault::not_found)
      return fail(Fault::invalid, fmt::format("the profile {}, which {} names, has no keys{}", source,
                                              profile, hint_of(source)));
    return keys;
  }

  Result<Keys> keys_of_place(const std::string& profile, const std::string& place) const {
    Result<Keys> keys = fail(
        Fault::invalid, fmt::format("the profile {}: credential_source is Environment, Ec2InstanceMetadata "
                                    "or EcsContainer, not {}",
                                    profile, place));
    if (equal_no_case(place, "Environment")) keys = keys_of_environment();
    if (equal_no_case(place, "Ec2InstanceMetadata")) keys = ask_instance(world_);
    if (equal_no_case(place, "EcsContainer")) keys = ask_container(world_);
    if (keys || keys.error().fault != Fault::not_found) return keys;
    return fail(Fault::unavailable, fmt::format("the profile {}: {} has no keys", profile, place));
  }

  Result<Keys> web_identity_of_environment() const {
    const auto file = world_.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!file) return none();
    const auto arn = world_.variable("AWS_ROLE_ARN");
    if (!arn)
      return fail(Fault::invalid, "the environment has AWS_WEB_IDENTITY_TOKEN_FILE without AWS_ROLE_ARN");
    RoleRequest role{*arn};
    role.session_name = world_.variable("AWS_ROLE_SESSION_NAME").value_or(role.session_name);
    return of("the role " + *arn + " of a web identity", keys_of_token(*file, role, profile_));
  }

  /// The file is read each time: who writes it renews it.
  Result<Keys> keys_of_token(const std::string& file, const RoleRequest& role,
                             const std::string& profile) const {
    const auto token = world_.read_file(file);
    if (!token)
      return fail(Fault::unavailable, "the web identity token " + file + ": " + token.error().message);
    const auto sts = sts_of(profile);
    if (!sts) return tl::unexpected<Error>(sts.error());
    return assume_role_with_web_identity(world_, *sts, role, *token);
  }

  Result<StsSettings> sts_of(const std::string& profile) const {
    EndpointSettings where{
        region_of(settings_.region, world_.variable, files_.in_both, profile), {}, false, false};
    if (!settings_.sts_endpoint.empty()) where.overrides[std::string(sts.id)] = settings_.sts_endpoint;
    auto url = endpoint_of(sts, where, world_.variable, files_.in_both, profile);
    if (!url) return fail_while("asking STS", url.error());
    return StsSettings{std::move(*url), where.region, settings_.ca_file};
  }

  /// {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} on standard output.
  Result<Keys> run(const std::string& command, const std::string& profile) const {
    const std::string doing = "running credential_process of the profile " + profile;
    const auto arguments = words_of_command(command);
    if (!arguments) return fail_while(doing, arguments.error());
    const auto output = world_.run(*arguments, limits::aws_process_patience);
    if (!output) return fail_while(doing, output.error());
    auto keys = parse_keys(*output, "SessionToken", false);
    if (!keys) return fail_while(doing, keys.error());
    keys->from = "credential_process of the profile " + profile;
    return keys;
  }

  static Result<Keys> of(const std::string& from, Result<Keys> keys) {
    if (keys) keys->from = from;
    return keys;
  }

  const ChainSettings& settings_;
  const World& world_;
  const Files& files_;
  const std::string profile_;
  std::string looked_at_;
};

} // namespace

std::string region_of(const std::string& configured,
                      const std::function<std::optional<std::string>(const std::string&)>& variable,
                      const Profiles& profiles, const std::string& profile) {
  if (!configured.empty()) return configured;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const auto region = variable(name)) return *region;
  }
  const std::string* region = profiles.find(profile, "region");
  return region == nullptr ? "" : *region;
}

Result<Profiles> read_profiles(const World& world) {
  auto files = read_files(world);
  if (!files) return tl::unexpected<Error>(files.error());
  return std::move(files->in_both);
}

std::string profile_of(const std::string& configured, const World& world) {
  return !configured.empty() ? configured : world.variable("AWS_PROFILE").value_or("default");
}

Result<Keys> Chain::find() const {
  const auto files = read_files(world_);
  if (!files) return tl::unexpected<Error>(files.error());
  return Look(settings_, world_, *files).find();
}

} // namespace kaden::aws
