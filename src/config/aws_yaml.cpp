#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "checks.h"
#include "sections.h"

#include "kaden/limits/agent.h"

namespace kaden::config {
namespace {

constexpr std::size_t word_bytes_max = 255;
/// As AWS's own variables AWS_ENDPOINT_URL_... name them, in lower case.
constexpr std::array<std::string_view, 10> services = {"bedrock_runtime",
                                                       "cloudwatch",
                                                       "connect",
                                                       "direct_connect",
                                                       "ec2",
                                                       "elastic_load_balancing",
                                                       "elastic_load_balancing_v2",
                                                       "polly",
                                                       "sqs",
                                                       "sts"};

std::string read_region(Section& section) {
  const auto word = section.word("region", word_bytes_max);
  if (!word) return "";
  const bool fits = std::all_of(word->text.begin(), word->text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits)
    section.mistake_at(word->at, "region",
                       fmt::format("\"{}\" is no region such as ap-northeast-1", word->text));
  return word->text;
}

void read_endpoints(Section& section, Aws& aws) {
  for (auto& [service, url] : section.text_map("endpoints", services.size(), limits::url_bytes_max)) {
    if (std::find(services.begin(), services.end(), service) == services.end()) {
      section.mistake("endpoints", fmt::format("{}: Kaden asks no such service{}", service,
                                               suggestion(service, {services.begin(), services.end()})));
      continue;
    }
    const auto address = parse_web_url(url);
    if (!address || url.find_first_of("?#") != std::string::npos) {
      section.mistake("endpoints",
                      fmt::format("{}: is not an address such as https://vpce-1.sqs.ap-northeast-1."
                                  "vpce.amazonaws.com",
                                  service));
    } else if (address->is_link_local) {
      section.mistake("endpoints",
                      service + ": is a link-local address, where a cloud keeps a machine's credentials");
    } else if (address->is_plain && !address->is_loopback) {
      section.mistake("endpoints", service + ": is http: only https, but for this machine itself");
    }
    aws.endpoints[service] = url;
  }
}

} // namespace

Aws read_aws(Section& top, const Surroundings& around) {
  Aws aws;
  auto section = top.section("aws", "aws");
  if (!section) return aws;
  aws.region = read_region(*section);
  aws.profile = section->text("profile", word_bytes_max);
  if (section->has("ca_file")) aws.ca_file = read_public_file(*section, "ca_file", around);
  read_endpoints(*section, aws);
  aws.fips = section->flag("fips", aws.fips);
  aws.dual_stack = section->flag("dual_stack", aws.dual_stack);
  aws.instance_metadata = section->flag("instance_metadata", aws.instance_metadata);
  return aws;
}

std::optional<Queue> read_queue(Section& hook, const std::string& name) {
  auto section = hook.section("queue", "webhooks[].queue");
  if (!section) {
    hook.mistake("", "format sqs needs queue: {url: https://sqs...}");
    return std::nullopt;
  }
  Queue queue;
  queue.webhook = name;
  queue.name = section->text("name", word_bytes_max, name);
  if (section->wants("url")) queue.url = section->text("url", limits::url_bytes_max);
  const auto address = parse_web_url(queue.url);
  // "https://HOST/ACCOUNT/NAME"
  const bool is_queue = address && std::count(queue.url.begin(), queue.url.end(), '/') == 4 &&
                        !queue.url.ends_with('/') && queue.url.find_first_of("?#") == std::string::npos;
  if (!queue.url.empty() && !is_queue) {
    section->mistake(
        "url", "is no queue's URL such as https://sqs.ap-northeast-1.amazonaws.com/111122223333/alarms");
  }
  queue.unreadable_after = section->seconds("unreadable_s", 0, 86'400, queue.unreadable_after);
  queue.unreadable = section->choice("severity", parse_severity, severity_words(), queue.unreadable);
  return queue;
}

} // namespace kaden::config
