#include "kaden/rtp.h"

#include <algorithm>

namespace kaden::media {
namespace {

constexpr Millis lost_end{160}; // 3 x ptime + 100 ms
constexpr int end_repeats = 3;
constexpr std::string_view keys = "0123456789*#ABCD";

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

std::uint16_t u16_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>((byte_at(text, at) << 8) | byte_at(text, at + 1));
}

std::uint32_t u32_at(std::string_view text, std::size_t at) {
  return (static_cast<std::uint32_t>(u16_at(text, at)) << 16) | u16_at(text, at + 2);
}

template <std::size_t N>
void put(std::array<unsigned char, N>& out, std::size_t at, std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    out[at + i] = static_cast<unsigned char>(value >> (8 * (bytes - 1 - i)));
}

} // namespace

std::optional<RtpPacket> parse_rtp(std::string_view datagram) {
  if (datagram.size() < rtp_header_bytes) return std::nullopt;
  const std::uint8_t first = byte_at(datagram, 0);
  if ((first >> 6) != 2) return std::nullopt;
  RtpPacket out;
  out.header.marker = (byte_at(datagram, 1) & 0x80) != 0;
  out.header.payload_type = byte_at(datagram, 1) & 0x7f;
  out.header.sequence = u16_at(datagram, 2);
  out.header.timestamp = u32_at(datagram, 4);
  out.header.ssrc = u32_at(datagram, 8);
  std::size_t start = rtp_header_bytes + 4u * (first & 0x0fu);
  if ((first & 0x10) != 0) { // one extension: a word with its length in words
    if (datagram.size() < start + 4) return std::nullopt;
    start += 4 + 4u * u16_at(datagram, start + 2);
  }
  if (datagram.size() < start) return std::nullopt;
  std::size_t end = datagram.size();
  if ((first & 0x20) != 0) { // padding: its length is the last byte
    if (end == start) return std::nullopt;
    const std::size_t padding = byte_at(datagram, end - 1);
    if (padding == 0 || padding > end - start) return std::nullopt;
    end -= padding;
  }
  out.payload = datagram.substr(start, end - start);
  return out;
}

void write_rtp_header(const RtpHeader& header, std::array<unsigned char, rtp_header_bytes>& out) {
  out[0] = 0x80;
  out[1] = static_cast<unsigned char>((header.marker ? 0x80u : 0u) | (header.payload_type & 0x7fu));
  put(out, 2, header.sequence, 2);
  put(out, 4, header.timestamp, 4);
  put(out, 8, header.ssrc, 4);
}

std::optional<KeyEvent> parse_key_event(std::string_view payload) {
  if (payload.size() < 4) return std::nullopt;
  KeyEvent out;
  out.event = byte_at(payload, 0);
  out.is_end = (byte_at(payload, 1) & 0x80) != 0;
  out.duration = u16_at(payload, 2);
  return out;
}

std::array<unsigned char, 4> write_key_event(const KeyEvent& event) {
  constexpr unsigned volume = 10; // -10 dBm0
  std::array<unsigned char, 4> out{};
  out[0] = event.event;
  out[1] = static_cast<unsigned char>((event.is_end ? 0x80u : 0u) | volume);
  put(out, 2, event.duration, 2);
  return out;
}

std::optional<char> key_of_event(std::uint8_t event) {
  if (event >= keys.size()) return std::nullopt;
  return keys[event];
}

std::optional<std::uint8_t> event_of_key(char key) {
  const std::size_t at = keys.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

std::optional<char> KeyFold::take(const RtpHeader& header, const KeyEvent& event, SteadyTime now) {
  const auto key = key_of_event(event.event);
  if (!key) return std::nullopt;
  if (press_ && press_->ssrc == header.ssrc) {
    Press& old = *press_;
    if (now - old.last > lost_end) old.is_open = false;
    // Reordered packets of this press, or of one before it, tell nothing new.
    if (static_cast<std::int32_t>(header.timestamp - old.first_timestamp) <= 0) {
      if (header.timestamp == old.first_timestamp) {
        old.last = now;
        old.duration = std::max(old.duration, event.duration);
        old.is_open = old.is_open && !event.is_end;
      }
      return std::nullopt;
    }
    const bool goes_on = old.is_open && event.event == old.event && old.duration > 0x8000 &&
                         header.timestamp - old.first_timestamp <= 0x10000u;
    if (goes_on) {
      old = {header.ssrc, header.timestamp, event.duration, event.event, !event.is_end, now};
      return std::nullopt;
    }
  }
  press_ = Press{header.ssrc, header.timestamp, event.duration, event.event, !event.is_end, now};
  return key;
}

KeySender::KeySender(std::uint8_t event, std::uint32_t timestamp, Millis length)
    : event_(event),
      timestamp_(timestamp),
      packets_(static_cast<int>((std::clamp<std::int64_t>(length.count(), 40, 5'000) + 19) / 20)) {}

std::optional<KeySender::Packet> KeySender::next() {
  if (sent_ >= packets_ + end_repeats - 1) return std::nullopt;
  ++sent_;
  const int grown = std::min(sent_, packets_);
  Packet out;
  out.marker = sent_ == 1;
  out.timestamp = timestamp_;
  out.event = {event_, sent_ >= packets_,
               static_cast<std::uint16_t>(grown * static_cast<int>(samples_per_packet))};
  return out;
}

} // namespace kaden::media
