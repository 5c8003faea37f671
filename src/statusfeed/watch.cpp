#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "kaden/limits/alarm_events.h"
#include "kaden/limits/metrics.h"
#include "kaden/limits/provider_status.h"
#include "kaden/status_watch.h"
#include "words.h"

namespace kaden::statusfeed {

namespace {

bool is_dated(const Report& report, WallTime now) {
  return report.at && *report.at <= now + limits::status_skew_max;
}

/// A total order of the versions of one incident: whatever the order in which they come, the same one wins.
auto version_of(const Report& report) {
  return std::make_tuple(report.at, rank_of(report.stage), std::string_view(report.update_key));
}

/// `globs` are in lower case: make() sees to it.
bool any_match(const std::vector<std::string>& globs, std::string_view text) {
  if (globs.empty()) return false;
  const std::string lower = to_lower(text);
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_match(glob, lower); });
}

/// Stages of an outage in which falling back means that it is not over.
bool fell_back(Stage before, Stage now) {
  const auto is_of_outage = [](Stage stage) {
    return stage == Stage::investigating || stage == Stage::identified || stage == Stage::monitoring;
  };
  return is_of_outage(before) && is_of_outage(now) && rank_of(now) < rank_of(before);
}

bool impact_rose(Impact before, Impact now) {
  const auto is_graded = [](Impact impact) {
    return impact != Impact::unknown && impact != Impact::maintenance;
  };
  return is_graded(before) && is_graded(now) && now > before;
}

/// Both are sorted.
bool has_more(const std::vector<std::string>& before, const std::vector<std::string>& now) {
  return !std::includes(before.begin(), before.end(), now.begin(), now.end());
}

Why change_of(const Report& before, const Report& now) {
  if (impact_rose(before.impact, now.impact)) return Why::impact_rose;
  if (fell_back(before.stage, now.stage)) return Why::stage_fell_back;
  if (!before.components.empty() && has_more(before.components, now.components)) return Why::more_components;
  return Why::new_update;
}

Report without_text(Report report) {
  report.text.clear();
  return report;
}

Result<void> check_globs(const std::vector<std::string>& globs, std::string_view field) {
  if (globs.size() > limits::status_globs_max) {
    return fail(Fault::invalid,
                fmt::format("{}: at most {} patterns are allowed", field, limits::status_globs_max));
  }
  for (const std::string& glob : globs) {
    if (glob.empty() || glob.size() > limits::pattern_bytes_max) {
      return fail(Fault::invalid,
                  fmt::format("{}: a pattern must be 1 to {} bytes long", field, limits::pattern_bytes_max));
    }
  }
  return {};
}

} // namespace

Result<Watch> Watch::make(WatchSettings settings) {
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  const std::string& page = settings.page;
  if (page.empty() || page.size() > limits::status_page_id_bytes_max ||
      !std::all_of(page.begin(), page.end(), is_name)) {
    return fail(Fault::invalid, fmt::format("page: must be 1 to {} of a-z, 0-9, '-' and '_'",
                                            limits::status_page_id_bytes_max));
  }
  if (const auto globs = check_globs(settings.filter.include, "include"); !globs)
    return tl::unexpected(globs.error());
  if (const auto globs = check_globs(settings.filter.exclude, "exclude"); !globs)
    return tl::unexpected(globs.error());
  if (settings.first_age_max < Millis(0) || settings.unreadable_after < Millis(0)) {
    return fail(Fault::invalid, "first_age_max and unreadable_after must not be negative");
  }
  for (auto* globs : {&settings.filter.include, &settings.filter.exclude}) {
    for (std::string& glob : *globs) glob = to_lower(glob);
  }
  return Watch(std::move(settings));
}

std::vector<News> Watch::take(const Page& page, WallTime now) {
  std::vector<News> news;
  for (auto& [incident, known] : known_) known.is_present = false;
  std::vector<const Report*> reports;
  for (const Report& report : page.reports) reports.push_back(&report);
  std::sort(reports.begin(), reports.end(), [](const Report* a, const Report* b) {
    return std::tuple_cat(version_of(*a), std::tie(a->incident)) <
           std::tuple_cat(version_of(*b), std::tie(b->incident));
  });
  for (const Report* report : reports) consider(*report, page, now, news);
  close_missing(page, now, news);
  std::stable_sort(news.begin(), news.end(), [](const News& a, const News& b) {
    return std::tie(a.report.at, a.report.incident) < std::tie(b.report.at, b.report.incident);
  });
  const std::optional<WallTime> failing_since = readability_.failing_since();
  if (readability_.read() == Readability::Change::readable) {
    News again{Happening::readable, Why::read_again, settings_.page, {}, {}, {}};
    again.event_id = event_id("readable/" + to_iso8601(*failing_since));
    news.insert(news.begin(), std::move(again));
  }
  is_first_ = false;
  forget();
  return news;
}

