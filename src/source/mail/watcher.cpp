// Keeps one listener up, and notices when it is not, or when no mail comes.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "kaden/mail_listener.h"
#include "kaden/readability.h"

namespace kaden::mail {

namespace {

using source::Looked;

constexpr const char* record_kind = "source_state";
constexpr std::size_t state_time_bytes_max = 64;
constexpr std::size_t reason_max = 1'000;

/// When both were last changed; a file that cannot be looked at counts as 0.
std::pair<std::int64_t, std::int64_t> age_of(const ListenerSettings& settings) {
  const auto changed = [](const std::string& path) -> std::int64_t {
    struct stat found {};
    if (path.empty() || stat(path.c_str(), &found) != 0) return 0;
    constexpr std::int64_t ns_per_s = 1'000'000'000;
    return found.st_mtim.tv_sec * ns_per_s + found.st_mtim.tv_nsec;
  };
  return {changed(settings.certificate_file), changed(settings.key_file)};
}

class MailWatcher final : public source::Watcher {
 public:
  MailWatcher(WatcherSettings settings, Ports ports)
      : settings_(std::move(settings)),
        ports_(std::move(ports)),
        key_("mail/" + settings_.listener.name),
        readability_(settings_.unreadable_after),
        watched_since_(ports_.clock.wall()),
        heard_(std::make_shared<Heard>()) {}

  const std::string& source() const override { return source_; }
  const std::string& name() const override { return settings_.listener.name; }

  Looked look(const std::atomic<bool>& /*cancelled*/) override {
    Looked looked;
    looked.again_in = limits::mail_look_every;
    if (!is_restored_) {
      if (const auto done = restore(); !done) {
        looked.trouble = done.error();
        if (done.error().fault != Fault::corrupt) return looked;
      }
    }
    const auto trouble = keep_up();
    if (trouble) looked.trouble = trouble;
    const json::value before = save();
    std::vector<AlarmEvent> events;
    judge_listening(trouble, events);
    judge_silence(events);
    if (!events.empty()) {
      const std::size_t count = events.size();
      if (const auto told = ports_.intake.report(std::move(events)); !told) {
        static_cast<void>(take_state(before)); // and once more at the next look
        looked.trouble = told.error();
        return looked;
      }
      looked.reported = count;
    }
    if (const auto kept = keep_state(); !kept) looked.trouble = kept.error();
    return looked;
  }

 private:
  /// The last mail that was taken, told by the threads that settle.
  struct Heard {
    std::mutex mutex;
    std::optional<WallTime> at;
  };

  /// Empty while it listens with a certificate that is as new as its file.
  std::optional<Error> keep_up() {
    const auto age = age_of(settings_.listener);
    if (!listener_) {
      auto fresh = std::make_unique<Listener>(settings_.listener, ports_.clock, take());
      if (const auto started = fresh->start(); !started) return started.error();
      listener_ = std::move(fresh);
      age_ = age;
      return std::nullopt;
    }
    if (age == age_) return std::nullopt;
    if (const auto renewed = listener_->renew_certificate(); !renewed) return renewed.error();
    age_ = age;
    return std::nullopt;
  }

  /// The caller's, with an ear to what became of it.
  Take take() const {
    return [take = ports_.take, heard = heard_, &clock = ports_.clock](Arrival arrival, Settle settle) {
      take(std::move(arrival), [heard, &clock, settle = std::move(settle)](smtp::Verdict verdict) {
        if (verdict.kind == smtp::Verdict::Kind::taken) {
          std::lock_guard lock(heard->mutex);
          heard->at = clock.wall();
        }
        settle(std::move(verdict));
      });
    };
  }

  AlarmEvent event_of(std::string_view what, AlarmState state, WallTime began,
                      std::string_view reason) const {
    const std::string& name = settings_.listener.name;
    AlarmEvent event;
    event.source = source_;
    event.event_id = fmt::format("{}/{}/{}/{}", name, what, to_iso8601(began), to_text(state));
    event.alarm = fmt::format("{}: {}", name, what);
    event.state = state;
    event.reason = cut_utf8(reason, reason_max);
    event.labels = {{"listener", name}, {"title", event.alarm}};
    return event;
  }

  void judge_listening(const std::optional<Error>& trouble, std::vector<AlarmEvent>& events) {
    const WallTime began = readability_.failing_since().value_or(ports_.clock.wall());
    const auto change = trouble ? readability_.failed(ports_.clock.wall()) : readability_.read();
    if (change == Readability::Change::none) return;
    const bool is_deaf = change == Readability::Change::unreadable;
    AlarmEvent event = event_of("no mail can be received", is_deaf ? AlarmState::alarm : AlarmState::ok,
                                readability_.failing_since().value_or(began),
                                is_deaf ? trouble->message : "it listens again");
    event.severity = Severity::critical;
    const std::string& spoken = settings_.spoken_name;
    event.say = {
        {Language::ja, "{severity}アラームです。" + braces(spoken) + "のアラートメールを受信できません。"},
        {Language::en,
         "Kaden, {severity} alarm. Alert mails for " + braces(spoken) + " cannot be received."}};
    events.push_back(std::move(event));
  }

