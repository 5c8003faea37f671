// Requests as text. Elements stand in the order of the schema.
#include "kaden/limits/vcenter.h"
#include "kaden/vim.h"

namespace kaden::vim {

namespace {

std::string element(std::string_view name, std::string_view text) {
  std::string out("<");
  out.append(name).append(">").append(xml_escape(text)).append("</").append(name).append(">");
  return out;
}

std::string element(std::string_view name, const Ref& ref) {
  std::string out("<");
  out.append(name).append(" type=\"").append(xml_escape(ref.type)).append("\">");
  out.append(xml_escape(ref.id)).append("</").append(name).append(">");
  return out;
}

std::string envelope(std::string_view method, const Ref& self, const std::string& arguments) {
  std::string out(R"(<?xml version="1.0" encoding="UTF-8"?>)"
                  R"(<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">)"
                  "<soapenv:Body><");
  out.append(method).append(R"( xmlns="urn:vim25">)").append(element("_this", self)).append(arguments);
  out.append("</").append(method).append("></soapenv:Body></soapenv:Envelope>");
  return out;
}

std::string property_set(const PropertySet& set) {
  std::string out = "<propSet>" + element("type", set.type) + element("all", "false");
  for (const std::string& path : set.paths) out += element("pathSet", path);
  return out + "</propSet>";
}

std::string object_set(const Ref& object) {
  return "<objectSet>" + element("obj", object) + element("skip", "false") + "</objectSet>";
}

} // namespace

std::string retrieve_service_content() {
  return envelope("RetrieveServiceContent", {"ServiceInstance", "ServiceInstance"}, "");
}

std::string login(const Login& login) {
  return envelope(
      "Login", login.session_manager,
      element("userName", login.user) + element("password", login.password) + element("locale", "en"));
}

std::string logout(const Ref& session_manager) {
  return envelope("Logout", session_manager, "");
}

std::string retrieve_properties(const Ref& collector, const std::vector<PropertySet>& sets,
                                const std::vector<Ref>& objects) {
  std::string spec;
  for (const PropertySet& set : sets) spec += property_set(set);
  for (const Ref& object : objects) spec += object_set(object);
  const std::string options =
      "<options>" + element("maxObjects", std::to_string(limits::vcenter_objects_per_page)) + "</options>";
  return envelope("RetrievePropertiesEx", collector, "<specSet>" + spec + "</specSet>" + options);
}

std::string continue_retrieve(const Ref& collector, std::string_view token) {
  return envelope("ContinueRetrievePropertiesEx", collector, element("token", token));
}

std::string create_property_collector(const Ref& collector) {
  return envelope("CreatePropertyCollector", collector, "");
}

std::string create_event_collector(const Ref& event_manager, const EventFilter& filter) {
  std::string spec = "<time>" + element("beginTime", to_iso8601(filter.begin)) + "</time>" +
                     element("disableFullMessage", "true");
  for (const std::string& type : filter.types) spec += element("eventTypeId", type);
  return envelope("CreateCollectorForEvents", event_manager, "<filter>" + spec + "</filter>");
}

std::string create_filter(const Ref& collector, const PropertySet& set, const Ref& object) {
  return envelope(
      "CreateFilter", collector,
      "<spec>" + property_set(set) + object_set(object) + "</spec>" + element("partialUpdates", "false"));
}

std::string wait_for_updates(const Ref& collector, std::string_view version, std::int64_t wait_s) {
  return envelope("WaitForUpdatesEx", collector,
                  element("version", version) + "<options>" +
                      element("maxWaitSeconds", std::to_string(wait_s)) + "</options>");
}

std::string get_alarm(const Ref& alarm_manager) {
  return envelope("GetAlarm", alarm_manager, "");
}

std::string acknowledge_alarm(const Ref& alarm_manager, const Ref& alarm, const Ref& entity) {
  return envelope("AcknowledgeAlarm", alarm_manager, element("alarm", alarm) + element("entity", entity));
}

} // namespace kaden::vim
