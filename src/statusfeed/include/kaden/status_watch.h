/// kaden/status_watch.h - one status page, watched: what is news and what is not, as a state machine; and
/// news as alarm events. Room: statusfeed. Uses: base. Pure: time is an argument. Threads: one owner. Errors:
/// make() invalid; restore() corrupt.
///
/// - The newest version of an incident wins (time, then stage, then key), so repeated, re-ordered and stale
///   answers give no news; a report without a usable date is new when its key was not seen before.
/// - The first page ever taken announces what is open, not history. Where the page says definitely that an
///   incident is open, it is, whatever its age; where it cannot (Report::is_definite), one without an update
///   for longer than `first_age_max` is history. Later, an incident that is first seen when it is over is no
///   news.
/// - An incident that is no longer on the page is not resolved by that: missing() names it. Only where a page
///   lists everything that is open (summary.json, unresolved.json) and is not older than what was taken
///   before, it is news: resolved, Why::left_the_list. A list without a time, or with one older than the
///   incident, is believed when it was read three times in a row. A caller who wants the provider's words
///   asks incidents.json first and takes that page; both may be taken by one Watch.
/// - A maintenance is no outage and gives no news, unless `maintenance_too`: then from its start to its end.
/// - State is to be stored (save()) together with its news, which are told afterwards. Whoever goes back to
/// an
///   older state gets the same news again, with the same event ids.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/readability.h"
#include "kaden/statusfeed.h"

namespace kaden::statusfeed {

/// Globs ('*', '?', no case, whole text). An incident is of interest when one of `include` matches its title,
/// its text, a component or a region (none: all are), unless one of `exclude` matches its title, or every one
/// of its components and regions. What was announced is followed to its end, whatever the filter says then.
struct Filter {
  std::vector<std::string> include;
  std::vector<std::string> exclude;

  bool operator==(const Filter&) const = default;
};

struct WatchSettings {
  std::string page; ///< names the page in event ids and alarms, 1 to 64 of [a-z0-9_-]; never change it
  Filter filter;
  Millis first_age_max = seconds(6 * 3'600);
  Millis unreadable_after = seconds(600);
  bool maintenance_too = false;
};

enum class Happening : std::uint8_t { opened, worsened, updated, resolved, unreadable, readable };
enum class Why : std::uint8_t {
  first_look,      ///< it was open when the watch began
  new_incident,    ///<
  reopened,        ///< it was over
  moved_again,     ///< it was open before the watch began, but old, and now has an update
  now_of_interest, ///< the filter matches only now
  impact_rose,     ///<
  stage_fell_back, ///< from monitoring to investigating, say
  more_components, ///<
  new_update,      ///<
  page_says_over,  ///<
  left_the_list,   ///< the page lists all that is open, and it is not there
  no_outage,       ///< the page made a maintenance of it
  unread_too_long, ///<
  read_again,      ///<
};
std::string_view to_text(Happening happening); ///< "opened" ...
std::string_view to_text(Why why);             ///< "first_look" ...

struct News {
  Happening happening = Happening::opened;
  Why why = Why::new_incident;
  std::string page;
  std::string event_id; ///< the same for the same news, 1 to 256 bytes
  Report report;        ///< empty for unreadable and readable; without text for left_the_list
  std::string detail;   ///< of unreadable: what the last poll met

  bool operator==(const News&) const = default;
};

class Watch {
 public:
  static Result<Watch> make(WatchSettings settings);
  /// `saved` is what save() gave. Settings may have changed, except the page's name.
  static Result<Watch> restore(WatchSettings settings, std::string_view saved);
  /// The whole state as JSON text.
  std::string save() const;

  /// The page was read. News are sorted by time of update, then incident.
  std::vector<News> take(const Page& page, WallTime now);
  /// A poll failed (no answer, or parse() refused it). `why` is for people.
  std::vector<News> failed(WallTime now, std::string_view why);

  /// Announced and not over, but not on the page that was taken last.
  std::vector<std::string> missing() const;
  /// The list that was taken last says otherwise than is known, but is not believed yet: it should be read
  /// whole again.
  bool is_in_doubt() const;

 private:
  struct Known {
    Report report;                       // without text
    bool is_dated = false;               // its time may be compared
    bool is_told = false;                // announced and not told as over
    bool is_history = false;             // open but old when the watch began
    bool is_present = false;             // on the page taken last
    std::vector<std::string> seen;       // keys, oldest first; only for incidents without dates
    std::optional<WallTime> gone_at;     // the page's time, or ours, when it had left the list
    std::optional<WallTime> returned_at; // the same when it was back unchanged
    std::int64_t contrary = 0; // lists in a row that say otherwise, without a time that makes it sure
  };
  explicit Watch(WatchSettings settings)
      : settings_(std::move(settings)), readability_(settings_.unreadable_after) {}

  void consider(const Report& report, const Page& page, WallTime now, std::vector<News>& news);
  void judge(Known& known, const Report& report, const Report* before, WallTime now, std::vector<News>& news);
  void judge_unchanged(Known& known, const Report& report, const Page& page, WallTime now,
                       std::vector<News>& news);
  void close_missing(const Page& page, WallTime now, std::vector<News>& news);
  bool is_stale(const Page& page) const;
  void forget();
  bool is_open(const Report& report) const;
  bool is_of_interest(const Report& report) const;
  bool is_old(const Report& report, WallTime now) const;
  News tell(Happening happening, Why why, const Known& known, const Report& report) const;
  std::string event_id(std::string_view rest) const;
  json::value to_json(const std::string& incident, const Known& known) const;
  static Result<Known> known_from_json(const json::value& value, const std::string& path);

  // Config
  WatchSettings settings_;
  // State
  std::map<std::string, Known> known_; // by incident
  bool is_first_ = true;
  std::optional<WallTime> list_at_; // the newest page that listed everything open
  Readability readability_;
};

/// The first rule that fits gives the severity; an absent stage or impact fits all.
struct SeverityRule {
  std::optional<Stage> stage;
  std::optional<Impact> impact;
  Severity severity = Severity::error;

  bool operator==(const SeverityRule&) const = default;
};
/// A maintenance is info, a fix under observation and minor trouble are warnings, major is error, critical is
/// critical; what the page does not grade (RSS, Atom) is error. On top of all rules, an outage that falls
/// back to an earlier stage or spreads to more components is one step worse than they say, with that event.
std::vector<SeverityRule> default_severity_rules();

struct AlarmSettings {
  std::string spoken_name; ///< of the provider, "VMware Cloud": the event's machine
  std::vector<SeverityRule> severities = default_severity_rules();
  Severity otherwise = Severity::error; ///< no rule fits
  Severity unreadable = Severity::error;
};
/// Source "status". The alarm is page and incident, so that each incident clears itself; labels: page,
/// incident, title, stage, impact, components, regions, link, update, summary, happening, why. Texts of the
/// page are in labels only, never in a template.
AlarmEvent to_alarm_event(const News& news, const AlarmSettings& settings);

} // namespace kaden::statusfeed
