/// kaden/charset.h - text in other character sets, as UTF-8. Room: charset. Uses: base. Pure, over libc's
/// iconv. Threads: a Reader has one owner at a time. Errors: unavailable, when libc lacks a converter; what
/// is no text in the set becomes U+FFFD.
///
/// "ISO-2022-JP" is all of its kin: RFC 1468, 2237 and CP50221 (characters of NEC and IBM, half-width kana,
/// also by SO and as single bytes), ISO-2022-JP-2 (RFC 1554) and -3, of which libc's own converter knows
/// neither NEC's nor IBM's characters. Other sets that shift are libc's, and read only as whole texts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kaden/base.h"

namespace kaden::charset {

/// Which characters an ISO-2022-JP text has called so far; that of other sets never changes. A line begins
/// with a fresh one.
struct Shift {
  std::uint8_t set = 0; ///< the reader's own
  bool is_out = false;

  bool operator==(const Shift&) const = default;
};

class Reader {
 public:
  /// `set` as iconv_open(3) takes it: never a path or an option. Case is the same.
  static Result<Reader> open(std::string_view set);

  struct Text {
    std::string text;       ///< valid UTF-8
    std::size_t broken = 0; ///< U+FFFD that stand for what is no text
  };
  /// A text that begins with `shift` and ends where its last character does, or has broken off there.
  Text read(std::string_view bytes, Shift& shift);
  /// A whole text.
  Text read(std::string_view bytes);
  /// The same, or nothing where something would be broken.
  std::optional<std::string> read_exactly(std::string_view bytes);
  /// How many bytes at the front are whole characters and whole escapes.
  std::size_t whole(std::string_view bytes, Shift shift);
  /// Characters are multiples of these.
  std::size_t unit_bytes() const;

 private:
  enum class Family : std::uint8_t { bytes, shift_jis, euc, iso_2022, utf_16, utf_32 };
  struct Close {
    void operator()(void* converter) const;
  };
  using Converter = std::unique_ptr<void, Close>; ///< iconv_t

  Reader(std::string name, Family family) : name_(std::move(name)), family_(family) {}
  static Family family_of(const std::string& name);
  static std::size_t broken_bytes(std::string_view bytes, Family family);
  bool convert(const std::string& name, std::string_view bytes, Text& out, bool is_exact,
               std::size_t* left_at_end);
  void settle_nec_rows(std::string& text, std::size_t from);
  bool read_iso_2022(std::string_view bytes, Shift& shift, Text& out, bool is_exact);
  void* converter(const std::string& name);

  // Owned
  std::map<std::string, Converter> converters_; ///< by libc's names; null: it has none
  // State
  std::string name_;
  Family family_;
};

} // namespace kaden::charset
