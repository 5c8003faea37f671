#include "session.h"

#include <algorithm>

#include "kaden/limits/vcenter.h"

namespace kaden::vcenter {

using vim::Answer;
using vim::Failure;
using vim::FaultKind;

namespace {

constexpr Millis clocks_apart = seconds(3'600); // vCenter's may be behind ours, and its events with it
constexpr std::string_view cookie_name = "vmware_soap_session=";

// RetrievePropertiesEx needs no session; what it cannot read without one is missing, with HTTP 200.
bool is_session_over(const vim::Page& page) {
  return std::any_of(page.objects.begin(), page.objects.end(), [](const vim::ObjectContent& object) {
    return std::any_of(object.missing.begin(), object.missing.end(),
                       [](const auto& missing) { return missing.second == FaultKind::not_authenticated; });
  });
}

Failure failure_of(const Error& error) {
  const bool is_distrust = error.fault == Fault::denied;
  return {is_distrust ? FaultKind::not_trusted : FaultKind::unreachable, error.message};
}

} // namespace

void Session::keep_cookie(const http::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!equal_no_case(name, "Set-Cookie") || !starts_with_no_case(value, cookie_name)) continue;
    cookie_ = std::string(trim(std::string_view(value).substr(0, value.find(';'))));
  }
}

Answer<std::string> Session::post(const std::string& body, const std::atomic<bool>* cancelled) {
  return post(body, cancelled, limits::vcenter_patience);
}

Answer<std::string> Session::post(const std::string& body, const std::atomic<bool>* cancelled,
                                  Millis patience) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = settings_.url;
  request.headers = {{"Content-Type", std::string(vim::content_type)},
                     {"SOAPAction", std::string(vim::soap_action)}};
  if (!cookie_.empty()) request.headers.emplace_back("Cookie", cookie_);
  request.body = body;
  request.patience = patience;
  request.ca_file = settings_.ca_file;
  request.certificate_pin = settings_.certificate_pin;
  request.response_bytes_max = limits::soap_bytes_max;
  request.accept_compressed = true;
  request.cancelled = cancelled;
  auto response = exchange_(request);
  if (!response) return tl::unexpected(failure_of(response.error()));
  keep_cookie(response->headers);
  // A fault comes with 500; any other status is of a proxy, before vCenter or while it starts.
  if (response->status != 200 && response->status != 500) {
    return tl::unexpected(Failure{FaultKind::unreachable, "POST " + settings_.url + ": the answer is HTTP " +
                                                              std::to_string(response->status)});
  }
  return std::move(response->body);
}

template <class T>
Answer<T> Session::judged(Answer<T> answer) {
  if (!answer && answer.error().kind == FaultKind::not_authenticated) forget();
  return answer;
}

void Session::forget() {
  is_open_ = false;
  cookie_.clear();
  latest_page_collector_ = {};
  version_.clear();
}

Answer<void> Session::open(WallTime now, const std::atomic<bool>* cancelled) {
  if (is_open_) return {};
  forget();
  const auto body = post(vim::retrieve_service_content(), cancelled);
  if (!body) return tl::unexpected(body.error());
  auto content = vim::read_service_content(*body);
  if (!content) return tl::unexpected(content.error());
  if (!content->alarm_manager) {
    return tl::unexpected(Failure{FaultKind::unsupported, "it has no alarms: an ESXi host, not a vCenter"});
  }
  content_ = std::move(*content);
  if (auto logged_in = log_in(cancelled); !logged_in) {
    forget();
    return logged_in;
  }
  is_open_ = true;
  return open_collectors(now, cancelled);
}

Answer<void> Session::log_in(const std::atomic<bool>* cancelled) {
  const auto body =
      post(vim::login({content_.session_manager, settings_.user, settings_.password}), cancelled);
  if (!body) return tl::unexpected(body.error());
  return vim::read_done(*body, "Login");
}

// Without the right to read events, or on a server without them, polling is left: no failure.
Answer<void> Session::open_collectors(WallTime now, const std::atomic<bool>* cancelled) {
  if (!content_.event_manager) return {};
  const auto made = [&](const std::string& request, std::string_view method) -> Answer<vim::Ref> {
    const auto body = post(request, cancelled);
    if (!body) return tl::unexpected(body.error());
    return vim::read_made(*body, method);
  };
  const auto polling_is_left = [this](const Failure& failure) -> Answer<void> {
    if (failure.kind != FaultKind::not_authenticated && failure.kind != FaultKind::unreachable) return {};
    forget();
    return tl::unexpected(failure);
  };
  const vim::EventFilter filter{{"AlarmStatusChangedEvent", "AlarmAcknowledgedEvent", "AlarmClearedEvent"},
                                now - clocks_apart};
  const auto events =
      made(vim::create_event_collector(*content_.event_manager, filter), "CreateCollectorForEvents");
  if (!events) return polling_is_left(events.error());
  const auto collector =
      made(vim::create_property_collector(content_.property_collector), "CreatePropertyCollector");
  if (!collector) return polling_is_left(collector.error());
  const auto page =
      made(vim::create_filter(*collector, {events->type, {"latestPage"}}, *events), "CreateFilter");
  if (!page) return polling_is_left(page.error());
  latest_page_collector_ = *collector;
  return {};
}

