/// kaden/mime.h - a mail as a person would read it: who, when, subject, text. Room: mime. Uses: base, html,
/// charset. Pure. Over GMime (structure, base64, quoted-printable, RFC 2231 names). Threads: any. Errors:
/// none: any bytes are some mail; what could not be read as it was meant is in `notes`.
///
/// RFC 5322 (format), 2045 to 2047 (MIME, encoded words), 2231 (names of files), 1468 (ISO-2022-JP).
///
/// - Of multipart/alternative the plain text is taken, unless it is empty; HTML becomes text, cells of a
///   table stand on lines of their own. Other texts follow one another; everything else is an attachment and
///   only named.
/// - Japanese as it is sent: the sets as kaden/charset.h reads them, Shift_JIS as CP932; encoded words that
/// are
///   cut inside a character, stand in quotes or hold blanks; texts whose character set is wrong or not
///   said, and bytes that should have been encoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::mime {

/// All UTF-8.
struct Mail {
  std::string message_id;          ///< without <>; empty: it has none
  std::string date;                ///< as written; empty: it has none
  std::optional<WallTime> sent_at; ///< that date, when it is one
  std::string from;                ///< "Zabbix <zabbix@monitor.example>", one line
  std::string from_address;
  std::string subject;                  ///< one line, at most limits::mail_subject_bytes_max
  std::string text;                     ///< at most limits::mail_body_bytes_max; lines end with LF
  std::vector<std::string> attachments; ///< names, at most limits::mail_names_max
  std::vector<std::string> notes;       ///< what was cut, what could not be decoded
};
Mail read(std::string_view bytes);

/// Text of that character set; what is wrong in it becomes U+FFFD and sets `is_lossy`. A set that is not
/// known, not said ("") or not true is guessed.
std::string to_utf8(std::string_view bytes, std::string_view charset, bool& is_lossy);
/// A header's value: RFC 2047's encoded words decoded, on one line.
std::string decode_header(std::string_view value, bool& is_lossy);

} // namespace kaden::mime
