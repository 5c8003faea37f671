// A status page's watcher: visit, judge, remember, report.
#include "kaden/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kaden/limits/provider_status.h"
#include "kaden/outbox.h"
#include "visit.h"

namespace kaden::source {

namespace {

constexpr const char* record_kind = "source_state";

using statusfeed::News;
using statusfeed::Page;
using statusfeed::Watch;

class StatusPage final : public Watcher {
 public:
  StatusPage(StatusPageSettings settings, const runtime::Clock& clock, Intake& intake,
             journal::Records& records, Fetch fetch)
      : settings_(std::move(settings)),
        key_("status/" + settings_.watch.page),
        fetch_(std::move(fetch)),
        clock_(clock),
        records_(records),
        outbox_(key_, intake, records),
        chance_(settings_.seed) {}

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return settings_.watch.page; }

  Looked look(const std::atomic<bool>& cancelled) override {
    Looked looked;
    if (!outbox_.tell(looked)) return looked;
    looked.again_in = pause();
    if (!watch_) {
      auto begun = begin();
      if (!begun) {
        looked.trouble = begun.error();
        return looked;
      }
      looked.trouble = std::move(*begun);
    }
    const Watch before = *watch_;
    std::vector<News> news;
    if (auto trouble = read(cancelled, news)) {
      if (cancelled) return looked; // what the cancelling broke off says nothing of the page
      looked.trouble = std::move(trouble);
    }
    if (const auto stored = store(news); !stored) {
      looked.trouble = stored.error();
      if (news.empty()) return looked; // what was seen is stored next time
      *watch_ = before;
      validators_ = {}; // or a 304 would hide the news next time
      return looked;
    }
    outbox_.tell(looked);
    return looked;
  }

 private:
  /// The state of the run before; the value is what was wrong with it.
  Result<std::optional<Error>> begin() {
    const auto saved = records_.all(record_kind);
    if (!saved) return fail_while("reading what is known of the page", saved.error());
    const auto found = saved->find(key_);
    std::optional<Error> trouble;
    if (found != saved->end()) {
      if (auto restored = Watch::restore(settings_.watch, found->second)) {
        watch_ = std::move(*restored);
        saved_ = found->second;
        return trouble;
      } else {
        trouble = Error{Fault::corrupt, "begun anew: " + restored.error().message};
      }
    }
    auto made = Watch::make(settings_.watch);
    require(made.has_value(), "the settings of a status page were checked when they were read");
    watch_ = std::move(*made);
    return trouble;
  }

  /// What is wrong with the page, or nothing; the news of either.
  std::optional<Error> read(const std::atomic<bool>& cancelled, std::vector<News>& news) {
    if (const Millis left = not_before_ - clock_.steady(); left > Millis(0)) {
      Error error{Fault::busy, fmt::format("{}; it asks to be left alone for {}", refusal_, to_words(left))};
      news = watch_->failed(clock_.wall(), error.message);
      return error;
    }
    const Visitor visitor{settings_, fetch_, clock_, cancelled};
    auto visited = visit(visitor, settings_.url, validators_);
    if (!visited) {
      if (visited.error().retry_after) hold_back(visited.error());
      return failed(visited.error().error, news);
    }
    if (visited->is_unchanged) {
      validators_ = std::move(visited->validators);
      return std::nullopt;
    }
    const auto page = statusfeed::parse(visited->body, visited->url);
    if (!page) return failed(page.error(), news);
    validators_ = std::move(visited->validators);
    news = take(*page, visited->url, visitor);
    if (watch_->is_in_doubt()) validators_ = {}; // a 304 would settle nothing
    return std::nullopt;
  }

  std::optional<Error> failed(const Error& error, std::vector<News>& news) {
    validators_ = {}; // the next answer must be whole
    news = watch_->failed(clock_.wall(), error.message);
    return error;
  }

  void hold_back(const Refusal& refusal) {
    refusal_ = refusal.error.message;
    not_before_ = clock_.steady() + std::min(*refusal.retry_after, limits::status_retry_after_max);
  }

  std::vector<News> take(const Page& page, const std::string& url, const Visitor& visitor) {
    Watch ahead = *watch_;
    std::vector<News> news = ahead.take(page, clock_.wall());
    const bool has_left = std::any_of(
        news.begin(), news.end(), [](const News& one) { return one.why == statusfeed::Why::left_the_list; });
    const auto words = has_left ? last_words(url, visitor) : std::nullopt;
    if (!words) {
      *watch_ = std::move(ahead);
      return news;
    }
    news = watch_->take(*words, clock_.wall());
    for (News& one : watch_->take(page, clock_.wall())) news.push_back(std::move(one));
    return news;
  }

  /// The newest incidents with those that are over; nothing when this is not Statuspage, or it fails: that an
  /// incident has left the list is known without it.
  std::optional<Page> last_words(const std::string& url, const Visitor& visitor) const {
    const auto from = http::parse_url(url);
    if (!from) return std::nullopt;
    const bool is_unresolved = from->path.ends_with("/incidents/unresolved.json");
    if (!is_unresolved && !from->path.ends_with("/summary.json")) return std::nullopt;
    const auto to = http::resolve_url(*from, is_unresolved ? "../incidents.json" : "incidents.json");
    if (!to) return std::nullopt;
    const auto visited = visit(visitor, to->text, {});
    if (!visited) return std::nullopt;
    auto page = statusfeed::parse(visited->body, visited->url);
    return page ? std::optional(std::move(*page)) : std::nullopt;
  }

  Result<void> store(const std::vector<News>& news) {
    std::vector<Untold> events;
    events.reserve(news.size());
    for (const News& one : news) events.push_back({statusfeed::to_alarm_event(one, settings_.alarms)});
    std::string state = watch_->save();
    std::vector<Outbox::Change> changes;
    if (state != saved_) changes.push_back({record_kind, key_, state});
    if (const auto stored = outbox_.store(std::move(changes), std::move(events)); !stored)
      return fail_while("remembering what is known of the page", stored.error());
    saved_ = std::move(state);
    return {};
  }

  /// The interval and up to a tenth more or less (splitmix64).
  Millis pause() {
    chance_ += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = chance_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    mixed ^= mixed >> 31U;
    const std::int64_t spread = settings_.poll.count() / 10;
    const auto width = static_cast<std::uint64_t>(2 * spread + 1);
    return settings_.poll + Millis(static_cast<std::int64_t>(mixed % width) - spread);
  }

  // Config
  const std::string source_ = "status";
  const StatusPageSettings settings_;
  const std::string key_;
  const Fetch fetch_;
  // Borrowed
  const runtime::Clock& clock_;
  journal::Records& records_;
  // State
  Outbox outbox_;
  std::optional<Watch> watch_; // nothing until the first look
  std::string saved_;          // what the record holds
  Validators validators_;
  SteadyTime not_before_{};
  std::string refusal_; // why not
  std::uint64_t chance_;
};

} // namespace

std::unique_ptr<Watcher> watch_status_page(StatusPageSettings settings, const runtime::Clock& clock,
                                           Intake& intake, journal::Records& records, Fetch fetch) {
  return std::make_unique<StatusPage>(std::move(settings), clock, intake, records, std::move(fetch));
}

} // namespace kaden::source
