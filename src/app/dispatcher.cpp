#include "dispatcher.h"

#include <cstdio>
#include <cstdlib>
#include <variant>

namespace kaden::app {

namespace {
constexpr int speech_workers =
    2; // Open JTalk renders faster than real time; two keep both cores of a small VM busy

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// The carrier's fault, not the person's or the number's.
bool is_carriers(LineOutcome outcome) {
  return outcome == LineOutcome::carrier_failed || outcome == LineOutcome::forbidden;
}

carrier::Samples samples_of(const speech::AudioPtr& audio) {
  // The vector lives as long as the audio does; no copy.
  return {audio, &audio->samples};
}
} // namespace

Dispatcher::Dispatcher(const runtime::Clock& clock, speech::Speech& speech, api::TimelineFeed& feed,
                       LogLine log)
    : clock_(clock), speech_(speech), feed_(feed), log_(std::move(log)) {
  for (int i = 0; i < speech_workers; ++i) {
    workers_.push_back(std::make_unique<runtime::Worker>(clock_, "kaden-speech" + std::to_string(i)));
  }
}

Dispatcher::~Dispatcher() {
  stop();
}

void Dispatcher::stop() {
  workers_.clear();
}

void Dispatcher::connect(writer::Writer& writer, std::map<std::string, carrier::Carrier*> carriers) {
  writer_ = &writer;
  carriers_ = std::move(carriers);
}

void Dispatcher::close(EndReason reason) {
  std::map<CallId, std::string> live;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    live = carrier_by_call_;
  }
  for (const auto& [call, name] : live) {
    if (carrier::Carrier* carrier = carrier_of(name)) carrier->end(call, reason);
  }
}

bool Dispatcher::is_closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

runtime::Worker& Dispatcher::next_worker() {
  std::lock_guard lock(mutex_);
  return *workers_[turn_++ % workers_.size()];
}

void Dispatcher::speak(script::Utterance utterance,
                       const std::function<void(Result<speech::AudioPtr>)>& done) {
  const bool posted =
      next_worker().post([this, utterance = std::move(utterance), done] { done(render(utterance)); });
  if (!posted) done(fail(Fault::busy, "too many sentences wait to be spoken, try again in a second"));
}

Result<speech::AudioPtr> Dispatcher::render(const script::Utterance& utterance) {
  auto made = speech_.render(utterance);
  if (!made && made.error().fault != Fault::invalid) {
    std::lock_guard lock(mutex_);
    counts_.speech_trouble = made.error().message;
  }
  return made;
}

void Dispatcher::check_speech(std::vector<Language> languages) {
  // Refused: there is a later time to try.
  static_cast<void>(next_worker().post([this, languages = std::move(languages)] {
    const auto works = speech_.check(languages);
    std::lock_guard lock(mutex_);
    counts_.speech_trouble = works ? "" : works.error().message;
  }));
}

DispatchCounts Dispatcher::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

carrier::Carrier* Dispatcher::carrier_of(const std::string& name) const {
  const auto found = carriers_.find(name);
  return found == carriers_.end() ? nullptr : found->second;
}

void Dispatcher::release(const incident::Effect& effect) {
  if (is_closed() && !std::holds_alternative<incident::Tell>(effect)) return;
  // The carrier a live call went out on; calls that were never handed to one have none.
  const auto with_carrier = [this](const CallId& call, auto&& use) {
    std::string name;
    {
      std::lock_guard lock(mutex_);
      const auto found = carrier_by_call_.find(call);
      if (found == carrier_by_call_.end()) return;
      name = found->second;
    }
    if (carrier::Carrier* carrier = carrier_of(name)) use(*carrier);
  };
  std::visit(Overloaded{
                 [&](const incident::PlaceCall& order) { place(order); },
                 [&](const incident::ProceedCall& go) {
                   with_carrier(go.call, [&](carrier::Carrier& carrier) { carrier.proceed(go.call); });
                 },
                 [&](const incident::AnswerKey& one) { answer(one.call, one.key, one.verdict); },
                 [&](const incident::EndCall& end) {
                   {
                     std::lock_guard lock(mutex_);
                     if (rendering_.erase(end.call) > 0) carrier_by_call_.erase(end.call);
                   }
                   bool known = false;
                   with_carrier(end.call, [&](carrier::Carrier& carrier) {
                     known = true;
                     carrier.end(end.call, end.reason);
                   });
                   if (!known) not_placed(end.call, LineOutcome::cancelled, "ended before it was dialled");
                 },
                 [&](const incident::RecoverCall& recover) {
                   carrier::Carrier* carrier = carrier_of(recover.method.carrier);
                   if (carrier == nullptr) {
                     return not_placed(recover.call, LineOutcome::lost,
                                       "its carrier is no longer configured");
                   }
                   {
                     std::lock_guard lock(mutex_);
                     carrier_by_call_[recover.call] = recover.method.carrier;
                   }
                   carrier->recover(recover.call, recover.method.address, recover.progress, recover.dialog);
                 },
                 [&](const incident::AskTriage& question) {
                   if (ask_triage_) ask_triage_(question); // else its time limit decides
                 },
                 [&](const incident::Tell& tell) {
                   feed_.push(tell.entry);
                   if (log_) log_(tell.entry);
                 },
             },
             effect);
}

