#include "parcel.h"

#include <optional>

#include "gzip.h"
#include "proc_words.h"

#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

constexpr std::string_view heading = "kaden-agent positions 1\n";
constexpr std::string_view empty_word = "%";

/// One word of a line: bytes that would end it become %XX.
std::string escaped(std::string_view text) {
  if (text.empty()) return std::string(empty_word);
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c <= '~' && c != '%') {
      out += c;
    } else {
      out += '%';
      out += to_hex({&c, 1});
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view word) {
  if (word.empty()) return std::nullopt;
  if (word == empty_word) return "";
  auto plain = percent_decode(word, false);
  if (!plain) return std::nullopt;
  return std::move(*plain);
}

std::string line_of(const FilePosition& at) {
  std::string line;
  for (const std::uint64_t number :
       {at.device, at.inode, at.offset, std::uint64_t{at.head_bytes}, std::uint64_t{at.head_print},
        std::uint64_t{at.tail_bytes}, std::uint64_t{at.tail_print}}) {
    line += std::to_string(number) + " ";
  }
  return line + escaped(at.path) + "\n";
}

bool read_small(Words& words, std::uint32_t& out) {
  const auto number = parse_count(words.next());
  if (!number || *number > 0xFFFFFFFFU) return false;
  out = static_cast<std::uint32_t>(*number);
  return true;
}

std::optional<FilePosition> position_of(std::string_view line) {
  Words words(line);
  FilePosition at;
  for (std::uint64_t* const field : {&at.device, &at.inode, &at.offset}) {
    const auto number = parse_count(words.next());
    if (!number || *number > (1ULL << 62U)) return std::nullopt;
    *field = *number;
  }
  for (std::uint32_t* const field : {&at.head_bytes, &at.head_print, &at.tail_bytes, &at.tail_print}) {
    if (!read_small(words, *field)) return std::nullopt;
  }
  if (at.head_bytes > limits::print_bytes_max || at.tail_bytes > limits::print_bytes_max) return std::nullopt;
  auto path = unescaped(words.next());
  if (!path) return std::nullopt;
  at.path = std::move(*path);
  return at;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

} // namespace

std::string encode_parcel(const Parcel& parcel) {
  std::string text = parcel.gzipped ? "1 gzip " : "1 plain ";
  text += escaped(parcel.group) + " " + escaped(parcel.stream) + " " +
          std::to_string(parcel.positions.size()) + "\n";
  for (const FilePosition& at : parcel.positions) text += line_of(at);
  return text += parcel.body;
}

Result<Parcel> decode_parcel(std::string_view text) {
  const auto refuse = [] { return fail(Fault::corrupt, "a kept request cannot be read"); };
  Words words(take_line(text));
  const bool known = words.next() == "1";
  const std::string_view form = words.next();
  auto group = unescaped(words.next());
  auto stream = unescaped(words.next());
  const auto count = parse_count(words.next());
  if (!known || (form != "gzip" && form != "plain") || !group || !stream || !count ||
      *count > limits::followed_files_max) {
    return refuse();
  }
  Parcel parcel{form == "gzip", std::move(*group), std::move(*stream), {}, {}};
  for (std::uint64_t i = 0; i < *count; ++i) {
    auto at = position_of(take_line(text));
    if (!at) return refuse();
    parcel.positions.push_back(std::move(*at));
  }
  parcel.body = text;
  return parcel;
}

std::string encode_positions(const std::vector<FilePosition>& positions) {
  std::string text(heading);
  for (const FilePosition& at : positions) text += line_of(at);
  return text + "end " + std::to_string(crc_of(text)) + "\n";
}

Result<std::vector<FilePosition>> decode_positions(std::string_view text) {
  const auto refuse = [](const char* why) {
    return fail(Fault::corrupt, std::string("the positions cannot be trusted: ") + why);
  };
  const std::string_view all = text;
  if (!text.starts_with(heading)) return refuse("there is no heading");
  text.remove_prefix(heading.size());
  std::vector<FilePosition> positions;
  while (!text.empty()) {
    const std::size_t before = all.size() - text.size();
    const std::string_view line = take_line(text);
    if (line.starts_with("end ")) {
      if (parse_count(line.substr(4)) == crc_of(all.substr(0, before)) && text.empty() && all.ends_with('\n'))
        return positions;
      return refuse("the sum at the end does not fit");
    }
    auto at = position_of(line);
    if (!at || positions.size() >= 4 * limits::followed_files_max) return refuse("a line is no position");
    positions.push_back(std::move(*at));
  }
  return refuse("there is no end");
}

} // namespace kaden::agent
