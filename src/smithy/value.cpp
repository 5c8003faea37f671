#include <algorithm>

#include "kaden/smithy.h"

namespace kaden::smithy {

namespace {

const List no_list;
const Map no_map;

} // namespace

Value::Value(List list) : held_(std::move(list)) {}
Value::Value(Map map) : held_(std::move(map)) {}

bool Value::operator==(const Value& other) const {
  return held_ == other.held_;
}

const Value* Value::find(std::string_view name) const {
  const Map* map = if_map();
  if (map == nullptr) return nullptr;
  const auto found =
      std::find_if(map->begin(), map->end(), [&](const Entry& entry) { return entry.name == name; });
  return found == map->end() || found->value.is_null() ? nullptr : &found->value;
}

const std::string* Value::text(std::string_view name) const {
  const Value* found = find(name);
  return found == nullptr ? nullptr : found->if_text();
}

std::string Value::text_or(std::string_view name, std::string_view fallback) const {
  const std::string* found = text(name);
  return found == nullptr ? std::string(fallback) : *found;
}

std::optional<std::int64_t> Value::integer(std::string_view name) const {
  const Value* found = find(name);
  const std::int64_t* number = found == nullptr ? nullptr : found->if_integer();
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::optional<double> Value::real(std::string_view name) const {
  const Value* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (const double* number = found->if_real()) return *number;
  if (const std::int64_t* number = found->if_integer()) return static_cast<double>(*number);
  return std::nullopt;
}

std::optional<bool> Value::flag(std::string_view name) const {
  const Value* found = find(name);
  const bool* flag = found == nullptr ? nullptr : found->if_flag();
  return flag == nullptr ? std::nullopt : std::optional(*flag);
}

std::optional<WallTime> Value::time(std::string_view name) const {
  const Value* found = find(name);
  const WallTime* at = found == nullptr ? nullptr : found->if_time();
  return at == nullptr ? std::nullopt : std::optional(*at);
}

const List& Value::list(std::string_view name) const {
  const Value* found = find(name);
  const List* list = found == nullptr ? nullptr : found->if_list();
  return list == nullptr ? no_list : *list;
}

const Map& Value::map(std::string_view name) const {
  const Value* found = find(name);
  const Map* map = found == nullptr ? nullptr : found->if_map();
  return map == nullptr ? no_map : *map;
}

std::vector<std::string> Value::texts(std::string_view name) const {
  std::vector<std::string> out;
  for (const Value& one : list(name)) {
    if (const std::string* text = one.if_text()) out.push_back(*text);
  }
  return out;
}

Value& Value::set(std::string_view name, Value value) {
  if (is_null()) held_ = Map();
  Map* map = if_map();
  require(map != nullptr, "members are set on a structure");
  map->push_back({std::string(name), std::move(value)});
  return *this;
}

const Shape* Model::structure(std::vector<Member> members) {
  shapes_.push_back({Type::structure, TimeFormat::usual, std::move(members)});
  return &shapes_.back();
}

const Shape* Model::list(const Shape* of, std::string wire_name) {
  shapes_.push_back({Type::list, TimeFormat::usual, {{"member", of, std::move(wire_name)}}});
  return &shapes_.back();
}

const Shape* Model::map(const Shape* values) {
  shapes_.push_back({Type::map, TimeFormat::usual, {{"key", &text_shape}, {"value", values}}});
  return &shapes_.back();
}

Shape* Model::blank() {
  return &shapes_.emplace_back();
}

} // namespace kaden::smithy