void Dispatcher::answer(const CallId& call, char key, Verdict verdict) {
  carrier::Carrier* carrier = nullptr;
  {
    std::lock_guard lock(mutex_);
    ++counts_.verdicts[static_cast<std::size_t>(verdict)];
    const auto found = carrier_by_call_.find(call);
    if (found != carrier_by_call_.end()) carrier = carrier_of(found->second);
  }
  if (carrier != nullptr) carrier->answer_key(call, key, verdict);
}

void Dispatcher::on_journal_corrupt(const Error& error) {
  constexpr int stopped_by_disk = 70; // EX_SOFTWARE of sysexits.h; a supervisor starts us again
  std::fprintf(stderr, "kaden: the journal cannot be trusted any more, stopping: %s\n",
               error.message.c_str());
  std::_Exit(stopped_by_disk);
}

void Dispatcher::place(const incident::PlaceCall& order) {
  if (carrier_of(order.method.carrier) == nullptr) {
    return not_placed(order.call, LineOutcome::carrier_failed, "no carrier \"" + order.method.carrier + "\"");
  }
  {
    std::lock_guard lock(mutex_);
    if (!carrier_by_call_.emplace(order.call, order.method.carrier).second) return; // a repeat
    rendering_.insert(order.call);
  }
  // With a warm cache the dial goes out from here; a cold sentence is rendered first, so that speech starts
  // at once.
  std::array<carrier::Samples, script::line_count> audio;
  for (std::size_t i = 0; i < audio.size(); ++i) {
    const auto cached = speech_.cached(order.script.lines[i]);
    if (!cached) {
      if (!next_worker().post([this, order] { render_and_dial(order); })) {
        not_placed(order.call, LineOutcome::carrier_failed, "too many calls wait for their speech");
      }
      return;
    }
    audio[i] = samples_of(cached);
  }
  dial(order, std::move(audio));
}

void Dispatcher::render_and_dial(const incident::PlaceCall& order) {
  std::array<carrier::Samples, script::line_count> audio;
  for (std::size_t i = 0; i < audio.size(); ++i) {
    const auto made = render(order.script.lines[i]);
    if (!made) return not_placed(order.call, LineOutcome::carrier_failed, "speech: " + made.error().message);
    audio[i] = samples_of(*made);
  }
  dial(order, std::move(audio));
}

void Dispatcher::dial(const incident::PlaceCall& order,
                      std::array<carrier::Samples, script::line_count> audio) {
  {
    std::lock_guard lock(mutex_);
    if (rendering_.erase(order.call) == 0 || closed_) return; // ended meanwhile, or left for the next start
  }
  carrier::CallOrder call;
  call.call = order.call;
  call.address = order.method.address;
  call.ring_max = order.ring_max;
  call.audio = std::move(audio);
  const auto placed = carrier_of(order.method.carrier)->place(std::move(call));
  if (placed) return;
  const bool bad_address = placed.error().fault == Fault::invalid;
  not_placed(order.call, bad_address ? LineOutcome::bad_number : LineOutcome::carrier_failed,
             placed.error().message);
}

void Dispatcher::not_placed(const CallId& call, LineOutcome outcome, const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    carrier_by_call_.erase(call);
    rendering_.erase(call);
    if (closed_) return;
    ++counts_.ended[static_cast<std::size_t>(outcome)];
  }
  writer_->submit_must(incident::CallEnded{call, outcome, why}, nullptr);
}

void Dispatcher::on_progress(const CallId& call, Progress progress, const Dialog& dialog) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    counts_.carrier_failures = 0; // whatever becomes of it: the carrier reaches people
  }
  writer_->submit_must(incident::CallProgressed{call, progress, dialog}, nullptr);
}

void Dispatcher::on_key(const CallId& call, char key) {
  if (is_closed()) return;
  // The key itself is tried again until it is stored; meanwhile the person hears the truth.
  writer_->submit_must(incident::KeyPressed{call, key},
                       [this, call, key] { answer(call, key, Verdict::not_recorded); });
}

void Dispatcher::on_ended(const CallId& call, LineOutcome outcome, const std::string& detail) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    carrier_by_call_.erase(call);
    ++counts_.ended[static_cast<std::size_t>(outcome)];
    if (is_carriers(outcome)) {
      ++counts_.carrier_failures;
      counts_.carrier_failure = detail;
    } else if (outcome != LineOutcome::cancelled && outcome != LineOutcome::lost) {
      counts_.carrier_failures = 0;
    }
  }
  writer_->submit_must(incident::CallEnded{call, outcome, detail}, nullptr);
}

} // namespace kaden::app
