#include "kaden/sns_message.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "draft.h"
#include "kaden/limits/webhooks.h"

namespace kaden::webhook {
namespace {

template <auto end>
struct End {
  template <class T>
  void operator()(T* thing) const {
    end(thing);
  }
};
using Bio = std::unique_ptr<BIO, End<BIO_free>>;
using Certificate = std::unique_ptr<X509, End<X509_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, End<EVP_MD_CTX_free>>;

constexpr std::size_t signature_bytes_max = 1'024; // RSA of 8,192 bits

Result<std::string> bytes_of_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 2 * signature_bytes_max) {
    return fail(Fault::denied, "Signature: is not base64");
  }
  std::vector<unsigned char> input(text.begin(), text.end());
  std::vector<unsigned char> out(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(out.data(), input.data(), static_cast<int>(input.size()));
  if (size < 0) return fail(Fault::denied, "Signature: is not base64");
  std::size_t length = static_cast<std::size_t>(size);
  for (std::size_t i = text.size(); i > 0 && text[i - 1] == '=' && length > 0; --i) --length;
  return std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(length));
}

std::optional<SnsType> type_of(std::string_view text) {
  if (text == "Notification") return SnsType::notification;
  if (text == "SubscriptionConfirmation") return SnsType::subscription_confirmation;
  if (text == "UnsubscribeConfirmation") return SnsType::unsubscribe_confirmation;
  return std::nullopt;
}

/// Must be there and a text: what is signed are texts.
Result<void> take(const json::object& body, std::string_view name, std::string& out) {
  const json::value* found = body.if_contains(name);
  if (found == nullptr || !found->is_string())
    return fail(Fault::invalid, fmt::format("{}: is missing or not a text", name));
  out = std::string_view(found->get_string());
  return {};
}

std::string_view host_of(std::string_view url) {
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme)) return "";
  url.remove_prefix(scheme.size());
  return url.substr(0, url.find_first_of("/?#"));
}

/// "ap-northeast-1", "us-gov-west-1": two letters, words, a number. Other names under amazonaws.com may be
/// anybody's: "s3-us-west-2" is where a bucket called "sns" has its address.
bool is_region(std::string_view text) {
  const auto is_all = [](std::string_view part, char first, char last) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [&](char c) { return c >= first && c <= last; });
  };
  const auto parts = split(text, '-');
  return parts.size() >= 3 && parts[0].size() == 2 && parts.back().size() <= 2 &&
         is_all(parts.back(), '0', '9') &&
         std::all_of(parts.begin(), parts.end() - 1,
                     [&](std::string_view part) { return is_all(part, 'a', 'z'); });
}

/// Between "sns." and the end of the host; "" when it is no host of SNS. China has an end of its own.
std::string_view region_in(std::string_view host) {
  constexpr std::string_view begin = "sns.";
  if (!host.starts_with(begin)) return "";
  host.remove_prefix(begin.size());
  for (const std::string_view end : {".amazonaws.com.cn", ".amazonaws.com"}) {
    if (!host.ends_with(end)) continue;
    host.remove_suffix(end.size());
    const bool is_its_end = host.starts_with("cn-") == end.ends_with(".cn");
    return is_its_end && is_region(host) ? host : std::string_view();
  }
  return "";
}

std::string_view region_of_topic(std::string_view arn) {
  const auto parts = split(arn, ':');
  return parts.size() == 6 && parts[0] == "arn" && parts[2] == "sns" ? parts[3] : std::string_view();
}

} // namespace

