#include "sns_trust.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "kaden/http.h"
#include "kaden/limits/webhooks.h"

namespace kaden::app {
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
using Store = std::unique_ptr<X509_STORE, End<X509_STORE_free>>;
using Context = std::unique_ptr<X509_STORE_CTX, End<X509_STORE_CTX_free>>;
struct EndStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using Stack = std::unique_ptr<STACK_OF(X509), EndStack>;

/// Each certificate of a PEM file, as PEM.
std::vector<std::string> certificates_in(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  std::vector<std::string> out;
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
    const std::size_t last = text.find(end, at);
    if (last == std::string_view::npos) break;
    out.emplace_back(text.substr(at, last + end.size() - at));
  }
  return out;
}

Certificate certificate_of(const std::string& pem) {
  const Bio memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(memory ? PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr) : nullptr);
}

/// The issuer is not in the file and not in the store: nothing is known against the certificate.
bool is_only_unknown(int error) {
  return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT;
}

/// The name without a region, in most of the world; China's and others' may have their own host's.
bool is_of_sns(X509* leaf, const std::string& host) {
  for (const std::string& name :
       {std::string("sns.amazonaws.com"), std::string("sns.amazonaws.com.cn"), host}) {
    if (X509_check_host(leaf, name.data(), name.size(), 0, nullptr) == 1) return true;
  }
  return false;
}

Result<void> check_chain(X509* leaf, const std::vector<std::string>& chain, const std::string& ca_file,
                         WallTime now) {
  const Store store(X509_STORE_new());
  const Context context(X509_STORE_CTX_new());
  const Stack others(sk_X509_new_null());
  require(store != nullptr && context != nullptr && others != nullptr, "there is memory for a certificate");
  const bool has_roots = ca_file.empty() ? X509_STORE_set_default_paths(store.get()) == 1
                                         : X509_STORE_load_file(store.get(), ca_file.c_str()) == 1;
  if (!has_roots) return fail(Fault::unavailable, "the trusted certificates cannot be read");
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (Certificate other = certificate_of(chain[i])) sk_X509_push(others.get(), other.release());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, others.get()) != 1) {
    return fail(Fault::unavailable, "the signing certificate cannot be verified");
  }
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()),
                             static_cast<time_t>(to_ms(now) / 1'000));
  if (X509_verify_cert(context.get()) == 1) return {};
  const int error = X509_STORE_CTX_get_error(context.get());
  if (is_only_unknown(error)) return {};
  return fail(Fault::denied, fmt::format("the signing certificate is not trusted: {}",
                                         X509_verify_cert_error_string(error)));
}

} // namespace

Result<void> check_certificate(const std::string& pem, const std::string& host, const std::string& ca_file,
                               WallTime now) {
  const auto chain = certificates_in(pem);
  const Certificate leaf = chain.empty() ? nullptr : certificate_of(chain.front());
  if (!leaf) return fail(Fault::denied, "the signing certificate is not PEM");
  // Also where the chain stops early: the dates and the name are the certificate's own.
  time_t at = static_cast<time_t>(to_ms(now) / 1'000);
  if (X509_cmp_time(X509_get0_notBefore(leaf.get()), &at) > 0 ||
      X509_cmp_time(X509_get0_notAfter(leaf.get()), &at) < 0) {
    return fail(Fault::denied, "the signing certificate is not valid at this time");
  }
  if (!is_of_sns(leaf.get(), host))
    return fail(Fault::denied, "the signing certificate is not for sns.amazonaws.com");
  return check_chain(leaf.get(), chain, ca_file, now);
}

SnsTrust::Fetch SnsTrust::web() {
  auto client = std::make_shared<http::Client>();
  return [client](const std::string& url, const std::string& ca_file) -> Result<std::string> {
    http::ClientRequest request;
    request.url = url;
    request.patience = limits::sns_patience;
    request.ca_file = ca_file;
    request.response_bytes_max = limits::sns_certificate_bytes_max;
    auto response = client->send(request);
    if (!response) return tl::unexpected(Error{Fault::unavailable, response.error().message});
    if (response->status != 200) {
      return fail(Fault::unavailable,
                  fmt::format("GET {}: HTTP status {}", url.substr(0, url.find('?')), response->status));
    }
    return std::move(response->body);
  };
}

Result<void> SnsTrust::check(const config::Sns& sns, const webhook::SnsMessage& message, WallTime now,
                             SteadyTime steady) {
  if (std::find(sns.topics.begin(), sns.topics.end(), message.topic_arn) == sns.topics.end()) {
    return fail(Fault::denied, "TopicArn: is not on this webhook's list of topics");
  }
  const Millis age = now > message.at ? now - message.at : message.at - now;
  if (age > limits::sns_message_age_max) {
    return fail(Fault::denied, "Timestamp: is too far from now; an old message must not be played again");
  }
  if (!sns.certificate_file.empty()) {
    std::ifstream file(sns.certificate_file);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    Error last{Fault::unavailable, "the file of signing certificates cannot be read"};
    for (const std::string& pem : certificates_in(text)) {
      const auto good = webhook::check_signature(message, pem);
      if (good) return {};
      last = good.error();
    }
    return tl::unexpected(last);
  }
  const auto pem = certificate(sns, message.signing_cert_url, now, steady);
  if (!pem) return tl::unexpected(pem.error());
  return webhook::check_signature(message, *pem);
}

Result<std::string> SnsTrust::certificate(const config::Sns& sns, const std::string& url, WallTime now,
                                          SteadyTime steady) {
  if (const auto good = webhook::check_certificate_url(url); !good) return tl::unexpected(good.error());
  const std::string key = sns.ca_file + "\n" + url;
  std::string pem;
  {
    std::lock_guard lock(mutex_);
    const auto found = known_.find(key);
    if (found != known_.end()) {
      if (found->second.pem.empty() && steady - found->second.at < limits::sns_fetch_again) {
        return tl::unexpected(found->second.trouble);
      }
      pem = found->second.pem;
    }
  }
  if (pem.empty()) {
    auto fetched = fetch_(url, sns.ca_file);
    std::lock_guard lock(mutex_);
    while (known_.size() >= limits::sns_certificates_max) {
      known_.erase(std::min_element(known_.begin(), known_.end(),
                                    [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
    }
    if (!fetched) {
      known_[key] = {"", fetched.error(), steady};
      return tl::unexpected(fetched.error());
    }
    pem = std::move(*fetched);
    known_[key] = {pem, {}, steady};
  }
  // Each time: a certificate that was good when it was fetched ends one day.
  if (const auto good = check_certificate(pem, std::string(webhook::host_of_sns_url(url)), sns.ca_file, now);
      !good)
    return tl::unexpected(good.error());
  return pem;
}

Result<void> SnsTrust::confirm(const config::Sns& sns, const webhook::SnsMessage& message) const {
  if (auto good = webhook::check_subscribe_url(message); !good) return good;
  const auto visited = fetch_(message.subscribe_url, sns.ca_file);
  if (!visited) return fail_while("confirming the subscription", visited.error());
  return {};
}

} // namespace kaden::app
