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

void read_addresses(Section& section, Sip& sip) {
  sip.bind = section.text("bind", address_bytes_max, sip.bind);
  if (!is_ip_address(sip.bind)) section.mistake("bind", fmt::format("\"{}\" is not an IP address", sip.bind));
  sip.port = static_cast<std::uint16_t>(section.integer("port", 0, 65'535, sip.port));
  sip.advertise = section.text("advertise", address_bytes_max, sip.bind);
  if (section.has("advertise") && !is_ip_address(sip.advertise)) {
    section.mistake("advertise", fmt::format("\"{}\" is not an IP address", sip.advertise));
  } else if (is_any_address(sip.advertise)) {
    section.mistake(
        section.has("advertise") ? "advertise" : "bind",
        fmt::format("{} is no address that a phone could send its voice to: give advertise", sip.advertise));
  }
}

void read_names(Section& section, Sip& sip) {
  sip.from = section.text("from", uri_bytes_max, fmt::format("sip:kaden@{}", in_uri(sip.advertise)));
  const auto from = parse_sip_uri(sip.from);
  if (section.has("from") && (!from || from->user.empty())) {
    section.mistake("from",
                    fmt::format("\"{}\" is not a SIP URI with a user (sip:kaden@10.0.0.2)", sip.from));
  }
  sip.display = section.text_or_empty("display", name_bytes_max, sip.display);
  if (sip.display.find_first_of("\"\\") != std::string::npos) {
    section.mistake("display", "no quotation marks or backslashes");
  }
  sip.proxy = section.text("proxy", uri_bytes_max);
  const auto proxy = parse_sip_uri(sip.proxy);
  if (!sip.proxy.empty() && (!proxy || !proxy->user.empty())) {
    section.mistake("proxy",
                    fmt::format("\"{}\" is not a SIP URI without a user (sip:10.0.0.1:5060)", sip.proxy));
    sip.proxy.clear();
  }
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