std::vector<News> Watch::failed(WallTime now, std::string_view why) {
  if (readability_.failed(now) != Readability::Change::unreadable) return {};
  News news{Happening::unreadable, Why::unread_too_long, settings_.page, {}, {}, {}};
  news.event_id = event_id("unreadable/" + to_iso8601(*readability_.failing_since()));
  news.detail = std::string(cut_utf8(why, limits::reason_bytes_max / 2));
  return {std::move(news)};
}

std::vector<std::string> Watch::missing() const {
  std::vector<std::string> incidents;
  for (const auto& [incident, known] : known_) {
    if (known.is_told && !known.is_present) incidents.push_back(incident);
  }
  return incidents;
}

bool Watch::is_in_doubt() const {
  return std::any_of(known_.begin(), known_.end(), [](const auto& each) { return each.second.contrary > 0; });
}

void Watch::consider(const Report& report, const Page& page, WallTime now, std::vector<News>& news) {
  const auto [at, is_new] = known_.try_emplace(report.incident);
  Known& known = at->second;
  known.is_present = true;
  const bool dated = is_dated(report, now);
  if (!is_new) {
    const bool was_seen =
        report.update_key == known.report.update_key ||
        std::find(known.seen.begin(), known.seen.end(), report.update_key) != known.seen.end();
    const bool is_comparable = dated && known.is_dated;
    if (was_seen || (is_comparable && version_of(report) <= version_of(known.report))) {
      judge_unchanged(known, report, page, now, news);
      return;
    }
  }
  if (!dated || !known.seen.empty()) {
    known.seen.push_back(report.update_key);
    if (known.seen.size() > limits::status_seen_keys_max) known.seen.erase(known.seen.begin());
  }
  const Report before = std::move(known.report);
  known.report = without_text(report);
  known.is_dated = dated;
  known.gone_at.reset();
  known.returned_at.reset();
  known.contrary = 0;
  judge(known, report, is_new ? nullptr : &before, now, news);
}

/// `report` is the newest version; `before`, absent for a new incident, the one that was known.
void Watch::judge(Known& known, const Report& report, const Report* before, WallTime now,
                  std::vector<News>& news) {
  const bool open = is_open(report);
  if (known.is_told) {
    if (!open) {
      known.is_told = false;
      news.push_back(tell(Happening::resolved, is_over(report.stage) ? Why::page_says_over : Why::no_outage,
                          known, report));
      return;
    }
    const Why why = before == nullptr ? Why::new_update : change_of(*before, report);
    news.push_back(
        tell(why == Why::new_update ? Happening::updated : Happening::worsened, why, known, report));
    return;
  }
  const bool was_history = std::exchange(known.is_history, false);
  if (!open) return;
  if (is_first_ && is_old(report, now)) {
    known.is_history = true;
    return;
  }
  if (!is_of_interest(report)) return;
  Why why = Why::now_of_interest;
  if (before == nullptr) {
    why = is_first_ ? Why::first_look : Why::new_incident;
  } else if (is_over(before->stage)) {
    why = Why::reopened;
  } else if (!is_open(*before)) {
    why = Why::new_incident; // a maintenance begins
  } else if (was_history) {
    why = Why::moved_again;
  }
  known.is_told = true;
  news.push_back(tell(Happening::opened, why, known, report));
}

/// The page says nothing newer of the incident; but it may be back on the list, or the filter may be another.
void Watch::judge_unchanged(Known& known, const Report& report, const Page& page, WallTime now,
                            std::vector<News>& news) {
  if (report.update_key != known.report.update_key || known.is_told || !is_open(report)) return;
  if (known.gone_at) {
    if (!page.lists_every_incident || is_stale(page)) return;
    const bool is_newer = page.at && *page.at > *known.gone_at;
    if (!is_newer && ++known.contrary < limits::status_contrary_lists) return;
    known.contrary = 0;
    known.gone_at.reset();
    known.returned_at = is_newer ? *page.at : now;
    known.report = without_text(report);
    known.is_told = true;
    news.push_back(tell(Happening::opened, Why::reopened, known, report));
    return;
  }
  if (known.is_history || !is_of_interest(report)) return;
  known.is_told = true;
  news.push_back(tell(Happening::opened, Why::now_of_interest, known, report));
}

