#include "kaden/sip_message.h"

#include <fmt/format.h>

namespace kaden::sip {
namespace {

constexpr std::size_t uri_bytes_max = 512;

bool is_plain(std::string_view text) {
  for (char c : text) {
    if (c == '\r' || c == '\n' || c == '\0') return false;
  }
  return true;
}

bool is_uri_byte(char c) {
  return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"';
}

std::string_view without_scheme(std::string_view uri) {
  if (starts_with_no_case(uri, "sips:")) return uri.substr(5);
  if (starts_with_no_case(uri, "sip:")) return uri.substr(4);
  return {};
}

std::string to_text(const Party& party) {
  std::string out;
  if (!party.display.empty()) {
    out += '"';
    for (char c : party.display) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += "\" ";
  }
  out += fmt::format("<{}>", party.uri);
  if (!party.tag.empty()) out += ";tag=" + party.tag;
  return out;
}

/// All that reaches the wire outside the body; one odd byte in any of it could forge a header.
bool is_well_formed(const Message& m) {
  for (std::string_view text :
       {std::string_view(m.method), std::string_view(m.call_id), std::string_view(m.from.display),
        std::string_view(m.from.tag), std::string_view(m.to.display), std::string_view(m.to.tag),
        std::string_view(m.content_type)}) {
    if (!is_plain(text)) return false;
  }
  for (std::string_view uri :
       {std::string_view(m.uri), std::string_view(m.from.uri), std::string_view(m.to.uri)}) {
    if (!is_sip_uri(uri)) return false;
  }
  if (!m.contact.empty() && !is_sip_uri(m.contact)) return false;
  for (const std::string& route : m.routes) {
    if (!is_sip_uri(route)) return false;
  }
  for (const Header& header : m.headers) {
    if (!is_plain(header.name) || !is_plain(header.value)) return false;
  }
  return !m.method.empty() && !m.call_id.empty() && m.cseq != 0;
}

} // namespace

std::vector<std::string> values_of(const Message& message, std::string_view name) {
  std::vector<std::string> out;
  for (const Header& header : message.headers) {
    if (equal_no_case(header.name, name)) out.push_back(header.value);
  }
  return out;
}

bool is_sip_uri(std::string_view uri) {
  if (uri.size() > uri_bytes_max) return false;
  std::string_view rest = without_scheme(uri);
  if (rest.empty()) return false;
  for (char c : rest) {
    if (!is_uri_byte(c)) return false;
  }
  const std::size_t at = rest.find('@');
  std::string_view host = at == std::string_view::npos ? rest : rest.substr(at + 1);
  host = host.substr(0, host.find_first_of(";?"));
  if (host.find('@') != std::string_view::npos) return false;
  if (!host.empty() && host.front() == '[')
    return host.find(']') > 2 && host.find(']') != std::string_view::npos;
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos) {
    const auto port = parse_int(host.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return false;
    host = host.substr(0, colon);
  }
  for (char c : host) {
    const bool is_host_byte = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '.' || c == '-' || c == '_';
    if (!is_host_byte) return false;
  }
  return !host.empty();
}

std::string_view user_of_uri(std::string_view uri) {
  const std::string_view rest = without_scheme(uri);
  const std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return {};
  const std::string_view user = rest.substr(0, at);
  return user.substr(0, user.find_first_of(":;"));
}

Result<std::string> to_wire(const Message& m) {
  if (!is_well_formed(m))
    return fail(Fault::invalid, "writing a SIP request: a field is missing or malformed");
  std::string out = fmt::format("{} {} SIP/2.0\r\nMax-Forwards: 70\r\n", m.method, m.uri);
  for (const std::string& route : m.routes) out += fmt::format("Route: <{}>\r\n", route);
  out += fmt::format("From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {}\r\n", to_text(m.from), to_text(m.to),
                     m.call_id, m.cseq, m.method);
  if (!m.contact.empty()) out += fmt::format("Contact: <{}>\r\n", m.contact);
  for (const Header& header : m.headers) out += fmt::format("{}: {}\r\n", header.name, header.value);
  if (!m.body.empty()) out += fmt::format("Content-Type: {}\r\n", m.content_type);
  out += fmt::format("Content-Length: {}\r\n\r\n{}", m.body.size(), m.body);
  return out;
}

std::optional<char> parse_key(char c) {
  if ((c >= '0' && c <= '9') || c == '*' || c == '#' || (c >= 'A' && c <= 'D')) return c;
  if (c >= 'a' && c <= 'd') return static_cast<char>(c - 'a' + 'A');
  return std::nullopt;
}

std::optional<char> key_of_info(std::string_view content_type, std::string_view body) {
  const std::string_view kind = trim(content_type.substr(0, content_type.find(';')));
  if (body.size() > 256) return std::nullopt;
  if (equal_no_case(kind, "application/dtmf")) {
    const std::string_view text = trim(body);
    return text.size() == 1 ? parse_key(text.front()) : std::nullopt;
  }
  if (!equal_no_case(kind, "application/dtmf-relay")) return std::nullopt;
  for (std::string_view line : split(body, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !equal_no_case(trim(line.substr(0, equals)), "signal")) continue;
    const std::string_view value = trim(line.substr(equals + 1));
    return value.size() == 1 ? parse_key(value.front()) : std::nullopt;
  }
  return std::nullopt;
}

} // namespace kaden::sip
