#include <algorithm>

#include "compiled.h"

#include "kaden/limits/logs.h"
#include "kaden/utf8.h"

namespace kaden::logfilter {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

template <class Kind>
Parsed<void> read_into(Reader& reader, Compiled& compiled) {
  auto read = Kind::read(reader);
  if (!read) return tl::unexpected(read.error());
  compiled.kind = std::move(*read);
  reader.skip_blanks();
  if (!reader.is_done()) return reader.problem("the pattern has ended, but there is " + reader.seen());
  return {};
}

Parsed<void> read(Reader& reader, Compiled& compiled) {
  reader.skip_blanks();
  auto done = reader.peek() == '{'   ? read_into<JsonConditions>(reader, compiled)
              : reader.peek() == '[' ? read_into<FieldConditions>(reader, compiled)
                                     : read_into<Terms>(reader, compiled);
  if (!done) return done;
  compiled.regexes = reader.regexes;
  if (reader.regexes > limits::regexes_per_pattern_max) {
    return reader.problem("a pattern holds at most " + std::to_string(limits::regexes_per_pattern_max) +
                          " regular expressions");
  }
  return {};
}

std::map<std::string, std::string> values_of(const JsonConditions& conditions, const Message& message) {
  std::map<std::string, std::string> values;
  const json::object* object = message.object();
  if (object == nullptr) return values;
  for (const auto& test : conditions.tests) {
    test.selector.find(*object, [&](const json::value& value) {
      auto text = scalar_text(value);
      if (text) values.try_emplace(test.selector.text, std::move(*text));
      return text.has_value();
    });
  }
  return values;
}

std::map<std::string, std::string> values_of(const FieldConditions& conditions, const Message& message) {
  std::map<std::string, std::string> values;
  const auto fields = message.fields();
  if (!conditions.fits(fields.size())) return values;
  std::vector<std::string_view> names(fields.size());
  for (std::size_t i = 0; i < conditions.names.size(); ++i) {
    names[conditions.place_of(i, fields.size())] = conditions.names[i];
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::string name = "$";
    name += names[i].empty() ? std::to_string(i + 1) : std::string(names[i]);
    values.try_emplace(std::move(name), fields[i]);
  }
  return values;
}

} // namespace

Error error_of(std::string_view pattern, const Problem& problem) {
  const std::size_t before = characters(pattern.substr(0, std::min(problem.at, pattern.size())));
  return {Fault::invalid, "at character " + std::to_string(before + 1) + ": " + problem.message};
}

Result<Pattern> Pattern::parse(std::string_view text) {
  if (characters(text) > limits::filter_pattern_characters_max) {
    return fail(Fault::invalid, "the pattern is longer than " +
                                    std::to_string(limits::filter_pattern_characters_max) + " characters");
  }
  if (!is_valid_utf8(text)) return fail(Fault::invalid, "the pattern is not valid UTF-8");
  auto compiled = std::make_shared<Compiled>();
  compiled->text = text;
  Reader reader(text);
  if (const auto done = read(reader, *compiled); !done) return tl::unexpected(error_of(text, done.error()));
  return Pattern(std::move(compiled));
}

bool Pattern::matches(const Message& message) const {
  return std::visit([&](const auto& kind) { return kind.match(message); }, compiled_->kind);
}

std::map<std::string, std::string> Pattern::extract(const Message& message) const {
  return std::visit(Overloaded{[](const Terms&) { return std::map<std::string, std::string>(); },
                               [&](const auto& kind) { return values_of(kind, message); }},
                    compiled_->kind);
}

const std::string& Pattern::text() const {
  return compiled_->text;
}

Pattern::Kind Pattern::kind() const {
  return static_cast<Kind>(compiled_->kind.index());
}

std::size_t Pattern::regexes() const {
  return compiled_->regexes;
}

// Selectors
// ------------------------------------------------------------------------------------------------------

struct Selector::Parts {
  std::shared_ptr<const Compiled> pattern;
  JsonSelector json;     // of a JSON pattern
  bool is_named = false; // of fields: by name, else by number
  std::size_t field = 0; // index in the pattern's names, or in the message's fields
};

Result<Selector> Selector::parse(std::string_view text, const Pattern& pattern) {
  auto parts = std::make_shared<Parts>();
  parts->pattern = pattern.compiled_;
  Reader reader(text);
  if (std::holds_alternative<JsonConditions>(pattern.compiled_->kind)) {
    auto json = JsonSelector::read(reader);
    if (json && !reader.is_done())
      json = reader.problem("the selector has ended, but there is " + reader.seen());
    if (!json) return tl::unexpected(error_of(text, json.error()));
    parts->json = std::move(*json);
    return Selector(std::move(parts));
  }
  const auto* fields = std::get_if<FieldConditions>(&pattern.compiled_->kind);
  if (fields == nullptr) return fail(Fault::invalid, "a pattern of terms has no values to select");
  if (!reader.take("$")) return fail(Fault::invalid, "a selector begins with $");
  const std::string_view name = text.substr(1);
  const auto found = std::find(fields->names.begin(), fields->names.end(), name);
  const auto number = parse_int(name);
  if (!name.empty() && found != fields->names.end()) {
    parts->is_named = true;
    parts->field = static_cast<std::size_t>(found - fields->names.begin());
  } else if (number && *number >= 1) {
    parts->field = static_cast<std::size_t>(*number) - 1;
  } else {
    return fail(Fault::invalid, "the pattern has no field '" + std::string(cut_utf8(name, 100)) + "'");
  }
  return Selector(std::move(parts));
}

std::optional<std::string> Selector::text_of(const Message& message) const {
  std::optional<std::string> found;
  if (const auto* conditions = std::get_if<FieldConditions>(&parts_->pattern->kind)) {
    const auto fields = message.fields();
    if (!conditions->fits(fields.size())) return found;
    const std::size_t place =
        parts_->is_named ? conditions->place_of(parts_->field, fields.size()) : parts_->field;
    if (place < fields.size()) found = fields[place];
    return found;
  }
  const json::object* object = message.object();
  if (object == nullptr) return found;
  parts_->json.find(*object, [&](const json::value& value) {
    found = scalar_text(value);
    return found.has_value();
  });
  return found;
}

} // namespace kaden::logfilter
