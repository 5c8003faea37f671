#include <boost/json/basic_parser_impl.hpp>

#include "kaden/limits/input.h"
#include "kaden/smithy_wire.h"
#include "typed.h"

namespace kaden::smithy {

namespace {

/// Builds a Value from the parser's events. Numbers are read again from their own text: Boost.JSON 1.81 may
/// be off by a bit, and a threshold must come back as it was put.
class Builder {
 public:
  // The parser's own limits; the body is bounded before.
  static constexpr std::size_t max_object_size = limits::smithy_nodes_max;
  static constexpr std::size_t max_array_size = limits::smithy_nodes_max;
  static constexpr std::size_t max_key_size = limits::aws_log_body_bytes_max;
  static constexpr std::size_t max_string_size = limits::aws_log_body_bytes_max;

  using Code = json::error_code;
  using Text = json::string_view;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code& error) { return open(Value(Map()), error); }
  bool on_object_end(std::size_t, Code&) { return close(); }
  bool on_array_begin(Code& error) { return open(Value(List()), error); }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_key_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_key(Text part, std::size_t, Code&) {
    gather(part);
    open_.back().name = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_string(Text part, std::size_t, Code& error) {
    gather(part);
    return add(Value(std::exchange(text_, {})), error);
  }
  bool on_number_part(Text part, Code&) { return gather(part); }
  bool on_int64(std::int64_t number, Text, Code& error) {
    text_.clear();
    return add(Value(number), error);
  }
  bool on_uint64(std::uint64_t number, Text, Code& error) {
    text_.clear();
    return add(Value(static_cast<double>(number)), error);
  }
  bool on_double(double number, Text part, Code& error) {
    gather(part);
    const auto exact = parse_real(std::exchange(text_, {}));
    return add(Value(exact ? *exact : number), error);
  }
  bool on_bool(bool flag, Code& error) { return add(Value(flag), error); }
  bool on_null(Code& error) { return add(Value(), error); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

  Value take() { return std::move(root_); }

 private:
  struct Open {
    Value value;
    std::string name; ///< of the member that comes next
  };

  bool gather(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool open(Value&& value, Code& error) {
    if (!count(error)) return false;
    open_.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    place(std::move(done));
    return true;
  }
  bool add(Value&& value, Code& error) {
    if (!count(error)) return false;
    place(std::move(value));
    return true;
  }
  bool count(Code& error) {
    if (++nodes_ <= limits::smithy_nodes_max) return true;
    error = json::error::array_too_large;
    return false;
  }
  void place(Value&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (List* list = open_.back().value.if_list()) {
      list->push_back(std::move(value));
    } else {
      open_.back().value.if_map()->push_back({std::move(open_.back().name), std::move(value)});
    }
  }

  std::vector<Open> open_;
  std::string text_;
  std::size_t nodes_ = 0;
  Value root_;
};

} // namespace

Answer<Value> read_json(const Shape* shape, std::string_view body) {
  if (trim(body).empty()) return Value(Map());
  json::parse_options options;
  options.max_depth = limits::smithy_depth_max;
  json::basic_parser<Builder> parser(options);
  json::error_code error;
  const std::string_view text = trim(body);
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (error) {
    return problem("SerializationException", "The body is not valid JSON at byte " + std::to_string(used) +
                                                 ": " + error.message() + ".");
  }
  return typed(shape, parser.handler().take(), Format::json);
}

} // namespace kaden::smithy
