/// metadata.h - keys that the machine itself gives: the container's URI and the instance metadata service.
/// Room: aws, inside. Threads: any; blocks. Errors: not_found (this machine has no such place), invalid,
/// denied, unavailable, timeout. EC2 User Guide, "Use IMDSv2"; AWS SDKs and Tools Reference Guide, "Container
/// credential provider", "IMDS credential provider".
#pragma once

#include <string>
#include <string_view>

#include "kaden/aws_credentials.h"

namespace kaden::aws {

/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. not_found: neither is set.
Result<Keys> ask_container(const World& world);
/// Version 2 only: a first request for a token, never the older way without one.
Result<Keys> ask_instance(const World& world);

/// {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}; `token_name`: credential_process says
/// SessionToken. `must_end`: without Expiration it is invalid.
Result<Keys> parse_keys(std::string_view body, std::string_view token_name, bool must_end);

} // namespace kaden::aws
