#include "envelope.h"

namespace kaden::snmp {

namespace {

constexpr unsigned char integer_tag = 0x02, text_tag = 0x04, sequence_tag = 0x30, get_tag = 0xA0;
constexpr std::size_t engine_id_bytes_max = 32, user_bytes_max = 32;
constexpr std::int64_t usm = 3;

/// Takes one element of `tag` from the front; nullopt when it is another, or longer than what is there.
std::optional<std::string_view> take(std::string_view& bytes, unsigned char tag) {
  if (bytes.size() < 2 || static_cast<unsigned char>(bytes[0]) != tag) return std::nullopt;
  std::size_t size = static_cast<unsigned char>(bytes[1]);
  std::size_t at = 2;
  if (size >= 0x80) {
    const std::size_t count = size & 0x7FU;
    if (count == 0 || count > 4 || bytes.size() < 2 + count) return std::nullopt;
    size = 0;
    for (; at < 2 + count; ++at) size = size << 8U | static_cast<unsigned char>(bytes[at]);
  }
  if (bytes.size() - at < size) return std::nullopt;
  const std::string_view content = bytes.substr(at, size);
  bytes.remove_prefix(at + size);
  return content;
}

std::optional<std::int64_t> take_integer(std::string_view& bytes) {
  const auto content = take(bytes, integer_tag);
  if (!content || content->empty() || content->size() > 5) return std::nullopt;
  const auto first = static_cast<std::int64_t>(static_cast<unsigned char>(content->front()));
  std::int64_t number = first < 128 ? first : first - 256; // two's complement
  for (const char c : content->substr(1)) number = number * 256 + static_cast<unsigned char>(c);
  return number;
}

/// Short enough for a length of one byte.
std::string element(unsigned char tag, const std::string& content) {
  return std::string{static_cast<char>(tag), static_cast<char>(content.size())} + content;
}

std::string integer(std::uint32_t value, std::size_t bytes) {
  std::string content;
  for (std::size_t i = bytes; i > 0; --i)
    content.push_back(static_cast<char>(value >> (8 * (i - 1)) & 0xFFU));
  return element(integer_tag, content);
}

} // namespace

std::optional<Envelope> read_envelope(std::string_view message) {
  auto inside = take(message, sequence_tag);
  if (!inside) return std::nullopt;
  const auto version = take_integer(*inside);
  if (!version || (*version != 0 && *version != 1 && *version != 3)) return std::nullopt;
  Envelope envelope{static_cast<int>(*version)};
  if (envelope.version != 3) return envelope;
  auto header = take(*inside, sequence_tag);
  if (!header || !take_integer(*header) || !take_integer(*header) || !take(*header, text_tag))
    return std::nullopt;
  const auto model = take_integer(*header);
  if (!model) return std::nullopt;
  if (*model != usm) return envelope;
  auto wrapped = take(*inside, text_tag);
  auto security = wrapped ? take(*wrapped, sequence_tag) : std::nullopt;
  if (!security) return std::nullopt;
  const auto engine_id = take(*security, text_tag);
  if (!engine_id || engine_id->size() > engine_id_bytes_max) return std::nullopt;
  if (!take_integer(*security) || !take_integer(*security)) return std::nullopt; // boots and time
  const auto user = take(*security, text_tag);
  if (!user || user->size() > user_bytes_max) return std::nullopt;
  envelope.engine_id = *engine_id;
  envelope.user = *user;
  envelope.is_usm = true;
  return envelope;
}

std::string discovery(std::uint32_t message_id) {
  const std::uint32_t id = message_id & 0x7FFFFFFFU; // a positive integer
  const std::string reportable = element(text_tag, std::string(1, '\4'));
  const std::string header =
      element(sequence_tag, integer(id, 4) + integer(65'507, 3) + reportable + integer(3, 1));
  const std::string nothing = element(text_tag, "");
  const std::string security = element(
      text_tag, element(sequence_tag, nothing + integer(0, 1) + integer(0, 1) + nothing + nothing + nothing));
  const std::string get =
      element(get_tag, integer(id, 4) + integer(0, 1) + integer(0, 1) + element(sequence_tag, ""));
  const std::string scoped = element(sequence_tag, nothing + nothing + get);
  return element(sequence_tag, integer(3, 1) + header + security + scoped);
}

} // namespace kaden::snmp
