#include <fmt/core.h>

#include "kaden/limits/alarm_events.h"
#include "kaden/script.h"

namespace kaden::script {
namespace {

constexpr std::string_view ideographic_space = "\u3000";
constexpr std::string_view name_suffix = ":name";

/// One piece of a template: text as it stands, or a field.
struct Piece {
  bool is_field = false;
  std::string_view text; ///< the text, or the field's name with its suffix
};

struct Flaw {
  std::size_t at = 0; ///< byte offset
  const char* what = "";
};

/// Cuts a template into pieces. Goes on after a flaw (a stray brace is dropped, its text stays), so that
/// expand() speaks what it can; the first flaw is reported.
template <class Take>
std::optional<Flaw> cut_template(std::string_view text, Take take) {
  std::optional<Flaw> first;
  const auto flaw = [&](std::size_t at, const char* what) {
    if (!first) first = Flaw{at, what};
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t brace = text.find_first_of("{}", at);
    if (brace == std::string_view::npos) break;
    if (brace > at) take(Piece{false, text.substr(at, brace - at)});
    at = brace + 1;
    if (at < text.size() && text[at] == text[brace]) {
      take(Piece{false, text.substr(brace, 1)});
      at += 1;
      continue;
    }
    if (text[brace] == '}') {
      flaw(brace, "'}' without '{'; a brace to be spoken is written twice");
      continue;
    }
    const std::size_t end = text.find_first_of("{}", at);
    if (end == std::string_view::npos || text[end] == '{') {
      flaw(brace, "'{' without '}'; a brace to be spoken is written twice");
      continue;
    }
    const std::string_view field = text.substr(at, end - at);
    if (trim(field).empty() || trim(field) == name_suffix) flaw(brace, "a field without a name");
    take(Piece{true, field});
    at = end + 1;
  }
  if (at < text.size()) take(Piece{false, text.substr(at)});
  return first;
}

std::size_t column_of(std::string_view text, std::size_t offset) {
  std::size_t column = 1;
  for (const char each : text.substr(0, offset)) {
    if ((static_cast<unsigned char>(each) & 0xC0u) != 0x80u) column += 1;
  }
  return column;
}

/// Bytes of the blank that `text` begins with; 0 when it begins with something to be spoken. Control
/// characters are blanks: they have no sound.
std::size_t blank_at(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first <= 0x20 || first == 0x7F) return 1;
  return text.substr(0, ideographic_space.size()) == ideographic_space ? ideographic_space.size() : 0;
}

/// Joins pieces into spans: blanks collapsed over the whole sentence, neighbouring words in one span, at most
/// limits::say_bytes_max bytes.
class SpanBuilder {
 public:
  void add(SpanKind kind, std::string_view text) {
    bool is_first = true; // of this piece: a name never continues the name before it
    while (!text.empty() && !is_full_) {
      if (const std::size_t blank = blank_at(text); blank > 0) {
        blank_pending_ = true;
        text.remove_prefix(blank);
        continue;
      }
      std::size_t end = 1;
      while (end < text.size() && blank_at(text.substr(end)) == 0) end += 1;
      add_run(kind, text.substr(0, end), is_first);
      is_first = false;
      text.remove_prefix(end);
    }
  }
  std::vector<Span> take() { return std::move(spans_); }

 private:
  void add_run(SpanKind kind, std::string_view run, bool is_first) {
    const bool has_blank = blank_pending_ && !spans_.empty();
    blank_pending_ = false;
    const std::size_t room = limits::say_bytes_max - bytes_ - (has_blank ? 1 : 0);
    if (run.size() > room) {
      run = cut_utf8(run, room);
      is_full_ = true;
      if (run.empty()) return;
    }
    bytes_ += run.size() + (has_blank ? 1 : 0);
    // A blank before a name belongs to the words before it.
    const bool begins_name = kind == SpanKind::name && is_first;
    if (has_blank && begins_name) open(SpanKind::words).text += ' ';
    Span& span = begins_name ? spans_.emplace_back(Span{kind, {}}) : open(kind);
    if (has_blank && !begins_name) span.text += ' ';
    span.text += run;
    is_full_ = is_full_ || bytes_ + 1 >= limits::say_bytes_max;
  }
  Span& open(SpanKind kind) {
    if (spans_.empty() || spans_.back().kind != kind) spans_.push_back(Span{kind, {}});
    return spans_.back();
  }

  std::vector<Span> spans_;
  std::size_t bytes_ = 0;
  bool blank_pending_ = false;
  bool is_full_ = false;
};

struct Field {
  std::string name;
  bool is_name = false; ///< of a thing, to be read as a name
};

Field field_of(std::string_view text) {
  const bool is_asked = text.ends_with(name_suffix);
  std::string name(trim(is_asked ? text.substr(0, text.size() - name_suffix.size()) : text));
  const bool is_name = is_asked || name == "machine" || name == "host";
  return {std::move(name), is_name};
}

void add_field(SpanBuilder& spans, std::string_view text, const FieldValues& fields) {
  const auto [name, is_name] = field_of(text);
  const auto found = fields.find(name);
  if (found == fields.end()) return;
  spans.add(is_name ? SpanKind::name : SpanKind::words, trim(found->second));
}

} // namespace

FieldValues fields_as_written(std::string_view text) {
  FieldValues fields;
  cut_template(text, [&](const Piece& piece) {
    if (!piece.is_field) return;
    std::string name = field_of(piece.text).name;
    fields.insert_or_assign(name, name);
  });
  return fields;
}

Utterance expand(Language language, std::string_view text, const FieldValues& fields) {
  SpanBuilder spans;
  cut_template(text, [&](const Piece& piece) {
    if (piece.is_field) {
      add_field(spans, piece.text, fields);
    } else {
      spans.add(SpanKind::words, piece.text);
    }
  });
  return Utterance{language, spans.take()};
}

Result<void> check_template(std::string_view text) {
  if (!is_valid_utf8(text)) return fail(Fault::invalid, "column 1: the text is not valid UTF-8");
  if (text.size() > limits::say_bytes_max) {
    return fail(Fault::invalid, fmt::format("column {}: the text is longer than {} bytes",
                                            column_of(text, cut_utf8(text, limits::say_bytes_max).size()),
                                            limits::say_bytes_max));
  }
  if (const auto flaw = cut_template(text, [](const Piece&) {})) {
    return fail(Fault::invalid, fmt::format("column {}: {}", column_of(text, flaw->at), flaw->what));
  }
  return {};
}

} // namespace kaden::script
