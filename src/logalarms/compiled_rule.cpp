#include "compiled_rule.h"

#include <fmt/format.h>

#include <algorithm>

namespace kaden::logalarms {

using logfilter::Pattern;
using logfilter::Selector;

const logfilter::Message& Seen::for_pattern(Pattern::Kind kind) const {
  if (kind != Pattern::Kind::json || !record_.has_header) return text_;
  if (!object_) {
    json_ = json_of(record_);
    object_.emplace(json_);
  }
  return *object_;
}

Result<CompiledRule::Side> CompiledRule::make_side(const Rule& rule, const std::string& pattern,
                                                   const char* name) {
  auto parsed = Pattern::parse(pattern);
  if (!parsed) return fail_while(name, parsed.error());
  Side side{std::move(*parsed), {}};
  for (std::size_t i = 0; i < rule.keys.size(); ++i) {
    const std::string& key = rule.keys[i];
    if (!key.starts_with('$')) {
      const auto& known = field_names();
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        return fail(Fault::invalid,
                    fmt::format("keys: \"{}\" is neither a field nor a selector such as $.instance", key));
      }
      side.selectors.emplace_back();
      continue;
    }
    auto selector = Selector::parse(key, side.pattern);
    if (!selector)
      return fail(Fault::invalid, fmt::format("keys: \"{}\" in {}: {}", key, name, selector.error().message));
    side.selectors.emplace_back(std::move(*selector));
  }
  return side;
}

Result<CompiledRule> CompiledRule::make(const Rule& rule) {
  if (rule.raise.empty())
    return fail(Fault::invalid, "raise: an empty pattern would raise the alarm with every line");
  auto raise = make_side(rule, rule.raise, "raise");
  if (!raise) return tl::unexpected(raise.error());
  std::optional<Side> clear;
  if (!rule.clear.empty()) {
    auto made = make_side(rule, rule.clear, "clear");
    if (!made) return tl::unexpected(made.error());
    clear = std::move(*made);
  }
  if (!clear && rule.quiet <= Millis(0)) {
    return fail(Fault::invalid,
                "quiet_s: nothing would ever end this alarm: give it a clear pattern or a quiet_s over 0");
  }
  return CompiledRule(rule, std::move(*raise), std::move(clear));
}

std::optional<std::vector<std::string>> CompiledRule::keys_of(const Side& side, const Seen& seen) const {
  std::vector<std::string> values;
  values.reserve(keys_.size());
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    std::optional<std::string> value = side.selectors[i]
                                           ? side.selectors[i]->text_of(seen.for_pattern(side.pattern.kind()))
                                           : field_of(seen.record(), keys_[i]);
    if (!value || value->empty()) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

bool CompiledRule::sees_json() const {
  return raise_.pattern.kind() == Pattern::Kind::json ||
         (clear_ && clear_->pattern.kind() == Pattern::Kind::json);
}

Result<void> check(const Rule& rule) {
  const auto made = CompiledRule::make(rule);
  return made ? Result<void>() : tl::unexpected(made.error());
}

} // namespace kaden::logalarms
