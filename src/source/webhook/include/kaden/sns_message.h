/// kaden/sns_message.h - Amazon SNS over HTTP: the message, the bytes that its signature covers, and the
/// addresses it may name. Room: source/webhook. Uses: base. Pure: whether a certificate is to be trusted, and
/// fetching it, is the caller's. Threads: values; any. Errors: invalid (not such a message), denied (the
/// signature or an address is not SNS's).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::webhook {

enum class SnsType : std::uint8_t { notification, subscription_confirmation, unsubscribe_confirmation };

struct SnsMessage {
  SnsType type = SnsType::notification;
  std::string type_text, message_id, topic_arn, message, timestamp, token;
  std::optional<std::string> subject;
  std::string subscribe_url, signing_cert_url;
  std::string signature; ///< base64
  int signature_version = 1;
  WallTime at{}; ///< the timestamp
};
/// Errors name the member.
Result<SnsMessage> parse_sns_message(std::string_view body);

/// "Message\n...\nMessageId\n..." in UTF-8: what was signed.
std::string signed_text(const SnsMessage& message);

/// Whether the certificate's key (PEM) made the signature: version 1 is SHA1withRSA, 2 SHA256withRSA. Says
/// nothing about whose certificate it is.
Result<void> check_signature(const SnsMessage& message, std::string_view certificate_pem);

/// https, the host sns.REGION.amazonaws.com or .com.cn, no user, no port, no fragment.
Result<void> check_sns_url(std::string_view url);
/// The host of such a URL, "" for any other.
std::string_view host_of_sns_url(std::string_view url);
/// The same as check_sns_url(), and the path ends in .pem.
Result<void> check_certificate_url(std::string_view url);
/// The same as check_sns_url(), for the topic's own region and with what confirms a subscription.
Result<void> check_subscribe_url(const SnsMessage& message);

} // namespace kaden::webhook
