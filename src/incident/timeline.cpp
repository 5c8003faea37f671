#include "timeline.h"

#include <algorithm>
#include <array>

#include "config_codec.h"
#include "triage.h"

#include "kaden/limits/engine.h"

namespace kaden::incident {

namespace {

constexpr std::array<std::string_view, 21> happening_words = {
    "alarm",    "repeated", "opened",   "not_called",  "level_started", "dial_planned", "dialling",
    "ringing",  "answered", "heard",    "key",         "call_ended",    "skipped",      "acknowledged",
    "reopened", "cleared",  "resolved", "last_resort", "exhausted",     "recovered",    "triaged"};
constexpr std::array<std::string_view, 34> why_words = {"none",
                                                        "new_problem",
                                                        "same_group",
                                                        "duplicate",
                                                        "no_route",
                                                        "no_policy",
                                                        "no_method",
                                                        "unknown_person",
                                                        "line_busy_with_other",
                                                        "redial_busy",
                                                        "redial_no_answer",
                                                        "redial_no_key",
                                                        "redial_carrier",
                                                        "cannot_take",
                                                        "next_person",
                                                        "next_level",
                                                        "next_round",
                                                        "last_resort",
                                                        "restart",
                                                        "by_key",
                                                        "by_api",
                                                        "by_source",
                                                        "worse",
                                                        "fired_again",
                                                        "plan_used_up",
                                                        "test",
                                                        "by_rule",
                                                        "by_model",
                                                        "by_equal_text",
                                                        "model_late",
                                                        "model_failed",
                                                        "model_malformed",
                                                        "model_busy",
                                                        "overtaken"};
static_assert(static_cast<std::size_t>(Happening::triaged) + 1 == happening_words.size());
static_assert(static_cast<std::size_t>(Why::overtaken) + 1 == why_words.size());

constexpr std::uint32_t opening_lines = 10; // how it began is worth more than what went on and on

// Lines of one input share its position and time; they say so in one bit.
void pack(Packer& out, const TimelineEntry& entry, bool same_input) {
  out.number((static_cast<std::uint64_t>(entry.what) << 1) | (same_input ? 1U : 0U));
  if (!same_input) {
    out.number(entry.position);
    out.time(entry.at);
  }
  out.number(entry.index);
  out.word(entry.why);
  out.text(entry.person);
  out.text(entry.call);
  out.text(entry.detail);
  if (entry.what == Happening::triaged) save(out, entry.reason);
}

TimelineEntry unpack(Unpacker& in, const TimelineEntry& before) {
  TimelineEntry entry;
  const std::uint64_t head = in.number((static_cast<std::uint64_t>(Happening::triaged) << 1) | 1);
  entry.what = static_cast<Happening>(head >> 1);
  const bool same_input = (head & 1) != 0;
  entry.position = same_input ? before.position : in.number();
  entry.at = same_input ? before.at : in.time();
  entry.index = static_cast<std::uint32_t>(in.number(UINT32_MAX));
  entry.why = in.word(Why::overtaken);
  entry.person = in.text();
  entry.call = in.text();
  entry.detail = in.text();
  if (entry.what == Happening::triaged) entry.reason = restore_spoken(in);
  return entry;
}

} // namespace

std::string_view to_text(Happening what) {
  return happening_words[static_cast<std::size_t>(what)];
}
std::string_view to_text(Why why) {
  return why_words[static_cast<std::size_t>(why)];
}

void Timeline::append(const TimelineEntry& entry) {
  Packer packed;
  pack(packed, entry, count_ > 0 && entry.position == last_position_);
  bytes_.append(packed.bytes());
  last_position_ = entry.position;
  ++count_;
}

void Timeline::add(const TimelineEntry& entry) {
  if (count_ >= limits::timeline_entries_max) trim();
  append(entry);
}

std::vector<TimelineEntry> Timeline::entries(std::uint64_t incident) const {
  std::vector<TimelineEntry> out;
  out.reserve(count_);
  Unpacker in(bytes_.view());
  TimelineEntry before;
  while (!in.done()) {
    before = unpack(in, before);
    before.incident = incident;
    out.push_back(before);
  }
  require(!in.bad() && out.size() == count_, "a timeline reads back as it was written");
  return out;
}

void Timeline::trim() {
  std::vector<TimelineEntry> all = entries(0);
  const std::size_t goal = limits::timeline_entries_max * 3 / 4;
  std::size_t surplus = all.size() - goal;
  const auto drop = [&](auto&& may_go) {
    std::vector<TimelineEntry> kept;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (surplus > 0 && i >= opening_lines && may_go(all[i])) {
        --surplus;
      } else {
        kept.push_back(std::move(all[i]));
      }
    }
    all = std::move(kept);
  };
  drop([](const TimelineEntry& entry) { return entry.what == Happening::repeated; });
  drop([](const TimelineEntry&) { return true; });
  bytes_.clear();
  count_ = 0;
  for (const TimelineEntry& entry : all) append(entry);
}

void Timeline::save(Packer& out) const {
  out.text(bytes_.view());
}

bool Timeline::restore(Unpacker& in) {
  const std::string_view bytes = in.text();
  Unpacker lines(bytes);
  TimelineEntry before;
  count_ = 0;
  while (!lines.done()) {
    before = unpack(lines, before);
    ++count_;
  }
  if (lines.bad() || in.bad() || count_ > limits::timeline_entries_max) return false;
  bytes_.assign(bytes);
  last_position_ = before.position;
  return true;
}

json::value to_json(const TimelineEntry& entry) {
  json::object out;
  out["position"] = entry.position;
  out["index"] = entry.index;
  out["at"] = to_iso8601(entry.at);
  out["incident"] = entry.incident;
  out["what"] = to_text(entry.what);
  if (entry.why != Why::none) out["why"] = to_text(entry.why);
  if (!entry.person.empty()) out["person"] = entry.person;
  if (!entry.call.empty()) out["call"] = entry.call;
  if (!entry.detail.empty()) out["detail"] = entry.detail;
  if (!entry.reason.empty()) out["reason"] = to_json(entry.reason);
  return out;
}

} // namespace kaden::incident
