#include <bit>
#include <cmath>
#include <limits>

#include "kaden/limits/input.h"
#include "kaden/smithy_wire.h"
#include "text_forms.h"
#include "typed.h"

namespace kaden::smithy {

namespace {

/// RFC 8949 section 3. One item is read at a time; the first fault ends everything.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool item(Value& out, std::size_t depth) {
    if (++nodes_ > limits::smithy_nodes_max) return fault("holds too many values");
    Head head;
    if (!read_head(head)) return false;
    switch (head.major) {
      case 0:
        out = head.argument <= INT64_MAX ? Value(static_cast<std::int64_t>(head.argument))
                                         : Value(static_cast<double>(head.argument));
        return no_indefinite(head);
      case 1:
        out = head.argument <= INT64_MAX ? Value(-1 - static_cast<std::int64_t>(head.argument))
                                         : Value(-1.0 - static_cast<double>(head.argument));
        return no_indefinite(head);
      case 2:
      case 3:
        return string(head, out);
      case 4:
        return list(head, out, depth);
      case 5:
        return map(head, out, depth);
      case 6:
        return tagged(head, out, depth);
      default:
        return simple(head, out);
    }
  }
  bool at_end() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  const std::string& why() const { return why_; }
  bool fault(std::string what) {
    if (why_.empty()) why_ = std::move(what);
    return false;
  }

 private:
  struct Head {
    unsigned major = 0;
    unsigned info = 0; ///< 31: indefinite, or the break
    std::uint64_t argument = 0;
    bool indefinite() const { return info == 31; }
  };

  bool read_head(Head& head) {
    if (rest_.empty()) return fault("ends too early");
    const auto first = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    head.major = first >> 5U;
    head.info = first & 31U;
    if (head.info < 24 || head.info == 31) {
      head.argument = head.info;
      return true;
    }
    if (head.info > 27) return fault("holds a reserved length");
    const std::size_t length = std::size_t{1} << (head.info - 24);
    if (rest_.size() < length) return fault("ends too early");
    for (std::size_t i = 0; i < length; ++i) {
      head.argument = head.argument << 8U | static_cast<unsigned char>(rest_[i]);
    }
    rest_.remove_prefix(length);
    return true;
  }
  bool no_indefinite(const Head& head) {
    return !head.indefinite() || fault("holds a number of indefinite length");
  }
  bool at_break() {
    if (rest_.empty() || rest_.front() != '\xff') return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool piece(const Head& head, std::string& into) {
    if (head.argument > rest_.size()) return fault("holds a string longer than the body");
    const auto length = static_cast<std::size_t>(head.argument);
    into.append(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return true;
  }
  bool string(const Head& head, Value& out) {
    std::string bytes;
    if (!head.indefinite()) {
      if (!piece(head, bytes)) return false;
    } else {
      while (!at_break()) {
        Head chunk;
        if (!read_head(chunk)) return false;
        if (chunk.major != head.major || chunk.indefinite()) return fault("holds a malformed string");
        if (!piece(chunk, bytes)) return false;
      }
    }
    if (head.major == 2) {
      out = Value(Blob{std::move(bytes)});
      return true;
    }
    if (!is_valid_utf8(bytes)) return fault("holds text that is not UTF-8");
    out = Value(std::move(bytes));
    return true;
  }

  bool deeper(std::size_t depth) { return depth < limits::smithy_depth_max || fault("is nested too deeply"); }
  bool list(const Head& head, Value& out, std::size_t depth) {
    if (!deeper(depth)) return false;
    // Each item takes a byte at least: a length that promises more is a lie, and reserves nothing.
    if (!head.indefinite() && head.argument > rest_.size()) return fault("ends too early");
    List items;
    for (std::uint64_t i = 0; head.indefinite() ? !at_break() : i < head.argument; ++i) {
      if (!item(items.emplace_back(), depth + 1)) return false;
    }
    out = Value(std::move(items));
    return true;
  }
  bool map(const Head& head, Value& out, std::size_t depth) {
    if (!deeper(depth)) return false;
    if (!head.indefinite() && head.argument > rest_.size() / 2) return fault("ends too early");
    Map entries;
    for (std::uint64_t i = 0; head.indefinite() ? !at_break() : i < head.argument; ++i) {
      Head key;
      Value name;
      if (!read_head(key)) return false;
      if (key.major != 3) return fault("holds a map key that is no text");
      if (!string(key, name)) return false;
      Entry& entry = entries.emplace_back();
      entry.name = std::move(*name.if_text());
      if (!item(entry.value, depth + 1)) return false;
    }
    out = Value(std::move(entries));
    return true;
  }
  bool tagged(const Head& head, Value& out, std::size_t depth) {
    if (head.indefinite()) return fault("holds a malformed tag");
    if (!deeper(depth) || !item(out, depth + 1)) return false;
    if (head.argument != 1) return true; // a hint of another kind; the shape decides
    std::optional<WallTime> at;
    if (const auto* real = out.if_real()) at = time_of_epoch(*real);
    if (const auto* integer = out.if_integer()) at = time_of_epoch(*integer);
    if (!at) return fault("holds a timestamp that is none");
    out = Value(*at);
    return true;
  }

  static double half(std::uint64_t bits) {
    const auto exponent = static_cast<int>(bits >> 10U & 31U);
    const auto mantissa = static_cast<double>(bits & 1023U);
    double value = 0;
    if (exponent == 0) {
      value = std::ldexp(mantissa, -24);
    } else if (exponent != 31) {
      value = std::ldexp(mantissa + 1024, exponent - 25);
    } else {
      value =
          mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    }
    return (bits & 0x8000U) == 0 ? value : -value;
  }
  bool simple(const Head& head, Value& out) {
    switch (head.info) {
      case 20:
      case 21:
        out = Value(head.info == 21);
        return true;
      case 22:
      case 23:
        out = Value();
        return true;
      case 25:
        out = Value(half(head.argument));
        return true;
      case 26:
        out = Value(double{std::bit_cast<float>(static_cast<std::uint32_t>(head.argument))});
        return true;
      case 27:
        out = Value(std::bit_cast<double>(head.argument));
        return true;
      default:
        return fault(head.indefinite() ? "holds a break where none may be" : "holds an unknown simple value");
    }
  }

  std::string_view rest_;
  std::size_t nodes_ = 0;
  std::string why_;
};

} // namespace

Answer<Value> read_cbor(const Shape* shape, std::string_view body) {
  if (body.empty()) return Value(Map());
  Reader reader(body);
  Value plain;
  if (reader.item(plain, 0) && !reader.at_end()) reader.fault("goes on after its end");
  if (!reader.why().empty()) {
    return problem("SerializationException", "The body is not valid CBOR at byte " +
                                                 std::to_string(body.size() - reader.left()) + ": it " +
                                                 reader.why() + ".");
  }
  return typed(shape, std::move(plain), Format::cbor);
}

} // namespace kaden::smithy
