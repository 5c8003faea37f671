// Chat in the file: where the news go beside the calls.
#include "checks.h"
#include "kaden/limits/agent.h"
#include "kaden/limits/chat.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::size_t channel_bytes_max = 255;
constexpr std::size_t secret_bytes_min = 16;
constexpr std::int64_t ack_link_s_max = 7 * 86'400;

bool has_secret(const Section& section, const std::string& key) {
  return section.has(key + "_file") || section.has(key + "_env");
}

bool is_safe(std::string_view text) {
  const auto url = parse_web_url(text);
  return url && (!url->is_plain || url->is_loopback) && !url->is_link_local;
}

Slack read_slack(Section& section, const Surroundings& around) {
  Slack slack;
  const bool has_webhook = has_secret(section, "webhook");
  if (has_webhook == has_secret(section, "token")) {
    section.mistake("", has_webhook
                            ? "give webhook_file (or webhook_env) or token_file (or token_env), not both"
                            : "webhook_file, webhook_env, token_file or token_env is missing");
    return slack;
  }
  if (has_webhook) {
    slack.webhook_url = read_secret(section, "webhook", secret_bytes_min, around);
    const std::string key = section.has("webhook_file") ? "webhook_file" : "webhook_env";
    if (!slack.webhook_url.empty() && !is_safe(slack.webhook_url))
      section.mistake(key, "the secret is not an https address"); // and is not shown
    if (section.has("channel")) section.mistake("channel", "a webhook has a channel of its own");
  } else {
    slack.token = read_secret(section, "token", secret_bytes_min, around);
    if (section.wants("channel")) slack.channel = section.text("channel", channel_bytes_max);
  }
  slack.api_url = section.text("api_url", limits::url_bytes_max, slack.api_url);
  if (!is_safe(slack.api_url)) section.mistake("api_url", "is not an https address");
  if (section.has("ca_file")) slack.ca_file = read_public_file(section, "ca_file", around);
  return slack;
}

} // namespace

std::optional<Chat> read_chat(Section& top, const Surroundings& around) {
  auto section = top.section("chat", "chat");
  if (!section) return std::nullopt;
  Chat chat;
  chat.language = section->choice<Language>("language", parse_language, {"ja", "en"}, chat.language);
  chat.ack_link = section->seconds("ack_link_s", 0, ack_link_s_max, chat.ack_link);
  if (!section->wants("slack")) return chat;
  if (auto slack = section->section("slack", "chat.slack")) chat.slack = read_slack(*slack, around);
  return chat;
}

} // namespace kaden::config
