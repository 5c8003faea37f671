#include "kaden/aws_endpoint.h"

#include <fmt/format.h>

#include <algorithm>

namespace kaden::aws {

namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

bool is_region(std::string_view region) {
  return !region.empty() && region.size() <= 63 && region.front() != '-' && region.back() != '-' &&
         std::all_of(region.begin(), region.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Result<std::string> tidy(std::string_view url, const std::string& from) {
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return fail(Fault::invalid, from + ": an endpoint begins with https:// (or http://)");
  while (url.ends_with('/')) url.remove_suffix(1);
  if (url.find_first_of("?# ") != std::string_view::npos || url.ends_with(':'))
    return fail(Fault::invalid,
                from + ": an endpoint has a host, perhaps a port and a path, and nothing else");
  return std::string(url);
}

/// By the rules of the partition.
Result<std::string> usual(const Service& service, const EndpointSettings& settings) {
  if (!is_region(settings.region))
    return fail(Fault::invalid, settings.region.empty() ? "no AWS region is set"
                                                        : "\"" + settings.region + "\" is no AWS region");
  const bool is_china = settings.region.starts_with("cn-");
  const std::string_view ending = settings.dual_stack
                                      ? (is_china ? "api.amazonwebservices.com.cn" : "api.aws")
                                      : (is_china ? "amazonaws.com.cn" : "amazonaws.com");
  return fmt::format("https://{}{}.{}.{}", service.prefix, settings.fips ? "-fips" : "", settings.region,
                     ending);
}

} // namespace

std::string authority_of(std::string_view url) {
  const std::size_t begin = url.find("//") + 2;
  return std::string(url.substr(begin, url.find_first_of("/?", begin) - begin));
}

std::string base_path_of(std::string_view url) {
  const std::size_t slash = url.find('/', url.find("//") + 2);
  return slash == std::string_view::npos ? "" : std::string(url.substr(slash));
}

Result<std::string> endpoint_of(const Service& service, const EndpointSettings& settings,
                                const std::function<std::optional<std::string>(const std::string&)>& variable,
                                const Profiles& profiles, const std::string& profile) {
  const std::string id(service.id);
  const auto named = settings.overrides.find(id);
  if (named != settings.overrides.end()) return tidy(named->second, "the endpoint of " + id);
  const auto ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignored && to_lower(*ignored) == "true") return usual(service, settings);
  for (const std::string& name : {"AWS_ENDPOINT_URL_" + upper(id), std::string("AWS_ENDPOINT_URL")}) {
    if (const auto url = variable(name)) return tidy(*url, name);
  }
  if (const std::string* section = profiles.find(profile, "services")) {
    const auto values = profiles.services.find(*section);
    if (values != profiles.services.end()) {
      const auto url = values->second.find(id + ".endpoint_url");
      if (url != values->second.end()) return tidy(url->second, "[services " + *section + "] " + id);
    }
  }
  if (const std::string* url = profiles.find(profile, "endpoint_url"))
    return tidy(*url, "[profile " + profile + "] endpoint_url");
  return usual(service, settings);
}

} // namespace kaden::aws
