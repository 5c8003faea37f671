#include "kaden/sigv4.h"

#include <algorithm>
#include <array>
#include <map>

namespace kaden::sigv4 {

namespace {

bool is_unreserved(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keep_slash) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(byte) || (keep_slash && c == '/')) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// %XX becomes a byte; anything else, a lone '%' too, stays: both sides must come to the same text, whatever
/// it is.
std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

/// Without ".", ".." and doubled slashes, encoded once more than on the wire.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const std::string_view part : kept) out.append("/").append(part);
  if (out.empty() || path.back() == '/') out += '/';
  return encode(out, true);
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view parameter : split(query, '&')) {
    const std::size_t equals = parameter.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    std::string name = encode(decode(parameter.substr(0, equals)), false);
    if (name == "X-Amz-Signature") continue;
    parameters.emplace_back(std::move(name), encode(decode(value), false));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters)
    out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  return out;
}

/// Trimmed, runs of blanks (and what folding left of them) as one blank.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) out += c;
    if (blank && out.back() != ' ') out += ' ';
  }
  return out;
}

/// Changed on the way by HTTP libraries and proxies, or (Authorization) the result itself.
constexpr std::array<std::string_view, 12> never_signed{"authorization",
                                                        "connection",
                                                        "expect",
                                                        "keep-alive",
                                                        "proxy-authenticate",
                                                        "proxy-authorization",
                                                        "te",
                                                        "trailer",
                                                        "upgrade",
                                                        "user-agent",
                                                        "transfer-encoding",
                                                        "x-amzn-trace-id"};

} // namespace

std::string Scope::text() const {
  return date + "/" + region + "/" + service + "/aws4_request";
}

std::string amz_date(WallTime at) {
  const std::string iso = to_iso8601(at).substr(0, 19);
  std::string out;
  for (const char c : iso) {
    if (c != '-' && c != ':') out += c;
  }
  return out + "Z";
}

std::string canonical_request(const Request& request, std::string_view signed_headers) {
  const std::size_t question = request.target.find('?');
  const std::string_view query =
      question == std::string_view::npos ? "" : request.target.substr(question + 1);
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : request.headers) {
    const auto [all, first] = values.try_emplace(to_lower(name), canonical_value(value));
    if (!first) all->second += "," + canonical_value(value);
  }
  std::string out(request.method);
  out += "\n" + canonical_path(request.target.substr(0, question)) + "\n" + canonical_query(query) + "\n";
  for (const std::string_view name : split(signed_headers, ';')) {
    const auto found = values.find(std::string(name));
    out.append(name).append(":").append(found == values.end() ? "" : found->second).append("\n");
  }
  return out.append("\n").append(signed_headers).append("\n").append(sha256_hex(request.body));
}

std::string string_to_sign(std::string_view amz_date, const Scope& scope,
                           std::string_view canonical_request) {
  return "AWS4-HMAC-SHA256\n" + std::string(amz_date) + "\n" + scope.text() + "\n" +
         sha256_hex(canonical_request);
}

std::string signature(std::string_view secret, const Scope& scope, std::string_view string_to_sign) {
  Sha256 key = hmac_sha256("AWS4" + std::string(secret), scope.date);
  for (const std::string_view step : {std::string_view(scope.region), std::string_view(scope.service),
                                      std::string_view("aws4_request"), string_to_sign}) {
    key = hmac_sha256(as_view(key), step);
  }
  return to_hex(as_view(key));
}

void sign(std::string_view method, std::string_view target, Headers& headers, std::string_view body,
          const Credentials& credentials, std::string_view region, std::string_view service, WallTime now) {
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [](const auto& header) {
                                 const std::string name = to_lower(header.first);
                                 return name == "authorization" || name == "x-amz-date" ||
                                        name == "x-amz-security-token";
                               }),
                headers.end());
  const std::string date = amz_date(now);
  headers.emplace_back("X-Amz-Date", date);
  if (!credentials.session_token.empty()) {
    headers.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  std::vector<std::string> names;
  for (const auto& header : headers) {
    std::string name = to_lower(header.first);
    if (std::find(never_signed.begin(), never_signed.end(), name) == never_signed.end()) {
      names.push_back(std::move(name));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string signed_headers;
  for (const auto& name : names) signed_headers += (signed_headers.empty() ? "" : ";") + name;

  const Scope scope{date.substr(0, 8), std::string(region), std::string(service)};
  const std::string canonical = canonical_request({method, target, headers, body}, signed_headers);
  headers.emplace_back("Authorization",
                       "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" + scope.text() +
                           ", SignedHeaders=" + signed_headers + ", Signature=" +
                           signature(credentials.secret, scope, string_to_sign(date, scope, canonical)));
}

std::string presign(std::string_view method, std::string_view target, std::string_view host,
                    std::string_view body, const Credentials& credentials, std::string_view region,
                    std::string_view service, Millis valid_for, WallTime now) {
  const std::string date = amz_date(now);
  const Scope scope{date.substr(0, 8), std::string(region), std::string(service)};
  std::string out(target);
  out += target.find('?') == std::string_view::npos ? '?' : '&';
  out += "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" +
         encode(credentials.access_key_id + "/" + scope.text(), false) + "&X-Amz-Date=" + date +
         "&X-Amz-Expires=" + std::to_string(valid_for.count() / 1000) + "&X-Amz-SignedHeaders=host";
  if (!credentials.session_token.empty()) {
    out += "&X-Amz-Security-Token=" + encode(credentials.session_token, false);
  }
  const Headers headers{{"Host", std::string(host)}};
  const std::string canonical = canonical_request({method, out, headers, body}, "host");
  return out +
         "&X-Amz-Signature=" + signature(credentials.secret, scope, string_to_sign(date, scope, canonical));
}

} // namespace kaden::sigv4
