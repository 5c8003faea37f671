#include "kaden/sdp.h"

#include <fmt/format.h>

#include <algorithm>

namespace kaden::sip {
namespace {

constexpr std::size_t sdp_bytes_max = 8'192;
constexpr std::size_t media_max = 8;
constexpr std::size_t formats_max = 32;
constexpr int payload_max = 127;

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '-' || c == '.' || c == '_' || c == '+';
  });
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::string_view word : split(text, ' ')) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

std::optional<Direction> parse_direction(std::string_view text) {
  if (text == "sendrecv") return Direction::sendrecv;
  if (text == "sendonly") return Direction::sendonly;
  if (text == "recvonly") return Direction::recvonly;
  if (text == "inactive") return Direction::inactive;
  return std::nullopt;
}

std::string_view to_text(Direction direction) {
  switch (direction) {
    case Direction::sendrecv:
      return "sendrecv";
    case Direction::sendonly:
      return "sendonly";
    case Direction::recvonly:
      return "recvonly";
    case Direction::inactive:
      return "inactive";
  }
  return "inactive";
}

Direction mirrored(Direction direction) {
  switch (direction) {
    case Direction::sendrecv:
      return Direction::sendrecv;
    case Direction::sendonly:
      return Direction::recvonly;
    case Direction::recvonly:
      return Direction::sendonly;
    case Direction::inactive:
      return Direction::inactive;
  }
  return Direction::inactive;
}

/// "IN IP4 192.0.2.1", perhaps with "/ttl"; anything else gives no address.
std::string parse_connection(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != 3 || words[0] != "IN" || words[1] != "IP4") return {};
  const std::string_view ip = words[2].substr(0, words[2].find('/'));
  return is_ipv4(ip) ? std::string(ip) : std::string();
}

/// "audio 49170 RTP/AVP 0 8 101"
Result<SdpMedia> parse_media(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() < 4 || words.size() > 3 + formats_max)
    return fail(Fault::invalid, "SDP: malformed m= line");
  const auto port = parse_int(words[1].substr(0, words[1].find('/')));
  if (!port || *port < 0 || *port > 65535) return fail(Fault::invalid, "SDP: m= line without a port");
  SdpMedia out;
  for (std::string_view word : words) {
    if (!is_token(word)) return fail(Fault::invalid, "SDP: malformed m= line");
  }
  out.kind = words[0];
  out.port = static_cast<std::uint16_t>(*port);
  out.protocol = words[2];
  for (std::size_t i = 3; i < words.size(); ++i) out.formats.emplace_back(words[i]);
  return out;
}

/// "rtpmap:101 telephone-event/8000" for one of the media's own formats.
void take_rtpmap(std::string_view text, SdpMedia& media) {
  const auto words = words_of(text);
  if (words.size() != 2 || !equal_no_case(words[1], "telephone-event/8000")) return;
  const auto payload = parse_int(words[0]);
  if (!payload || *payload < 96 || *payload > payload_max) return;
  if (std::find(media.formats.begin(), media.formats.end(), words[0]) == media.formats.end()) return;
  if (!media.event_payload) media.event_payload = static_cast<int>(*payload);
}

std::optional<int> speech_payload(const SdpMedia& media) {
  for (const std::string& format : media.formats) {
    if (format == "0") return 0;
    if (format == "8") return 8;
  }
  return std::nullopt;
}

bool is_usable(const SdpMedia& media) {
  return media.kind == "audio" && media.protocol == "RTP/AVP" && media.port != 0 && !media.ip.empty() &&
         speech_payload(media).has_value();
}

std::string head(const LocalMedia& local) {
  return fmt::format("v=0\r\no=kaden {} {} IN IP4 {}\r\ns=-\r\nc=IN IP4 {}\r\nt=0 0\r\n", local.session,
                     local.version, local.ip, local.ip);
}

} // namespace

bool is_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 4) return false;
  for (std::string_view part : parts) {
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part.front() == '0')) return false;
    if (!std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
    const auto value = parse_int(part);
    if (!value || *value > 255) return false;
  }
  return true;
}

Result<Sdp> parse_sdp(std::string_view text) {
  if (text.size() > sdp_bytes_max) return fail(Fault::invalid, "SDP: too long");
  if (!starts_with_no_case(text, "v=0")) return fail(Fault::invalid, "SDP: does not start with v=0");
  Sdp out;
  std::string session_ip;
  Direction session_direction = Direction::sendrecv;
  for (std::string_view line : split(text, '\n')) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() < 2 || line[1] != '=') continue;
    const std::string_view value = line.substr(2);
    SdpMedia* const media = out.media.empty() ? nullptr : &out.media.back();
    if (line[0] == 'c') {
      (media ? media->ip : session_ip) = parse_connection(value);
    } else if (line[0] == 'm') {
      if (out.media.size() == media_max) return fail(Fault::invalid, "SDP: too many media");
      auto parsed = parse_media(value);
      if (!parsed) return tl::unexpected(parsed.error());
      parsed->ip = session_ip;
      parsed->direction = session_direction;
      out.media.push_back(std::move(*parsed));
    } else if (line[0] == 'a') {
      if (const auto direction = parse_direction(value)) {
        (media ? media->direction : session_direction) = *direction;
      } else if (media && starts_with_no_case(value, "rtpmap:")) {
        take_rtpmap(value.substr(7), *media);
      }
    }
  }
  return out;
}

Result<RemoteMedia> choose_media(const Sdp& sdp) {
  for (const SdpMedia& media : sdp.media) {
    if (!is_usable(media)) continue;
    return RemoteMedia{media.ip, media.port, *speech_payload(media), media.event_payload, media.direction};
  }
  return fail(Fault::invalid, "SDP: no audio stream with PCMU or PCMA over RTP/AVP");
}

std::string make_offer(const LocalMedia& local) {
  return head(local) +
         fmt::format(
             "m=audio {} RTP/AVP 0 8 101\r\n"
             "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
             "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
             local.port);
}

Result<std::string> make_answer(const Sdp& offer, const LocalMedia& local) {
  std::string out = head(local);
  bool is_chosen = false;
  for (const SdpMedia& media : offer.media) {
    if (is_chosen || !is_usable(media)) {
      out += fmt::format("m={} 0 {} {}\r\n", media.kind, media.protocol, media.formats.front());
      continue;
    }
    is_chosen = true;
    const int payload = *speech_payload(media);
    const std::string events = media.event_payload ? fmt::format(" {}", *media.event_payload) : "";
    out += fmt::format("m=audio {} RTP/AVP {}{}\r\na=rtpmap:{} {}/8000\r\n", local.port, payload, events,
                       payload, payload == 0 ? "PCMU" : "PCMA");
    if (media.event_payload) {
      out += fmt::format("a=rtpmap:{0} telephone-event/8000\r\na=fmtp:{0} 0-15\r\n", *media.event_payload);
    }
    out += fmt::format("a=ptime:20\r\na={}\r\n", to_text(mirrored(media.direction)));
  }
  if (!is_chosen) return fail(Fault::invalid, "SDP: no audio stream with PCMU or PCMA over RTP/AVP");
  return out;
}

} // namespace kaden::sip
