#include "kaden/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kaden::xml {

namespace {

constexpr unsigned parse_flags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                 pugi::parse_wconv_attribute | pugi::parse_ws_pcdata | pugi::parse_doctype;

class TextWriter final : public pugi::xml_writer {
 public:
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
  std::string text;
};

bool has_elements(const pugi::xml_node& node) {
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element) return true;
  }
  return false;
}

Result<void> check_attributes(const pugi::xml_node& node, std::size_t most) {
  const auto attributes = node.attributes();
  if (static_cast<std::size_t>(std::distance(attributes.begin(), attributes.end())) <= most) return {};
  return fail(Fault::invalid, fmt::format("an element has more than {} attributes", most));
}

/// Goes through the tree without recursion.
Result<void> check_shape(const pugi::xml_node& root, const Bounds& bounds) {
  std::size_t depth = 1;
  pugi::xml_node node = root;
  while (node) {
    if (auto checked = check_attributes(node, bounds.attributes_max); !checked) return checked;
    if (const auto child = node.first_child()) {
      if (++depth > bounds.depth_max) {
        return fail(Fault::invalid, fmt::format("its elements are nested deeper than {}", bounds.depth_max));
      }
      node = child;
      continue;
    }
    while (node != root && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (node == root) break;
    node = node.next_sibling();
  }
  return {};
}

Result<void> check_top(const pugi::xml_document& document) {
  std::size_t elements = 0;
  for (const auto& child : document.children()) {
    if (child.type() == pugi::node_doctype) {
      return fail(Fault::invalid, "it has a document type (DTD), which is not taken");
    }
    if (child.type() == pugi::node_element) ++elements;
    if (child.type() == pugi::node_pcdata && !trim(child.value()).empty()) ++elements;
  }
  if (elements != 1) return fail(Fault::invalid, "it is not one XML document, but several pieces");
  return {};
}

} // namespace

Result<void> load(std::string_view bytes, const Bounds& bounds, pugi::xml_document& document) {
  if (static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '<')) > bounds.tags_max) {
    return fail(Fault::invalid, fmt::format("it has more than {} tags", bounds.tags_max));
  }
  const auto parsed = document.load_buffer(bytes.data(), bytes.size(), parse_flags, pugi::encoding_utf8);
  if (!parsed) {
    return fail(Fault::invalid, fmt::format("it is broken or cut off XML (byte {} of {}): {}", parsed.offset,
                                            bytes.size(), parsed.description()));
  }
  if (auto top = check_top(document); !top) return top;
  return check_shape(root_of(document), bounds);
}

pugi::xml_node root_of(const pugi::xml_document& document) {
  return document.document_element();
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1); // npos + 1 is 0: no prefix
}

std::string_view namespace_of(const pugi::xml_node& node, std::string_view prefix) {
  const std::string declared = prefix.empty() ? "xmlns" : "xmlns:" + std::string(prefix);
  for (pugi::xml_node at = node; at; at = at.parent()) {
    if (const auto attribute = at.attribute(declared.c_str())) return attribute.value();
  }
  return {};
}

bool in_namespace(const pugi::xml_node& node, std::string_view name_space) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return namespace_of(node, name.substr(0, colon == std::string_view::npos ? 0 : colon)) == name_space;
}

pugi::xml_attribute attribute_of(const pugi::xml_node& node, std::string_view name_space,
                                 std::string_view local) {
  for (const auto& attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    const std::size_t colon = name.find(':'); // without a prefix it is in no namespace
    if (colon == std::string_view::npos || name.substr(colon + 1) != local) continue;
    if (namespace_of(node, name.substr(0, colon)) == name_space) return attribute;
  }
  return {};
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  }
  return text;
}

std::string markup_of(const pugi::xml_node& node) {
  if (!has_elements(node)) return text_of(node);
  TextWriter writer;
  for (const auto& child : node.children()) {
    child.print(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  }
  return std::move(writer.text);
}

} // namespace kaden::xml
