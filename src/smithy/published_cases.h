// Reads the published protocol tests (testdata/protocol-tests): shapes in botocore's form, values in plain
// JSON.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

#include "kaden/smithy.h"

namespace kaden::smithy {

/// The shapes of one suite. Tests only.
class PublishedShapes {
 public:
  explicit PublishedShapes(const json::object& shapes) : described_(shapes) {}

  /// Null for an operation that names none.
  const Shape* of(const json::value* reference) {
    if (reference == nullptr) return nullptr;
    return named(std::string(reference->as_object().at("shape").as_string()));
  }
  const Shape* named(const std::string& name) {
    if (const auto known = made_.find(name); known != made_.end()) return known->second;
    Shape* shape = model_.blank();
    made_[name] = shape; // before its members: they may refer to it
    fill(*shape, described_.at(name).as_object());
    return shape;
  }
  const json::object& described(const std::string& name) const { return described_.at(name).as_object(); }

 private:
  static Type type_of(const json::object& described) {
    static const std::map<std::string, Type> types{
        {"boolean", Type::boolean},   {"integer", Type::integer},    {"long", Type::long_integer},
        {"float", Type::single_real}, {"double", Type::real},        {"string", Type::text},
        {"blob", Type::blob},         {"timestamp", Type::time},     {"list", Type::list},
        {"map", Type::map},           {"structure", Type::structure}};
    if (described.contains("document")) return Type::document;
    return types.at(std::string(described.at("type").as_string()));
  }
  Member member(const std::string& name, const json::object& reference) {
    Member made{name, named(std::string(reference.at("shape").as_string()))};
    if (const auto* wire = reference.if_contains("locationName")) made.wire_name = wire->as_string();
    made.flattened = reference.contains("flattened");
    if (const auto* space = reference.if_contains("xmlNamespace")) {
      if (space->is_string()) {
        made.xml_namespace = space->as_string();
      } else {
        made.xml_namespace = space->as_object().at("uri").as_string();
        made.xml_prefix = space->as_object().at("prefix").as_string();
      }
    }
    return made;
  }
  void fill(Shape& shape, const json::object& described) {
    shape.type = type_of(described);
    if (const auto* format = described.if_contains("timestampFormat")) {
      static const std::map<std::string, TimeFormat> formats{{"unixTimestamp", TimeFormat::epoch_seconds},
                                                             {"iso8601", TimeFormat::date_time},
                                                             {"rfc822", TimeFormat::http_date}};
      shape.time_format = formats.at(std::string(format->as_string()));
    }
    if (shape.type == Type::structure) {
      for (const auto& [name, reference] : described.at("members").as_object()) {
        shape.members.push_back(member(std::string(name), reference.as_object()));
      }
    } else if (shape.type == Type::list) {
      shape.members = {member("member", described.at("member").as_object())};
    } else if (shape.type == Type::map) {
      shape.members = {member("key", described.at("key").as_object()),
                       member("value", described.at("value").as_object())};
    }
  }

  const json::object& described_;
  std::map<std::string, const Shape*> made_;
  Model model_;
};

/// A value as the tests write it down: timestamps as epoch seconds, blobs as text, NaN as text; nulls left
/// out.
inline Value published_value(const Shape& shape, const json::value& plain) {
  const auto number = [&] {
    return plain.is_double() ? plain.as_double() : static_cast<double>(plain.as_int64());
  };
  switch (shape.type) {
    case Type::boolean:
      return Value(plain.as_bool());
    case Type::integer:
    case Type::long_integer:
      return Value(plain.as_int64());
    case Type::single_real:
    case Type::real:
      if (!plain.is_string()) return Value(number());
      if (plain.as_string() == "NaN") return Value(std::numeric_limits<double>::quiet_NaN());
      return Value(plain.as_string() == "Infinity" ? std::numeric_limits<double>::infinity()
                                                   : -std::numeric_limits<double>::infinity());
    case Type::text:
      return Value(std::string(plain.as_string()));
    case Type::blob:
      return Value(Blob{std::string(plain.as_string())});
    case Type::time:
      return Value(wall_time(std::llround(number() * 1000)));
    case Type::list: {
      List list;
      for (const auto& one : plain.as_array()) list.push_back(published_value(*shape.members[0].shape, one));
      return Value(std::move(list));
    }
    case Type::map: {
      Map map;
      for (const auto& [name, one] : plain.as_object()) {
        map.push_back({std::string(name), published_value(*shape.members[1].shape, one)});
      }
      return Value(std::move(map));
    }
    case Type::structure: {
      Map map;
      for (const Member& member : shape.members) {
        const auto* inner = plain.as_object().if_contains(member.name);
        if (inner == nullptr || inner->is_null()) continue;
        map.push_back({member.name, published_value(*member.shape, *inner)});
      }
      return Value(std::move(map));
    }
    case Type::document: {
      Map map;
      for (const auto& [name, one] : plain.as_object()) {
        map.push_back({std::string(name), Value(std::string(one.as_string()))});
      }
      return Value(std::move(map));
    }
  }
  return {};
}

} // namespace kaden::smithy
