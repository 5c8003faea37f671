#include "links.h"

#include <algorithm>
#include <array>

#include "kaden/base.h"
#include "kaden/limits/agent.h"

namespace kaden::statusfeed {

namespace {

/// "https://host:port" of an absolute URL; "" when it is none that people should open.
std::string_view origin_of(std::string_view url) {
  const std::size_t scheme = starts_with_no_case(url, "https://")  ? 8
                             : starts_with_no_case(url, "http://") ? 7
                                                                   : 0;
  if (scheme == 0) return {};
  const std::size_t end = std::min(url.find_first_of("/?#", scheme), url.size());
  const std::string_view host = url.substr(scheme, end - scheme);
  if (host.empty() || host.find('@') != std::string_view::npos) return {};
  return url.substr(0, end);
}

bool has_scheme(std::string_view link) {
  const std::size_t colon = link.find(':');
  return colon != std::string_view::npos && colon < link.find_first_of("/?#.");
}

/// "status.example.net/incidents/1": the first part has a dot inside.
bool begins_with_host(std::string_view link) {
  const std::string_view first = link.substr(0, link.find_first_of("/?#"));
  const std::size_t dot = first.find('.');
  return dot != std::string_view::npos && dot != 0 && dot + 1 < first.size() && first.size() < link.size();
}

std::string join(std::string_view link, std::string_view base) {
  if (!origin_of(link).empty()) return std::string(link);
  if (has_scheme(link)) return {};
  if (link.starts_with("//")) return "https:" + std::string(link);
  const std::string_view origin = origin_of(base);
  if (link.starts_with('/')) return origin.empty() ? std::string() : std::string(origin) + std::string(link);
  if (begins_with_host(link)) return "https://" + std::string(link);
  if (origin.empty()) return {};
  const std::string_view path = path_of(base);
  const std::size_t slash = path.rfind('/');
  const bool has_folder = slash != std::string_view::npos && slash >= origin.size();
  return std::string(has_folder ? path.substr(0, slash) : origin) + '/' + std::string(link);
}

} // namespace

std::string_view path_of(std::string_view url) {
  return url.substr(0, url.find_first_of("?#"));
}

std::string resolve_link(std::string_view link, std::string_view base) {
  link = trim(link);
  if (link.empty() || link.size() > limits::url_bytes_max) return {};
  std::string url = join(link, trim(base));
  const auto is_strange = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '<' || c == '>' || c == '"' ||
           c == '\\';
  };
  if (url.size() > limits::url_bytes_max || origin_of(url).empty() || !is_valid_utf8(url) ||
      std::any_of(url.begin(), url.end(), is_strange)) {
    return {};
  }
  return url;
}

std::string_view incident_code(std::string_view link) {
  static constexpr std::array<std::string_view, 5> folders{"incidents", "incident", "maintenances",
                                                           "maintenance", "scheduled_maintenances"};
  std::string_view path = path_of(trim(link));
  if (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  const std::string_view code = path.substr(slash + 1);
  const std::string_view before = path.substr(0, slash);
  const std::string_view folder = before.substr(before.rfind('/') + 1);
  const bool is_code =
      !code.empty() && code.size() <= 64 && std::all_of(code.begin(), code.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
      });
  if (!is_code || std::find(folders.begin(), folders.end(), folder) == folders.end()) return {};
  return code;
}

} // namespace kaden::statusfeed
