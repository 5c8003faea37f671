/// kaden/chat_settings.h - chat, as the file says it; part of Settings. Room: config. Uses: base. What each
/// field means, with its default and limits, is in docs/configuration.md. Threads: values; any. Errors: none
/// here, see config.h.
#pragma once

#include <string>

#include "kaden/base.h"
#include "kaden/limits/chat.h"

namespace kaden::config {

/// Either the webhook, or the token with its channel.
struct Slack {
  std::string webhook_url; ///< a secret
  std::string token;       ///< a secret
  std::string channel;
  std::string api_url = "https://slack.com/api";
  std::string ca_file; ///< PEM; empty: the system's store
  bool operator==(const Slack&) const = default;
};

struct Chat {
  Language language = Language::en;
  Millis ack_link = limits::chat_link_max; ///< how long a link works; 0: there are none
  Slack slack;
  bool operator==(const Chat&) const = default;
};

} // namespace kaden::config
