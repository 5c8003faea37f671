#include <algorithm>
#include <bit>

#include "body_writers.h"

namespace kaden::smithy {

namespace {

void write_bytes(std::string& out, std::uint64_t value, int count) {
  for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<unsigned char>(value >> shift & 255U));
  }
}

/// RFC 8949 section 3: the shortest head.
void write_head(std::string& out, unsigned major, std::uint64_t argument) {
  const auto first = [&](unsigned info) {
    out += static_cast<char>(static_cast<unsigned char>(major << 5U | info));
  };
  if (argument < 24) {
    first(static_cast<unsigned>(argument));
  } else if (argument <= 0xff) {
    first(24);
    write_bytes(out, argument, 1);
  } else if (argument <= 0xffff) {
    first(25);
    write_bytes(out, argument, 2);
  } else if (argument <= 0xffffffff) {
    first(26);
    write_bytes(out, argument, 4);
  } else {
    first(27);
    write_bytes(out, argument, 8);
  }
}

void write_integer(std::string& out, std::int64_t value) {
  if (value >= 0) {
    write_head(out, 0, static_cast<std::uint64_t>(value));
  } else {
    write_head(out, 1, static_cast<std::uint64_t>(-(value + 1)));
  }
}

void write_real(std::string& out, double value) {
  out += '\xfb';
  write_bytes(out, std::bit_cast<std::uint64_t>(value), 8);
}

/// Tag 1 around seconds, as a float: the same form whether there is a fraction or not.
void write_time(std::string& out, WallTime at) {
  write_head(out, 6, 1);
  write_real(out, static_cast<double>(to_ms(at)) / 1000);
}

template <class Write>
void write_entries(std::string& out, const Map& map, const Write& write) {
  const auto count =
      std::count_if(map.begin(), map.end(), [](const Entry& entry) { return !entry.value.is_null(); });
  write_cbor_map_head(out, static_cast<std::size_t>(count));
  for (const Entry& entry : map) {
    if (entry.value.is_null()) continue;
    write_cbor_text(out, entry.name);
    write(entry.value);
  }
}

template <class Write>
void write_items(std::string& out, const List& list, const Write& write) {
  write_head(out, 4, list.size());
  for (const Value& one : list) write(one);
}

void write_document(std::string& out, const Value& value) {
  const auto write = [&out](const Value& inner) { write_document(out, inner); };
  if (const auto* flag = value.if_flag()) {
    out += *flag ? '\xf5' : '\xf4';
  } else if (const auto* integer = value.if_integer()) {
    write_integer(out, *integer);
  } else if (const auto* real = value.if_real()) {
    write_real(out, *real);
  } else if (const auto* text = value.if_text()) {
    write_cbor_text(out, *text);
  } else if (const auto* blob = value.if_blob()) {
    write_head(out, 2, blob->bytes.size());
    out += blob->bytes;
  } else if (const auto* at = value.if_time()) {
    write_time(out, *at);
  } else if (const auto* list = value.if_list()) {
    write_items(out, *list, write);
  } else if (const auto* map = value.if_map()) {
    write_entries(out, *map, write);
  } else {
    out += '\xf6';
  }
}

void write_structure(std::string& out, const Shape& shape, const Value& value) {
  const auto count = std::count_if(shape.members.begin(), shape.members.end(),
                                   [&](const Member& member) { return value.has(member.name); });
  write_cbor_map_head(out, static_cast<std::size_t>(count));
  for (const Member& member : shape.members) {
    const Value* inner = value.find(member.name);
    if (inner == nullptr) continue;
    write_cbor_text(out, member.name);
    write_cbor(out, *member.shape, *inner);
  }
}

} // namespace

void write_cbor_map_head(std::string& out, std::size_t count) {
  write_head(out, 5, count);
}

void write_cbor_text(std::string& out, std::string_view text) {
  write_head(out, 3, text.size());
  out += text;
}

void write_cbor(std::string& out, const Shape& shape, const Value& value) {
  switch (shape.type) {
    case Type::structure:
      return write_structure(out, shape, value);
    case Type::list:
      require(value.if_list() != nullptr, "a list is written where the shape says so");
      return write_items(out, *value.if_list(),
                         [&](const Value& one) { write_cbor(out, *shape.members[0].shape, one); });
    case Type::map:
      require(value.if_map() != nullptr, "a map is written where the shape says so");
      return write_entries(out, *value.if_map(),
                           [&](const Value& one) { write_cbor(out, *shape.members[1].shape, one); });
    case Type::real:
      if (const auto* integer = value.if_integer()) return write_real(out, static_cast<double>(*integer));
      return write_document(out, value);
    case Type::single_real:
      if (const auto* real = value.if_real()) {
        out += '\xfa';
        return write_bytes(out, std::bit_cast<std::uint32_t>(static_cast<float>(*real)), 4);
      }
      return write_document(out, value);
    case Type::boolean:
    case Type::integer:
    case Type::long_integer:
    case Type::text:
    case Type::blob:
    case Type::time:
    case Type::document:
      return write_document(out, value);
  }
}

} // namespace kaden::smithy
