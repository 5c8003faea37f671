#include "document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "kaden/limits/configuration.h"
#include "kaden/limits/input.h"
#include "kaden/utf8.h"

namespace kaden::config {
namespace {

Place place_of(const YAML::Mark& mark) {
  return {std::max(mark.line, 0), std::max(mark.column, 0)};
}

/// Stops yaml-cpp from inside an event; caught in read_document().
struct Stopped {
  Mistake mistake;
};

[[noreturn]] void stop(Place at, std::string message) {
  throw Stopped{{at, std::move(message)}};
}

class Builder final : public YAML::EventHandler {
 public:
  const ValuePtr& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_ != nullptr) stop(place_of(mark), "a second document begins here; one file holds one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // yaml-cpp's mark is that of the next token, perhaps lines away: the key is where a person looks.
    const bool is_value = !open_.empty() && open_.back().waiting;
    add_leaf(is_value ? open_.back().waiting->at : place_of(mark), anchor, ValueKind::nothing, "", false);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(place_of(mark), tag);
    add_leaf(place_of(mark), anchor, ValueKind::scalar, value, tag == "!");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(place_of(mark), "an alias inside its own anchor");
    add(place_of(mark), found->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(place_of(mark), tag, anchor, ValueKind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(place_of(mark), tag, anchor, ValueKind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<Value> node;
    YAML::anchor_t anchor = 0;
    std::optional<Member> waiting; // a map's key whose value comes next
    std::set<std::string> keys;
  };

  static void check_tag(Place at, const std::string& tag) {
    // yaml-cpp gives "!" to quoted scalars and "?" to plain ones.
    if (!tag.empty() && tag != "!" && tag != "?") stop(at, "tags are not used here: " + tag);
  }

  void add_leaf(Place at, YAML::anchor_t anchor, ValueKind kind, std::string text, bool quoted) {
    auto node = std::make_shared<Value>();
    node->kind = kind;
    node->at = at;
    node->text = std::move(text);
    node->quoted = quoted;
    if (anchor != 0) anchors_[anchor] = node;
    add(at, node);
  }

  void open(Place at, const std::string& tag, YAML::anchor_t anchor, ValueKind kind) {
    check_tag(at, tag);
    if (open_.size() >= limits::config_depth_max) {
      stop(at, fmt::format("more than {} levels deep", limits::config_depth_max));
    }
    if (!open_.empty() && open_.back().node->kind == ValueKind::map && !open_.back().waiting) {
      stop(at, "a key is a text, not a list or a map");
    }
    Open next;
    next.node = std::make_shared<Value>();
    next.node->kind = kind;
    next.node->at = at;
    next.anchor = anchor;
    open_.push_back(std::move(next));
  }

  void close() {
    const Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) anchors_[done.anchor] = done.node;
    add(done.node->at, done.node);
  }

  void add(Place at, const ValuePtr& node) {
    if (open_.empty()) {
      root_ = node;
      return;
    }
    Open& parent = open_.back();
    parent.node->weight += node->weight;
    if (parent.node->weight > limits::config_nodes_max) {
      stop(at, fmt::format("more than {} values (aliases are counted as often as they are used)",
                           limits::config_nodes_max));
    }
    if (parent.node->kind == ValueKind::list) {
      parent.node->items.push_back(node);
    } else if (parent.waiting) {
      parent.waiting->value = node;
      parent.node->members.push_back(std::move(*parent.waiting));
      parent.waiting.reset();
    } else {
      begin_member(parent, at, *node);
    }
  }

  static void begin_member(Open& parent, Place at, const Value& key) {
    if (key.kind != ValueKind::scalar) stop(at, "a key is a text");
    if (key.text == "<<") stop(at, "merge keys (<<) are not supported");
    if (!parent.keys.insert(key.text).second) stop(at, fmt::format("\"{}\" is here twice", key.text));
    parent.waiting = Member{key.text, at, nullptr};
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, ValuePtr> anchors_;
  ValuePtr root_;
};

/// yaml-cpp ends quietly at U+0004 and passes other control characters on: they are refused before it sees
/// them.
std::optional<Mistake> find_bad_byte(std::string_view text) {
  Place at;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f) {
      return Mistake{at, fmt::format("control character U+{:04X}", byte)};
    }
    at.column += 1;
    if (c == '\n') at = {at.line + 1, 0};
  }
  return std::nullopt;
}

} // namespace

tl::expected<ValuePtr, Mistake> read_document(std::string_view text) {
  if (text.size() > limits::config_bytes_max) {
    return tl::unexpected(Mistake{{}, fmt::format("over {} bytes", limits::config_bytes_max)});
  }
  if (!is_valid_utf8(text)) return tl::unexpected(Mistake{{}, "not UTF-8"});
  if (auto bad = find_bad_byte(text)) return tl::unexpected(std::move(*bad));
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    if (builder.root() == nullptr) return tl::unexpected(Mistake{{}, "the file is empty"});
    return builder.root();
  } catch (const Stopped& stopped) {
    return tl::unexpected(stopped.mistake);
  } catch (const YAML::Exception& wrong) {
    return tl::unexpected(Mistake{place_of(wrong.mark), "not valid YAML: " + wrong.msg});
  } catch (const std::exception& wrong) {
    return tl::unexpected(Mistake{{}, std::string("not valid YAML: ") + wrong.what()});
  }
}

std::string shown(std::string_view text, Place place) {
  std::size_t begin = 0;
  for (int line = 0; line < place.line; ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  const std::string_view before = text.substr(begin, static_cast<std::size_t>(place.column));
  return fmt::format("{}:{}", place.line + 1, characters(before) + 1);
}

} // namespace kaden::config
