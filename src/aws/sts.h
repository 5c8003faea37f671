/// sts.h - temporary keys of a role, from the Security Token Service. Room: aws, inside. Threads: any;
/// blocks. Errors: denied (STS refused), invalid (its answer), unavailable, timeout. API: STS AssumeRole,
/// AssumeRoleWithWebIdentity, 2011-06-15.
#pragma once

#include <string>

#include "kaden/aws_credentials.h"

namespace kaden::aws {

struct StsSettings {
  std::string endpoint; ///< URL
  std::string region;
  std::string ca_file;
};

struct RoleRequest {
  std::string role_arn;
  std::string session_name = "kaden";
  std::string external_id{}; ///< AssumeRole's; empty: none
};

Result<Keys> assume_role(const World& world, const StsSettings& where, const RoleRequest& role,
                         const sigv4::Credentials& source);
/// Unsigned: the token says who asks.
Result<Keys> assume_role_with_web_identity(const World& world, const StsSettings& where,
                                           const RoleRequest& role, const std::string& token);

/// An answer of either.
Result<Keys> parse_sts_answer(int status, const std::string& body);

} // namespace kaden::aws
