// Unreadable for long enough is an alarm; one for each outage.
#include "kaden/readability.h"

namespace kaden {

Readability::Change Readability::failed(WallTime now) {
  if (!since_ || (!is_told_ && now < *since_)) since_ = now;
  if (is_told_ || now - *since_ < after_) return Change::none;
  is_told_ = true;
  return Change::unreadable;
}

Readability::Change Readability::read() {
  const bool was_told = is_told_;
  since_.reset();
  is_told_ = false;
  return was_told ? Change::readable : Change::none;
}

json::value Readability::save() const {
  json::object saved;
  if (since_) saved["since"] = to_iso8601(*since_);
  saved["told"] = is_told_;
  return saved;
}

Result<void> Readability::restore(const json::value& saved) {
  const json::object* object = saved.if_object();
  if (object == nullptr) return fail(Fault::corrupt, "readability: is not an object");
  const Fields fields(*object, "readability");
  const auto since = fields.text_or("since", 64, "");
  const auto told = fields.flag_or("told", false);
  if (!since) return fail(Fault::corrupt, since.error().message);
  if (!told) return fail(Fault::corrupt, told.error().message);
  std::optional<WallTime> at;
  if (!since->empty()) {
    const auto parsed = parse_iso8601(*since);
    if (!parsed) return fail(Fault::corrupt, "readability.since: " + parsed.error().message);
    at = *parsed;
  }
  if (*told && !at) return fail(Fault::corrupt, "readability.since: is missing");
  since_ = at;
  is_told_ = *told;
  return {};
}

} // namespace kaden
