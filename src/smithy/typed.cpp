#include "typed.h"

#include <algorithm>
#include <cmath>

#include "text_forms.h"

namespace kaden::smithy {

namespace {

/// Where and why; the path grows from the inside out, so that only failures pay for it.
struct Misfit {
  std::string path;
  std::string what;
};
using Fitted = tl::expected<Value, Misfit>;

tl::unexpected<Misfit> misfit(std::string what) {
  return tl::unexpected<Misfit>(Misfit{{}, std::move(what)});
}

tl::unexpected<Misfit> inside(const std::string& name, Misfit&& from) {
  from.path = from.path.empty() ? name : name + "." + from.path;
  return tl::unexpected<Misfit>(std::move(from));
}

Fitted fit(const Shape& shape, Value&& plain, Format format);

Fitted fit_integer(const Shape& shape, const Value& plain) {
  std::int64_t number = 0;
  if (const auto* integer = plain.if_integer()) {
    number = *integer;
  } else if (const auto* real = plain.if_real();
             real != nullptr && std::trunc(*real) == *real && std::fabs(*real) <= 9.0e15) {
    number = static_cast<std::int64_t>(*real);
  } else {
    return misfit("must be a whole number");
  }
  if (shape.type == Type::integer && (number < INT32_MIN || number > INT32_MAX)) {
    return misfit("must fit 32 bits");
  }
  return Value(number);
}

Fitted fit_real(const Value& plain, Format format) {
  if (const auto* real = plain.if_real()) return Value(*real);
  if (const auto* integer = plain.if_integer()) return Value(static_cast<double>(*integer));
  const auto* text = format == Format::json ? plain.if_text() : nullptr;
  if (text != nullptr && (*text == "NaN" || *text == "Infinity" || *text == "-Infinity")) {
    return Value(*parse_any_real(*text));
  }
  return misfit("must be a number");
}

Fitted fit_blob(Value&& plain, Format format) {
  if (format == Format::cbor) {
    if (plain.if_blob() != nullptr) return std::move(plain);
    return misfit("must be a byte string");
  }
  const auto* text = plain.if_text();
  auto bytes = text == nullptr ? std::nullopt : from_base64(*text);
  if (!bytes) return misfit("must be base64");
  return Value(Blob{std::move(*bytes)});
}

Fitted fit_time(const Shape& shape, const Value& plain, Format format) {
  if (format == Format::cbor) {
    if (const auto* at = plain.if_time()) return Value(*at);
    return misfit("must be a timestamp (tag 1)");
  }
  std::optional<WallTime> at;
  if (const auto* text = plain.if_text()) {
    if (shape.time_format == TimeFormat::date_time) {
      if (const auto read = parse_iso8601(*text)) at = *read;
    } else if (shape.time_format == TimeFormat::http_date) {
      at = parse_http_date(*text);
    }
  } else if (shape.time_format == TimeFormat::usual || shape.time_format == TimeFormat::epoch_seconds) {
    if (const auto* real = plain.if_real()) at = time_of_epoch(*real);
    if (const auto* integer = plain.if_integer()) at = time_of_epoch(*integer);
  }
  if (!at) return misfit("must be a timestamp");
  return Value(*at);
}

Fitted fit_list(const Shape& shape, Value&& plain, Format format) {
  List* list = plain.if_list();
  if (list == nullptr) return misfit("must be a list");
  std::size_t number = 0;
  for (Value& one : *list) {
    ++number;
    if (one.is_null()) return inside("member." + std::to_string(number), Misfit{{}, "must not be null"});
    auto fitted = fit(*shape.members[0].shape, std::move(one), format);
    if (!fitted) return inside("member." + std::to_string(number), std::move(fitted.error()));
    one = std::move(*fitted);
  }
  return std::move(plain);
}

Fitted fit_map(const Shape& shape, Value&& plain, Format format) {
  Map* map = plain.if_map();
  if (map == nullptr) return misfit("must be a map");
  std::erase_if(*map, [](const Entry& entry) { return entry.value.is_null(); });
  std::vector<std::string_view> names;
  names.reserve(map->size());
  for (const Entry& entry : *map) names.emplace_back(entry.name);
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) return misfit("holds a key twice");
  for (Entry& entry : *map) {
    auto fitted = fit(*shape.members[1].shape, std::move(entry.value), format);
    if (!fitted) return inside(entry.name, std::move(fitted.error()));
    entry.value = std::move(*fitted);
  }
  return std::move(plain);
}

/// A member that comes twice counts as it came last, as in most parsers.
Fitted fit_structure(const Shape& shape, Value&& plain, Format format) {
  Map* map = plain.if_map();
  if (map == nullptr) return misfit("must be a structure");
  std::vector<Value> slots(shape.members.size());
  for (Entry& entry : *map) {
    const auto member = std::find_if(shape.members.begin(), shape.members.end(),
                                     [&](const Member& one) { return one.name == entry.name; });
    if (member == shape.members.end()) continue;
    slots[static_cast<std::size_t>(member - shape.members.begin())] = std::move(entry.value);
  }
  Map out;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].is_null()) continue;
    auto fitted = fit(*shape.members[i].shape, std::move(slots[i]), format);
    if (!fitted) return inside(shape.members[i].name, std::move(fitted.error()));
    out.push_back({shape.members[i].name, std::move(*fitted)});
  }
  return Value(std::move(out));
}

Fitted fit(const Shape& shape, Value&& plain, Format format) {
  switch (shape.type) {
    case Type::boolean:
      if (plain.if_flag() == nullptr) return misfit("must be true or false");
      return std::move(plain);
    case Type::integer:
    case Type::long_integer:
      return fit_integer(shape, plain);
    case Type::single_real:
    case Type::real:
      return fit_real(plain, format);
    case Type::text:
      if (plain.if_text() == nullptr) return misfit("must be a string");
      return std::move(plain);
    case Type::blob:
      return fit_blob(std::move(plain), format);
    case Type::time:
      return fit_time(shape, plain, format);
    case Type::list:
      return fit_list(shape, std::move(plain), format);
    case Type::map:
      return fit_map(shape, std::move(plain), format);
    case Type::structure:
      return fit_structure(shape, std::move(plain), format);
    case Type::document:
      break;
  }
  return std::move(plain);
}

} // namespace

Answer<Value> typed(const Shape* shape, Value plain, Format format) {
  if (shape == nullptr) return Value(Map());
  auto fitted = fit(*shape, std::move(plain), format);
  if (fitted) return std::move(*fitted);
  const Misfit& why = fitted.error();
  return problem(
      "SerializationException",
      std::string(cut_utf8(why.path.empty() ? "The request" : why.path, 300)) + " " + why.what + ".");
}

} // namespace kaden::smithy