  void judge_silence(std::vector<AlarmEvent>& events) {
    {
      std::lock_guard lock(heard_->mutex);
      if (heard_->at) heard_at_ = heard_->at;
    }
    const WallTime now = ports_.clock.wall();
    if (watched_since_ > now) watched_since_ = now; // a clock that stepped back
    if (heard_at_ && *heard_at_ > now) heard_at_ = now;
    const bool is_watched = settings_.silent_after > Millis(0);
    if (silent_since_) {
      const bool is_over = !is_watched || (heard_at_ && *heard_at_ > *silent_since_);
      if (!is_over) return;
      events.push_back(silence_event(AlarmState::ok, *silent_since_));
      silent_since_.reset();
      return;
    }
    const WallTime last = std::max(watched_since_, heard_at_.value_or(watched_since_));
    if (!is_watched || now - last < settings_.silent_after) return;
    silent_since_ = last;
    events.push_back(silence_event(AlarmState::alarm, last));
  }

  AlarmEvent silence_event(AlarmState state, WallTime began) const {
    const bool is_silent = state == AlarmState::alarm;
    AlarmEvent event =
        event_of("no mail has come", state, began,
                 is_silent ? "no mail for " + to_words(settings_.silent_after) : "a mail has come");
    event.severity = settings_.silent;
    const std::string spoken = braces(settings_.spoken_name);
    event.say = {
        {Language::ja, "{severity}アラームです。" + spoken + "からのアラートメールが途絶えています。"},
        {Language::en, "Kaden, {severity} alarm. No alert mail has come for " + spoken + " for too long."}};
    return event;
  }

  static std::string braces(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '{' ? "{{" : c == '}' ? "}}" : std::string(1, c);
    return out;
  }

  json::value save() const {
    json::object state{{"readability", readability_.save()}};
    if (silent_since_) state["silent_since"] = to_iso8601(*silent_since_);
    return state;
  }

  Result<void> take_state(const json::value& saved) {
    const json::object* object = saved.if_object();
    const json::value* readability = object == nullptr ? nullptr : object->if_contains("readability");
    if (readability == nullptr) return fail(Fault::corrupt, "readability: is missing");
    if (auto good = readability_.restore(*readability); !good) return good;
    silent_since_.reset();
    const auto since = Fields(*object, "").text_or("silent_since", state_time_bytes_max, "");
    if (!since) return fail(Fault::corrupt, since.error().message);
    if (since->empty()) return {};
    const auto at = parse_iso8601(*since);
    if (!at) return fail(Fault::corrupt, "silent_since: " + at.error().message);
    silent_since_ = *at;
    return {};
  }

  Result<void> restore() {
    const auto saved = ports_.records.all(record_kind);
    if (!saved) return fail_while("reading what is known of the listener", saved.error());
    is_restored_ = true;
    const auto found = saved->find(key_);
    if (found == saved->end()) return {};
    saved_ = found->second;
    const auto parsed = parse_json(found->second);
    const auto taken = parsed ? take_state(*parsed) : Result<void>(tl::unexpected(parsed.error()));
    if (!taken) return fail(Fault::corrupt, "begun anew: " + taken.error().message);
    return {};
  }

  Result<void> keep_state() {
    std::string text = kaden::to_text(save());
    if (text == saved_) return {};
    const std::vector<journal::Records::Change> changes{{record_kind, key_, text}};
    if (const auto done = ports_.records.apply(changes); !done)
      return fail_while("remembering", done.error());
    saved_ = std::move(text);
    return {};
  }

  // Config
  const std::string source_ = "mail";
  const WatcherSettings settings_;
  const Ports ports_;
  const std::string key_;
  // State
  bool is_restored_ = false;
  std::string saved_;
  Readability readability_;
  WallTime watched_since_;           ///< the start
  std::optional<WallTime> heard_at_; ///< the last mail
  std::optional<WallTime> silent_since_;
  std::pair<std::int64_t, std::int64_t> age_{};
  const std::shared_ptr<Heard> heard_;
  // Owned; last, so that it ends first
  std::unique_ptr<Listener> listener_;
};

} // namespace

std::unique_ptr<source::Watcher> watch_mail(WatcherSettings settings, Ports ports) {
  return std::make_unique<MailWatcher>(std::move(settings), std::move(ports));
}

} // namespace kaden::mail
