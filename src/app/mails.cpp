#include "mails.h"

#include <fmt/format.h>

#include <algorithm>

#include "kaden/limits/mail.h"

namespace kaden::app {

using mailrules::Judged;
using smtp::Verdict;

namespace {

constexpr int taken_code = 250;
constexpr int try_again_code = 451;
constexpr Millis transit_min = seconds(60); // a mail that took longer may have been overtaken
// Relays give up after five days. Dates further back are a clock that was never set, and hide nothing.
constexpr Millis date_age_max = seconds(7 * 86'400);

/// SMTP replies are ASCII; what is said of a mail may hold anything.
std::string ascii(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte >= 0x20 && byte < 0x7F ? c : '?';
  }
  return out;
}

} // namespace

struct Mails::Job {
  DeskPtr desk;
  mail::Arrival arrival;
  mail::Settle settle;
  WallTime at{};
  std::int64_t number = 0; ///< in the store; 0: it is not kept
};

Mails::Mails(Parts parts) : parts_(std::move(parts)) {
  const ShelfLife shelf{limits::mail_kept_max, limits::mail_kept_bytes_max, limits::mail_kept_age_max, true};
  auto opened = HookStore::open(parts_.store_path, shelf);
  if (opened) {
    store_ = std::move(*opened);
  } else {
    store_trouble_ = "mails are not kept until a restart: " + opened.error().message;
  }
  worker_ = std::make_unique<runtime::Worker>(parts_.clock, "kaden-mails");
}

Mails::~Mails() = default;

void Mails::set(const std::vector<config::MailListener>& listeners) {
  std::map<std::string, DeskPtr> fresh;
  std::lock_guard lock(mutex_);
  for (const config::MailListener& wanted : listeners) {
    const auto known = desks_.find(wanted.id);
    if (known != desks_.end() && known->second->rules == wanted.rules) {
      fresh.emplace(wanted.id, known->second);
      continue;
    }
    auto desk = std::make_shared<Desk>();
    desk->rules = wanted.rules;
    if (known != desks_.end()) {
      const Desk& before = *known->second;
      desk->raised = before.raised.load();
      desk->cleared = before.cleared.load();
      desk->excepted = before.excepted.load();
      desk->unmatched = before.unmatched.load();
      desk->old = before.old.load();
      desk->failed = before.failed.load();
      desk->events = before.events.load();
    }
    fresh.emplace(wanted.id, std::move(desk));
  }
  desks_ = std::move(fresh);
}

Mails::DeskPtr Mails::desk_of(const std::string& listener) const {
  std::lock_guard lock(mutex_);
  const auto found = desks_.find(listener);
  return found == desks_.end() ? nullptr : found->second;
}

mail::Take Mails::take() {
  return [this](mail::Arrival arrival, mail::Settle settle) {
    auto job = std::make_shared<Job>();
    job->desk = desk_of(arrival.listener);
    job->arrival = std::move(arrival);
    job->settle = std::move(settle);
    job->at = parts_.clock.wall();
    if (!job->desk) return job->settle({Verdict::Kind::try_again, "this listener is being closed"});
    const bool has_room = ++waiting_ <= limits::mail_waiting_max;
    if (has_room && worker_->post([this, job] {
          --waiting_;
          process(job);
        })) {
      return;
    }
    --waiting_;
    ++job->desk->failed;
    job->settle({Verdict::Kind::try_again, "too many mails wait already; the same again, soon"});
  };
}

std::string envelope_text(const mail::Arrival& arrival) {
  const smtp::Envelope& envelope = arrival.message.envelope;
  // RFC 5321 leaves local parts nearly free; what is no text is not shown.
  const auto shown = [](const std::string& text) { return is_valid_utf8(text) ? text : std::string("?"); };
  json::array to;
  for (const std::string& address : envelope.to) to.push_back(json::value(shown(address)));
  return kaden::to_text(json::object{{"from", shown(envelope.from)},
                                     {"to", std::move(to)},
                                     {"helo", shown(envelope.helo)},
                                     {"peer", arrival.peer},
                                     {"tls", envelope.is_tls}});
}

std::string envelope_from(const std::string& kept_call) {
  const auto parsed = parse_json(kept_call);
  if (!parsed || !parsed->is_object()) return "";
  return Fields(parsed->get_object(), "").text_or("from", 320, "").value_or("");
}

std::int64_t Mails::keep(const Job& job) {
  if (!store_) return 0;
  Kept kept;
  kept.webhook = job.arrival.listener;
  kept.at = job.at;
  kept.call = envelope_text(job.arrival);
  kept.body = job.arrival.message.data;
  const auto number = store_->keep(kept);
  note_store(number ? nullptr : &number.error());
  return number.value_or(0);
}

// Relays keep no order: a problem may come after its recovery, or the other way round. What has neither a
// date nor a Message-ID is news when it follows the opposite state, or a person resolved what it told of.
Result<Mails::Turn> Mails::note_event(const Judged& judged, const mime::Mail& mail, WallTime now) {
  const AlarmEvent& event = *judged.event;
  const auto note = [&](std::optional<WallTime> sent) {
    const auto noted = store_ ? store_->note(event.source, event.alarm, event.state, sent, now) : Noted{now};
    if (store_) note_store(noted ? nullptr : &noted.error());
    return noted.value_or(Noted{now});
  };
  std::optional<WallTime> sent;
  const bool is_ruled = judged.why != Judged::Why::unmatched; // what nobody understood is never too late
  if (is_ruled && mail.sent_at && now - *mail.sent_at <= date_age_max) sent = std::min(*mail.sent_at, now);
  Noted noted = note(sent);
  if (noted.is_old && now - *sent > transit_min) return Turn{true};
  if (noted.is_old) noted = note({}); // within a minute clocks may differ
  if (!judged.is_timeless) return Turn{};
  if (noted.is_same && event.state == AlarmState::alarm) {
    const auto standing = parts_.ask({event});
    if (!standing) return tl::unexpected(standing.error());
    if (!standing->at(0).is_held)
      noted.since = store_->note_anew(event.source, event.alarm, now).value_or(now);
  }
  return Turn{false, noted.since};
}

// Kept first, so that also what cannot be read is there to be looked at.
void Mails::process(const std::shared_ptr<Job>& job) {
  job->number = keep(*job);
  const smtp::Message& message = job->arrival.message;
  const mime::Mail mail = mime::read(message.data);
  Judged judged = mailrules::judge(job->desk->rules, mail, message.envelope.from, job->at);
  Desk& desk = *job->desk;
  if (judged.event) {
    const auto turn = note_event(judged, mail, job->at);
    if (!turn) return settle(job, Verdict::Kind::try_again, turn.error().message, 0);
    if (turn->since) put_since(*judged.event, *turn->since);
    if (turn->is_old) {
      judged.event.reset();
      judged.words += "; older than what was known already";
      ++desk.old;
    }
  }
  const Judged::Why why = judged.why;
  const auto count = [&desk, why] {
    switch (why) {
      case Judged::Why::raised:
        ++desk.raised;
        break;
      case Judged::Why::cleared:
        ++desk.cleared;
        break;
      case Judged::Why::excepted:
        ++desk.excepted;
        break;
      case Judged::Why::unmatched:
      case Judged::Why::too_costly:
        ++desk.unmatched;
        break;
    }
  };
  if (!judged.event) {
    // Nothing of it is in the journal, so it must at least be on record.
    if (job->number == 0) return settle(job, Verdict::Kind::try_again, "it cannot be kept: " + trouble(), 0);
    count();
    return settle(job, Verdict::Kind::taken, judged.words, 0);
  }
  std::vector<AlarmEvent> events;
  events.push_back(std::move(*judged.event));
  const auto taken =
      parts_.submit(std::move(events), [=, this, words = judged.words](const Result<void>& stored) {
        if (!stored) return settle(job, Verdict::Kind::try_again, stored.error().message, 0);
        count();
        settle(job, Verdict::Kind::taken, words, 1);
      });
  if (!taken) settle(job, Verdict::Kind::try_again, taken.error().message, 0);
}

void Mails::settle(const std::shared_ptr<Job>& job, Verdict::Kind kind, const std::string& outcome,
                   std::size_t events) {
  const bool is_taken = kind == Verdict::Kind::taken;
  job->desk->events += events;
  if (!is_taken) {
    ++job->desk->failed;
    if (parts_.notice)
      parts_.notice(fmt::format("mail on {}: not taken: {}", job->arrival.listener, outcome));
  }
  // Before the answer, so that whoever was answered and looks at once sees what became of it. On the worker
  // it is written at once: where there is no event, a kill behind the answer must not lose why.
  if (job->number != 0) {
    const auto note = [this, job, is_taken, outcome, events] {
      const auto settled = store_->settle(job->number, is_taken ? taken_code : try_again_code, outcome,
                                          static_cast<std::int64_t>(events));
      note_store(settled ? nullptr : &settled.error());
    };
    if (is_taken && events == 0) {
      note();
    } else {
      worker_->post(note);
    }
  }
  const std::string number = job->number == 0 ? "" : fmt::format("mail {}: ", job->number);
  job->settle(
      {kind, ascii(is_taken ? number + outcome : "nothing was stored; the same again, soon: " + outcome)});
}

void Mails::note_store(const Error* error) {
  std::lock_guard lock(mutex_);
  store_trouble_ = error == nullptr ? "" : "mails cannot be kept: " + error->message;
}

std::string Mails::trouble() const {
  std::lock_guard lock(mutex_);
  return store_trouble_;
}

void Mails::add_metrics(std::vector<api::Metric>& out) const {
  api::Metric mails{"kaden_mails_total", "Mails by what became of them.", api::MetricKind::counter, {}, {}};
  api::Metric events{
      "kaden_mail_events_total", "Alarm events that came out of mails.", api::MetricKind::counter, {}, {}};
  std::lock_guard lock(mutex_);
  if (desks_.empty()) return;
  for (const auto& [listener, desk] : desks_) {
    const auto add = [&, name = listener](const char* outcome, std::uint64_t count) {
      mails.samples.push_back({{{"listener", name}, {"outcome", outcome}}, static_cast<double>(count)});
    };
    add("raised", desk->raised);
    add("cleared", desk->cleared);
    add("excepted", desk->excepted);
    add("unmatched", desk->unmatched);
    add("failed", desk->failed);
    events.samples.push_back({{{"listener", listener}}, static_cast<double>(desk->events)});
  }
  out.push_back(std::move(mails));
  out.push_back(std::move(events));
  out.push_back(
      api::gauge("kaden_mail_store_healthy", "1 when mails can be kept.", store_trouble_.empty() ? 1 : 0));
}

} // namespace kaden::app
