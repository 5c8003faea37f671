// Hostile status pages and hostile stored state. What is read obeys every limit, is read alike again, and
// gives no news when it is taken twice, also over a restart in between.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kaden/limits/engine.h"
#include "kaden/limits/provider_status.h"
#include "kaden/status_watch.h"

namespace {

using namespace kaden;
using namespace kaden::statusfeed;

constexpr WallTime now = wall_time(1'787'541'602'000);

void check_text(std::string_view text, std::size_t bytes_max) {
  require(text.size() <= bytes_max && is_valid_utf8(text), "a text is short and UTF-8");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  require(std::none_of(text.begin(), text.end(), is_control), "a text has no control characters");
}

void check_report(const Report& report) {
  require(!report.incident.empty() && !report.update_key.empty(), "an incident has an id and a key");
  check_text(report.incident, limits::status_id_bytes_max);
  check_text(report.update_key, limits::status_id_bytes_max);
  check_text(report.title, limits::status_title_bytes_max);
  check_text(report.text, limits::status_text_bytes_max);
  require(report.link.empty() || starts_with_no_case(report.link, "http"), "a link is one of the web");
  require(report.components.size() <= limits::status_names_max &&
              report.regions.size() <= limits::status_names_max,
          "names are bounded");
  for (const std::string& component : report.components) check_text(component, limits::status_name_bytes_max);
  require(!report.at || (to_ms(*report.at) >= 0 && *report.at <= limits::wall_time_max),
          "a time is one of ours");
}

void check_event(const News& news) {
  const AlarmEvent event = to_alarm_event(news, AlarmSettings{"VMware Cloud"});
  const auto read = alarm_event_from_json(to_json(event), "");
  require(read && *read == event, "an alarm event is one that the API takes");
}

WatchSettings settings() {
  WatchSettings wanted;
  wanted.page = "page";
  wanted.maintenance_too = true;
  return wanted;
}

void watch(const Page& page) {
  auto first = Watch::make(settings());
  require(first.has_value(), "these settings are right");
  for (const News& news : first->take(page, now)) check_event(news);
  auto again = Watch::restore(settings(), first->save());
  require(again.has_value(), "what was saved is read");
  require(again->save() == first->save(), "what was saved is read back as itself");
  require(again->take(page, now).empty(), "the same page is no news");
}

void check_page(const Page& page) {
  require(page.reports.size() <= limits::status_incidents_max, "incidents are bounded");
  for (const Report& report : page.reports) check_report(report);
  watch(page);
}

/// Few mutations are XML; inside CDATA any text is, so that the readers behind it are reached.
void check_inside(std::string_view bytes) {
  if (!is_valid_utf8(bytes) || bytes.find('\0') != std::string_view::npos ||
      bytes.find("]]>") != std::string_view::npos) {
    return;
  }
  const std::string data = "<![CDATA[" + std::string(bytes) + "]]>";
  const auto page = parse("<rss><channel><item><title>" + data + "</title><description>" + data +
                              "</description><guid>" + data + "</guid><pubDate>" + data + "</pubDate><link>" +
                              data + "</link></item></channel></rss>",
                          "https://status.example.net/history.rss");
  require(page.has_value() && page->reports.size() == 1, "any text may stand in an item");
  check_page(*page);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The one cast a fuzzer cannot do without: bytes are text here.
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto page = parse(bytes, "https://status.example.net/api/v2/incidents/unresolved.json");
  if (!page) {
    require(page.error().fault == Fault::invalid && !page.error().message.empty(), "a fault says why");
    require(is_valid_utf8(page.error().message), "a fault can be printed");
  } else {
    check_page(*page);
  }
  check_inside(bytes);
  if (auto restored = Watch::restore(settings(), bytes)) {
    const auto again = Watch::restore(settings(), restored->save());
    require(again && again->save() == restored->save(), "accepted state reads back as itself");
    restored->failed(now, "x");
    restored->take(Page{}, now);
  }
  return 0;
}
