#include "log_watcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "kaden/old_alarm_log.h"

namespace kaden::logs {

namespace {

constexpr const char* record_kind = "source_state";

std::unique_ptr<Feed> feed_of(const Settings& settings, const Ports& ports) {
  if (const auto* files = std::get_if<Files>(&settings.from))
    return follow_files(*files, ports.clock, ports.log);
  if (const auto* syslog = std::get_if<Syslog>(&settings.from)) return receive_syslog(*syslog, ports.clock);
  if (const auto* groups = std::get_if<Groups>(&settings.from))
    return tap_groups(ports.taps.open(groups->groups));
  return read_journal(std::get<Journal>(settings.from), ports.clock);
}

} // namespace

LogWatcher::LogWatcher(
    Settings settings, Ports ports,
    std::unique_ptr<Feed> feed) // NOLINT(performance-unnecessary-value-param): it is moved from
    : settings_(std::move(settings)),
      key_("log/" + settings_.alarms.log),
      ports_(std::move(ports)),
      feed_(std::move(feed)),
      readability_(settings_.unreadable_after) {}

LogWatcher::~LogWatcher() {
  if (judge_) static_cast<void>(save()); // what is not remembered is read again
}

// Beginning ----------------------------------------------------------------------------------------------

bool LogWatcher::restore(const std::string& saved) {
  const auto parsed = parse_json(saved);
  const json::object* const object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) return false;
  const auto part = [&](const char* name) {
    const json::value* const found = object->if_contains(name);
    return found == nullptr ? json::value(nullptr) : *found;
  };
  const json::value outbox = part("outbox");
  if (!outbox.is_array() || !readability_.restore(part("readability")) || !judge_->restore(part("alarms")))
    return false;
  std::vector<AlarmEvent> events;
  for (const json::value& value : outbox.get_array()) {
    auto event = alarm_event_from_json(value, "outbox[]");
    if (!event) return false;
    events.push_back(std::move(*event));
  }
  const json::value silent_since = part("silent_since");
  if (!silent_since.is_null() && !silent_since.is_int64()) return false;
  if (!feed_->begin(part("position"))) return false;
  if (silent_since.is_int64()) silent_since_ = wall_time(silent_since.as_int64());
  outbox_ = std::move(events);
  outbox_saved_ = outbox_.size();
  saved_ = saved;
  return true;
}

Result<void> LogWatcher::begin(std::optional<Error>& trouble) {
  const auto records = ports_.records.all(record_kind);
  if (!records) return fail_while("reading what is known of the log", records.error());
  const WallTime now = ports_.clock.wall();
  const auto fresh = [&] {
    auto made = logalarms::Judge::make(settings_.alarms, now);
    require(made.has_value(), "the patterns of a log were checked when they were read");
    return std::move(*made);
  };
  judge_ = fresh();
  const auto found = records->find(key_);
  const bool was_known = found != records->end();
  if (!was_known || !restore(found->second)) {
    if (was_known)
      trouble = Error{Fault::corrupt, "begun anew: what was remembered of the log cannot be read"};
    judge_ = fresh();
    silent_since_.reset();
    readability_ = Readability(settings_.unreadable_after);
    feed_->begin(nullptr);
  }
  judge_->catch_up();
  heard_at_ = silent_since_.value_or(now); // while nobody listened it was not silent, unless it was before
  was_deaf_ = feed_->forgets();
  return {};
}

// Looking ------------------------------------------------------------------------------------------------

source::Looked LogWatcher::look(const std::atomic<bool>& cancelled) {
  source::Looked looked;
  looked.again_in = Millis(0);
  std::optional<Error> trouble;
  if (!judge_) {
    if (const auto begun = begin(trouble); !begun) {
      looked.trouble = begun.error();
      looked.again_in = seconds(1);
      return looked;
    }
  } else if (!has_more_) {
    feed_->wait(seconds(1), cancelled);
  }
  const SteadyTime began = ports_.clock.steady();
  do {
    // What could not be told is told before anything else is read.
    if (outbox_.empty()) has_more_ = turn(trouble);
    const auto told = settle(!outbox_.empty() || cancelled);
    if (told) {
      looked.reported += *told;
    } else {
      trouble = told.error();
    }
    if (!told || is_blind_) {
      has_more_ = false;
      looked.again_in = seconds(1);
    }
  } while (has_more_ && !cancelled && ports_.clock.steady() - began < limits::log_look_max);
  looked.trouble = std::move(trouble);
  looked.counts = feed_->counts();
  const logalarms::Counts& counts = judge_->counts();
  looked.counts["records"] = counts.records;
  looked.counts["raising"] = counts.raising;
  looked.counts["clearing"] = counts.clearing;
  looked.counts["held"] = counts.held;
  looked.counts["shed"] = counts.shed;
  looked.counts["definitions"] = counts.definitions;
  looked.counts["kept"] = kept_lines_;
  looked.counts["not_kept"] = unkept_lines_;
  looked.levels = feed_->levels();
  looked.levels["active"] = judge_->active();
  looked.hint = hint();
  return looked;
}

