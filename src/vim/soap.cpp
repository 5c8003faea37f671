#include "soap.h"

#include <algorithm>

#include "kaden/limits/vcenter.h"

namespace kaden::vim {

namespace {

constexpr std::string_view soap_namespace = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::string_view vim_namespace = "urn:vim25";
constexpr std::string_view xsi_namespace = "http://www.w3.org/2001/XMLSchema-instance";
constexpr std::size_t fault_name_bytes_max = 80;

bool is_soap(const pugi::xml_node& node, std::string_view name) {
  return xml::local_name(node) == name && xml::in_namespace(node, soap_namespace);
}

pugi::xml_node soap_child(const pugi::xml_node& node, std::string_view name) {
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element && is_soap(child, name)) return child;
  }
  return {};
}

pugi::xml_node first_element(const pugi::xml_node& node) {
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element) return child;
  }
  return {};
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string_view fault_name(const pugi::xml_node& fault) {
  std::string_view name = type_of(fault);
  if (!name.empty()) return name;
  name = xml::local_name(fault);
  if (name.ends_with("Fault")) name.remove_suffix(5);
  return name;
}

struct Named {
  std::string_view name;
  FaultKind kind;
};
constexpr Named known_faults[] = {
    {"NotAuthenticated", FaultKind::not_authenticated}, {"InvalidLogin", FaultKind::invalid_login},
    {"PasswordExpired", FaultKind::invalid_login},      {"InvalidLocale", FaultKind::other},
    {"NoPermission", FaultKind::no_permission},         {"ManagedObjectNotFound", FaultKind::not_found},
    {"InvalidCollectorVersion", FaultKind::stale},      {"RequestCanceled", FaultKind::cancelled},
    {"MethodNotFound", FaultKind::unsupported},         {"InvalidRequest", FaultKind::unsupported},
    {"NotSupported", FaultKind::unsupported},
};

/// For a log: letters and digits only, so that a server writes nothing else into it.
std::string printable(std::string_view name) {
  std::string out(name.substr(0, fault_name_bytes_max));
  std::erase_if(out, [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
  });
  return out.empty() ? "a fault without a name" : out;
}

tl::unexpected<Failure> fail_by(const pugi::xml_node& fault) {
  // The prefix-less children of a fault are in no namespace: SOAP 1.1, section 4.4.
  const pugi::xml_node detail = fault.child("detail");
  const pugi::xml_node what = first_element(detail);
  if (!what)
    return tl::unexpected(Failure{FaultKind::other, "the server answered with a fault without detail"});
  return tl::unexpected(Failure{fault_kind_of(what), "the server answered " + printable(fault_name(what))});
}

} // namespace

tl::unexpected<Failure> malformed(std::string message) {
  return tl::unexpected(Failure{FaultKind::malformed, "the answer is not understood: " + std::move(message)});
}

Answer<pugi::xml_node> open_answer(std::string_view body, std::string_view method,
                                   pugi::xml_document& document) {
  if (body.size() > limits::soap_bytes_max) return malformed("it is too large");
  if (!is_valid_utf8(body)) return malformed("it is not UTF-8");
  const auto loaded = xml::load(body,
                                {.depth_max = limits::soap_depth_max,
                                 .tags_max = limits::soap_tags_max,
                                 .attributes_max = limits::soap_attributes_max},
                                document);
  if (!loaded) return malformed(loaded.error().message);
  const pugi::xml_node envelope = xml::root_of(document);
  if (!is_soap(envelope, "Envelope")) return malformed("it is not a SOAP envelope");
  const pugi::xml_node soap_body = soap_child(envelope, "Body");
  if (const pugi::xml_node fault = soap_child(soap_body, "Fault")) return fail_by(fault);
  const std::string expected = std::string(method) + "Response";
  const pugi::xml_node answer = child_of(soap_body, expected);
  if (!answer) return malformed("it has no " + expected);
  return answer;
}

pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name) {
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element && xml::local_name(child) == name &&
        xml::in_namespace(child, vim_namespace)) {
      return child;
    }
  }
  return {};
}

std::vector<pugi::xml_node> children_of(const pugi::xml_node& node, std::string_view name) {
  std::vector<pugi::xml_node> found;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element && xml::local_name(child) == name &&
        xml::in_namespace(child, vim_namespace)) {
      found.push_back(child);
    }
  }
  return found;
}

std::string_view type_of(const pugi::xml_node& node) {
  const pugi::xml_attribute type = xml::attribute_of(node, xsi_namespace, "type");
  if (!type) return {};
  const std::string_view name = type.value();
  return name.substr(name.find(':') + 1); // npos + 1 is 0: no prefix
}

FaultKind fault_kind_of(const pugi::xml_node& fault) {
  const std::string_view name = fault_name(fault);
  const auto* const known = std::find_if(std::begin(known_faults), std::end(known_faults),
                                         [&](const Named& each) { return each.name == name; });
  return known == std::end(known_faults) ? FaultKind::other : known->kind;
}

std::string clean_text(const pugi::xml_node& node) {
  std::string text = xml::text_of(node);
  if (!is_valid_utf8(text)) return {}; // by a character reference to a surrogate
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  return std::string(trim(cut_utf8(trim(text), limits::soap_text_bytes_max)));
}

std::optional<std::string> id_of(const pugi::xml_node& node) {
  if (!node) return std::nullopt;
  std::string text = xml::text_of(node);
  if (text.empty() || text.size() > limits::vim_id_bytes_max || !is_valid_utf8(text)) return std::nullopt;
  if (std::any_of(text.begin(), text.end(), is_control)) return std::nullopt;
  return text;
}

std::optional<Ref> ref_of(const pugi::xml_node& node) {
  auto id = id_of(node);
  const std::string_view type = node.attribute("type").value();
  const bool is_name = !type.empty() && type.size() <= limits::vim_id_bytes_max &&
                       std::all_of(type.begin(), type.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                       });
  if (!id || !is_name) return std::nullopt;
  return Ref{std::string(type), std::move(*id)};
}

bool is_true(const pugi::xml_node& node) {
  const std::string text = xml::text_of(node);
  return text == "true" || text == "1";
}

} // namespace kaden::vim
