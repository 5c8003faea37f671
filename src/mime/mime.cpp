// The parts of a mail, walked once.
#include <fmt/format.h>

#include <algorithm>

#include "gmime_types.h"
#include "kaden/html.h"
#include "kaden/limits/mail.h"
#include "kaden/mime.h"

namespace kaden::mime {

namespace {

constexpr std::size_t html_bytes_max = 8 * limits::mail_body_bytes_max; // tags are most of it

void note(Mail& mail, const std::string& what) {
  if (std::find(mail.notes.begin(), mail.notes.end(), what) == mail.notes.end()) mail.notes.push_back(what);
}

/// As much of it as is worth reading, and safe to read.
std::string_view readable(std::string_view bytes, Mail& mail) {
  if (bytes.size() > limits::mail_read_bytes_max) {
    bytes = bytes.substr(0, limits::mail_read_bytes_max);
    note(mail, "only the beginning was read: it is very long");
  }
  std::size_t count = 0;
  for (std::size_t at = bytes.find("\n--"); at != std::string_view::npos; at = bytes.find("\n--", at + 1)) {
    if (++count <= limits::mail_separators_max) continue;
    note(mail, "only the beginning was read: it has very many parts");
    return bytes.substr(0, at + 1);
  }
  return bytes;
}

/// Counts lines of headers, those of parts too, and leaves out what is beyond the limit. What might be a
/// header begins at the mail's beginning, behind a line that may part two parts, and inside an enclosed mail.
class HeaderLimit {
 public:
  /// The same text, or, when there are too many lines, a shorter one in `kept`.
  std::string_view apply(std::string_view bytes, std::string& kept) {
    std::size_t copied = 0; // up to here all is in `kept`
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t end = std::min(bytes.find('\n', at), bytes.size() - 1) + 1;
      const std::string_view line = bytes.substr(at, end - at);
      if (!takes(line)) {
        kept += bytes.substr(copied, at - copied);
        copied = end;
      }
      at = end;
    }
    if (copied == 0) return bytes;
    kept += bytes.substr(copied);
    return kept;
  }
  bool has_dropped() const { return has_dropped_; }

 private:
  bool takes(std::string_view line) {
    if (line.starts_with("--")) {
      is_header_ = true;
      encloses_mail_ = false;
      return true;
    }
    if (trim(line).empty()) {
      is_header_ = is_header_ && encloses_mail_; // the header of the enclosed mail comes next
      encloses_mail_ = false;
      return true;
    }
    if (!is_header_) return true;
    if (starts_with_no_case(line, "content-type:") || line.front() == ' ' || line.front() == '\t')
      encloses_mail_ = encloses_mail_ || to_lower(line).find("message/") != std::string::npos;
    has_dropped_ = has_dropped_ || lines_ >= limits::mail_header_lines_max;
    return ++lines_ <= limits::mail_header_lines_max;
  }

  std::size_t lines_ = 0;
  bool is_header_ = true;
  bool encloses_mail_ = false;
  bool has_dropped_ = false;
};

std::string content_of(GMimePart* part) {
  GMimeDataWrapper* content = g_mime_part_get_content(part); // borrowed
  if (content == nullptr) return "";
  const Owned<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_data_wrapper_write_to_stream(content, stream.get());
  const GByteArray* bytes = g_mime_stream_mem_get_byte_array(reinterpret_cast<GMimeStreamMem*>(stream.get()));
  if (bytes == nullptr || bytes->len == 0) return "";
  return {reinterpret_cast<const char*>(bytes->data), bytes->len};
}

/// Line ends as LF, no other control characters but the tab.
std::string tidy(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\r') {
      if (i + 1 == text.size() || text[i + 1] != '\n') out += '\n';
    } else if (byte >= 0x20 || byte == '\n' || byte == '\t') {
      if (byte != 0x7F) out += text[i];
    }
  }
  return out;
}

class Walk {
 public:
  explicit Walk(Mail& mail) : mail_(mail) {}

  /// The text in there.
  std::string text_of(GMimeObject* object, std::size_t depth) {
    if (object == nullptr) return "";
    if (depth > limits::mail_depth_max || ++parts_ > limits::mail_parts_max) {
      note(mail_, "not all of its parts were read: they are too many");
      return "";
    }
    if (GMIME_IS_MULTIPART(object)) return multipart(reinterpret_cast<GMimeMultipart*>(object), depth);
    if (GMIME_IS_MESSAGE_PART(object)) return enclosed(reinterpret_cast<GMimeMessagePart*>(object), depth);
    if (GMIME_IS_PART(object)) return part(reinterpret_cast<GMimePart*>(object));
    return "";
  }

 private:
  static bool is_type(GMimeObject* object, const char* type, const char* subtype) {
    GMimeContentType* content_type = g_mime_object_get_content_type(object);
    return content_type != nullptr && g_mime_content_type_is_type(content_type, type, subtype) != 0;
  }

  std::string multipart(GMimeMultipart* parts, std::size_t depth) {
    auto* const object = reinterpret_cast<GMimeObject*>(parts);
    const int count = g_mime_multipart_get_count(parts);
    const bool is_alternative = is_type(object, "multipart", "alternative");
    std::string all;
    std::string html;
    for (int i = 0; i < count && parts_ <= limits::mail_parts_max; ++i) {
      GMimeObject* const each = g_mime_multipart_get_part(parts, i);
      std::string text = text_of(each, depth + 1);
      if (trim(text).empty()) continue;
      if (is_alternative) {
        if (is_type(each, "text", "plain")) return text;
        if (html.empty()) html = std::move(text);
        continue;
      }
      if (!all.empty()) all += '\n';
      all += text;
      if (all.size() > limits::mail_body_bytes_max) break;
    }
    return is_alternative ? html : all;
  }

