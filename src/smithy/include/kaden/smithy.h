/// kaden/smithy.h - what AWS's protocols carry, as one typed value tree, and a small description of its
/// shapes. Room: smithy. Uses: base. Pure. Threads: values; any. Errors: a Problem names AWS's error code.
/// Smithy 2.0, "Simple types", "Aggregate types", "XML bindings"; the wire forms are in smithy_wire.h, what
/// is served in smithy_service.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "kaden/base.h"

namespace kaden::smithy {

/// An error as AWS names it. `code` is the name older protocols know ("InvalidParameterValue"); what newer
/// ones call it stands in Service::error_shapes. Below 500 the sender is at fault.
struct Problem {
  std::string code = "InternalServiceError";
  int http_status = 500;
  std::string message; ///< for the sender
};
template <class T>
using Answer = tl::expected<T, Problem>;

inline tl::unexpected<Problem> problem(std::string_view code, std::string message, int http_status = 400) {
  return tl::unexpected<Problem>(Problem{std::string(code), http_status, std::move(message)});
}

// Values ----------------------------------------------------------------------------------------------------

class Value;
struct Entry;
struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};
using List = std::vector<Value>;
/// A structure or a map, in the order of the shape's members or of the wire; no name twice.
using Map = std::vector<Entry>;

class Value {
 public:
  // Defined below, where an Entry is complete.
  Value(); ///< null
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();
  // Implicit on purpose: values are written down where they are answered.
  Value(bool flag);
  Value(int number);
  Value(std::int64_t number);
  Value(double number);
  Value(const char* text);
  Value(std::string_view text);
  Value(std::string text);
  Value(Blob blob);
  Value(WallTime at);
  Value(List list);
  Value(Map map);

  bool operator==(const Value& other) const;

  bool is_null() const { return std::holds_alternative<std::monostate>(held_); }
  const bool* if_flag() const { return std::get_if<bool>(&held_); }
  const std::int64_t* if_integer() const { return std::get_if<std::int64_t>(&held_); }
  const double* if_real() const { return std::get_if<double>(&held_); }
  const std::string* if_text() const { return std::get_if<std::string>(&held_); }
  const Blob* if_blob() const { return std::get_if<Blob>(&held_); }
  const WallTime* if_time() const { return std::get_if<WallTime>(&held_); }
  const List* if_list() const { return std::get_if<List>(&held_); }
  const Map* if_map() const { return std::get_if<Map>(&held_); }
  List* if_list() { return std::get_if<List>(&held_); }
  Map* if_map() { return std::get_if<Map>(&held_); }
  std::string* if_text() { return std::get_if<std::string>(&held_); }

  // Members of a structure. Absent, null, of another kind, or asked of something that is no structure:
  // nothing.
  const Value* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const std::string* text(std::string_view name) const;
  std::string text_or(std::string_view name, std::string_view fallback) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<double> real(std::string_view name) const; ///< an integer is taken too
  std::optional<bool> flag(std::string_view name) const;
  std::optional<WallTime> time(std::string_view name) const;
  const List& list(std::string_view name) const; ///< empty when absent
  const Map& map(std::string_view name) const;   ///< the same
  std::vector<std::string> texts(std::string_view name) const;

  /// Adds a member; the name must be new. A null value becomes a structure first. Null members are not
  /// written by any protocol.
  Value& set(std::string_view name, Value value);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Blob, WallTime, List, Map> held_;
};

struct Entry {
  std::string name;
  Value value;
  bool operator==(const Entry&) const = default;
};

inline Value::Value() = default;
inline Value::Value(const Value& other) = default;
inline Value::Value(Value&& other) noexcept = default;
inline Value& Value::operator=(const Value& other) = default;
inline Value& Value::operator=(Value&& other) noexcept = default;
inline Value::~Value() = default;
inline Value::Value(bool flag) : held_(flag) {}
inline Value::Value(int number) : held_(std::int64_t{number}) {}
inline Value::Value(std::int64_t number) : held_(number) {}
inline Value::Value(double number) : held_(number) {}
inline Value::Value(const char* text) : held_(std::string(text)) {}
inline Value::Value(std::string_view text) : held_(std::string(text)) {}
inline Value::Value(std::string text) : held_(std::move(text)) {}
inline Value::Value(Blob blob) : held_(std::move(blob)) {}
inline Value::Value(WallTime at) : held_(at) {}

// Shapes ----------------------------------------------------------------------------------------------------

enum class Type : std::uint8_t {
  boolean,
  integer,      ///< 32 bits
  long_integer, ///< 64 bits
  single_real,  ///< float
  real,         ///< double
  text,
  blob,
  time,
  list,
  map, ///< keys are texts
  structure,
  document, ///< anything; JSON and CBOR only
};

/// How a timestamp is written. `usual` is each protocol's own: epoch seconds in JSON, tag 1 in CBOR (always),
/// ISO 8601 in Query and XML.
enum class TimeFormat : std::uint8_t { usual, epoch_seconds, date_time, http_date };

struct Shape;
struct Member {
  std::string name; ///< in values, JSON and CBOR
  const Shape* shape = nullptr;
  std::string wire_name{}; ///< in Query and XML; empty: the same
  bool flattened = false;  ///< lists and maps in Query and XML: no "member" or "entry" between
  std::string xml_namespace{};
  std::string xml_prefix{};
  const std::string& on_wire() const { return wire_name.empty() ? name : wire_name; }
};
struct Shape {
  Type type = Type::structure;
  TimeFormat time_format = TimeFormat::usual;
  std::vector<Member> members{}; ///< structure: its members; list: "member"; map: "key" and "value"
};

inline const Shape boolean_shape{Type::boolean};
inline const Shape integer_shape{Type::integer};
inline const Shape long_shape{Type::long_integer};
inline const Shape real_shape{Type::real};
inline const Shape text_shape{Type::text};
inline const Shape blob_shape{Type::blob};
inline const Shape time_shape{Type::time};
inline const Shape document_shape{Type::document};

/// Owns shapes; their addresses stay.
class Model {
 public:
  const Shape* structure(std::vector<Member> members);
  const Shape* list(const Shape* of, std::string wire_name = {});
  const Shape* map(const Shape* values);
  /// To be filled in by the caller: for shapes that refer to themselves.
  Shape* blank();

 private:
  std::deque<Shape> shapes_;
};

} // namespace kaden::smithy
