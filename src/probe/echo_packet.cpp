#include "echo_packet.h"

namespace kaden::probe {

namespace {

constexpr unsigned char request_v4 = 8, reply_v4 = 0, request_v6 = 128, reply_v6 = 129;
constexpr std::size_t header_bytes = 8, cookie_bytes = 8, padding_bytes = 8;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8U | byte_at(bytes, at + i);
  return number;
}

void put_number(std::string& bytes, std::uint64_t number, std::size_t size) {
  for (std::size_t i = size; i > 0; --i) bytes.push_back(static_cast<char>(number >> (8 * (i - 1)) & 0xFFU));
}

/// RFC 1071, of an even number of bytes.
std::uint16_t checksum(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    sum += static_cast<std::uint32_t>(number_at(bytes, i, 2));
  while (sum > 0xFFFFU) sum = (sum & 0xFFFFU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

} // namespace

std::string echo_request(Family family, std::uint16_t id, std::uint16_t sequence, std::uint64_t cookie) {
  std::string packet;
  packet.push_back(static_cast<char>(family == Family::v4 ? request_v4 : request_v6));
  packet.append(3, '\0'); // code, checksum
  put_number(packet, id, 2);
  put_number(packet, sequence, 2);
  put_number(packet, cookie, cookie_bytes);
  packet.append(padding_bytes, '\0');
  if (family == Family::v6) return packet;
  const std::uint16_t sum = checksum(packet);
  packet[2] = static_cast<char>(sum >> 8U);
  packet[3] = static_cast<char>(sum & 0xFFU);
  return packet;
}

std::optional<EchoReply> read_echo_reply(Family family, bool with_ip_header, std::string_view packet) {
  if (with_ip_header) {
    if (packet.empty() || byte_at(packet, 0) >> 4U != 4) return std::nullopt;
    const std::size_t ip_bytes = 4 * (byte_at(packet, 0) & 0x0FU);
    if (ip_bytes < 20 || packet.size() < ip_bytes) return std::nullopt;
    packet.remove_prefix(ip_bytes);
  }
  if (packet.size() < header_bytes + cookie_bytes) return std::nullopt;
  const unsigned char wanted = family == Family::v4 ? reply_v4 : reply_v6;
  if (byte_at(packet, 0) != wanted || byte_at(packet, 1) != 0) return std::nullopt;
  EchoReply reply;
  reply.id = static_cast<std::uint16_t>(number_at(packet, 4, 2));
  reply.sequence = static_cast<std::uint16_t>(number_at(packet, 6, 2));
  reply.cookie = number_at(packet, header_bytes, cookie_bytes);
  return reply;
}

} // namespace kaden::probe