bool LogWatcher::turn(std::optional<Error>& met) {
  const WallTime now = ports_.clock.wall();
  const auto read = feed_->read([&](const logalarms::Record& record) { take(record, now); });
  flush_kept();
  tell_hint();
  complain();
  std::optional<Error> trouble = read.trouble;
  if (read.is_blind) {
    was_deaf_ = was_deaf_ || feed_->forgets();
  } else {
    if (std::exchange(was_deaf_, false)) judge_->was_deaf(now);
    if (!read.has_more) {
      add(judge_->caught_up(now));
      add(judge_->step(now));
    }
    if (!trouble) trouble = silence(now);
  }
  is_blind_ = read.is_blind;
  note_readability(trouble, now);
  if (!trouble && !keep_trouble_.empty()) trouble = Error{Fault::unavailable, keep_trouble_};
  if (trouble) met = std::move(trouble);
  return read.has_more;
}

/// A stranger who is refused again and again must not fill Kaden's own log.
void LogWatcher::complain() {
  const SteadyTime now = ports_.clock.steady();
  if (complained_at_ && now - *complained_at_ < limits::log_complain_every) return;
  const std::string complaint = feed_->take_complaint();
  if (complaint.empty()) return;
  complained_at_ = now;
  ports_.log(settings_.alarms.log + ": " + complaint);
}

std::optional<Error> LogWatcher::silence(WallTime now) const {
  if (settings_.silent_after <= Millis(0) || now - heard_at_ < settings_.silent_after) return std::nullopt;
  return Error{Fault::timeout, "nothing came for " + to_words(now - heard_at_)};
}

void LogWatcher::note_readability(const std::optional<Error>& trouble, WallTime now) {
  const WallTime since = readability_.failing_since().value_or(now);
  if (trouble) {
    // Silence has lasted long enough already.
    auto change = readability_.failed(now);
    const bool is_silence = trouble->fault == Fault::timeout;
    if (is_silence && change == Readability::Change::none && !readability_.is_told())
      change = readability_.failed(now + settings_.unreadable_after);
    if (is_silence && readability_.is_told()) silent_since_ = heard_at_;
    if (change == Readability::Change::unreadable) {
      add({logalarms::unreadable_event(settings_.alarms, AlarmState::alarm, settings_.unreadable,
                                       readability_.failing_since().value_or(now), trouble->message)});
    }
    return;
  }
  if (readability_.read() == Readability::Change::readable) {
    add({logalarms::unreadable_event(settings_.alarms, AlarmState::ok, settings_.unreadable, since,
                                     "it is read again")});
  }
}

void LogWatcher::take(const logalarms::Record& record, WallTime now) {
  heard_at_ = now;
  silent_since_.reset();
  add(judge_->take(record, now));
  if (!settings_.group.empty()) keep(record);
}

void LogWatcher::add(std::vector<AlarmEvent> events) {
  std::move(events.begin(), events.end(), std::back_inserter(outbox_));
}

/// The old alarm log is recognised in any encoding.
source::Hint LogWatcher::hint() const {
  if (judge_->counts().definitions > 0) return source::Hint::old_alarm_log;
  return feed_->is_garbled() ? source::Hint::encoding : source::Hint::none;
}

void LogWatcher::tell_hint() {
  const source::Hint hint = this->hint();
  if (std::exchange(told_hint_, hint) == hint) return;
  for (const Language language : {Language::en, Language::ja}) {
    switch (hint) {
      case source::Hint::none:
        break;
      case source::Hint::old_alarm_log:
        ports_.log(settings_.alarms.log + ": " + logalarms::old_alarm_log_hint(language));
        break;
      case source::Hint::encoding:
        ports_.log(settings_.alarms.log + ": " + encoding_hint(language));
        break;
    }
  }
}