/// From before a list that was taken.
bool Watch::is_stale(const Page& page) const {
  return page.at && list_at_ && *page.at < *list_at_;
}

void Watch::close_missing(const Page& page, WallTime now, std::vector<News>& news) {
  if ((!page.lists_every_incident && !page.lists_every_maintenance) || is_stale(page)) return;
  if (page.at) list_at_ = page.at;
  for (auto& [incident, known] : known_) {
    const bool is_listed =
        known.report.is_maintenance ? page.lists_every_maintenance : page.lists_every_incident;
    if (!is_listed) continue;
    if (known.is_told == known.is_present) known.contrary = 0;
    if (!known.is_told || known.is_present) continue;
    // Without a time, one list alone may be a stale copy from before the incident.
    const bool is_newer = page.at && !(known.is_dated && known.report.at && *page.at < *known.report.at);
    if (!is_newer && ++known.contrary < limits::status_contrary_lists) continue;
    known.contrary = 0;
    known.is_told = false;
    known.report.stage = known.report.is_maintenance ? Stage::completed : Stage::resolved;
    news.push_back(tell(Happening::resolved, Why::left_the_list, known, known.report));
    known.gone_at = is_newer ? *page.at : now;
  }
}

/// Keeps at most limits::status_remembered_max: what is not on the page goes, first what was not announced,
/// then the oldest.
void Watch::forget() {
  if (known_.size() <= limits::status_remembered_max) return;
  std::vector<std::tuple<bool, std::optional<WallTime>, std::string>> absent;
  for (const auto& [incident, known] : known_) {
    if (!known.is_present) absent.emplace_back(known.is_told, known.report.at, incident);
  }
  std::sort(absent.begin(), absent.end());
  for (const auto& [is_told, at, incident] : absent) {
    if (known_.size() <= limits::status_remembered_max) break;
    known_.erase(incident);
  }
}

bool Watch::is_open(const Report& report) const {
  if (report.is_maintenance) {
    return settings_.maintenance_too &&
           (report.stage == Stage::in_progress || report.stage == Stage::verifying);
  }
  return !is_of_maintenance(report.stage) && !is_over(report.stage);
}

bool Watch::is_of_interest(const Report& report) const {
  const Filter& filter = settings_.filter;
  if (any_match(filter.exclude, report.title)) return false;
  std::vector<std::string_view> subjects;
  for (const std::string& component : report.components) subjects.push_back(component);
  for (const std::string& region : report.regions) subjects.push_back(region);
  const std::size_t all = subjects.size();
  std::erase_if(subjects, [&](std::string_view subject) { return any_match(filter.exclude, subject); });
  if (all != 0 && subjects.empty()) return false;
  if (filter.include.empty() || any_match(filter.include, report.title) ||
      any_match(filter.include, report.text)) {
    return true;
  }
  return std::any_of(subjects.begin(), subjects.end(),
                     [&](std::string_view subject) { return any_match(filter.include, subject); });
}

/// Without a usable date only a stage that says so tells an open incident from history.
bool Watch::is_old(const Report& report, WallTime now) const {
  if (report.is_definite) return false;
  if (!is_dated(report, now)) return report.stage == Stage::unknown;
  return now - *report.at > settings_.first_age_max;
}

News Watch::tell(Happening happening, Why why, const Known& known, const Report& report) const {
  News news{happening, why, settings_.page, {}, report, {}};
  std::string key = known.report.update_key;
  if (known.returned_at) key += "-back-" + to_iso8601(*known.returned_at);
  if (why == Why::left_the_list) key = "gone-" + key;
  news.event_id = event_id("incident/" + report.incident + '/' + key);
  return news;
}

std::string Watch::event_id(std::string_view rest) const {
  std::string id = settings_.page + '/' + std::string(rest);
  if (id.size() <= limits::event_id_bytes_max) return id;
  return settings_.page + "/sha256-" + sha256_hex(rest);
}

} // namespace kaden::statusfeed