void Session::close() {
  if (is_open_)
    static_cast<void>(post(vim::logout(content_.session_manager), nullptr, limits::vcenter_logout_max));
  forget();
}

Answer<std::vector<vim::AlarmState>> Session::triggered(const std::atomic<bool>* cancelled) {
  const std::string path = "triggeredAlarmState";
  auto objects = judged(
      read_pages(vim::retrieve_properties(content_.property_collector, {{content_.root_folder.type, {path}}},
                                          {content_.root_folder}),
                 cancelled));
  if (!objects) return tl::unexpected(objects.error());
  for (const vim::ObjectContent& object : *objects) {
    if (object.object != content_.root_folder) continue;
    if (const auto* states = object.alarm_states(path)) return *states;
    const auto missing = object.missing.find(path);
    if (missing == object.missing.end()) continue;
    return tl::unexpected(Failure{missing->second, "the triggered alarms may not be read"});
  }
  return tl::unexpected(Failure{FaultKind::no_permission,
                                "the root folder is not visible to this user (it needs Read-only there)"});
}

Answer<std::vector<vim::ObjectContent>> Session::read_pages(const std::string& request,
                                                            const std::atomic<bool>* cancelled) {
  std::vector<vim::ObjectContent> objects;
  std::string next = request;
  for (std::size_t pages = 0; pages < limits::vcenter_pages_max; ++pages) {
    const auto body = post(next, cancelled);
    if (!body) return tl::unexpected(body.error());
    auto page = vim::read_page(*body);
    if (!page) return tl::unexpected(page.error());
    if (is_session_over(*page)) {
      return tl::unexpected(Failure{FaultKind::not_authenticated, "the session is over"});
    }
    std::move(page->objects.begin(), page->objects.end(), std::back_inserter(objects));
    if (page->token.empty()) return objects;
    next = vim::continue_retrieve(content_.property_collector, page->token);
  }
  return tl::unexpected(Failure{FaultKind::malformed, "the answer has more pages than are taken"});
}

Answer<std::vector<vim::ObjectContent>> Session::read(const std::vector<vim::PropertySet>& sets,
                                                      const std::vector<vim::Ref>& objects,
                                                      const std::atomic<bool>* cancelled) {
  std::vector<vim::ObjectContent> found;
  for (std::size_t at = 0; at < objects.size(); at += limits::vcenter_objects_per_page) {
    const std::size_t count = std::min(limits::vcenter_objects_per_page, objects.size() - at);
    const auto begin = objects.begin() + static_cast<std::ptrdiff_t>(at);
    const std::vector<vim::Ref> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    auto part =
        judged(read_pages(vim::retrieve_properties(content_.property_collector, sets, some), cancelled));
    // One object that is gone spoils the whole question.
    if (!part && part.error().kind == FaultKind::not_found) part = judged(read_each(sets, some, cancelled));
    if (!part) return part;
    std::move(part->begin(), part->end(), std::back_inserter(found));
  }
  return found;
}

Answer<std::vector<vim::ObjectContent>> Session::read_each(const std::vector<vim::PropertySet>& sets,
                                                           const std::vector<vim::Ref>& objects,
                                                           const std::atomic<bool>* cancelled) {
  std::vector<vim::ObjectContent> found;
  for (const vim::Ref& object : objects) {
    auto part = read_pages(vim::retrieve_properties(content_.property_collector, sets, {object}), cancelled);
    if (!part && part.error().kind == FaultKind::not_found) continue;
    if (!part) return part;
    std::move(part->begin(), part->end(), std::back_inserter(found));
  }
  return found;
}

// The first answer is the page as it stands, and what came into it since the last reading is not known.
Answer<bool> Session::wait(Millis most, const std::atomic<bool>* cancelled) {
  const bool is_first = version_.empty();
  const std::int64_t wait_s = is_first ? 0 : std::max<std::int64_t>(1, most.count() / 1'000);
  const auto body = post(vim::wait_for_updates(latest_page_collector_, version_, wait_s), cancelled,
                         seconds(wait_s) + limits::vcenter_patience);
  if (!body) return tl::unexpected(body.error());
  auto update = judged(vim::read_update(*body));
  if (!update && (update.error().kind == FaultKind::stale || update.error().kind == FaultKind::cancelled)) {
    version_.clear();
    return true; // what happened meanwhile is not known
  }
  if (!update) return tl::unexpected(update.error());
  if (update->version.empty()) return false;
  version_ = update->version;
  return true;
}

Answer<void> Session::acknowledge(const vim::Ref& alarm, const vim::Ref& entity,
                                  const std::atomic<bool>* cancelled) {
  const auto body = post(vim::acknowledge_alarm(*content_.alarm_manager, alarm, entity), cancelled);
  if (!body) return tl::unexpected(body.error());
  return judged(vim::read_done(*body, "AcknowledgeAlarm"));
}

Answer<std::vector<vim::Ref>> Session::definitions() {
  const auto body = post(vim::get_alarm(*content_.alarm_manager), nullptr);
  if (!body) return tl::unexpected(body.error());
  return judged(vim::read_refs(*body, "GetAlarm"));
}

} // namespace kaden::vcenter
