// Answers as values.
#include "kaden/limits/vcenter.h"
#include "property_value.h"

namespace kaden::vim {

namespace {

Answer<ObjectContent> read_object(const pugi::xml_node& node) {
  ObjectContent content;
  auto object = ref_of(child_of(node, "obj"));
  if (!object) return malformed("an object has no reference");
  content.object = std::move(*object);
  for (const pugi::xml_node& property : children_of(node, "propSet")) {
    const auto path = id_of(child_of(property, "name"));
    const pugi::xml_node val = child_of(property, "val");
    if (!path || !val) return malformed("a property has no name or no value");
    auto value = read_value(*path, val);
    if (!value) return tl::unexpected(value.error());
    content.values.insert_or_assign(*path, std::move(*value));
  }
  for (const pugi::xml_node& missing : children_of(node, "missingSet")) {
    const auto path = id_of(child_of(missing, "path"));
    const pugi::xml_node fault = child_of(child_of(missing, "fault"), "fault");
    if (!path) return malformed("a missing property has no name");
    content.missing.insert_or_assign(*path, fault ? fault_kind_of(fault) : FaultKind::other);
  }
  return content;
}

template <class Kind>
const Kind* value_in(const ObjectContent& content, const std::string& path) {
  const auto found = content.values.find(path);
  return found == content.values.end() ? nullptr : std::get_if<Kind>(&found->second);
}

} // namespace

std::string ObjectContent::text(const std::string& path) const {
  const auto* found = value_in<std::string>(*this, path);
  return found == nullptr ? std::string() : *found;
}
const Ref* ObjectContent::ref(const std::string& path) const {
  return value_in<Ref>(*this, path);
}
const std::vector<AlarmState>* ObjectContent::alarm_states(const std::string& path) const {
  return value_in<std::vector<AlarmState>>(*this, path);
}
const std::vector<AlarmAction>* ObjectContent::actions(const std::string& path) const {
  return value_in<std::vector<AlarmAction>>(*this, path);
}

Answer<ServiceContent> read_service_content(std::string_view body) {
  pugi::xml_document document;
  const auto answer = open_answer(body, "RetrieveServiceContent", document);
  if (!answer) return tl::unexpected(answer.error());
  const pugi::xml_node value = child_of(*answer, "returnval");
  const auto root = ref_of(child_of(value, "rootFolder"));
  const auto collector = ref_of(child_of(value, "propertyCollector"));
  const auto sessions = ref_of(child_of(value, "sessionManager"));
  if (!root || !collector || !sessions) return malformed("the service's content lacks what every one has");
  const pugi::xml_node about = child_of(value, "about");
  ServiceContent content;
  content.root_folder = *root;
  content.property_collector = *collector;
  content.session_manager = *sessions;
  content.alarm_manager = ref_of(child_of(value, "alarmManager"));
  content.event_manager = ref_of(child_of(value, "eventManager"));
  content.full_name = clean_text(child_of(about, "fullName"));
  content.api_type = clean_text(child_of(about, "apiType"));
  content.api_version = clean_text(child_of(about, "apiVersion"));
  content.instance_uuid = id_of(child_of(about, "instanceUuid")).value_or("");
  return content;
}

Answer<void> read_done(std::string_view body, std::string_view method) {
  pugi::xml_document document;
  const auto answer = open_answer(body, method, document);
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Answer<Ref> read_made(std::string_view body, std::string_view method) {
  pugi::xml_document document;
  const auto answer = open_answer(body, method, document);
  if (!answer) return tl::unexpected(answer.error());
  auto made = ref_of(child_of(*answer, "returnval"));
  if (!made) return malformed("what was made has no reference");
  return std::move(*made);
}

Answer<std::vector<Ref>> read_refs(std::string_view body, std::string_view method) {
  pugi::xml_document document;
  const auto answer = open_answer(body, method, document);
  if (!answer) return tl::unexpected(answer.error());
  std::vector<Ref> refs;
  for (const pugi::xml_node& node : children_of(*answer, "returnval")) {
    auto ref = ref_of(node);
    if (!ref) return malformed("a reference is not one");
    refs.push_back(std::move(*ref));
  }
  return refs;
}

Answer<Page> read_page(std::string_view body) {
  pugi::xml_document document;
  auto answer = open_answer(body, "RetrievePropertiesEx", document);
  if (!answer && answer.error().kind == FaultKind::malformed) {
    document.reset();
    const auto more = open_answer(body, "ContinueRetrievePropertiesEx", document);
    if (more) answer = more;
  }
  if (!answer) return tl::unexpected(answer.error());
  Page page;
  const pugi::xml_node value = child_of(*answer, "returnval"); // none: nothing of it can be seen
  if (const pugi::xml_node token = child_of(value, "token")) {
    auto id = id_of(token);
    if (!id) return malformed("its token is not one");
    page.token = std::move(*id);
  }
  for (const pugi::xml_node& node : children_of(value, "objects")) {
    auto object = read_object(node);
    if (!object) return tl::unexpected(object.error());
    page.objects.push_back(std::move(*object));
  }
  return page;
}

Answer<Update> read_update(std::string_view body) {
  pugi::xml_document document;
  const auto answer = open_answer(body, "WaitForUpdatesEx", document);
  if (!answer) return tl::unexpected(answer.error());
  const pugi::xml_node value = child_of(*answer, "returnval");
  if (!value) return Update{};
  auto version = id_of(child_of(value, "version"));
  if (!version) return malformed("an update has no version");
  return Update{std::move(*version), is_true(child_of(value, "truncated"))};
}

} // namespace kaden::vim
