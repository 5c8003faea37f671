#include <fmt/format.h>

#include "kaden/phone.h"
#include "kaden/sip_message.h"

namespace kaden::phone {

namespace {

constexpr Millis wait_most = seconds(3'600);

Result<Millis> parse_wait(std::string_view text, std::string_view step) {
  const auto ms = parse_int(text);
  if (!ms || *ms < 0 || Millis(*ms) > wait_most) {
    return fail(Fault::invalid,
                fmt::format("\"{}\": after @ comes a time in ms, at most {}", step, wait_most.count()));
  }
  return Millis(*ms);
}

/// Steps without a time.
bool take_word(Plan& plan, std::string_view step) {
  if (step == "busy")
    plan.mode = Plan::Mode::busy;
  else if (step == "decline")
    plan.mode = Plan::Mode::decline;
  else if (step == "unavailable")
    plan.mode = Plan::Mode::unavailable;
  else if (step == "ring")
    plan.mode = Plan::Mode::ring;
  else if (step == "voicemail")
    plan.mode = Plan::Mode::answer;
  else
    return false;
  return true;
}

Result<void> take_step(Plan& plan, std::string_view step) {
  if (take_word(plan, step)) return {};
  const std::size_t at = step.find('@');
  if (at == std::string_view::npos) {
    return fail(Fault::invalid, fmt::format("\"{}\" is not a step; see kaden phone --help", step));
  }
  const std::string_view what = step.substr(0, at);
  const std::string_view when = step.substr(at + 1);
  const auto key = what.size() == 1 ? sip::parse_key(what[0]) : std::nullopt;
  if (key && when == "pause") {
    plan.keys.push_back({*key, Millis(0), true});
    return {};
  }
  const auto wait = parse_wait(when, step);
  if (!wait) return tl::unexpected(wait.error());
  if (key) {
    plan.keys.push_back({*key, *wait, false});
  } else if (what == "answer") {
    plan.mode = Plan::Mode::answer;
    plan.answer_after = *wait;
  } else if (what == "hangup") {
    plan.hang_up_after = *wait;
  } else {
    return fail(Fault::invalid, fmt::format("\"{}\" is not a step; see kaden phone --help", step));
  }
  return {};
}

} // namespace

Result<std::pair<std::string, Plan>> parse_plan(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail(Fault::invalid, fmt::format("\"{}\": a plan is USER=STEP,STEP...", text));
  }
  Plan plan;
  for (const std::string_view step : split(text.substr(equals + 1), ',')) {
    if (const auto taken = take_step(plan, trim(step)); !taken) return tl::unexpected(taken.error());
  }
  return std::pair(std::string(trim(text.substr(0, equals))), std::move(plan));
}

std::string to_json_line(const Event& event) {
  json::object line;
  line.emplace("at_ms", to_ms(event.at));
  line.emplace("event", event.what);
  line.emplace("call_id", event.call_id);
  line.emplace("from", event.from);
  line.emplace("to", event.to);
  if (!event.key.empty()) line.emplace("key", event.key);
  if (!event.wav.empty()) line.emplace("wav", event.wav);
  return to_text(json::value(std::move(line)));
}

} // namespace kaden::phone
