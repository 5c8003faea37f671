#include "state.h"

namespace kaden::incident {

const SpokenText* TextPool::share(const SpokenText& text) {
  if (text.empty()) return nullptr;
  const auto shared = uses_.emplace(text, 0).first;
  ++shared->second;
  return &shared->first;
}

void TextPool::release(const SpokenText*& text) {
  if (text == nullptr) return;
  const auto shared = uses_.find(*text);
  text = nullptr;
  if (--shared->second == 0) uses_.erase(shared);
}

void Alarm::set_text(const AlarmText& text) {
  Packer out;
  for (const std::string_view each : {text.source, text.alarm, text.machine, text.reason}) out.text(each);
  for (const auto& [name, value] : text.labels) {
    out.text(name);
    out.text(value);
  }
  packed.assign(out.bytes());
}

AlarmText Alarm::text() const {
  Unpacker in(packed.view());
  AlarmText out;
  for (std::string_view* each : {&out.source, &out.alarm, &out.machine, &out.reason}) *each = in.text();
  while (!in.done()) {
    const std::string_view name = in.text();
    out.labels.emplace_back(name, in.text());
  }
  return out;
}

bool Alarm::is(std::string_view source, std::string_view alarm) const {
  Unpacker in(packed.view());
  return in.text() == source && in.text() == alarm;
}

AlarmText text_of(const AlarmEvent& event) {
  AlarmText out{event.source, event.alarm, event.machine, event.reason, {}};
  out.labels.assign(event.labels.begin(), event.labels.end());
  return out;
}

Ending& Incident::end() {
  if (!ending) ending = std::make_unique<Ending>();
  return *ending;
}

} // namespace kaden::incident
