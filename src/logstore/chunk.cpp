#include "chunk.h"

#include <zlib.h>

#include "kaden/limits/logs.h"

namespace kaden::logstore {

namespace {

constexpr int level = 4; // on log lines nearly as small as 6, in half the time
/// The longest row: one event alone, its time and its length.
constexpr std::size_t raw_bytes_max = limits::log_message_bytes_max + 32;

void put_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>((number & 0x7f) | 0x80);
  out += static_cast<char>(number);
}

/// Takes a number off the front; false when there is none of 64 bits.
bool take_number(std::string_view bytes, std::size_t& at, std::uint64_t& number) {
  number = 0;
  for (unsigned shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

tl::unexpected<Error> damaged(const char* what) {
  return fail(Fault::corrupt, std::string("a chunk of log events is damaged: ") + what);
}

Result<std::string> inflated(std::string_view bytes, std::size_t raw_bytes) {
  std::string raw(raw_bytes, '\0');
  uLongf made = raw_bytes;
  const int code = uncompress(reinterpret_cast<Bytef*>(raw.data()), &made,
                              reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (code != Z_OK || made != raw_bytes) return damaged("it does not unpack");
  return raw;
}

std::size_t row_bytes(const Event& event) {
  return event.message.size() + 8; // with its length and the time since the one before, nearly always
}

} // namespace

std::vector<Slice> slices_of(std::span<const Event> events) {
  std::vector<Slice> out;
  std::size_t begin = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool is_far = events[i].at - events[begin].at > limits::log_chunk_span_max;
    const bool is_full = bytes + row_bytes(events[i]) > limits::log_chunk_bytes;
    if (i > begin && (is_far || is_full)) {
      out.push_back(events.subspan(begin, i - begin));
      begin = i;
      bytes = 0;
    }
    bytes += row_bytes(events[i]);
  }
  if (begin < events.size()) out.push_back(events.subspan(begin));
  return out;
}

Packed pack(Slice events) {
  std::string raw;
  WallTime before = events.empty() ? WallTime{} : events.front().at;
  for (const Event& event : events) {
    put_number(raw, static_cast<std::uint64_t>((event.at - before).count()));
    put_number(raw, event.message.size());
    raw += event.message;
    before = event.at;
  }
  uLongf made = compressBound(raw.size());
  std::string small(made, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(small.data()), &made,
                             reinterpret_cast<const Bytef*>(raw.data()), raw.size(), level);
  const std::size_t raw_bytes = raw.size();
  if (code != Z_OK || made >= raw_bytes) return {std::move(raw), raw_bytes};
  small.resize(made);
  return {std::move(small), raw_bytes};
}

Result<Chunk> unpack(std::string_view bytes, std::size_t raw_bytes, std::int64_t first_ms) {
  if (raw_bytes > raw_bytes_max + limits::log_chunk_bytes || bytes.size() > raw_bytes) {
    return damaged("its length");
  }
  Chunk chunk;
  if (bytes.size() == raw_bytes) {
    chunk.raw = bytes;
  } else {
    auto raw = inflated(bytes, raw_bytes);
    if (!raw) return tl::unexpected<Error>(raw.error());
    chunk.raw = std::move(*raw);
  }
  std::int64_t ms = first_ms;
  for (std::size_t at = 0; at < chunk.raw.size();) {
    std::uint64_t step = 0;
    std::uint64_t length = 0;
    if (!take_number(chunk.raw, at, step) || !take_number(chunk.raw, at, length)) return damaged("a number");
    if (step > static_cast<std::uint64_t>(limits::log_chunk_span_max.count())) return damaged("a time");
    if (length > chunk.raw.size() - at) return damaged("a message");
    ms += static_cast<std::int64_t>(step);
    chunk.lines.push_back({ms, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length)});
    at += length;
  }
  return chunk;
}

} // namespace kaden::logstore
