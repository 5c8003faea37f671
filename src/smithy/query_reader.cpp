#include <algorithm>

#include "kaden/limits/input.h"
#include "kaden/smithy_wire.h"
#include "text_forms.h"

namespace kaden::smithy {

namespace {

using Field = std::pair<std::string, std::string>;

bool is_clean(std::string_view text) {
  return is_valid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 && c != '\t' && c != '\n' && c != '\r';
         });
}

/// So that everything under "a." stands together right behind "a", before "a-b".
bool before(const Field& one, const Field& other) {
  return std::lexicographical_compare(
      one.first.begin(), one.first.end(), other.first.begin(), other.first.end(), [](char x, char y) {
        const auto rank = [](char c) { return c == '.' ? -1 : int{static_cast<unsigned char>(c)}; };
        return rank(x) < rank(y);
      });
}

/// One part of the names between two dots, with everything below it.
struct Node {
  std::string_view name;
  const std::string* own = nullptr; ///< the value of the field that ends here
  const Field* first = nullptr;     ///< those below
  const Field* last = nullptr;
  std::size_t skip = 0; ///< bytes of their names that are read already

  bool has_below() const { return first != last; }
};

/// The nodes right below, in order.
std::vector<Node> below(const Node& node) {
  std::vector<Node> out;
  for (const Field* field = node.first; field != node.last; ++field) {
    const std::string& name = field->first;
    const std::size_t end = std::min(name.find('.', node.skip), name.size());
    const std::string_view part = std::string_view(name).substr(node.skip, end - node.skip);
    if (out.empty() || out.back().name != part) out.push_back({part, nullptr, nullptr, nullptr, end + 1});
    Node& last = out.back();
    if (end == name.size()) {
      last.own = &field->second;
    } else {
      if (last.first == nullptr) last.first = field;
      last.last = field + 1;
    }
  }
  return out;
}

const Node* find(const std::vector<Node>& nodes, std::string_view name) {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const Node& one) { return one.name == name; });
  return found == nodes.end() ? nullptr : &*found;
}

class Reader {
 public:
  Answer<Value> structure(const Shape& shape, const Node& node, std::size_t depth) {
    Map out;
    const auto parts = below(node);
    for (const Member& member : shape.members) {
      const Node* part = find(parts, member.on_wire());
      if (part == nullptr) continue;
      path_.emplace_back(part->name);
      auto value = read(*member.shape, member.flattened, *part, depth + 1);
      if (!value) return value;
      path_.pop_back();
      out.push_back({member.name, std::move(*value)});
    }
    return Value(std::move(out));
  }

 private:
  tl::unexpected<Problem> malformed(std::string_view what) const {
    std::string path;
    for (const auto part : path_) path.append(path.empty() ? "" : ".").append(part);
    return problem("MalformedInput",
                   "The parameter " + std::string(cut_utf8(path, 300)) + " " + std::string(what) + ".");
  }

  Answer<Value> read(const Shape& shape, bool flattened, const Node& node, std::size_t depth) {
    if (depth > limits::smithy_depth_max) return malformed("is nested too deeply");
    switch (shape.type) {
      case Type::structure:
        return structure(shape, node, depth);
      case Type::list:
        return list(shape, flattened, node, depth);
      case Type::map:
        return map(shape, flattened, node, depth);
      case Type::boolean:
      case Type::integer:
      case Type::long_integer:
      case Type::single_real:
      case Type::real:
      case Type::text:
      case Type::blob:
      case Type::time:
      case Type::document:
        break;
    }
    if (node.own == nullptr) return malformed("must be one value");
    return scalar(shape, *node.own);
  }

  Answer<Value> scalar(const Shape& shape, const std::string& text) {
    if (shape.type == Type::boolean) {
      if (equal_no_case(text, "true")) return Value(true);
      if (equal_no_case(text, "false")) return Value(false);
      return malformed("must be true or false");
    }
    if (shape.type == Type::integer || shape.type == Type::long_integer) {
      const auto number = parse_int(text);
      if (!number) return malformed("must be a whole number");
      if (shape.type == Type::integer && (*number < INT32_MIN || *number > INT32_MAX)) {
        return malformed("must fit 32 bits");
      }
      return Value(*number);
    }
    if (shape.type == Type::real || shape.type == Type::single_real) {
      const auto number = parse_any_real(text);
      if (!number) return malformed("must be a number");
      return Value(*number);
    }
    if (shape.type == Type::blob) {
      auto bytes = from_base64(text);
      if (!bytes) return malformed("must be base64");
      return Value(Blob{std::move(*bytes)});
    }
    if (shape.type == Type::time) return time(shape, text);
    return Value(text);
  }

