/// kaden/aws_endpoint.h - where an AWS service is reached. Room: aws. Uses: base. Pure. Threads: values; any.
/// Errors: invalid (no region, or nonsense in an override). AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints", "Dual-stack and FIPS endpoints".
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/aws_profiles.h"
#include "kaden/base.h"

namespace kaden::aws {

/// How one service is called in the four places where its name is needed.
struct Service {
  std::string_view id;      ///< in the environment and in files: "bedrock_runtime"
  std::string_view prefix;  ///< of its host: "bedrock-runtime"
  std::string_view signing; ///< in signatures: "bedrock"
};
inline constexpr Service bedrock_runtime{"bedrock_runtime", "bedrock-runtime", "bedrock"};
inline constexpr Service cloudwatch{"cloudwatch", "monitoring", "monitoring"};
inline constexpr Service connect{"connect", "connect", "connect"};
inline constexpr Service direct_connect{"direct_connect", "directconnect", "directconnect"};
inline constexpr Service ec2{"ec2", "ec2", "ec2"};
inline constexpr Service elb{"elastic_load_balancing", "elasticloadbalancing", "elasticloadbalancing"};
inline constexpr Service elbv2{"elastic_load_balancing_v2", "elasticloadbalancing", "elasticloadbalancing"};
inline constexpr Service polly{"polly", "polly", "polly"};
inline constexpr Service sqs{"sqs", "sqs", "sqs"};
inline constexpr Service sts{"sts", "sts", "sts"};

struct EndpointSettings {
  std::string region;                           ///< "ap-northeast-1"
  std::map<std::string, std::string> overrides; ///< URLs by Service::id, named by the configuration
  bool fips = false, dual_stack = false;
};

/// The URL without '/' at its end: the configuration's, AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, the profile's
/// services section, its endpoint_url, or by the rules. A VPC endpoint's host changes neither the region nor
/// the service that signatures name.
Result<std::string> endpoint_of(const Service& service, const EndpointSettings& settings,
                                const std::function<std::optional<std::string>(const std::string&)>& variable,
                                const Profiles& profiles, const std::string& profile);

/// Of such a URL: "host" or "host:port", as the client sends it; and what stands before a target, "" or
/// "/base".
std::string authority_of(std::string_view url);
std::string base_path_of(std::string_view url);

} // namespace kaden::aws
