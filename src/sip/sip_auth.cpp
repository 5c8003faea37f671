#include "kaden/sip_auth.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace kaden::sip {
namespace {

constexpr std::size_t challenge_bytes_max = 2'048;

bool is_token_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

/// Walks `name=value, name="quoted \"value\""`.
class Parameters {
 public:
  explicit Parameters(std::string_view text) : text_(text) {}

  /// The next pair; nullopt at the end or when the text is malformed (then failed() is true).
  std::optional<std::pair<std::string, std::string>> next() {
    skip(" \t,");
    if (at_ == text_.size()) return std::nullopt;
    const std::size_t start = at_;
    while (at_ < text_.size() && is_token_byte(text_[at_])) ++at_;
    std::string name = to_lower(text_.substr(start, at_ - start));
    skip(" \t");
    if (name.empty() || at_ == text_.size() || text_[at_] != '=') return give_up();
    ++at_;
    skip(" \t");
    if (at_ < text_.size() && text_[at_] == '"') return quoted(std::move(name));
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != ' ' && text_[at_] != '\t') ++at_;
    return std::pair(std::move(name), std::string(text_.substr(from, at_ - from)));
  }
  bool failed() const { return failed_; }

 private:
  void skip(std::string_view bytes) {
    while (at_ < text_.size() && bytes.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  std::optional<std::pair<std::string, std::string>> give_up() {
    failed_ = true;
    return std::nullopt;
  }
  std::optional<std::pair<std::string, std::string>> quoted(std::string name) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return std::pair(std::move(name), std::move(value));
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    return give_up();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

bool has_auth(std::string_view qop) {
  for (std::string_view option : split(qop, ',')) {
    if (equal_no_case(trim(option), "auth")) return true;
  }
  return false;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

} // namespace

Result<Challenge> parse_challenge(std::string_view value) {
  value = trim(value);
  if (value.size() > challenge_bytes_max) return fail(Fault::invalid, "digest challenge: too long");
  if (!starts_with_no_case(value, "digest ")) return fail(Fault::invalid, "digest challenge: not Digest");
  Challenge out;
  std::string algorithm = "MD5";
  bool has_realm = false;
  std::optional<std::string> qop;
  Parameters parameters(value.substr(7));
  while (auto pair = parameters.next()) {
    auto& [name, text] = *pair;
    if (name == "realm") {
      out.realm = std::move(text);
      has_realm = true;
    } else if (name == "nonce") {
      out.nonce = std::move(text);
    } else if (name == "opaque") {
      out.opaque = std::move(text);
      out.has_opaque = true;
    } else if (name == "algorithm") {
      algorithm = std::move(text);
    } else if (name == "qop") {
      qop = std::move(text);
    }
  }
  if (parameters.failed() || !has_realm || out.nonce.empty()) {
    return fail(Fault::invalid, "digest challenge: malformed");
  }
  out.is_sha256 = equal_no_case(algorithm, "SHA-256");
  if (!out.is_sha256 && !equal_no_case(algorithm, "MD5")) {
    return fail(Fault::invalid, "digest challenge: algorithm is neither MD5 nor SHA-256");
  }
  out.has_qop = qop && has_auth(*qop);
  if (qop && !out.has_qop) return fail(Fault::invalid, "digest challenge: qop without auth");
  return out;
}

Result<Challenge> choose_challenge(const std::vector<std::string>& values) {
  Result<Challenge> best = fail(Fault::invalid, "digest challenge: none was sent");
  for (const std::string& value : values) {
    auto parsed = parse_challenge(value);
    if (!best || (parsed && parsed->is_sha256 && !best->is_sha256)) {
      if (parsed || !best) best = std::move(parsed);
    }
  }
  return best;
}

std::string answer_challenge(const Challenge& challenge, const Credentials& credentials,
                             std::string_view method, std::string_view uri, std::string_view cnonce) {
  const auto hash = [&](const std::string& text) {
    return challenge.is_sha256 ? sha256_hex(text) : md5_hex(text);
  };
  const std::string secret =
      hash(fmt::format("{}:{}:{}", credentials.user, challenge.realm, credentials.password));
  const std::string request = hash(fmt::format("{}:{}", method, uri));
  const std::string response =
      challenge.has_qop
          ? hash(fmt::format("{}:{}:00000001:{}:auth:{}", secret, challenge.nonce, cnonce, request))
          : hash(fmt::format("{}:{}:{}", secret, challenge.nonce, request));
  std::string out =
      fmt::format("Digest username={}, realm={}, nonce={}, uri=\"{}\", response=\"{}\", algorithm={}",
                  quote(credentials.user), quote(challenge.realm), quote(challenge.nonce), uri, response,
                  challenge.is_sha256 ? "SHA-256" : "MD5");
  if (challenge.has_qop) out += fmt::format(", qop=auth, nc=00000001, cnonce=\"{}\"", cnonce);
  if (challenge.has_opaque) out += fmt::format(", opaque={}", quote(challenge.opaque));
  return out;
}

} // namespace kaden::sip