// The log store ------------------------------------------------------------------------------------------

std::string LogWatcher::stream_of(const logalarms::Record& record) const {
  std::string stream = settings_.stream;
  const auto fill = [&stream](std::string_view field, const std::string& value) {
    for (std::size_t at = stream.find(field); at != std::string::npos;
         at = stream.find(field, at + value.size()))
      stream.replace(at, field.size(), value);
  };
  fill("{host}", record.host.empty() ? settings_.alarms.machine : record.host);
  fill("{app}", record.app);
  fill("{file}", record.file.substr(record.file.rfind('/') + 1));
  std::replace_if(
      stream.begin(), stream.end(), [](char c) { return c == ':' || c == '*'; }, '_');
  constexpr std::size_t stream_bytes_max = 512;
  stream = std::string(cut_utf8(stream, stream_bytes_max));
  return stream.empty() ? "-" : stream;
}

void LogWatcher::keep(const logalarms::Record& record) {
  Kept& kept = kept_[stream_of(record)];
  kept.lines.push_back({record.at, record.has_header ? logalarms::json_of(record) : record.text});
  if (kept.lines.size() >= limits::log_keep_batch) flush_kept();
}

// Alarms do not wait for a store that cannot take lines: what it does not take is counted and told.
void LogWatcher::flush_kept() {
  for (auto& [stream, kept] : kept_) {
    const std::size_t count = kept.lines.size();
    const auto stored = ports_.keep(settings_.group, stream, std::move(kept.lines));
    keep_trouble_ = stored ? "" : "lines are not kept: " + stored.error().message;
    (stored ? kept_lines_ : unkept_lines_) += count;
  }
  kept_.clear();
}

// Remembering and telling --------------------------------------------------------------------------------

Result<void> LogWatcher::save() {
  json::array outbox;
  for (const AlarmEvent& event : outbox_) outbox.push_back(to_json(event));
  json::object object{{"alarms", judge_->save()},
                      {"readability", readability_.save()},
                      {"position", feed_->position()},
                      {"outbox", std::move(outbox)}};
  if (silent_since_) object["silent_since"] = to_ms(*silent_since_);
  std::string state = to_text(json::value(std::move(object)));
  saved_at_ = ports_.clock.steady();
  outbox_saved_ = outbox_.size();
  if (state == saved_) return {};
  const std::vector<journal::Records::Change> changes{{record_kind, key_, state}};
  if (const auto stored = ports_.records.apply(changes); !stored) {
    outbox_saved_ = 0;
    return fail_while("remembering how far the log was read", stored.error());
  }
  saved_ = std::move(state);
  return {};
}

// In this order: an event's id must never be given to another event, so it is remembered before it is told.
Result<std::size_t> LogWatcher::settle(bool at_once) {
  const bool is_due =
      at_once || saved_.empty() || ports_.clock.steady() - saved_at_ >= limits::log_remember_every;
  if (is_due && (outbox_saved_ < outbox_.size() || outbox_.empty())) {
    if (const auto stored = save(); !stored) return tl::unexpected(stored.error());
  }
  if (outbox_.empty()) return std::size_t{0};
  const std::size_t count = outbox_.size();
  if (const auto told = ports_.intake.report(outbox_); !told) return tl::unexpected(told.error());
  outbox_.clear();
  outbox_saved_ = 0;
  return count;
}

std::string encoding_hint(Language language) {
  if (language == Language::ja)
    return "このログには、設定された文字コードとして読めない行が多くあります。日本語のパターンに一致しないお"
           "それがあります。"
           "files.encoding に実際の文字コード（shift_jis、euc-jp、iso-2022-jp、utf-16le "
           "など）を指定してください"
           "（docs/logs.md）。";
  return "many lines of this log are no text in the encoding in which it is read, so patterns may miss them. "
         "Set files.encoding to what it is written in: shift_jis, euc-jp, iso-2022-jp, utf-16le ... "
         "(docs/logs.md)";
}

std::unique_ptr<source::Watcher> watch_log(Settings settings, Ports ports) {
  auto feed = feed_of(settings, ports);
  return std::make_unique<LogWatcher>(std::move(settings), std::move(ports), std::move(feed));
}

} // namespace kaden::logs