Result<SnsMessage> parse_sns_message(std::string_view text) {
  const auto parsed = object_in(text);
  if (!parsed) return tl::unexpected(parsed.error());
  const json::object& body = parsed->get_object();
  SnsMessage out;
  if (const auto taken = take(body, "Type", out.type_text); !taken) {
    return fail(Fault::invalid, "Type: is missing; raw message delivery has no signature and must be off");
  }
  const auto type = type_of(out.type_text);
  if (!type)
    return fail(Fault::invalid,
                "Type: must be Notification, SubscriptionConfirmation or UnsubscribeConfirmation");
  out.type = *type;
  std::string version;
  std::vector<std::pair<std::string_view, std::string*>> wanted{{"MessageId", &out.message_id},
                                                                {"TopicArn", &out.topic_arn},
                                                                {"Message", &out.message},
                                                                {"Timestamp", &out.timestamp},
                                                                {"Signature", &out.signature},
                                                                {"SignatureVersion", &version},
                                                                {"SigningCertURL", &out.signing_cert_url}};
  if (*type != SnsType::notification) {
    wanted.emplace_back("Token", &out.token);
    wanted.emplace_back("SubscribeURL", &out.subscribe_url);
  }
  for (const auto& [name, place] : wanted) {
    if (const auto taken = take(body, name, *place); !taken) return tl::unexpected(taken.error());
  }
  const json::value* subject = body.if_contains("Subject");
  if (subject != nullptr && !subject->is_null()) {
    if (!subject->is_string()) return fail(Fault::invalid, "Subject: is not a text");
    out.subject = std::string(std::string_view(subject->get_string()));
  }
  if (version != "1" && version != "2") return fail(Fault::invalid, "SignatureVersion: must be 1 or 2");
  out.signature_version = version == "1" ? 1 : 2;
  const auto at = parse_iso8601(out.timestamp);
  if (!at) return fail(Fault::invalid, "Timestamp: " + at.error().message);
  out.at = *at;
  return out;
}

std::string signed_text(const SnsMessage& message) {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view value) {
    text.append(name).append("\n").append(value).append("\n");
  };
  add("Message", message.message);
  add("MessageId", message.message_id);
  if (message.type == SnsType::notification) {
    if (message.subject) add("Subject", *message.subject);
  } else {
    add("SubscribeURL", message.subscribe_url);
  }
  add("Timestamp", message.timestamp);
  if (message.type != SnsType::notification) add("Token", message.token);
  add("TopicArn", message.topic_arn);
  add("Type", message.type_text);
  return text;
}

Result<void> check_signature(const SnsMessage& message, std::string_view certificate_pem) {
  const auto signature = bytes_of_base64(message.signature);
  if (!signature) return tl::unexpected(signature.error());
  const Bio memory(BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  require(memory != nullptr, "there is memory for a certificate");
  const Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  if (!certificate) return fail(Fault::denied, "the signing certificate is not PEM");
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  if (key == nullptr || EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
    return fail(Fault::denied, "the signing certificate has no RSA key");
  }
  const Digest digest(EVP_MD_CTX_new());
  const EVP_MD* kind = message.signature_version == 1 ? EVP_sha1() : EVP_sha256();
  const std::string text = signed_text(message);
  const std::vector<unsigned char> data(text.begin(), text.end());
  const std::vector<unsigned char> given(signature->begin(), signature->end());
  const bool is_good =
      digest != nullptr && EVP_DigestVerifyInit(digest.get(), nullptr, kind, nullptr, key) == 1 &&
      EVP_DigestVerify(digest.get(), given.data(), given.size(), data.data(), data.size()) == 1;
  if (!is_good) return fail(Fault::denied, "Signature: does not fit the message");
  return {};
}

Result<void> check_sns_url(std::string_view url) {
  const std::string_view host = host_of(url);
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7f && c != '\\' && c != '#'; };
  if (host.empty() || region_in(host).empty() || !std::all_of(url.begin(), url.end(), is_plain)) {
    return fail(Fault::denied, "the address is not https://sns.REGION.amazonaws.com/...");
  }
  return {};
}

std::string_view host_of_sns_url(std::string_view url) {
  return check_sns_url(url) ? host_of(url) : std::string_view();
}

Result<void> check_certificate_url(std::string_view url) {
  if (const auto good = check_sns_url(url); !good) return fail_while("SigningCertURL", good.error());
  if (!url.ends_with(".pem") || url.find('?') != std::string_view::npos) {
    return fail(Fault::denied, "SigningCertURL: does not end in .pem");
  }
  return {};
}

Result<void> check_subscribe_url(const SnsMessage& message) {
  if (const auto good = check_sns_url(message.subscribe_url); !good)
    return fail_while("SubscribeURL", good.error());
  if (region_in(host_of(message.subscribe_url)) != region_of_topic(message.topic_arn)) {
    return fail(Fault::denied, "SubscribeURL: is of another region than the topic");
  }
  if (message.subscribe_url.find("Action=ConfirmSubscription") == std::string::npos) {
    return fail(Fault::denied, "SubscribeURL: does not confirm a subscription");
  }
  return {};
}

} // namespace kaden::webhook
