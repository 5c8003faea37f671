// Threads that ask, a queue before them, and rest when the model is down.
#include <fmt/format.h>

#include <algorithm>

#include "kaden/triage.h"

namespace kaden::triage {

namespace {

/// Nothing happens by it; any verdict will do.
constexpr std::string_view sample =
    "alarm: triage start\nreason: Kaden has started and asks its model for the first time.\n";

} // namespace

Judge::Judge(Settings settings, const runtime::Clock& clock, Send send)
    : clock_(clock), asker_(settings, clock, std::move(send), [this](Millis wait) { pause(wait); }) {
  const int workers = std::clamp(settings.concurrent, 1, limits::triage_concurrent_max);
  threads_.emplace_back([this] {
    runtime::name_thread("kaden-triage-w");
    warm_up();
  });
  for (int i = 0; i < workers; ++i) {
    threads_.emplace_back([this, i] {
      runtime::name_thread("kaden-triage" + std::to_string(i));
      work();
    });
  }
}

Judge::~Judge() {
  std::deque<Question> left;
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    left.swap(questions_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  for (const Question& question : left)
    question.done({TriageOutcome::failed, {}, {}, "the model is not asked any more"});
}

bool Judge::ask(std::string text, Millis wait, Done done) {
  {
    std::lock_guard lock(mutex_);
    if (questions_.size() >= limits::triage_questions_max) return false;
    questions_.push_back({std::move(text), clock_.steady() + wait, std::move(done)});
  }
  changed_.notify_all(); // a thread that pauses waits here as well
  return true;
}

std::string Judge::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void Judge::work() {
  for (;;) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ending_ || !questions_.empty(); });
      if (ending_) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    question.done(answer(question));
  }
}

// Its patience ends when its time does, also when it has waited for a thread before.
TriageAnswer Judge::answer(const Question& question) {
  const SteadyTime now = clock_.steady();
  if (now >= question.until) return {TriageOutcome::late, {}, {}, "it waited too long to be asked"};
  {
    std::lock_guard lock(mutex_);
    if (now < rests_until_) {
      return {
          TriageOutcome::failed,
          {},
          {},
          fmt::format("not asked for another {} after {} failures", to_words(rests_until_ - now), failures_)};
    }
  }
  TriageAnswer answer = asker_.ask(question.text, question.until - now, &ending_);
  note(answer);
  return answer;
}

void Judge::warm_up() {
  const TriageAnswer answer = asker_.ask(sample, limits::triage_warm_up_patience, &ending_);
  std::lock_guard lock(mutex_);
  // A question has been answered meanwhile: that is newer.
  if (answer.outcome != TriageOutcome::judged && failures_ == 0)
    trouble_ = fmt::format("the model's first answer was {}: {}", to_text(answer.outcome), answer.detail);
}

void Judge::note(const TriageAnswer& answer) {
  std::lock_guard lock(mutex_);
  if (answer.outcome == TriageOutcome::judged) {
    failures_ = 0;
    trouble_.clear();
    return;
  }
  trouble_ = fmt::format("the model's last answer was {}: {}", to_text(answer.outcome), answer.detail);
  if (answer.outcome == TriageOutcome::malformed) return; // it is alive
  if (++failures_ >= limits::triage_failures_max) rests_until_ = clock_.steady() + limits::triage_rest;
}

void Judge::pause(Millis wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return ending_.load(); });
}

} // namespace kaden::triage