  std::string enclosed(GMimeMessagePart* object, std::size_t depth) {
    GMimeMessage* message = g_mime_message_part_get_message(object);
    if (message == nullptr) return "";
    std::string text;
    auto* const headers = reinterpret_cast<GMimeObject*>(message);
    if (const char* subject = raw_header(headers, "Subject")) text = decode_header(subject, is_lossy_) + "\n";
    return text + text_of(g_mime_message_get_mime_part(message), depth + 1);
  }

  std::string part(GMimePart* object) {
    auto* const base = reinterpret_cast<GMimeObject*>(object);
    const bool is_text = is_type(base, "text", "*");
    if (!is_text || g_mime_part_is_attachment(object) != 0) {
      name_attachment(object);
      return "";
    }
    const char* charset = g_mime_object_get_content_type_parameter(base, "charset");
    std::string bytes = content_of(object);
    const bool is_html = is_type(base, "text", "html");
    if (bytes.size() > html_bytes_max) {
      bytes.resize(html_bytes_max);
      note(mail_, "its text was cut: it is very long");
    }
    std::string text = to_utf8(bytes, charset == nullptr ? "" : charset, is_lossy_);
    if (!is_valid_utf8(text)) text.clear();
    if (!is_html) return tidy(text);
    auto tokens = html::tokenize(text);
    const auto is_title = [](const html::Token& token) { return token.is_open("title"); };
    const auto title = std::find_if(tokens.begin(), tokens.end(), is_title);
    const auto end =
        std::find_if(title, tokens.end(), [](const html::Token& token) { return token.is_close("title"); });
    if (end != tokens.end()) tokens.erase(title, end); // of the window, not of the text
    return html::plain_text(tokens, limits::mail_body_bytes_max);
  }

  void name_attachment(GMimePart* object) {
    const char* name = g_mime_part_get_filename(object);
    if (name == nullptr || mail_.attachments.size() >= limits::mail_names_max) return;
    bool ignored = false;
    mail_.attachments.emplace_back(cut_utf8(decode_header(name, ignored), 255));
  }

 public:
  static const char* raw_header(GMimeObject* object, const char* name) {
    GMimeHeaderList* list = g_mime_object_get_header_list(object);
    GMimeHeader* header = list == nullptr ? nullptr : g_mime_header_list_get_header(list, name);
    return header == nullptr ? nullptr : g_mime_header_get_raw_value(header);
  }
  bool is_lossy() const { return is_lossy_; }

 private:
  Mail& mail_;
  std::size_t parts_ = 0;
  bool is_lossy_ = false;
};

std::string address_in(const char* raw) {
  const Owned<InternetAddressList> list(internet_address_list_parse(nullptr, raw));
  if (list == nullptr || internet_address_list_length(list.get()) == 0) return "";
  InternetAddress* first = internet_address_list_get_address(list.get(), 0);
  if (!INTERNET_ADDRESS_IS_MAILBOX(first)) return "";
  const char* address = internet_address_mailbox_get_addr(reinterpret_cast<InternetAddressMailbox*>(first));
  bool ignored = false;
  return address == nullptr ? "" : std::string(cut_utf8(decode_header(address, ignored), 254));
}

/// RFC 5322 section 3.3, and what senders make of it.
std::optional<WallTime> date_of(const std::string& text) {
  constexpr std::int64_t ms_per_s = 1'000;
  if (text.empty()) return std::nullopt;
  GDateTime* date = g_mime_utils_header_decode_date(text.c_str());
  if (date == nullptr) return std::nullopt;
  const WallTime at = wall_time(g_date_time_to_unix(date) * ms_per_s);
  g_date_time_unref(date);
  return at;
}

void read_headers(GMimeMessage* message, Mail& mail, bool& is_lossy) {
  auto* const object = reinterpret_cast<GMimeObject*>(message);
  const auto value = [&](const char* name, std::size_t bytes_max) {
    const char* raw = Walk::raw_header(object, name);
    return raw == nullptr ? "" : std::string(cut_utf8(decode_header(raw, is_lossy), bytes_max));
  };
  mail.subject = value("Subject", limits::mail_subject_bytes_max);
  mail.from = value("From", limits::mail_subject_bytes_max);
  mail.date = value("Date", 100);
  if (const auto at = date_of(mail.date)) mail.sent_at = *at;
  mail.message_id = value("Message-ID", 250);
  if (mail.message_id.starts_with('<')) mail.message_id.erase(0, 1);
  if (mail.message_id.ends_with('>')) mail.message_id.pop_back();
  if (const char* raw = Walk::raw_header(object, "From")) mail.from_address = address_in(raw);
}

} // namespace

Mail read(std::string_view bytes) {
  static const bool is_ready = (g_mime_init(), true);
  Mail mail;
  if (!is_ready) return mail;
  HeaderLimit headers;
  std::string kept;
  bytes = headers.apply(readable(bytes, mail), kept);
  if (headers.has_dropped()) note(mail, "not all of its headers were read: they are too many");
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
  if (message == nullptr) {
    note(mail, "it is no mail: it has no headers");
    bool is_lossy = false;
    mail.text = cut_utf8(tidy(to_utf8(bytes, "", is_lossy)), limits::mail_body_bytes_max);
    return mail;
  }
  bool is_lossy = false;
  read_headers(message.get(), mail, is_lossy);
  Walk walk(mail);
  std::string text = walk.text_of(g_mime_message_get_mime_part(message.get()), 0);
  if (text.size() > limits::mail_body_bytes_max) note(mail, "its text was cut: it is very long");
  mail.text = cut_utf8(text, limits::mail_body_bytes_max);
  if (is_lossy || walk.is_lossy()) note(mail, "some of its characters could not be decoded");
  return mail;
}

} // namespace kaden::mime
