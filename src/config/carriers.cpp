#include <fmt/format.h>

#include <algorithm>

#include "checks.h"
#include "sections.h"

namespace kaden::config {
namespace {

constexpr std::size_t address_bytes_max = 64;
constexpr std::size_t uri_bytes_max = 255;
constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t prefixes_max = 100;

std::string read_address(Section& section, std::string_view key, const std::string& fallback) {
  std::string address = section.text(key, address_bytes_max, fallback);
  if (section.has(key) && !is_ipv4_address(address)) {
    const bool is_ipv6 = is_ip_address(address);
    section.mistake(key, is_ipv6 ? fmt::format("\"{}\" is IPv6; SIP and RTP take IPv4 only", address)
                                 : fmt::format("\"{}\" is not an IPv4 address", address));
    return fallback;
  }
  return address;
}

void read_addresses(Section& section, Sip& sip) {
  sip.bind = read_address(section, "bind", sip.bind);
  sip.port = static_cast<std::uint16_t>(section.integer("port", 0, 65'535, sip.port));
  sip.advertise = read_address(section, "advertise", sip.bind);
  if (sip.advertise == "0.0.0.0") {
    section.mistake(
        section.has("advertise") ? "advertise" : "bind",
        fmt::format("{} is no address that a phone could send its voice to: give advertise", sip.advertise));
  }
}

/// Notes what is wrong with a SIP URI; `example` shows a right one.
std::string read_uri(Section& section, std::string_view key, bool with_user, const std::string& fallback,
                     std::string_view example) {
  std::string text = section.text(key, uri_bytes_max, fallback);
  if (!section.has(key)) return text;
  const auto uri = parse_sip_uri(text);
  if (!uri || uri->user.empty() == with_user) {
    section.mistake(key, fmt::format("\"{}\" is not a SIP URI {} a user ({})", text,
                                     with_user ? "with" : "without", example));
  } else if (uri->is_ipv6()) {
    section.mistake(key, fmt::format("\"{}\" is an IPv6 address; SIP and RTP take IPv4 only", uri->host));
  } else {
    return text;
  }
  return fallback;
}

void read_names(Section& section, Sip& sip) {
  sip.from =
      read_uri(section, "from", true, fmt::format("sip:kaden@{}", sip.advertise), "sip:kaden@10.0.0.2");
  sip.display = section.text_or_empty("display", name_bytes_max, sip.display);
  if (sip.display.find_first_of("\"\\") != std::string::npos) {
    section.mistake("display", "no quotation marks or backslashes");
  }
  sip.proxy = read_uri(section, "proxy", false, "", "sip:10.0.0.1:5060");
}

void read_credentials(Section& section, Sip& sip, const Surroundings& around) {
  const bool has_password = section.has("password_file") || section.has("password_env");
  sip.user = section.text("user", name_bytes_max);
  if (section.has("user") || has_password) {
    static_cast<void>(section.wants("user"));
    if (sip.user.find_first_of("\"\\") != std::string::npos) {
      section.mistake("user", "no quotation marks or backslashes");
    }
    sip.password = read_secret(section, "password", 1, around);
  }
}

bool is_prefix(std::string_view text) {
  if (text.front() != '+') return starts_with_no_case(text, "sip:");
  return std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

std::optional<Sip> read_sip(Section& top, const Surroundings& around) {
  auto carriers = top.section("carriers", "carriers");
  auto section = carriers ? carriers->section("sip", "carriers.sip") : std::nullopt;
  if (!section) return std::nullopt;
  Sip sip;
  read_addresses(*section, sip);
  read_names(*section, sip);
  read_credentials(*section, sip, around);
  if (const auto ports = section->word("rtp_ports", name_bytes_max)) {
    const auto range = parse_port_range(ports->text);
    if (range) sip.rtp_ports = *range;
    if (!range) {
      section->mistake_at(
          ports->at, "rtp_ports",
          fmt::format("\"{}\" is not a range of ports from 1024 to 65535 that begins with an even one "
                      "(20000-20999)",
                      ports->text));
    }
  }
  sip.rtp_symmetric = section->flag("rtp_symmetric", sip.rtp_symmetric);
  sip.require_media = section->flag("require_media", sip.require_media);
  for (const Word& word : section->texts("allow", prefixes_max, uri_bytes_max)) {
    if (is_prefix(word.text)) {
      sip.allow.push_back(word.text);
    } else {
      section->mistake_at(word.at, "allow",
                          fmt::format("\"{}\" begins neither with sip: nor with + and digits", word.text));
    }
  }
  if (section->has("allow") && sip.allow.empty())
    section->mistake("allow", "allows nothing; leave it out to allow all");
  return sip;
}

} // namespace kaden::config