  Answer<Value> time(const Shape& shape, const std::string& text) {
    std::optional<WallTime> at;
    if (shape.time_format == TimeFormat::http_date) {
      at = parse_http_date(text);
    } else if (shape.time_format == TimeFormat::epoch_seconds) {
      if (const auto number = parse_real(text)) at = time_of_epoch(*number);
    } else if (const auto read = parse_iso8601(text)) {
      at = *read;
    }
    if (!at) return malformed("must be a timestamp");
    return Value(*at);
  }

  /// The numbered nodes below, by number. Other names there are read over.
  Answer<std::vector<Node>> numbered(const Node& node) const {
    constexpr std::size_t digits_max = 7; // more members than a body can hold
    std::vector<std::pair<std::int64_t, Node>> found;
    for (const Node& one : below(node)) {
      const auto number = one.name.size() <= digits_max ? parse_int(one.name) : std::nullopt;
      if (number && *number >= 0) found.emplace_back(*number, one);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Node> out;
    out.reserve(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i > 0 && found[i].first == found[i - 1].first) return malformed("holds a member twice");
      out.push_back(found[i].second);
    }
    return out;
  }

  /// The numbered nodes of a list or map, below its "member" or "entry" when it is not flattened.
  Answer<std::vector<Node>> items(std::string_view between, bool flattened, const Node& node) const {
    if (flattened) return numbered(node);
    const auto parts = below(node);
    const Node* inner = find(parts, between);
    if (inner == nullptr) return std::vector<Node>();
    return numbered(*inner);
  }

  Answer<Value> list(const Shape& shape, bool flattened, const Node& node, std::size_t depth) {
    const Member& member = shape.members[0];
    const auto nodes = items(member.on_wire(), flattened, node);
    if (!nodes) return tl::unexpected<Problem>(nodes.error());
    List out;
    out.reserve(nodes->size());
    if (!flattened) path_.emplace_back(member.on_wire());
    for (const Node& one : *nodes) {
      path_.emplace_back(one.name);
      auto value = read(*member.shape, false, one, depth + 1);
      if (!value) return value;
      path_.pop_back();
      out.push_back(std::move(*value));
    }
    if (!flattened) path_.pop_back();
    return Value(std::move(out));
  }

  Answer<Value> map(const Shape& shape, bool flattened, const Node& node, std::size_t depth) {
    const auto nodes = items("entry", flattened, node);
    if (!nodes) return tl::unexpected<Problem>(nodes.error());
    Map out;
    std::vector<std::string_view> keys;
    for (const Node& one : *nodes) {
      const auto parts = below(one);
      const Node* key = find(parts, shape.members[0].on_wire());
      const Node* value = find(parts, shape.members[1].on_wire());
      if (key == nullptr || key->own == nullptr || value == nullptr) {
        return malformed("must hold a key and a value in each entry");
      }
      path_.emplace_back(one.name);
      auto read_value = read(*shape.members[1].shape, false, *value, depth + 1);
      if (!read_value) return read_value;
      path_.pop_back();
      keys.emplace_back(*key->own);
      out.push_back({*key->own, std::move(*read_value)});
    }
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return malformed("holds a key twice");
    return Value(std::move(out));
  }

  std::vector<std::string_view> path_;
};

} // namespace

Answer<QueryForm> QueryForm::parse(std::string_view form) {
  constexpr std::string_view code = "MalformedQueryString";
  QueryForm out;
  for (const std::string_view pair : split(trim(form), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value) {
      return problem(code, "The query string has a percent sign without two hexadecimal digits.");
    }
    if (!is_clean(*name) || !is_clean(*value)) {
      return problem(code, "The query string holds bytes that are not UTF-8 text or are control characters.");
    }
    out.fields_.emplace_back(std::move(*name), std::move(*value));
  }
  std::sort(out.fields_.begin(), out.fields_.end(), before);
  const auto twice = std::adjacent_find(out.fields_.begin(), out.fields_.end(),
                                        [](const Field& a, const Field& b) { return a.first == b.first; });
  if (twice != out.fields_.end()) return problem(code, "The query string holds a parameter twice.");
  return out;
}

const std::string* QueryForm::find(std::string_view name) const {
  const Field wanted{std::string(name), {}};
  const auto found = std::lower_bound(fields_.begin(), fields_.end(), wanted, before);
  return found == fields_.end() || found->first != name ? nullptr : &found->second;
}

Answer<Value> QueryForm::read(const Shape* shape) const {
  if (shape == nullptr) return Value(Map());
  return Reader().structure(*shape, {{}, nullptr, fields_.data(), fields_.data() + fields_.size(), 0}, 0);
}

} // namespace kaden::smithy
